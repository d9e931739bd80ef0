public import Inspection

/// What another policy would have decided on a past run.
public struct ReplayReport: Sendable {
  /// A part whose verdict changes.
  public struct Flip: Sendable {
    public var decision: Decision
    public var judgement: Judgement
    /// Its class, where that is known.
    public var truth: String?
    /// JPEG.
    public var thumbnail: [UInt8]?

    public init(decision: Decision, judgement: Judgement, truth: String?, thumbnail: [UInt8]?) {
      self.decision = decision
      self.judgement = judgement
      self.truth = truth
      self.thumbnail = thumbnail
    }
  }

  public var subject: String
  /// What the policy says, a sentence each.
  public var sentences: [String]
  public var decisions: Int
  /// Parts from a verdict to a verdict.
  public var counts: [Verdict: [Verdict: Int]]
  /// Escapes, overkill, reviews and cost before and after; empty where no truth is known.
  public var figures: [(name: String, before: String, after: String)]
  public var flips: [Flip]
  public var provenance: Provenance

  public init(
    subject: String, sentences: [String], decisions: Int, counts: [Verdict: [Verdict: Int]],
    figures: [(name: String, before: String, after: String)], flips: [Flip], provenance: Provenance
  ) {
    self.subject = subject
    self.sentences = sentences
    self.decisions = decisions
    self.counts = counts
    self.figures = figures
    self.flips = flips
    self.provenance = provenance
  }

  /// Parts whose verdict changes.
  private var changed: Int {
    Verdict.allCases.reduce(0) { sum, old in
      sum + Verdict.allCases.reduce(0) { $1 == old ? $0 : $0 + (counts[old]?[$1] ?? 0) }
    }
  }

  public func render() -> HTML {
    var page = Page(
      kind: "Policy replay", subject: subject, byline: "Started \(provenance.started)",
      summary: """
        <p>\(changed == 0 ? "No verdict would have been another." : "\(Format.plural(changed, "verdict")) of \(Format.count(decisions)) would have been another.")</p>
        """)
    page.sections = [
      card(
        "Verdicts", note: "Rows as they were, columns as the policy would have them.",
        table(
          ["Was"] + Verdict.allCases.map(\.rawValue),
          Verdict.allCases.map { old in
            [.text(old.rawValue)] + Verdict.allCases.map { .number(Format.count(counts[old]?[$0] ?? 0)) }
          })),
      card("Policy", factList(sentences.enumerated().map { ("\($0.offset + 1)", $0.element) })),
    ]
    if !figures.isEmpty {
      page.sections.append(
        card(
          "Against the truth", wide: true,
          table(
            ["Figure", "As it was", "With the policy"],
            figures.map { [.text($0.name), .number($0.before), .number($0.after)] })))
    }
    var gallery = Gallery(
      facets: [
        Gallery.Facet(
          name: "Verdict", asButtons: true, values: Verdict.allCases.map(\.rawValue), verdicts: Verdict.allCases),
        Gallery.Facet(name: "Was", values: Verdict.allCases.map(\.rawValue)),
      ], order: "as in the run", details: ["Was", "Now", "True class", "Score", "Why", "File"])
    gallery.note = "Parts whose verdict changes."
    let items = flips.map { flip -> Gallery.Item in
      let (old, new) = (flip.decision.verdict, flip.judgement.verdict)
      return Gallery.Item(
        id: flip.decision.id, mark: new,
        facets: [Verdict.allCases.firstIndex(of: new)!, Verdict.allCases.firstIndex(of: old)!],
        caption: "\(old.rawValue) \u{2192} \(new.rawValue)", thumbnail: flip.thumbnail,
        details: [
          "\(old.rawValue), \(flip.decision.label)", "\(new.rawValue), \(flip.judgement.label)", flip.truth ?? "",
          flip.judgement.score.isFinite ? Format.fixed(Double(flip.judgement.score), 3) : "",
          flip.judgement.reasons.joined(separator: "; "), flip.decision.source,
        ])
    }
    if !items.isEmpty {
      page.sections.append(card("Flips", wide: true, note: gallery.note, gallery.controls(count: items.count)))
      page.data = gallery.data(items)
    }
    page.sections.append(provenance.card())
    return page.render()
  }
}
