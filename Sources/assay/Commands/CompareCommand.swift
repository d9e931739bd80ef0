import ArgumentParser
import Classification
import Glibc
import Inspection
import Metrics
import Reporting
import Samples

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares two models on the same labelled parts: which is better, and is that more than chance?",
    usage: "assay compare <a> <b> --data <data> --out <out> [<options>]",
    discussion: """
      Example:
        assay compare old.onnx new.onnx --data parts/ --out comparison/

      Both models judge the same parts, each with its own thresholds. McNemar's exact test tells whether the parts that \
      only one of them judges right are more than chance; resampled parts give intervals of the differences. Both need \
      the same classes.

      Writes comparison.json and report.html with the parts that they judge differently, those that got worse first, \
      into the folder of --out. Exit code 3 where parts could not be read; they are left out of the figures.
      """)

  @Argument(help: ArgumentHelp("Model A, such as the one in use.", valueName: "a"))
  var first: String
  @Argument(help: ArgumentHelp("Model B, which may take its place.", valueName: "b"))
  var second: String
  @Option(help: "The part set: a folder or its manifest.")
  var data: String
  @Option(help: "train, val or test.")
  var split: Split = .test
  @Option(help: "The folder for the results.")
  var out: String
  @Option(
    help: ArgumentHelp("Overkill at which the escapes of both are compared. Default: 2%.", valueName: "share"))
  var overkill: Share?
  @Option(help: "Resamples for the intervals.")
  var resamples = 2000
  @Option(help: "Seed of the resamples.")
  var seed: UInt64 = 0
  @Flag(help: "Print the result as JSON.")
  var json = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if !(100...1_000_000).contains(resamples) {
      throw ValidationError("--resamples is a number from 100 to 1000000.")
    }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
  }

  func run() throws {
    try reporting { try compare() }
  }

  private func compare() throws {
    let started = Timestamp.now()
    Interruption.watch()
    let files = [try ModelFile(path: first), try ModelFile(path: second)]
    let info = files[0].classifier.info
    try Self.checkClasses(files)
    let set = try PartSet.load(
      path: data, options: PartSetOptions(good: info.goodIndex.map { info.labels[$0] }, classes: info.labels))
    if split != .train { try set.checkHeldOut() }
    let parts = set.parts(in: split)
    guard !parts.isEmpty else { throw InspectionError.source(data, "has no part in its \(split.rawValue) split") }
    try makeFolder(out)
    for name in ["comparison.json", "report.html"] { _ = unsafe unlink(out + "/" + name) }
    var pair = JudgedPair(parts: parts, labels: info.labels)
    var line = ProgressLine(isQuiet: quiet || json)
    defer { line.end() }
    let items = parts.map { InspectionInput.Item(id: $0.id, path: $0.imagePath) }
    let agreement = try Agreement(files, items) { judged, decisions in
      if Interruption.isRequested { throw InspectionError.interrupted(judged: judged, total: parts.count) }
      pair.add(decisions)
      line.show(
        "\(judged) of \(parts.count) judged by both",
        at: Double(Timestamp.now().milliseconds - started.milliseconds) / 1000)
    }
    guard !pair.truth.isEmpty else {
      throw InspectionError.source(data, "has no part in its \(split.rawValue) split that can be read")
    }
    line.show("resampling", at: 0)
    let comparison = ModelComparison(
      pair.sides[0], pair.sides[1], truth: pair.truth, labels: info.labels, good: info.goodIndex,
      overkillLimit: overkill?.value ?? 0.02, resamples: resamples, seed: seed)
    line.end()
    let report = ComparisonReport(
      subject: "\(ModelFile.stem(data)), \(split.rawValue)", comparison: comparison,
      models: try files.map {
        ComparisonReport.Model(
          identity: $0.identity, path: $0.path,
          policy: try Policy($0.classifier.info, reject: nil, review: nil, confidence: nil))
      },
      flips: pair.flips, provenance: .run(model: nil, threads: Machine.processors, started: started),
      unreadable: agreement.unreadable)
    try AtomicFile.write(report.json, to: out + "/comparison.json")
    try AtomicFile.write(withPictures(report).render().bytes, to: out + "/report.html")
    Console.write(json ? String(decoding: report.json, as: UTF8.self) : text(report), to: 1)
    if !agreement.unreadable.isEmpty { throw ExitCode(3) }
  }

  /// Models are only comparable where they tell the same classes apart.
  private static func checkClasses(_ files: [ModelFile]) throws {
    let infos = files.map(\.classifier.info)
    guard Set(infos[0].labels) == Set(infos[1].labels) else {
      throw ModelError(
        files[1].path,
        "has other classes (\(infos[1].labels.joined(separator: ", "))) than \(files[0].path) "
          + "(\(infos[0].labels.joined(separator: ", "))); compare models of the same classes")
    }
    let goods = infos.map { info in info.goodIndex.map { info.labels[$0] } }
    guard goods[0] == goods[1] else {
      throw ModelError(
        files[1].path,
        "takes \(goods[1] ?? "no class") for good and \(files[0].path) takes \(goods[0] ?? "no class"); compare "
          + "models that agree on that")
    }
  }

  /// Pictures that a report holds: the parts that got worse come first.
  private static let mostPictures = 500

  private func withPictures(_ report: ComparisonReport) -> ComparisonReport {
    var flips = report.flips
    for index in flips.indices.prefix(Self.mostPictures) {
      flips[index].thumbnail = Thumbnail.jpeg(ofFile: flips[index].source)
    }
    return ComparisonReport(
      subject: report.subject, comparison: report.comparison, models: report.models, flips: flips,
      provenance: report.provenance, unreadable: report.unreadable)
  }

  // MARK: Text

  /// In 80 columns, but for long names.
  private func text(_ report: ComparisonReport) -> String {
    let c = report.comparison
    var lines = ["\(c.count) parts of \(report.subject) judged by both"]
    for (letter, model) in zip(["A", "B"], report.models) {
      lines.append("  \(letter)  \(model.identity.name) (\(model.identity.sha256.prefix(12))), \(model.path)")
    }
    lines.append("  " + "".padded(24) + "A".padded(27) + "B")
    for row in report.figures {
      // What has no value is a dash of one byte on a console.
      let values = row.values.map { $0 == "–" ? "-" : $0 }
      lines.append("  " + row.name.padded(24) + values[0].padded(27) + values[1])
    }
    lines.append("  " + "only one of them right".padded(24) + "A".padded(9) + "B".padded(9) + "McNemar's p")
    let tests: [(String, ModelComparison.Disagreement?)] = [("class", c.classes), ("verdict", c.verdicts)]
    for (name, counts) in tests {
      guard let counts else { continue }
      lines.append(
        "  " + "  \(name)".padded(24) + "\(counts.onlyFirst)".padded(9) + "\(counts.onlySecond)".padded(9)
          + counts.pValue.fixed(4))
    }
    let differences = [("macro-F1", c.macroF1), ("escape, fixed overkill", c.escapeRate)]
    lines.append("  " + "B less A".padded(24) + "95 % interval")
    for (name, change) in differences {
      guard let change else { continue }
      lines.append(
        "  " + "  \(name)".padded(26) + (change.value < 0 ? "" : "+")
          + "\(change.value.fixed(4))  [\(change.low.fixed(4)), \(change.high.fixed(4))]")
    }
    let worse = report.flips.count { $0.worsening(good: c.good) > 0 }
    let better = report.flips.count { $0.worsening(good: c.good) < 0 }
    lines.append("  \(report.flips.count) parts judged differently: B worse on \(worse), better on \(better)")
    for path in report.unreadable { lines.append("  could not be read: \(path)") }
    lines += report.sentences.flatMap { $0.wrapped(80) }
    lines.append("report: \(out)/report.html")
    return lines.joined(separator: "\n") + "\n"
  }
}

