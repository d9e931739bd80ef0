public import Inspection
public import Metrics

/// The report of an evaluation on a labelled set: figures with intervals, what was misjudged, and how honest the
/// stated confidence is.
public struct EvaluationReport: Sendable {
  /// A part that was judged otherwise than its label says.
  public struct Misjudged: Sendable {
    public var id: String
    public var source: String
    /// True class.
    public var truth: Int
    /// Most probable class; `nil` if the scores were not finite.
    public var predicted: Int?
    public var verdict: Verdict
    /// Probabilities in the model's order.
    public var probabilities: [Float]
    /// JPEG.
    public var thumbnail: [UInt8]?
    /// Annotated picture beside the report, relative to it.
    public var annotated: String?

    public init(
      id: String, source: String, truth: Int, predicted: Int?, verdict: Verdict, probabilities: [Float],
      thumbnail: [UInt8]? = nil, annotated: String? = nil
    ) {
      self.id = id
      self.source = source
      self.truth = truth
      self.predicted = predicted
      self.verdict = verdict
      self.probabilities = probabilities
      self.thumbnail = thumbnail
      self.annotated = annotated
    }
  }

  /// The set and split, such as "magnetic-tile, test".
  public var subject: String
  public var evaluation: Evaluation
  public var policy: Policy
  public var provenance: Provenance
  /// Inputs of the set that could not be read, with the reason; they are in no figure.
  public var unreadable: [(id: String, reason: String)]
  /// All parts, for thresholds that move and cells that open; nil for a page without.
  public var judged: JudgedParts?
  /// What verdicts cost at first; nil for ``DecisionCosts/usual``.
  public var costs: DecisionCosts?
  /// Share of defective parts in production; nil for that of the set.
  public var defectRate: Double?
  /// What the policy in force promises.
  public var promises: [PromiseEvidence] = []
  private var misjudged: [Misjudged] = []
  private var histogram: ScoreHistogram

  public init(
    subject: String, evaluation: Evaluation, policy: Policy, provenance: Provenance,
    unreadable: [(id: String, reason: String)] = []
  ) {
    self.subject = subject
    self.evaluation = evaluation
    self.policy = policy
    self.provenance = provenance
    self.unreadable = unreadable
    histogram = ScoreHistogram(
      series: evaluation.good == nil
        ? [("judged right", "s1"), ("judged wrong", "s2")] : [("good parts", "s1"), ("defective parts", "s2")])
  }

  /// Counts a part in the score histogram: its probabilities in the model's order.
  public mutating func addScore(_ probabilities: [Float], truth: Int) {
    let finite = probabilities.allSatisfy(\.isFinite)
    if let good = evaluation.good {
      histogram.add(finite ? 1 - Double(probabilities[good]) : .nan, series: truth == good ? 0 : 1)
    } else {
      let predicted = argMax(probabilities)
      histogram.add(predicted.map { Double(probabilities[$0]) } ?? .nan, series: predicted == truth ? 0 : 1)
    }
  }

  /// Adds a part to the gallery of misjudged ones.
  public mutating func add(_ part: Misjudged) { misjudged.append(part) }

