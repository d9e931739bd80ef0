import ArgumentParser
import Inspection
import Metrics
import Reporting

struct MSAReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Evaluates the verdicts of a study: agreement, kappas, misses, false alarms.",
    usage: "assay msa report <plan> --appraisals <file> ... --out <out> [<options>]",
    discussion: """
      Example:
        assay msa report study/plan.csv --appraisals study/machine.csv \\
          --appraisals study/plan.sheet-anna.csv --out study/report/

      Every verdict that the plan asks for must be there. Review counts as reject, and besides. An appraiser is \
      acceptable with at least 90 % of the parts right in every repeat, at most 2 % misses and at most 5 % false alarms, \
      marginal with at least 80 %, at most 5 % and at most 10 % (AIAG MSA, 4th edition). Writes report.html and msa.json.
      """)

  @Argument(help: "The plan that `assay msa plan` wrote.")
  var plan: String
  @Option(help: "Verdicts: a sheet that was filled in, or what `assay msa run` wrote. Several are given one by one.")
  var appraisals: [String] = []
  @Option(help: "The folder for all results.")
  var out: String
  @Option(help: "The acceptable class. Default: `good` or `ok`.")
  var good: String?
  @Flag(help: "Exit with code 4 when an appraiser is unacceptable.")
  var failOnUnacceptable = false
  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    if appraisals.isEmpty { throw ValidationError("Give the files with the verdicts by --appraisals.") }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
  }

  func run() throws {
    try reporting { try evaluate() }
  }

  private func evaluate() throws {
    let started = Timestamp.now()
    let planBytes = try LineReader.bytes(self.plan)
    let plan = try AgreementPlan(csv: planBytes, path: self.plan)
    var facts = [(name: "Plan", value: self.plan), (name: "Plan's SHA-256", value: ModelFile.sha256(planBytes))]
    var gathered = Appraisals(plan, path: self.plan)
    for path in appraisals {
      let bytes = try LineReader.bytes(path)
      try gathered.add(csv: bytes, path: path)
      facts += [(name: "Verdicts", value: path), (name: "Their SHA-256", value: ModelFile.sha256(bytes))]
    }
    let study = try gathered.study(good: good)
    try makeFolder(out)
    try AtomicFile.write(study.json, to: out + "/msa.json")
    var thumbnails: [Int: [UInt8]] = [:]
    for index in study.disputed.prefix(AgreementReport.mostDisputed) where !plan.parts[index].image.isEmpty {
      thumbnails[index] = Thumbnail.jpeg(ofFile: plan.parts[index].image)
    }
    let report = AgreementReport(
      subject: ModelFile.stem(self.plan), study: study, images: plan.parts.map(\.image), thumbnails: thumbnails,
      provenance: .run(model: nil, threads: 1, started: started, extra: facts))
    try AtomicFile.write(report.render().bytes, to: out + "/report.html")
    Console.write(json ? String(decoding: study.json, as: UTF8.self) : text(study), to: 1)
    if failOnUnacceptable, study.results.contains(where: { $0.rating == .unacceptable }) { throw ExitCode(4) }
  }

  private func text(_ study: AgreementStudy) -> String {
    var lines = [
      "\(study.parts.count) parts (\(study.goods) good, \(study.defects) defective), repeats: \(study.repeats), "
        + "appraisers: \(study.appraisers.count)",
      Self.line(
        "appraiser", [("effective", 10), ("misses", 9), ("false alarms", 14), ("within", 9), ("kappa", 8)], "verdict"),
    ]
    for result in study.results {
      let shares = [(result.effectiveness, 10), (result.misses, 9), (result.falseAlarms, 14), (result.within, 9)]
      var cells = shares.map { share, width in ("\(Self.percent(share.rate.value)) %", width) }
      cells.append((Self.kappa(result.referenceKappa.value), 8))
      lines.append(Self.line(Self.short(result.name), cells, result.rating.rawValue))
    }
    lines.append(
      Self.line("95 % intervals", [("effective", 16), ("misses", 16), ("false alarms", 16), ("kappa", 16)]))
    for result in study.results {
      var cells = [result.effectiveness, result.misses, result.falseAlarms].map { (Self.interval($0.rate), 16) }
      cells.append((Self.interval(result.referenceKappa), 16))
      lines.append(Self.line(Self.short(result.name), cells))
    }
    if study.defectClasses.count > 1 {
      for result in study.results where result.misses.count > 0 {
        let classes = result.missesByClass.map { "\($0.label) \($0.misses.count) of \($0.misses.total)" }
        lines += "misses of \(result.name): \(classes.joined(separator: ", "))".wrapped(78).map { "  " + $0 }
      }
    }
    for result in study.results where result.reviews.count > 0 {
      let sent = "\(result.name) sent \(result.reviews.count) of \(result.reviews.total) to review"
      lines += "\(sent), \(result.reviewedGoods) of good parts".wrapped(78).map { "  " + $0 }
    }
    if study.appraisers.count > 1 { lines += Self.between(study) }
    lines.append("report: \(out)/report.html")
    return lines.joined(separator: "\n") + "\n"
  }

  /// A name and columns aligned at the right.
  private static func line(_ name: String, _ cells: [(String, Int)], _ last: String = "") -> String {
    var line = "  " + name.padded(14)
    for (text, width) in cells { line += text.aligned(width) }
    return last.isEmpty ? line : line + "  " + last
  }

  private static func between(_ study: AgreementStudy) -> [String] {
    var lines: [String] = []
    for (name, share) in [
      ("all agree with each other", study.allAgree), ("all agree with the reference", study.allAgreeWithReference),
    ] {
      lines.append(
        "  " + name.padded(31) + "\(share.count) of \(share.total), \(percent(share.rate.value)) % "
          + "[\(interval(share.rate))]")
    }
    for pair in study.pairs {
      let names = "\(short(study.appraisers[pair.first].name)) and \(short(study.appraisers[pair.second].name))"
      lines.append("  " + "kappa \(names)".padded(38) + "\(kappa(pair.kappa.value)) [\(interval(pair.kappa))]")
    }
    if let between = study.betweenKappa {
      lines.append("  " + "Fleiss' kappa of all appraisals".padded(38) + kappa(between))
    }
    return lines
  }

  private static func short(_ name: String) -> String { name.count > 13 ? String(name.prefix(12)) + "…" : name }

  private static func percent(_ share: Double) -> String { (100 * share).fixed(1) }

  private static func interval(_ rate: Rate) -> String { "\(percent(rate.low)) to \(percent(rate.high))" }

  private static func kappa(_ value: Double) -> String { value.isFinite ? value.fixed(3) : "-" }

  private static func interval(_ kappa: CohensKappa) -> String {
    kappa.low.isFinite && kappa.high.isFinite ? "\(kappa.low.fixed(3)) to \(min(kappa.high, 1).fixed(3))" : "-"
  }
}
