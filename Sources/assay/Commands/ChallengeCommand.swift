import ArgumentParser
import Classification
import Glibc
import Inspection
import Reporting
import Samples

struct ChallengeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "challenge",
    abstract: "Judges known parts before a shift: every verdict must be right, or no run may begin.",
    usage: "assay challenge --set <set> --model <model> --out <out> [<options>]",
    discussion: """
      Example:
        assay challenge --set known/ --model parts.onnx --out challenge/
        assay inspect /dev/video0 --model parts.onnx --out run/ \\
          --require-challenge challenge/ --max-age 12h

      Every part of the set is judged, whatever its split. A good part must be accepted; a defective one must not: \
      reject and review both catch it. A part that cannot be read is a mismatch.

      Writes challenge.json and report.html into the folder of --out. Exit code 5 where a part was not judged as it \
      must be.
      """)

  @Option(help: "The known parts: a folder or its manifest, with good and with defective parts.")
  var set: String
  @Option(help: "The model that is challenged.")
  var model: String
  @Option(help: "The folder for the results; `assay inspect --require-challenge` reads it.")
  var out: String
  @Option(help: "Reject from this defect score on, 0...1. Default: the model's.")
  var reject: Float?
  @Option(help: "Review from this defect score on. Default: the model's.")
  var review: Float?
  @Flag(help: "A defective part must be rejected as what it is: review, or another class, is a mismatch.")
  var exact = false
  @Flag(help: "Print the record as JSON.")
  var json = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    for (name, value) in [("--reject", reject), ("--review", review)] {
      if let value, !(value >= 0 && value <= 1) { throw ValidationError("\(name) is a number from 0 to 1.") }
    }
    if let reject, let review, review > reject { throw ValidationError("--review is at most --reject.") }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
  }

  func run() throws {
    try reporting { try challenge() }
  }

  private func challenge() throws {
    let started = Timestamp.now()
    Interruption.watch()
    let file = try ModelFile(path: model)
    let policy = try Policy(file.classifier.info, reject: reject, review: review, confidence: nil)
    let known = try KnownParts(path: self.set, file: file)
    try makeFolder(out)
    // A challenge that is begun and not finished must not leave an earlier pass in force.
    for name in [ChallengeRecord.fileName, "report.html"] { _ = unsafe unlink(out + "/" + name) }
    var line = ProgressLine(isQuiet: quiet || json)
    defer { line.end() }
    let mismatches = try known.judge(file, policy, isExact: exact) { judged in
      line.show(
        "\(judged) of \(known.count) judged",
        at: Double(Timestamp.now().milliseconds - started.milliseconds) / 1000)
    }
    line.end()
    let record = ChallengeRecord(
      time: .now(), model: file.identity, policy: policy, set: self.set, digest: known.digest, isExact: exact,
      goodParts: known.goods, defectiveParts: known.defectives, mismatches: mismatches)
    var report = ChallengeReport(
      record, provenance: .run(model: file.identity, threads: Machine.processors, started: started))
    for mismatch in mismatches.prefix(Self.mostPictures) {
      report.add(thumbnail: Thumbnail.jpeg(ofFile: mismatch.source), id: mismatch.id)
    }
    try AtomicFile.write(report.render().bytes, to: out + "/report.html")
    // Last, so that nothing can fail behind a pass.
    try AtomicFile.write(record.json, to: out + "/" + ChallengeRecord.fileName)
    Console.write(json ? String(decoding: record.json, as: UTF8.self) : text(record), to: 1)
    if !record.isPassed { throw ExitCode(5) }
  }

  /// Pictures that a report holds.
  private static let mostPictures = 500
  /// Mismatches told one by one.
  private static let mostLines = 20

  private func text(_ record: ChallengeRecord) -> String {
    let counts = "\(record.parts) known parts, \(record.goodParts) good and \(record.defectiveParts) defective"
    var lines = [record.isPassed ? "passed: \(counts)" : "NOT PASSED: \(record.mismatches.count) of \(counts)"]
    for mismatch in record.mismatches.prefix(Self.mostLines) {
      let score = mismatch.score.isFinite ? " \(Double(mismatch.score).fixed(3))" : ""
      lines.append("  \(mismatch.id): is \(mismatch.truth), \(mismatch.verdict.rawValue) \(mismatch.label)\(score)")
    }
    if record.mismatches.count > Self.mostLines {
      lines.append("  and \(record.mismatches.count - Self.mostLines) more")
    }
    lines.append("report: \(out)/report.html")
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The parts of a challenge.
private struct KnownParts {
  private let parts: [Part]
  private let labels: [String]
  private let good: Int
  /// Files of the set that cannot be opened: nobody knows their class.
  private let unreadable: [PartSet.Unreadable]

  var count: Int { parts.count + unreadable.count }
  var goods: Int { parts.count { $0.label == good } }
  var defectives: Int { parts.count - goods }

  /// - Throws: where the parts cannot prove anything.
  init(path: String, file: ModelFile) throws {
    let info = file.classifier.info
    guard let index = info.goodIndex else {
      throw ModelError(file.path, "knows no good part and accepts none: there is nothing to challenge it with")
    }
    let set = try PartSet.load(
      path: path, options: PartSetOptions(good: info.labels[index], classes: info.labels))
    (parts, labels, good, unreadable) = (set.parts, info.labels, index, set.unreadable)
    guard goods > 0, defectives > 0 else {
      throw InspectionError.source(
        path,
        "has no \(goods == 0 ? "good" : "defective") part: a challenge needs both, for a model that "
          + "\(goods == 0 ? "rejects" : "accepts") everything would pass it")
    }
  }

  /// SHA-256 over what the parts are.
  var digest: String {
    ModelFile.sha256(
      Array(parts.map { "\($0.contentHash) \(labels[$0.label])" }.sorted().joined(separator: "\n").utf8))
  }

  /// - Returns: the parts that are not judged as they must be.
  func judge(_ file: ModelFile, _ policy: Policy, isExact: Bool, onPart: (_ judged: Int) -> Void) throws
    -> [ChallengeRecord.Mismatch]
  {
    let inspector = try PartInspector(
      file.classifier, policy: policy, model: file.identity, threads: Machine.processors, wantsOutlines: false)
    var mismatches: [ChallengeRecord.Mismatch] = []
    for (index, part) in parts.enumerated() {
      if Interruption.isRequested { throw InspectionError.interrupted(judged: index, total: count) }
      let item = InspectionInput.Item(id: part.id, path: part.imagePath)
      let decision = inspector.inspect(item, sequence: index).decision
      if !ChallengeRecord.isMet(
        decision, truth: labels[part.label], isGood: part.label == good, isExact: isExact)
      {
        mismatches.append(ChallengeRecord.Mismatch(decision, truth: labels[part.label]))
      }
      onPart(index + 1)
    }
    return mismatches
      + unreadable.map {
        ChallengeRecord.Mismatch(
          id: $0.path, source: $0.path, truth: "unknown", verdict: .reject, label: Policy.unreadableLabel, score: .nan,
          reasons: [$0.reason])
      }
  }
}