  /// The whole page.
  public func render() -> HTML {
    let e = evaluation
    var page = Page(
      kind: "Evaluation report", subject: subject,
      byline: [provenance.model.map { "Model \($0.name)" }, "started \(provenance.started)"].compactMap { $0 }
        .joined(separator: ", "), summary: sentences)
    page.sections = [
      tiles,
      card(
        "Figures with intervals", wide: true,
        note: "Exact 95% intervals after Clopper and Pearson: what a set of this size can and cannot show.",
        rateRows(rates)),
      card(
        "Confusion matrix", wide: e.labels.count > 6,
        note: "Rows are what the parts are, columns what they were taken for."
          + (judged == nil ? "" : " A cell opens its parts."),
        confusionTable(e.confusion, labels: e.labels, opens: judged != nil)),
      card(
        "Classes", wide: e.labels.count > 6, classTable(e.confusion, labels: e.labels, auroc: e.perClassAUROC)),
    ]
    if let roc = e.roc {
      let judged = e.errors.map { (x: $0.overkillRate.value, y: 1 - $0.escapeRate.value) }
      page.sections.append(
        card(
          "Good against defect", note: "The ring is where the thresholds in use stand.",
          rocChart([("1 - p(good)", "s1", roc)], operatingPoint: judged)))
    }
    let explorer = judged.flatMap {
      Explorer($0, policy: policy, costs: costs, defectRate: defectRate, promises: promises)
    }
    if let explorer { page.sections.append(explorer.card) }
    page.sections += [
      card(
        "Calibration",
        note: "Where the bars meet the dashed line, a stated confidence of 90% is right 9 times in 10. "
          + "Expected calibration error \(Format.percent(e.expectedCalibrationError, 2)); paler bars hold fewer parts.",
        reliabilityChart(e.reliability)),
      card(
        "Scores", wide: e.roc != nil, note: scoreNote,
        histogram.chart(title: scoreTitle, thresholds: thresholds, wide: e.roc != nil)),
    ]
    let items = misjudged.map(item)
    if items.isEmpty {
      page.sections.append(
        card("Misjudged parts", wide: true, "<p class=\"empty\">None: every part was judged right.</p>"))
    } else {
      page.sections.append(
        card("Misjudged parts", wide: true, id: "gallery", gallery.controls(count: items.count)))
      page.data = gallery.data(items)
    }
    if let judged {
      page.data = judged.data(labels: e.labels, explorer: explorer) + page.data
      page.moreStyle = Explorer.style
      page.moreScript = Explorer.script
    }
    if !unreadable.isEmpty {
      page.sections.append(
        card(
          "Unreadable inputs", wide: true, note: "These are in none of the figures above.",
          table(["Input", "Reason"], unreadable.map { [.text($0.id), .text($0.reason)] })))
    }
    page.sections.append(provenance.card(policyFacts))
    return page.render()
  }

  private var sentences: HTML {
    let e = evaluation
    var text =
      "\(Format.count(e.confusion.correct)) of \(Format.plural(e.count, "part")) were given their true class "
      + "(\(Format.percent(e.accuracy.value, 2)))."
    if let errors = e.errors {
      text +=
        " \(Format.count(errors.escapes)) of \(Format.plural(errors.defects, "defective part")) would have been"
        + " accepted, and \(Format.count(errors.overkills)) of \(Format.plural(errors.goods, "good part")) would not."
    }
    if let regions = e.regions, regions.trueRegions > 0 {
      text +=
        " \(Format.count(regions.hits)) of \(Format.plural(regions.trueRegions, "marked defect region")) were found."
    }
    return "<p>\(text)</p>"
  }

  private var tiles: HTML {
    let e = evaluation
    var tiles = [
      Tile(name: "Parts", value: Format.count(e.count)),
      Tile(name: "Accuracy", value: Format.percent(e.accuracy.value, 2)),
      Tile(name: "Macro-F1", value: Format.fixed(e.macroF1, 4)),
    ]
    if let auroc = e.auroc { tiles.append(Tile(name: "AUROC", value: Format.fixed(auroc, 4), note: "good/defect")) }
    if let errors = e.errors {
      tiles.append(
        Tile(
          name: "Escapes", value: Format.count(errors.escapes), note: "of \(Format.count(errors.defects))",
          style: errors.escapes > 0 ? "reject" : "accept"))
      tiles.append(
        Tile(
          name: "Overkills", value: Format.count(errors.overkills), note: "of \(Format.count(errors.goods))",
          style: errors.overkills > 0 ? "review" : "accept"))
    }
    return tileRow(tiles)
  }

  private var rates: [(name: String, rate: Rate, note: String)] {
    let e = evaluation
    var rates = [(name: "Accuracy", rate: e.accuracy, note: Format.plural(e.count, "part"))]
    if let errors = e.errors {
      rates.append(("Escape rate", errors.escapeRate, "\(Format.plural(errors.defects, "defective part"))"))
      rates.append(("Overkill rate", errors.overkillRate, "\(Format.plural(errors.goods, "good part"))"))
      if errors.reviews > 0 {
        rates.append(("Review share", errors.reviewShare, "\(Format.plural(errors.defects + errors.goods, "part"))"))
      }
    }
    if let regions = e.regions {
      rates.append(("Regions found", regions.hitRate, Format.plural(regions.trueRegions, "marked region")))
    }
    for index in e.labels.indices {
      let support = e.confusion.support(index)
      guard support > 0 else { continue }
      rates.append(
        (
          "Recall of \(e.labels[index])",
          Rate(successes: e.confusion[truth: index, predicted: index], trials: support),
          Format.plural(support, "part")
        ))
    }
    return rates
  }

