public import Metrics

/// The report of the usefulness gate: a classifier with and without synthetic parts, measured on real ones.
public struct UsefulnessReport: Sendable {
  /// What trainings learned from, and how they did, one figure a seed.
  public struct Diet: Sendable {
    public var name: String
    public var accuracy: [Double]
    public var macroF1: [Double]
    /// Empty where good against defect was not measured, as without a good class.
    public var auroc: [Double]
    /// Share of defects that escape at the fixed overkill; empty as `auroc` is.
    public var escapeRate: [Double]
    /// Mean recall of each class.
    public var recall: [Double]

    public init(
      name: String, accuracy: [Double], macroF1: [Double], auroc: [Double], escapeRate: [Double], recall: [Double]
    ) {
      self.name = name
      self.accuracy = accuracy
      self.macroF1 = macroF1
      self.auroc = auroc
      self.escapeRate = escapeRate
      self.recall = recall
    }
  }

  /// Synthetic parts less another diet.
  public struct Comparison: Sendable {
    public var with: String
    public var accuracy: PairedDifference?
    public var macroF1: PairedDifference?
    public var escapeRate: PairedDifference?
    public var recall: [PairedDifference?]

    public init(
      with name: String, accuracy: PairedDifference?, macroF1: PairedDifference?, escapeRate: PairedDifference?,
      recall: [PairedDifference?]
    ) {
      with = name
      self.accuracy = accuracy
      self.macroF1 = macroF1
      self.escapeRate = escapeRate
      self.recall = recall
    }
  }

  /// How like real defects the synthetic ones are, in the features of a classifier that never saw them.
  public struct Likeness: Sendable {
    public var name: String
    public var frechet: Double?
    public var kernel: Double?
    /// Median distance to the nearest real defect of the training split.
    public var nearest: Double?

    public init(name: String, frechet: Double?, kernel: Double?, nearest: Double?) {
      self.name = name
      self.frechet = frechet
      self.kernel = kernel
      self.nearest = nearest
    }
  }

  public var subject: String
  /// `helps`, `no difference`, `hurts`, or nothing for fewer than two seeds.
  public var verdict: String?
  public var classes: [String]
  public var testParts: Int
  public var overkillLimit: Double
  public var diets: [Diet]
  public var comparisons: [Comparison]
  public var likeness: [Likeness]
  /// JPEG: real defects beside synthetic ones.
  public var sheet: [UInt8]
  public var settings: [(name: String, value: String)]
  public var provenance: Provenance

  public init(
    subject: String, verdict: String?, classes: [String], testParts: Int, overkillLimit: Double, diets: [Diet],
    comparisons: [Comparison], likeness: [Likeness], sheet: [UInt8], settings: [(name: String, value: String)],
    provenance: Provenance
  ) {
    self.subject = subject
    self.verdict = verdict
    self.classes = classes
    self.testParts = testParts
    self.overkillLimit = overkillLimit
    self.diets = diets
    self.comparisons = comparisons
    self.likeness = likeness
    self.sheet = sheet
    self.settings = settings
    self.provenance = provenance
  }

  /// The whole page.
  public func render() -> HTML {
    var page = Page(
      kind: "Usefulness of synthetic parts", subject: subject, byline: "Started \(provenance.started)",
      summary: "<p>\(sentence)</p>")
    let escapes = "Escapes at \(Format.percent(overkillLimit, 0)) overkill"
    page.sections = [
      tiles,
      card(
        "With and without", wide: true,
        note:
          "Means over the seeds, least and largest in brackets. Every training took the same number of steps and was"
          + " measured on the same \(Format.count(testParts)) real parts, none of which any training saw.",
        table(
          ["Learned from", "Seeds", "Accuracy", "Macro-F1"] + (tellsGood ? ["AUROC", escapes] : []),
          diets.map { diet in
            [
              .text(diet.name), .number(Format.count(diet.macroF1.count)), .number(spread(diet.accuracy)),
              .number(spread(diet.macroF1)),
            ] + (tellsGood ? [.number(spread(diet.auroc)), .number(spread(diet.escapeRate))] : [])
          })),
      card(
        "What synthetic parts change", wide: true,
        note:
          "Differences of the same seeds, with 95% intervals of the paired t test. An interval that holds 0 is no clear"
          + " difference.",
        table(
          ["Against", "Accuracy", "Macro-F1"] + (tellsGood ? [escapes] : []),
          comparisons.map {
            [.text($0.with), .number(difference($0.accuracy)), .number(difference($0.macroF1))]
              + (tellsGood ? [.number(difference($0.escapeRate))] : [])
          })),
      card(
        "Recall of each class", wide: true,
        table(
          ["Class"] + diets.map(\.name) + comparisons.prefix(1).map { "Change against \($0.with)" },
          classes.indices.map { index in
            [.text(classes[index])] + diets.map { .number(Format.fixed($0.recall[index], 3)) }
              + comparisons.prefix(1).map { .number(difference($0.recall[index])) }
          })),
      card(
        "Real and synthetic", wide: true, note: "Rows of real parts, then of synthetic ones.",
        """
        <p><img style="width:100%;height:auto" alt="Real and synthetic parts of each class" \
        src="data:image/jpeg;base64,\(base64(sheet))"></p>
        """),
    ]
    if !likeness.isEmpty {
      page.sections.append(
        card(
          "Likeness", wide: true,
          note: "In the features of the classifier that learned from real parts alone, against real defects of the test"
            + " split: FID and KID, smaller is more alike; few pictures make both rough. A distance to the nearest"
            + " training defect far below that of real test defects would mean copies.",
          table(
            ["Pictures", "FID", "KID", "Nearest training defect"],
            likeness.map {
              [.text($0.name), .number(figure($0.frechet)), .number(figure($0.kernel)), .number(figure($0.nearest))]
            })))
    }
    page.sections += [card("Settings", factList(settings)), provenance.card()]
    return page.render()
  }

  /// Whether good against defect was measured at all.
  private var tellsGood: Bool { diets.contains { !$0.auroc.isEmpty || !$0.escapeRate.isEmpty } }

  private var sentence: String {
    guard let verdict, let real = comparisons.first?.macroF1 else {
      return "Fewer than two seeds: no verdict yet."
    }
    let change = "macro-F1 \(difference(real)) against real parts alone"
    return switch verdict {
    case "helps": "Synthetic parts help: \(change)."
    case "hurts": "Synthetic parts hurt: \(change). Leave them out."
    default: "No clear difference: \(change). More seeds would tell more."
    }
  }

  private var tiles: HTML {
    var tiles = [Tile(name: "Verdict", value: verdict ?? "none yet")]
    if let real = comparisons.first?.macroF1 {
      tiles.append(Tile(name: "Macro-F1", value: signed(real.mean), note: "against real parts alone"))
    }
    if let real = comparisons.first?.escapeRate {
      tiles.append(Tile(name: "Escape rate", value: signed(real.mean), note: "at fixed overkill"))
    }
    return tileRow(tiles)
  }

  private func spread(_ values: [Double]) -> String {
    guard let low = values.min(), let high = values.max() else { return "–" }
    let mean = Format.fixed(values.reduce(0, +) / Double(values.count), 3)
    return values.count == 1 ? mean : "\(mean) (\(Format.fixed(low, 3)) to \(Format.fixed(high, 3)))"
  }

  private func difference(_ value: PairedDifference?) -> String {
    value.map { "\(signed($0.mean)) (\(signed($0.low)) to \(signed($0.high)))" } ?? "–"
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + Format.fixed(value, 3) }

  private func figure(_ value: Double?) -> String { value.map { Format.fixed($0, 3) } ?? "–" }
}