/// What two models make of the same parts, in the order of the first one's classes.
private struct JudgedPair {
  private let byID: [[UInt8]: Part]
  private let labels: [String]
  var truth: [Int] = []
  var sides = [ModelComparison.Judgements(), ModelComparison.Judgements()]
  var flips: [ComparisonReport.Flip] = []

  init(parts: [Part], labels: [String]) {
    byID = parts.byID
    self.labels = labels
  }

  /// - Parameter decisions: of both models on the same part.
  mutating func add(_ decisions: [Decision]) {
    guard let part = byID[Array(decisions[0].id.utf8)] else { return }
    truth.append(part.label)
    var judged: [ComparisonReport.Flip.Judged] = []
    for (side, decision) in decisions.enumerated() {
      let scores = Dictionary(decision.scores.map { ($0.label, $0.score) }) { first, _ in first }
      // A score that is missing is no score: such a part is judged wrong.
      let row = labels.map { scores[$0] ?? .nan }
      sides[side].probabilities += row
      sides[side].accepted.append(decision.verdict == .accept)
      sides[side].reviewed.append(decision.verdict == .review)
      let predicted = argMax(row)
      judged.append(
        ComparisonReport.Flip.Judged(
          verdict: decision.verdict, predicted: predicted, score: predicted.map { row[$0] } ?? .nan))
    }
    guard judged[0].verdict != judged[1].verdict || judged[0].predicted != judged[1].predicted else { return }
    flips.append(
      ComparisonReport.Flip(
        id: part.id, source: part.imagePath, truth: part.label, first: judged[0], second: judged[1]))
  }
}
