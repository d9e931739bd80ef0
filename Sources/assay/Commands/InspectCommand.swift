import ArgumentParser
import Classification
import Glibc
import Imaging
import Inspection
import Recipes
import Reporting
import Synchronization

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Judges what a camera sees, or every picture of a folder, and writes decisions and a report.",
    discussion: """
      Examples:
        assay inspect pictures/ --model parts.onnx --out run/
        assay inspect part.jpg --model parts.onnx --out run/ --json
        assay inspect pictures/ --model parts.onnx --out run/ --resume
        assay inspect /dev/video0 --model parts.onnx --out run/
        assay inspect --camera usb-0000:00:14.0-3 --lock exposure --model parts.onnx --out run/
        assay inspect recording/ --model parts.onnx --out run/
        assay inspect --recipe line.yaml --out run/
        assay inspect recording/ --recipe line.yaml --out run/
        assay inspect --watch incoming/ --model parts.onnx --out run/ --resume
        assay inspect pictures/ --model parts.onnx --out run/ \\
          --require-challenge challenge/ --max-age 12h

      Writes decisions.jsonl, decisions.csv, annotated/, summary.json and report.html into the folder of --out. What \
      cannot be read is a reject with its reason, and the exit code is 3.
      """)

  @Argument(
    help: """
      A folder (with its subfolders), a picture, a CSV file with an `image` column, a camera's device, or a recording.
      """)
  var source: String?
  @Option(help: "The model: an ONNX file that `assay train` or `assay model import` wrote.")
  var model: String?
  @Option(name: .customLong("out"), help: "The folder for all results.")
  var folder: String?
  @OptionGroup(title: "Options for live cameras")
  var live: LiveOptions
  @OptionGroup(title: "Options for opening cameras")
  var opening: CameraOptions
  @OptionGroup(title: "Options for challenges")
  var challenge: ChallengeOptions
  @Option(help: "A policy, the YAML file that `assay policy` explains.")
  var policy: String?
  @Option(help: "Reject from this defect score on, 0...1. Default: the model's.")
  var reject: Float?
  @Option(help: "Review from this defect score on, at most the one for reject. Default: the model's.")
  var review: Float?
  @Option(help: "Where no class is good: review below this probability. Default: the model's.")
  var confidence: Float?
  @Option(help: "Pictures judged side by side. Default: one a processor.")
  var threads: Int?
  @Option(help: Precision.help)
  var precision: Precision = .f32
  @Option(
    help: ArgumentHelp(
      "A regular expression that finds the part's id in a picture's name, by its first group, such as '_(SN[0-9]+)'.",
      valueName: "regex"))
  var partId: String?
  @Option(help: "The part's id, for a single picture.")
  var part: String?
  @Flag(help: "Go on with the run that was interrupted in this folder.")
  var resume = false
  @Flag(help: "Replace the run that is in this folder.")
  var overwrite = false
  @Flag(inversion: .prefixedNo, help: "Write annotated pictures.")
  var annotated = true
  @Flag(inversion: .prefixedNo, help: "Write report.html.")
  var report = true
  @Flag(help: "Exit with code 4 when a part was rejected.")
  var failOnReject = false
  @Flag(help: "Print the summary as JSON.")
  var json = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    try precision.validate()
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other.") }
    for (name, value) in [("--reject", reject), ("--review", review), ("--confidence", confidence)] {
      if let value, !(value >= 0 && value <= 1) { throw ValidationError("\(name) is a number from 0 to 1.") }
    }
    if let reject, let review, review > reject { throw ValidationError("--review is at most --reject.") }
    if policy != nil, reject != nil || review != nil || confidence != nil || live.recipe != nil {
      throw ValidationError("--policy holds the thresholds; leave out --reject, --review, --confidence and --recipe.")
    }
    if part != nil, partId != nil { throw ValidationError("--part and --part-id exclude each other.") }
    if folder?.isEmpty == true { throw ValidationError("--out names a folder.") }
    if live.recipe == nil {
      if model == nil { throw ValidationError("Give the model by --model.") }
      if folder == nil { throw ValidationError("Give the folder for the results by --out.") }
    }
    try live.validate(source: source)
  }

  func run() throws {
    try reporting(wayOn: " Go on with the same command and --resume.") {
      try RecipeFile.reporting { try inspect() }
    }
  }

  private func inspect() throws {
    if let recipe = live.recipe {
      try inspect(recipe: recipe)
    } else if let watched = live.watch {
      try inspect(watched: watched, out: folder ?? "")
    } else if let cameras = try live.cameras(source: source) {
      try inspect(cameras: cameras, out: folder ?? "")
    } else {
      try inspect(files: source ?? "", out: folder ?? "")
    }
  }

  /// The policy in force, by the options or the policy's file.
  func policy(for info: ModelInfo) throws -> Policy {
    guard let path = policy else { return try Policy(info, reject: reject, review: review, confidence: confidence) }
    return try Policy(try PolicyFile(contentsOf: path), info)
  }

  /// Zones are drawn for pictures of one size: the first that can be read must hold them.
  private func checkZones(_ input: InspectionInput) throws {
    guard let path = policy else { return }
    let file = try PolicyFile(contentsOf: path)
    guard !file.zones.isEmpty,
      let size = input.items.prefix(20).lazy.compactMap({ try? ImageFile.size(path: $0.path) }).first
    else { return }
    let problems = file.problems(width: size.width, height: size.height)
    guard problems.isEmpty else { throw RecipeError(problems) }
  }

  /// The policy's file for the log; nil without one.
  func policyFile() throws -> LogHead.File? {
    try policy.map { LogHead.File(path: $0, sha256: ModelFile.sha256(try LineReader.bytes($0))) }
  }

  private func inspect(files source: String, out: String) throws {
    let started = Timestamp.now()
    Interruption.watch()
    var input = try InspectionInput(source: source)
    if let partId { input.items = try PartIDs(pattern: partId).named(input.items) }
    if let part {
      guard input.items.count == 1 else {
        throw InspectionError.source(
          source, "holds \(input.items.count) pictures, which cannot all be part \(part); give --part-id for many")
      }
      input.items[0].part = part
    }
    let file = try ModelFile(path: model ?? "", precision: precision)
    let info = file.classifier.info
    let policy = try policy(for: info)
    try checkZones(input)
    let passed = try requireChallenge(file, policy)
    try makeFolder(out)
    if annotated { try makeFolder(out + "/annotated") }
    let threads = self.threads ?? Machine.processors
    if overwrite { ResultFolder.clear(out) }
    let thumbnails = Mutex(ThumbnailStore())
    let finisher = PartFinisher(
      folder: annotated ? out + "/annotated" : nil, wantsThumbnail: report, info: info)
    let run = InspectionRun(
      input, classifier: file.classifier, policy: policy, model: file.identity,
      settings: InspectionRun.Settings(
        threads: threads, log: out + "/decisions.jsonl", start: resume ? .resume : overwrite ? .replace : .new,
        wantsOutlines: annotated, head: .run(source, file, policy, policyFile: try policyFile(), challenge: passed))
    ) { outcome in
      try finisher.finish(&outcome, thumbnails: thumbnails)
    }
    let about = InspectionReport.Info(
      subject: source, labels: info.labels, goodLabel: info.goodIndex.map { info.labels[$0] }, policy: policy,
      provenance: .run(
        model: file.identity, threads: threads, started: started,
        extra: info.facts(under: policy)))
    var html = InspectionReport(about)
    var line = ProgressLine(isQuiet: quiet || json)
    defer { line.end() }
    let summary = try run.run(shouldStop: { Interruption.isRequested }, onDecision: { html.add($0) }) { progress in
      let rate = Double(progress.judgedNow) / max(progress.seconds, 1e-9)
      let left = rate > 0 ? Double(progress.total - progress.judged) / rate : 0
      line.show(
        "\(progress.judged) of \(progress.total) judged, \(rate.fixed(0)) a second, \(left.duration) left",
        at: progress.seconds)
    }
    line.end()
    try AtomicFile.write(summary.json, to: out + "/summary.json")
    try DecisionLog.writeCSV(from: out + "/decisions.jsonl", to: out + "/decisions.csv")
    if report && resume {
      // The parts judged before the interruption get their pictures from their files.
      try thumbnails.withLock {
        _ = try InspectionReport.write(folder: out, info: about, summary: summary, thumbnails: $0)
      }
    } else if report {
      let page = thumbnails.withLock { html.render(summary: summary, thumbnails: $0) }
      try AtomicFile.write(page.bytes, to: out + "/report.html")
    }
    print(summary, input, out)
    if summary.unreadable > 0 { throw ExitCode(3) }
    if failOnReject && summary.rejected > 0 { throw ExitCode(4) }
  }

  /// What an earlier run left must not stand beside the decisions of this one, should it be interrupted.
  private func print(_ summary: RunSummary, _ input: InspectionInput, _ out: String) {
    if json {
      Console.write(String(decoding: summary.json, as: UTF8.self), to: 1)
      return
    }
    var lines = [
      "\(summary.judged) judged: \(summary.accepted) accepted, \(summary.reviewed) for review, "
        + "\(summary.rejected) rejected"
        + (summary.unreadable > 0 ? " (\(summary.unreadable) of them unreadable)" : "")
    ]
    let labels = summary.labels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    lines.append("  " + labels.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    let seconds = summary.seconds < 10 ? summary.seconds.fixed(1) + " s" : summary.seconds.duration
    lines.append("  \(summary.imagesPerSecond.fixed(1)) pictures a second, \(seconds) in all")
    if input.otherFiles > 0 {
      let files = input.otherFiles == 1 ? "1 file" : "\(input.otherFiles) files"
      lines.append("  \(files) passed over: hidden, or without a picture's name")
    }
    lines.append(report ? "report: \(out)/report.html" : "decisions: \(out)/decisions.jsonl")
    Console.write(lines.joined(separator: "\n") + "\n", to: 1)
  }
}
