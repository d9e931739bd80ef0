public import Inspection
public import Metrics

/// The report of two models, A and B, on the same labelled parts: which is better, whether that is more than chance, and
/// the parts that they judge differently.
public struct ComparisonReport: Sendable {
  /// One of the models.
  public struct Model: Sendable {
    public var identity: ModelIdentity
    /// Its file.
    public var path: String
    public var policy: Policy

    public init(identity: ModelIdentity, path: String, policy: Policy) {
      self.identity = identity
      self.path = path
      self.policy = policy
    }
  }

  /// A part on which the models differ in the verdict or in the most probable class.
  public struct Flip: Sendable, Hashable {
    /// What one model made of it.
    public struct Judged: Sendable, Hashable {
      public var verdict: Verdict
      /// Most probable class; nil if the scores were not finite.
      public var predicted: Int?
      /// Its probability; NaN where there is none.
      public var score: Float

      public init(verdict: Verdict, predicted: Int?, score: Float) {
        self.verdict = verdict
        self.predicted = predicted
        self.score = score
      }
    }

    public var id: String
    public var source: String
    /// True class.
    public var truth: Int
    public var first: Judged
    public var second: Judged
    /// JPEG.
    public var thumbnail: [UInt8]?

    public init(id: String, source: String, truth: Int, first: Judged, second: Judged, thumbnail: [UInt8]? = nil) {
      self.id = id
      self.source = source
      self.truth = truth
      self.first = first
      self.second = second
      self.thumbnail = thumbnail
    }

    /// How much worse B does on the part than A: above 0 for worse, below for better. A defect that is accepted costs 4, a
    /// good part that is rejected 2, a part that a person must look at 1, and a wrong class a half.
    public func worsening(good: Int?) -> Double { cost(second, good) - cost(first, good) }

    private func cost(_ judged: Judged, _ good: Int?) -> Double {
      let wrongClass = judged.predicted == truth ? 0 : 0.5
      guard let good else { return wrongClass }
      return switch judged.verdict {
      case .accept: wrongClass + (truth == good ? 0 : 4)
      case .review: wrongClass + 1
      case .reject: wrongClass + (truth == good ? 2 : 0)
      }
    }
  }

  /// The set and split, such as "magnetic-tile, test".
  public var subject: String
  public var comparison: ModelComparison
  /// A and B.
  public var models: [Model]
  /// Those that got worse first.
  public let flips: [Flip]
  public var provenance: Provenance
  /// Pictures that could not be read; they are in no figure.
  public var unreadable: [String]

  public init(
    subject: String, comparison: ModelComparison, models: [Model], flips: [Flip], provenance: Provenance,
    unreadable: [String] = []
  ) {
    precondition(models.count == 2, "\(models.count) models are compared")
    self.subject = subject
    self.comparison = comparison
    self.models = models
    self.provenance = provenance
    self.unreadable = unreadable
    let ranked = flips.enumerated().map { ($0.offset, $0.element.worsening(good: comparison.good), $0.element) }
    self.flips = ranked.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map { $0.2 }
  }

  /// The whole page.
  public func render() -> HTML {
    let c = comparison
    var page = Page(
      kind: "Comparison of two models", subject: subject,
      byline: "A is \(models[0].identity.name), B is \(models[1].identity.name); started \(provenance.started)",
      summary: sentences.map { sentence -> HTML in "<p>\(sentence)</p>" }.joined())
    page.sections = [
      tiles,
      card(
        "Figures", wide: true,
        note: "On the same \(Format.plural(c.count, "part")), with exact 95% intervals after Clopper and Pearson.",
        table(
          ["Figure", "A", "B"], figures.map { [.text($0.name), .number($0.values[0]), .number($0.values[1])] })),
      card(
        "More than chance?",
        note: "McNemar's exact test on the parts that only one of the two judges right. A small p says that two equally"
          + " good models would hardly differ so much.",
        table(
          ["Right", "Only A", "Only B", "p"],
          disagreements.map {
            [
              .text($0.name), .number(Format.count($0.counts.onlyFirst)), .number(Format.count($0.counts.onlySecond)),
              .number(Self.probability($0.counts.pValue)),
            ]
          })),
      card(
        "B less A",
        note: "95% intervals of \(Format.count(c.resamples)) paired resamples of the parts within their classes. An"
          + " interval that holds 0 is no clear difference.",
        table(
          ["Figure", "Difference", "Interval"],
          differences.map { name, change in
            [.text(name), .number(Self.signed(change.value)), .number(Self.interval(change))]
          }, empty: "No figure has an interval on these parts.")),
    ]
    let curves = zip(c.evaluations, [("A", "s1"), ("B", "s2")]).compactMap { evaluation, look in
      evaluation.roc.map { (name: look.0, style: look.1, curve: $0) }
    }
    if curves.count == 2 {
      page.sections.append(card("Good against defect", rocChart(curves, operatingPoint: nil)))
    }
    let items = flips.map(item)
    if items.isEmpty {
      page.sections.append(
        card(
          "Parts that differ", wide: true,
          "<p class=\"empty\">None: both give every part the same class and verdict.</p>"))
    } else {
      page.sections.append(
        card(
          "Parts that differ", wide: true, id: "gallery",
          note:
            "Those first that B judges worse than A: an escape counts more than an overkill, that more than a review.",
          gallery.controls(count: items.count)))
      page.data = gallery.data(items)
    }
    if !unreadable.isEmpty {
      page.sections.append(
        card(
          "Unreadable pictures", wide: true, note: "These are in none of the figures above.",
          table(["Picture"], unreadable.map { [.text($0)] })))
    }
    page.sections.append(provenance.card(facts))
    return page.render()
  }

