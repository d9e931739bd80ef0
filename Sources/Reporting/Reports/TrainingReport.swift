import Inspection
public import Metrics

/// The report of a training: how it went, on what, with which settings, and what came out.
public struct TrainingReport: Sendable {
  /// One look at the validation set; what was not measured is NaN.
  public struct Validation: Sendable, Hashable {
    /// The step after which it was made, from 1.
    public var step: Int
    /// Mean since the last look.
    public var trainingLoss: Double
    public var validationLoss: Double
    public var validationMacroF1: Double
    public var validationAccuracy: Double
    public var learningRate: Double
    /// Since the last look.
    public var seconds: Double

    public init(
      step: Int, trainingLoss: Double, validationLoss: Double = .nan, validationMacroF1: Double = .nan,
      validationAccuracy: Double = .nan, learningRate: Double, seconds: Double
    ) {
      self.step = step
      self.trainingLoss = trainingLoss
      self.validationLoss = validationLoss
      self.validationMacroF1 = validationMacroF1
      self.validationAccuracy = validationAccuracy
      self.learningRate = learningRate
      self.seconds = seconds
    }
  }

  /// A part of the validation set with what the model says of it.
  public struct Example: Sendable {
    public var id: String
    public var truth: String
    public var predicted: String
    /// Probability of ``predicted``.
    public var probability: Float
    /// JPEG.
    public var thumbnail: [UInt8]?

    public init(id: String, truth: String, predicted: String, probability: Float, thumbnail: [UInt8]?) {
      self.id = id
      self.truth = truth
      self.predicted = predicted
      self.probability = probability
      self.thumbnail = thumbnail
    }
  }

  /// What is in the data set.
  public struct DataSet: Sendable {
    public var name: String
    /// Parts by class, one row per split.
    public var splits: [(name: String, counts: [Int])]
    /// Whatever should be known, such as duplicates across splits, in plain sentences.
    public var notes: [String]

    public init(name: String, splits: [(name: String, counts: [Int])], notes: [String] = []) {
      self.name = name
      self.splits = splits
      self.notes = notes
    }
  }

  /// The model's name.
  public var subject: String
  public var labels: [String]
  public var dataSet: DataSet
  public var validations: [Validation]
  /// The step whose weights were kept.
  public var chosenStep: Int?
  /// On the validation set, with the weights that were kept.
  public var evaluation: Evaluation?
  public var examples: [Example]
  public var settings: [(name: String, value: String)]
  /// The model's card: headings with plain text.
  public var card: [(heading: String, text: String)]
  public var provenance: Provenance

  public init(
    subject: String, labels: [String], dataSet: DataSet, validations: [Validation], chosenStep: Int?,
    evaluation: Evaluation?,
    examples: [Example], settings: [(name: String, value: String)], card: [(heading: String, text: String)],
    provenance: Provenance
  ) {
    self.subject = subject
    self.labels = labels
    self.dataSet = dataSet
    self.validations = validations
    self.chosenStep = chosenStep
    self.evaluation = evaluation
    self.examples = examples
    self.settings = settings
    self.card = card
    self.provenance = provenance
  }

  /// The whole page.
  public func render() -> HTML {
    var page = Page(
      kind: "Training report", subject: subject,
      byline: "Data set \(dataSet.name), started \(provenance.started)", summary: sentences)
    page.sections = [
      tiles, lossCard,
      Reporting.card(
        "On the validation set", note: "The mean of the classes' F1, and the share judged right.",
        lineChart(
          [
            Curve(
              name: "macro-F1", style: "s1", points: validations.map { (Double($0.step), $0.validationMacroF1) }),
            Curve(
              name: "accuracy", style: "s5", points: validations.map { (Double($0.step), $0.validationAccuracy) }),
          ], xTitle: "step", yTitle: "share", summary: "Validation figures by step.", marker: best, wholeX: true)),
      Reporting.card(
        "Learning rate",
        lineChart(
          [Curve(name: "learning rate", style: "s3", points: validations.map { (Double($0.step), $0.learningRate) })],
          xTitle: "step", yTitle: "rate", summary: "Learning rate by step.", plot: ratePlot, wholeX: true,
          fromZero: true)),
      Reporting.card("Data set", dataSetContent),
    ]
    if let evaluation {
      page.sections += [
        Reporting.card(
          "Confusion matrix", wide: labels.count > 6, note: "Of the validation set, with the weights that were kept.",
          confusionTable(evaluation.confusion, labels: evaluation.labels)),
        Reporting.card(
          "Classes", wide: labels.count > 6,
          classTable(evaluation.confusion, labels: evaluation.labels, auroc: evaluation.perClassAUROC)),
      ]
    }
    if !examples.isEmpty {
      page.sections.append(
        Reporting.card(
          "Examples", wide: true, id: "gallery", note: "Parts of the validation set and what the model makes of them.",
          gallery.controls(count: examples.count)))
      page.data = gallery.data(examples.map(item))
    }
    let text = card.map { entry -> HTML in "<h3>\(entry.heading)</h3><p>\(entry.text)</p>" }
    page.sections += [
      Reporting.card("Model card", wide: settings.isEmpty, "<div class=\"prose\">\(text)</div>"),
      Reporting.card("Settings", factList(settings)), provenance.card(),
    ]
    return page.render()
  }

