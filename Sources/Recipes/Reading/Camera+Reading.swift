extension Recipe.Camera {
  private static let ownKeys = ["device", "region", "ignore", "alignment"]

  /// - Returns: a camera with something in each place, also where a problem was reported; `nil` only without keys.
  init?(_ field: Field, _ defaults: Section) {
    guard let fields = Fields(field, "a camera", keys: Self.ownKeys + Section.keys) else { return nil }
    let own = Section(fields)
    let section = own.over(defaults)
    name = field.key
    device = fields["device"]?.text(longest: 256).map { String($0.trimmingBlanks) } ?? ""
    if !fields.has("device") {
      field.reading.report(
        field.keyMark, "camera \(name) has no \"device\"; `assay cameras` lists what is there")
    }
    format = section.format
    controls = section.controls
    lock = section.lock ?? []
    settle = section.settle ?? .seconds(2)
    timeout = section.timeout ?? .seconds(3)
    checks = section.checks.filled
    trigger = section.trigger ?? .everyFrame
    region = fields["region"].flatMap { Recipe.Shape($0) }
    ignore = fields["ignore"].map { field in (field.items() ?? [field]).compactMap { Recipe.Shape($0) } } ?? []
    alignment = fields["alignment"].flatMap { Recipe.Alignment($0) }
    model = section.model ?? ""
    policy = section.policy
    if !section.namesModel {
      field.reading.report(
        field.keyMark, "camera \(name) has no \"model\", and the station names none for all cameras")
    }
    checkTimes(fields)
    // What contradicts itself on its own was said.
    if own.policy.contradiction == nil, defaults.policy.contradiction == nil, let message = policy.contradiction {
      fields.reading.report(place("policy", fields), message)
    }
    checkAreas(fields)
  }

  /// One device has several names; here only what is added to by-id and by-path names.
  static func plainDevice(_ device: String) -> String {
    for folder in ["/dev/v4l/by-id/", "/dev/v4l/by-path/"] where device.hasPrefix(folder) {
      return String(device.dropFirst(folder.count))
    }
    return device
  }

  /// The place of a value: the camera's own, or that of the station's default.
  private func place(_ key: String, _ fields: Fields) -> RecipeProblem.Position {
    let places = fields.reading.marks.places
    return places[fields.prefix + key] ?? places[key] ?? fields.mark
  }

  /// What cannot be at the frame rate that is asked for.
  private func checkTimes(_ fields: Fields) {
    guard let rate = format.rate else { return }
    let frame = Duration.seconds(1 / rate)
    let speed = "\(Quantities.text(rate)) frames a second"
    if timeout < frame {
      fields.reading.report(
        place("timeout", fields), "\"timeout\" \(Quantities.text(timeout)) is shorter than one frame at \(speed)")
    }
    if case .every(let interval) = trigger, interval < frame {
      fields.reading.report(
        place("trigger", fields),
        "a trigger every \(Quantities.text(interval)) is more often than there are frames at \(speed)")
    }
  }

  private func checkAreas(_ fields: Fields) {
    guard let size = format.size else { return }
    func check(_ shape: Recipe.Shape?, _ key: String) {
      guard let extent = shape?.extent, extent.x > size.width || extent.y > size.height else { return }
      let picture = "pictures are \(size.width) x \(size.height)"
      fields.reading.report(place(key, fields), "the area reaches to (\(extent.x), \(extent.y)), but \(picture)")
    }
    check(region, "region")
    for (index, shape) in ignore.enumerated() {
      check(shape, fields.reading.marks.places["\(fields.prefix)ignore.\(index)"] == nil ? "ignore" : "ignore.\(index)")
    }
    check(alignment?.search.map { .rectangle($0) }, "alignment.search")
    if case .presence(let presence) = trigger { check(presence.region, "trigger.presence.region") }
  }
}

extension Recipe.Format {
  init(_ field: Field) {
    self.init()
    guard let fields = Fields(field, "format", keys: ["size", "rate", "pixels"]) else { return }
    size = fields["size"].flatMap { Self.size($0) }
    rate = fields["rate"].flatMap { Self.rate($0) }
    if let field = fields["pixels"] { pixels = Self.pixels(field) }
  }

  private static func size(_ field: Field) -> Recipe.Size? {
    var sides: [Int] = []
    if let text = field.scalar {
      let parts = text.split(whereSeparator: { "x×".contains($0) }).map(\.trimmingBlanks)
      sides = parts.compactMap { Int($0) }
      if sides.count != parts.count { sides = [] }
    } else if let items = field.items() {
      sides = items.compactMap { $0.scalar.flatMap { Int($0) } }
    }
    guard sides.count == 2 else {
      field.refuse("must be a width and a height", "such as 1280x720")
      return nil
    }
    guard sides.allSatisfy({ (1...16384).contains($0) }) else {
      field.report("\"size\" must be from 1x1 to 16384x16384, not \(sides[0])x\(sides[1])")
      return nil
    }
    return Recipe.Size(sides[0], sides[1])
  }

  private static func rate(_ field: Field) -> Double? {
    guard let rate = field.number(0...1000, "a number of frames a second") else { return nil }
    guard rate >= 0.001 else {
      field.report("\"rate\" must be more than 0 frames a second")
      return nil
    }
    return rate
  }

  private static func pixels(_ field: Field) -> [String] {
    var codes: [String] = []
    for item in field.items() ?? [field] {
      guard let text = item.scalar else {
        item.refuse("must be a pixel format's code", "such as YUYV or [YUYV, MJPG]")
        continue
      }
      guard let code = PixelCodes.code(text) else {
        let near = PixelCodes.nearest(text).map { "; did you mean \($0)?" } ?? "; such as YUYV, MJPG, GREY, Y16, NV12"
        item.report("\(YAMLNode.quoted(text)) is no pixel format that Assay reads" + near)
        continue
      }
      if codes.contains(code) {
        item.report("\"pixels\" names \(text) twice")
      } else {
        codes.append(code)
      }
    }
    return codes
  }
}

extension StringProtocol {
  var trimmingBlanks: SubSequence {
    let start = firstIndex { $0 != " " } ?? endIndex
    let end = self[start...].lastIndex { $0 != " " }.map { index(after: $0) } ?? start
    return self[start..<end]
  }
}
