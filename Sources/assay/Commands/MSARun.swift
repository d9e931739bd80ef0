import ArgumentParser
import Inspection

struct MSARun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Has a model judge the parts of a plan, or takes its verdicts from a run.",
    usage: "assay msa run <plan> --model <model> --out <out> [<options>]",
    discussion: """
      Examples:
        assay msa run study/plan.csv --model parts.onnx --out study/machine.csv
        assay msa run study/plan.csv --run run/ --out study/machine.csv

      With --model each repeat reads and judges the parts' files again: the same pictures, so that a model seldom \
      disagrees with itself. What light, position and camera add is seen when every part is photographed anew for every \
      repeat: judge those pictures with `assay inspect` under the names that the parts have in the plan (P01, or P01#2 \
      for the second repeat), and give the folder of that run by --run.
      """)

  @Argument(help: "The plan that `assay msa plan` wrote.")
  var plan: String
  @Option(help: "The model: an ONNX file that `assay train` or `assay model import` wrote.")
  var model: String?
  @Option(name: .customLong("run"), help: "The folder of an inspection run over the parts, or its decisions.jsonl.")
  var source: String?
  @Option(help: "Which of the plan's appraisers this is.")
  var name: String = MSAPlan.machine
  @Option(help: "The verdicts, a CSV file.")
  var out: String
  @Option(help: Precision.help)
  var precision: Precision = .f32
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    try precision.validate()
    if (model == nil) == (source == nil) { throw ValidationError("Give a model by --model, or a run by --run.") }
    if !out.hasSuffix(".csv") { throw ValidationError("--out names a CSV file, such as study/machine.csv.") }
  }

  func run() throws {
    try reporting { try judge() }
  }

  private func judge() throws {
    let plan = try AgreementPlan(path: self.plan)
    guard let appraiser = plan.appraisers.firstIndex(of: name) else {
      throw InspectionError.source(
        self.plan,
        "has no appraiser called \(name), only \(plan.appraisers.joined(separator: ", ")); choose one by --name")
    }
    try AtomicFile.check(out)
    var run = AppraisalRun(plan, path: self.plan, appraiser: appraiser)
    if let model {
      var line = ProgressLine(isQuiet: quiet)
      defer { line.end() }
      try run.judge(with: ModelFile(path: model, precision: precision)) { done, total, seconds in
        line.show("\(done) of \(total) judged", at: seconds)
      }
    } else if let source {
      try run.take(from: LogVerify.log(source))
    }
    try AtomicFile.write(run.csv, to: out)
    let counts = Verdict.allCases.map { verdict in "\(run.verdicts.values.count { $0 == verdict }) \(verdict.rawValue)"
    }
    Console.write(
      "\(run.verdicts.count) verdicts of \(name): \(counts.joined(separator: ", "))\nverdicts: \(out)\n", to: 1)
  }
}