  private var seconds: Double { validations.reduce(0) { $0 + $1.seconds } }

  private var sentences: HTML {
    var text = "\(Format.plural(validations.last?.step ?? 0, "step")) in \(Format.duration(seconds))"
    if let parts = dataSet.splits.first { text += " on \(Format.plural(parts.counts.reduce(0, +), "part"))" }
    text += "."
    if let chosen = validations.first(where: { $0.step == chosenStep }), chosen.validationMacroF1.isFinite {
      text +=
        " The weights of step \(Format.count(chosen.step)) were kept: macro-F1"
        + " \(Format.fixed(chosen.validationMacroF1, 4)) on the"
        + " validation set."
    }
    return "<p>\(text)</p>"
  }

  private var tiles: HTML {
    var tiles = [
      Tile(name: "Training time", value: Format.duration(seconds)),
      Tile(
        name: "Steps", value: Format.count(validations.last?.step ?? 0),
        note: chosenStep.map { "kept: \(Format.count($0))" } ?? ""),
    ]
    if let evaluation {
      tiles += [
        Tile(name: "Accuracy", value: Format.percent(evaluation.accuracy.value, 2), note: "validation"),
        Tile(name: "Macro-F1", value: Format.fixed(evaluation.macroF1, 4), note: "validation"),
      ]
      if let auroc = evaluation.auroc {
        tiles.append(Tile(name: "AUROC", value: Format.fixed(auroc, 4), note: "good/defect"))
      }
    }
    return tileRow(tiles)
  }

  private var best: (x: Double, text: String)? { chosenStep.map { (Double($0), "kept: step \(Format.count($0))") } }

  private var ratePlot: Plot {
    var plot = Plot()
    plot.left = 62
    return plot
  }

  private var lossCard: HTML {
    var curves = [Curve(name: "training", style: "s1", points: validations.map { (Double($0.step), $0.trainingLoss) })]
    if validations.contains(where: { $0.validationLoss.isFinite }) {
      curves.append(
        Curve(name: "validation", style: "s2", points: validations.map { (Double($0.step), $0.validationLoss) }))
    }
    return Reporting.card(
      "Loss",
      lineChart(
        curves, xTitle: "step", yTitle: "loss", summary: "Loss by step.", marker: best, wholeX: true, fromZero: true))
  }

  private var dataSetContent: HTML {
    let rows = dataSet.splits.map { split -> [Cell] in
      [.text(split.name)] + split.counts.map { .number(Format.count($0)) }
        + [.number(Format.count(split.counts.reduce(0, +)))]
    }
    let notes = dataSet.notes.map { note -> HTML in "<li>\(note)</li>" }
    return table(["Split"] + labels + ["Sum"], rows)
      + (notes.isEmpty ? HTML() : "<ul class=\"notes\">\(notes)</ul>")
  }

  private var gallery: Gallery {
    Gallery(
      facets: [
        .init(name: "Judged", asButtons: true, values: ["right", "wrong"]), .init(name: "True class", values: labels),
      ], order: "as chosen", sorts: [("least sure first", false)], details: ["True class", "Judged", "Probability"])
  }

  private func item(_ example: Example) -> Gallery.Item {
    let right = example.truth == example.predicted
    return Gallery.Item(
      id: example.id, mark: nil, facets: [right ? 0 : 1, labels.firstIndex(of: example.truth) ?? -1],
      caption: right
        ? "\(example.truth) \(Format.score(Double(example.probability)))"
        : "\(example.truth), taken for \(example.predicted)",
      thumbnail: example.thumbnail, sortKeys: [Double(example.probability)],
      details: [example.truth, example.predicted, Format.score(Double(example.probability))])
  }
}
