public import Inspection

/// The report of a challenge: whether every known part was judged as it must be, and the parts that were not.
public struct ChallengeReport: Sendable {
  public var record: ChallengeRecord
  public var provenance: Provenance
  /// JPEG, by the ids of mismatched parts.
  private var thumbnails: [String: [UInt8]] = [:]

  public init(_ record: ChallengeRecord, provenance: Provenance) {
    self.record = record
    self.provenance = provenance
  }

  /// Adds a picture of a mismatched part.
  ///
  /// - Parameter jpeg: nil where there is none.
  public mutating func add(thumbnail jpeg: [UInt8]?, id: String) { thumbnails[id] = jpeg }

  /// The whole page.
  public func render() -> HTML {
    var page = Page(
      kind: "Challenge", subject: record.set, byline: "Model \(record.model.name), ended \(record.time)",
      summary: "<p>\(sentence)</p>")
    page.sections = [tiles]
    let items = record.mismatches.map(item)
    if items.isEmpty {
      page.sections.append(
        card(
          "Mismatched parts", wide: true, "<p class=\"empty\">None: every part was judged as it must be.</p>"))
    } else {
      page.sections += [
        card(
          "Mismatched parts", wide: true,
          note: record.isExact
            ? "A good part must be accepted, a defective one rejected as what it is."
            : "A good part must be accepted; a defective one must not, so that reject and review both catch it.",
          table(
            ["Part", "Is", "Verdict", "Taken for", "Score", "Why"],
            record.mismatches.map {
              [
                .part($0.id), .text($0.truth), .markup($0.verdict.badge), .text($0.label),
                .number(Format.score(Double($0.score))), .text($0.reasons.joined(separator: "; ")),
              ]
            })),
        card("Their pictures", wide: true, id: "gallery", gallery.controls(count: items.count)),
      ]
      page.data = gallery.data(items)
    }
    page.sections.append(
      provenance.card([
        ("Policy", record.policy.json), ("Parts", record.set), ("Digest of the parts", record.digest),
      ]))
    return page.render()
  }

  private var sentence: String {
    let parts = Format.plural(record.parts, "known part")
    if record.isPassed { return "Passed: all \(parts) were judged as they must be." }
    return "NOT PASSED: \(Format.count(record.mismatches.count)) of \(parts) "
      + "\(record.mismatches.count == 1 ? "was" : "were") not judged as "
      + "\(record.mismatches.count == 1 ? "it" : "they") must be. Begin no run before the cause is found."
  }

  private var tiles: HTML {
    tileRow([
      Tile(
        name: "Challenge", value: record.isPassed ? "passed" : "not passed",
        style: record.isPassed ? "accept" : "reject"),
      Tile(name: "Mismatches", value: Format.count(record.mismatches.count), note: "of \(Format.count(record.parts))"),
      Tile(name: "Good parts", value: Format.count(record.goodParts)),
      Tile(name: "Defective parts", value: Format.count(record.defectiveParts)),
    ])
  }

  // MARK: Gallery

  private var truths: [String] { Set(record.mismatches.map(\.truth)).sorted() }

  private var gallery: Gallery {
    Gallery(
      facets: [
        .init(
          name: "Verdict", asButtons: true, values: Verdict.allCases.map(\.done), verdicts: Verdict.allCases),
        .init(name: "Is", values: truths),
      ],
      order: "as in the set", details: ["Is", "Taken for", "Verdict", "Score", "Why", "Source"])
  }

  private func item(_ part: ChallengeRecord.Mismatch) -> Gallery.Item {
    Gallery.Item(
      id: part.id, mark: part.verdict,
      facets: [
        Verdict.allCases.firstIndex(of: part.verdict) ?? 0, truths.firstIndex(of: part.truth) ?? 0,
      ],
      caption: "\(part.truth), \(part.verdict.done.lowercased())", thumbnail: thumbnails[part.id],
      details: [
        part.truth, part.label, part.verdict.done, Format.score(Double(part.score)),
        part.reasons.joined(separator: "; "), part.source,
      ])
  }
}