  private var scoreTitle: String {
    evaluation.good == nil ? "confidence in the named class" : "defect score, 1 - p(good)"
  }

  private var scoreNote: String {
    let note =
      evaluation.good == nil ? "Faults at high confidence are the ones to look at." : "Parts by what they truly are."
    return histogram.withoutScore == 0
      ? note : note + " \(Format.plural(histogram.withoutScore, "part")) without a score are not drawn."
  }

  private var thresholds: [ScoreHistogram.Threshold] {
    guard evaluation.good != nil else {
      return [.init(name: "review below", value: Double(policy.minimumConfidence), style: "review")]
    }
    var lines = [
      ScoreHistogram.Threshold(name: "reject from", value: Double(policy.thresholds.reject), style: "reject")
    ]
    if policy.thresholds.review < policy.thresholds.reject {
      lines.insert(
        .init(name: "review from", value: Double(policy.thresholds.review), style: "review"), at: 0)
    }
    return lines
  }

  private var policyFacts: [(name: String, value: String)] {
    let e = evaluation
    var facts: [(name: String, value: String)] = [
      ("Thresholds", "reject from \(policy.thresholds.reject), review from \(policy.thresholds.review)"),
      ("Negative log likelihood", Format.fixed(e.negativeLogLikelihood, 4)),
      ("Brier score", Format.fixed(e.brierScore, 4)),
    ]
    if e.good == nil { facts[0] = ("Policy", "every class is a defect; review below \(policy.minimumConfidence)") }
    if let best = e.bestF1 {
      facts.append(
        (
          "Best F1 threshold on this set",
          "\(Format.fixed(best.threshold, 3)) (escape \(Format.percent(best.escapeRate)), "
            + "overkill \(Format.percent(best.overkillRate)))"
        ))
    }
    if let precision = e.averagePrecision { facts.append(("Average precision", Format.fixed(precision, 4))) }
    return facts
  }

  // MARK: Gallery

  private enum Kind: Int, CaseIterable {
    case escape, overkill, otherClass
    var name: String { self == .escape ? "Escaped" : self == .overkill ? "Overkill" : "Wrong class" }
  }

  private func kind(_ part: Misjudged) -> Kind {
    guard let good = evaluation.good else { return .otherClass }
    if part.truth != good && part.verdict == .accept { return .escape }
    if part.truth == good && part.verdict != .accept { return .overkill }
    return .otherClass
  }

  private var gallery: Gallery {
    let labels = evaluation.labels
    return Gallery(
      facets: [
        .init(name: "True class", values: labels), .init(name: "Judged", values: labels + ["no verdict"]),
      ] + (evaluation.good == nil ? [] : [.init(name: "Kind", asButtons: true, values: Kind.allCases.map(\.name))]),
      order: "as in the set", sorts: [("most confident faults first", true)],
      details: ["True class", "Judged", "Verdict", "Probabilities", "Source"])
  }

  private func item(_ part: Misjudged) -> Gallery.Item {
    let labels = evaluation.labels
    let judged = part.predicted.map { labels[$0] } ?? "no verdict"
    let confidence = part.predicted.map { Double(part.probabilities[$0]) } ?? .nan
    return Gallery.Item(
      id: part.id, mark: part.verdict,
      facets: [part.truth, part.predicted ?? labels.count] + (evaluation.good == nil ? [] : [kind(part).rawValue]),
      caption: part.predicted == part.truth
        ? "\(labels[part.truth]), \(part.verdict.done.lowercased())" : "\(labels[part.truth]), taken for \(judged)",
      thumbnail: part.thumbnail, link: part.annotated, sortKeys: [confidence],
      details: [
        labels[part.truth], judged, part.verdict.done,
        zip(labels, part.probabilities).map { "\($0) \(Format.score(Double($1)))" }.joined(separator: ", "),
        part.source,
      ])
  }
}
