import ArgumentParser
import Classification
import Glibc
import Imaging
import Inspection
import Metrics
import Reporting
import Samples
import Synchronization

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures a model on a labelled part set: errors with intervals, confusion, misjudged parts.",
    usage: "assay evaluate <dataset> --model <model> --out <out> [<options>]",
    discussion: """
      Example:
        assay evaluate parts/ --model parts.onnx --split test --out evaluation/
        assay evaluate parts/ --model parts.onnx --promise "escape<=5%@90%" \
          --out evaluation/
        assay evaluate parts/ --model parts.onnx --defect-rate 1% \
          --cost escape=200,overkill=1.5,review=0.4 --out evaluation/

      With --promise the thresholds are chosen on the val split, so that the rate stays below the promised one with the \
      stated confidence whatever the scores look like, and measured on the test split. Where the parts are too few to \
      bear a promise, nothing is promised, and it says how many it takes. The model with the new thresholds and the \
      evidence goes into the folder of --out.

      Writes metrics.json, decisions.jsonl, report.html and, in annotated/, the misjudged parts into the folder of \
      --out. Exit code 3 where parts could not be read; they are left out of the figures.
      """)

  @Argument(help: "The part set: a folder or its manifest.")
  var dataset: String
  @Option(help: "The model: an ONNX file that `assay train` wrote.")
  var model: String
  @Option(help: "train, val or test.")
  var split: Split = .test
  @Option(help: "The folder for all results.")
  var out: String
  @Option(help: "The acceptable class. Default: the model's.")
  var good: String?
  @Option(help: "Reject from this defect score on, 0...1. Default: the model's.")
  var reject: Float?
  @Option(help: "Review from this defect score on. Default: the model's.")
  var review: Float?
  @OptionGroup(title: "Options for promises")
  var promises: PromiseOptions
  @OptionGroup(title: "Options for costs")
  var costs: CostOptions
  @Option(help: "Pictures judged side by side. Default: one a processor.")
  var threads: Int?
  @Option(help: Precision.help)
  var precision: Precision = .f32
  @Flag(help: "Print the metrics as JSON.")
  var json = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    try precision.validate()
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    for (name, value) in [("--reject", reject), ("--review", review)] {
      if let value, !(value >= 0 && value <= 1) { throw ValidationError("\(name) is a number from 0 to 1.") }
    }
    if let reject, let review, review > reject { throw ValidationError("--review is at most --reject.") }
    if promises.isUsed, reject != nil || review != nil {
      throw ValidationError("--promise and --review-budget choose the thresholds; leave out --reject and --review.")
    }
    if promises.defectRate != nil, !promises.isUsed, costs.cost == nil {
      throw ValidationError("--defect-rate needs --promise, --review-budget or --cost.")
    }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
  }

  func run() throws {
    try reporting { try evaluate() }
  }

  private func evaluate() throws {
    let started = Timestamp.now()
    Interruption.watch()
    let file = try ModelFile(path: model, precision: precision)
    let info = file.classifier.info
    var policy = try Policy(info, reject: reject, review: review, confidence: nil)
    let set = try PartSet.load(
      path: dataset,
      options: PartSetOptions(good: good ?? info.goodIndex.map { info.labels[$0] }, classes: info.labels))
    if split != .train { try set.checkHeldOut() }
    let parts = set.parts(in: split)
    guard !parts.isEmpty else {
      throw InspectionError.source(dataset, "has no part in its \(split.rawValue) split")
    }
    try makeFolder(out)
    ResultFolder.clear(out)
    let threads = self.threads ?? Machine.processors
    var line = ProgressLine(isQuiet: quiet || json)
    defer { line.end() }
    var chosen: PromiseJob.Result?
    var card = file.promises(under: policy)
    if promises.isUsed {
      let job = PromiseJob(
        options: promises, set: set, file: file, threads: threads, out: out, measured: split)
      let result = try job.run(base: policy, shouldStop: { Interruption.isRequested }) { progress in
        line.show("\(progress.judged) of \(progress.total) judged to choose thresholds", at: progress.seconds)
      }
      chosen = result
      (policy, card) = (result.policy, result.card)
    }
    let input = InspectionInput(
      source: dataset, items: parts.map { InspectionInput.Item(id: $0.id, path: $0.imagePath) })
    let byID = parts.byID
    let finisher = PartFinisher(folder: out + "/annotated", wantsThumbnail: false, info: info)
    let thumbnails = Mutex(ThumbnailStore())
    let run = InspectionRun(
      input, classifier: file.classifier, policy: policy, model: file.identity,
      settings: InspectionRun.Settings(
        threads: threads, log: out + "/decisions.jsonl", start: .replace,
        head: .run(dataset, file, policy))
    ) { outcome in
      let decision = outcome.decision
      guard !decision.isUnreadable, let part = byID[Array(decision.id.utf8)],
        Self.isMisjudged(
          decision.scores.map(\.score), accepted: decision.verdict == .accept, truth: part.label,
          good: info.goodIndex)
      else { return }
      try finisher.finish(&outcome, thumbnails: thumbnails)
    }
    var judged = Judgements(byID: byID, classes: info.labels.count)
    let summary = try run.run(shouldStop: { Interruption.isRequested }, onDecision: { judged.add($0) }) { progress in
      line.show("\(progress.judged) of \(progress.total) judged", at: progress.seconds)
    }
    line.end()
    let evaluation = Evaluation(
      probabilities: judged.probabilities, truth: judged.truth, labels: info.labels, good: info.goodIndex,
      judgedGood: judged.accepted, isReviewed: judged.verdicts.map { $0 == .review })
    try AtomicFile.write(evaluation.json, to: out + "/metrics.json")
    var report = EvaluationReport(
      subject: "\(ModelFile.stem(dataset)), \(split.rawValue)", evaluation: evaluation, policy: policy,
      provenance: .run(model: file.identity, threads: threads, started: started, extra: card?.facts ?? []),
      unreadable: judged.unreadable)
    report.costs = try costs.costs()
    report.defectRate = promises.defectRate?.value
    report.promises = card?.evidence ?? []
    var all = JudgedParts(good: info.goodIndex)
    for index in judged.truth.indices {
      let row = judged.row(index)
      report.addScore(row, truth: judged.truth[index])
      all.add(
        id: judged.parts[index].id, truth: judged.truth[index], probabilities: row, verdict: judged.verdicts[index])
      guard
        Self.isMisjudged(row, accepted: judged.accepted[index], truth: judged.truth[index], good: info.goodIndex)
      else { continue }
      let part = judged.parts[index]
      report.add(
        EvaluationReport.Misjudged(
          id: part.id, source: part.imagePath, truth: judged.truth[index], predicted: argMax(row),
          verdict: judged.verdicts[index], probabilities: row, thumbnail: Thumbnail.jpeg(ofFile: part.imagePath),
          annotated: judged.annotated[index]))
    }
    all.keepPictures(of: judged.parts.map(\.imagePath), policy: policy, threads: threads)
    report.judged = all
    try AtomicFile.write(report.render().bytes, to: out + "/report.html")
    var counts: VerdictCounts?
    if let good = info.goodIndex {
      var verdicts = VerdictCounts(labels: info.labels, good: good)
      for (truth, verdict) in zip(judged.truth, judged.verdicts) { verdicts.add(truth, verdict) }
      counts = verdicts
    }
    if let chosen, !json {
      Console.write((chosen.card.lines(policy) + ["  model: \(chosen.path)"]).joined(separator: "\n") + "\n", to: 1)
    }
    try print(
      evaluation, summary, card, counts, cost: report.costs.flatMap { all.line($0, defectRate: report.defectRate) })
    if !judged.unreadable.isEmpty { throw ExitCode(3) }
  }

  /// Whether the most probable class is not the true one, or the verdict does not fit it.
  private static func isMisjudged(_ scores: [Float], accepted: Bool, truth: Int, good: Int?) -> Bool {
    argMax(scores) != truth || good.map { ($0 == truth) != accepted } ?? false
  }

  private func print(
    _ evaluation: Evaluation, _ summary: RunSummary, _ card: PromiseCard?, _ counts: VerdictCounts?,
    cost: String?
  ) throws {
    if json {
      Console.write(String(decoding: evaluation.json, as: UTF8.self) + "\n", to: 1)
      return
    }
    func interval(_ rate: Rate) -> String {
      "\(rate.value.fixed(4))  [\(rate.low.fixed(4)), \(rate.high.fixed(4))]"
    }
    var lines = ["\(evaluation.count) parts judged, \(summary.imagesPerSecond.fixed(0)) a second"]
    lines.append("                 value   95 % interval")
    lines.append("  accuracy       \(interval(evaluation.accuracy))")
    lines.append("  macro-F1       \(evaluation.macroF1.fixed(4))")
    if let auroc = evaluation.auroc { lines.append("  AUROC          \(auroc.fixed(4))  good against defect") }
    if let errors = evaluation.errors {
      lines.append("  escape rate    \(interval(errors.escapeRate))")
      lines.append("  overkill rate  \(interval(errors.overkillRate))")
      lines.append("  review share   \(interval(errors.reviewShare))")
    }
    lines.append("  calibration    \(evaluation.expectedCalibrationError.fixed(4))  expected error")
    if let cost { lines.append(cost) }
    if let card, let counts {
      lines.append("promises, measured on these parts")
      lines += card.evidence.compactMap { $0.promise.outcome(counts).map { "  \($0)" } }
    }
    let width = (evaluation.labels.map(\.count).max() ?? 5) + 2
    lines.append("  " + "class".padded(width) + "precision  recall      F1   parts")
    for (index, label) in evaluation.labels.enumerated() {
      let matrix = evaluation.confusion
      lines.append(
        "  " + label.padded(width) + matrix.precision(index).fixed(3).aligned(9)
          + matrix.recall(index).fixed(3).aligned(8) + matrix.f1(index).fixed(3).aligned(8)
          + "\(matrix.support(index))".aligned(8))
    }
    lines.append("report: \(out)/report.html")
    Console.write(lines.joined(separator: "\n") + "\n", to: 1)
  }
}

/// Decisions beside the truth, without the parts that could not be read.
private struct Judgements {
  private let byID: [[UInt8]: Part]
  private let classes: Int
  var parts: [Part] = []
  var probabilities: [Float] = []
  var truth: [Int] = []
  var accepted: [Bool] = []
  var verdicts: [Verdict] = []
  var annotated: [String?] = []
  var unreadable: [(id: String, reason: String)] = []

  init(byID: [[UInt8]: Part], classes: Int) {
    self.byID = byID
    self.classes = classes
  }

  mutating func add(_ decision: Decision) {
    guard let part = byID[Array(decision.id.utf8)] else { return }
    guard !decision.isUnreadable, decision.scores.count == classes else {
      unreadable.append((decision.id, decision.reasons.joined(separator: "; ")))
      return
    }
    parts.append(part)
    probabilities += decision.scores.map(\.score)
    truth.append(part.label)
    accepted.append(decision.verdict == .accept)
    verdicts.append(decision.verdict)
    annotated.append(decision.annotated)
  }

  func row(_ index: Int) -> [Float] { Array(probabilities[index * classes..<(index + 1) * classes]) }
}