  private var tiles: HTML {
    let c = comparison
    var tiles = [
      Tile(name: "Parts", value: Format.count(c.count)),
      Tile(name: "Judged differently", value: Format.count(flips.count)),
      Tile(
        name: "Macro-F1", value: Self.signed(c.evaluations[1].macroF1 - c.evaluations[0].macroF1), note: "B less A"),
    ]
    if let a = c.evaluations[0].errors, let b = c.evaluations[1].errors {
      func style(_ before: Int, _ after: Int) -> String { after > before ? "reject" : after < before ? "accept" : "" }
      tiles += [
        Tile(
          name: "Escapes", value: "\(Format.count(a.escapes)) → \(Format.count(b.escapes))",
          note: "of \(Format.count(a.defects))", style: style(a.escapes, b.escapes)),
        Tile(
          name: "Overkills", value: "\(Format.count(a.overkills)) → \(Format.count(b.overkills))",
          note: "of \(Format.count(a.goods))", style: style(a.overkills, b.overkills)),
      ]
    }
    return tileRow(tiles)
  }

  private var disagreements: [(name: String, counts: ModelComparison.Disagreement)] {
    [("Most probable class", comparison.classes)] + (comparison.verdicts.map { [("Verdict", $0)] } ?? [])
  }

  private var differences: [(String, PairedBootstrap.Difference)] {
    [("Macro-F1", comparison.macroF1), (escapeName, comparison.escapeRate)].compactMap { name, change in
      change.map { (name, $0) }
    }
  }

  private var facts: [(name: String, value: String)] {
    zip(["A", "B"], models).flatMap { letter, model -> [(name: String, value: String)] in
      [
        (name: "Model \(letter)", value: "\(model.identity.name), \(model.path)"),
        (name: "SHA-256 of \(letter)", value: model.identity.sha256),
        (name: "Policy of \(letter)", value: model.policy.json),
      ]
    } + [(name: "Resamples", value: "\(Format.count(comparison.resamples)), seed \(comparison.seed)")]
  }

  // MARK: Gallery

  private static let kinds = ["Worse", "Better", "Other"]

  private func kind(_ flip: Flip) -> Int {
    let change = flip.worsening(good: comparison.good)
    return change > 0 ? 0 : change < 0 ? 1 : 2
  }

  private var gallery: Gallery {
    let sides = ["A", "B"].map { letter in
      Gallery.Facet(name: letter, values: Verdict.allCases.map(\.done), verdicts: Verdict.allCases)
    }
    return Gallery(
      facets: [
        .init(name: "B is", asButtons: true, values: Self.kinds), .init(name: "True class", values: comparison.labels),
      ] + sides,
      order: "worst first", details: ["True class", "A", "B", "Source"])
  }

  private func item(_ flip: Flip) -> Gallery.Item {
    let labels = comparison.labels
    func words(_ judged: Flip.Judged) -> String {
      let label = judged.predicted.map { labels[$0] } ?? "no class"
      return "\(judged.verdict.done), \(label) \(Format.score(Double(judged.score)))"
    }
    func short(_ judged: Flip.Judged) -> String {
      "\(judged.verdict.rawValue) \(judged.predicted.map { labels[$0] } ?? "no class")"
    }
    func place(_ verdict: Verdict) -> Int { Verdict.allCases.firstIndex(of: verdict) ?? 0 }
    return Gallery.Item(
      id: flip.id, mark: flip.second.verdict,
      facets: [kind(flip), flip.truth, place(flip.first.verdict), place(flip.second.verdict)],
      caption: "\(labels[flip.truth]): \(short(flip.first)) → \(short(flip.second))", thumbnail: flip.thumbnail,
      details: [labels[flip.truth], words(flip.first), words(flip.second), flip.source])
  }
}
