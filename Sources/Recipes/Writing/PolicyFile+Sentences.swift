extension PolicyFile {
  /// The policy in plain English, one fact a sentence.
  public var sentences: [String] {
    var all = ["Policy \(name)."] + thresholds.sentences
    if let side = millimetersPerPixel { all.append("A pixel is \(Quantities.text(side)) mm wide.") }
    for zone in zones { all.append("Zone \(zone.name) is \(zone.shape.words).") }
    for rule in regions { all.append(sentence(rule)) }
    if !regions.isEmpty {
      all.append("A part whose found regions all do not count is accepted, whatever its score.")
    }
    return all
  }

  private func sentence(_ rule: RegionRule) -> String {
    var conditions: [String] = []
    if let zones = rule.zones { conditions.append("touches \(Recipe.list(zones.map { "zone \($0)" }, "or"))") }
    if let area = rule.smallestArea { conditions.append("covers at least \(words(area, power: 2))") }
    if let side = rule.longestSide { conditions.append("is at least \(words(side, power: 1)) long") }
    let who = rule.label == RegionRule.any ? "A region of any other class" : "A region of \(rule.label)"
    var text =
      who + " counts" + (conditions.isEmpty ? "" : " only if it " + Recipe.list(conditions))
    if let count = rule.count, count > 1 {
      text += ", and only if there are at least \(count) of them"
    }
    return text + "."
  }

  private func words(_ quantity: Quantity, power: Int) -> String {
    let unit = power == 2 ? "square pixels" : "pixels"
    guard quantity.isMetric else { return "\(Quantities.text(quantity.value)) \(unit)" }
    let pixels = (quantity.pixels(millimetersPerPixel, power: power) * 10).rounded() / 10
    return "\(Quantities.text(quantity.value)) \(power == 2 ? "mm\u{B2}" : "mm") (\(Quantities.text(pixels)) \(unit))"
  }

  /// A policy with every key, to begin with.
  public static let example = """
    # What counts as a defect, beside what the network says. Every key may be left out.
    policy: stains on the face
    # Reject from this defect score on, 0...1; review from that one. Left out: the model's.
    reject: 0.5
    review: 0.2
    # Classes with thresholds of their own.
    classes:
      crack: {reject: 0.1, review: 0.05}
    # Side of a pixel, for lengths in mm.
    mm_per_pixel: 0.05
    # Size of the pictures that zones are drawn in.
    image: [192, 192]
    zones:
      face: {rectangle: [48, 48, 96, 96]}
      rim: {polygon: [[0, 0], [192, 0], [192, 40], [0, 40]]}
    # Which found regions count. A part whose regions all do not count is accepted.
    regions:
      # A stain outside the face is acceptable, and so is a small one.
      stain: {zone: face, smallest_area: 0.5 mm2}
      scratch: {longest_side: 1 mm, count: 2}
      # All other classes.
      any: {smallest_area: 12 px}

    """
}
