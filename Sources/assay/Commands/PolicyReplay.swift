import ArgumentParser
import Glibc
import Inspection
import Recipes
import Reporting
import Samples

struct PolicyReplay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Shows what a policy would have decided on a past run.",
    usage: "assay policy replay <run> --policy <policy> [<options>]",
    discussion: """
      Decides each part of the run again from the scores and regions in its log; no network is run. With --data the true \
      classes are known, and escapes, overkill and cost are told. Parts that were accepted have no regions in the log: \
      region rules cannot excuse them.

      Example:
        assay policy replay run/ --policy stains.yaml --data parts/ \
          --cost escape=200,overkill=1.5,review=0.4 --out replay/
      """)

  @Argument(help: "The run: its folder, or its decisions.jsonl.")
  var folder: String
  @Option(help: "The policy, a YAML file.")
  var policy: String
  @Option(help: "The part set that the run judged, for the true classes.")
  var data: String?
  @Option(help: ArgumentHelp("What an error costs: escape=200,overkill=1.5,review=0.4.", valueName: "costs"))
  var cost: String?
  @Option(help: "The acceptable class. Default: the run's.")
  var good: String?
  @Option(help: "The folder for a report with the parts whose verdict changes.")
  var out: String?
  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if cost != nil && data == nil {
      throw ValidationError("--cost needs --data: without true classes no error is known.")
    }
    do { if let cost { _ = try DecisionCosts(parsing: cost) } } catch { throw ValidationError("\(error).") }
  }

  func run() throws {
    try reporting { try RecipeFile.reporting { try replay() } }
  }

  private func replay() throws {
    let started = Timestamp.now()
    let file = try PolicyFile(contentsOf: policy)
    let path = LogVerify.log(folder)
    var replay = Replay(
      file: file, path: path, good: good, truth: try data.map { try TrueClasses($0) }, keepsFlips: true)
    try DecisionReader.read(path: path, onRecord: { try replay.begin($0) }) { try replay.add($0) }
    guard replay.decisions > 0 else { throw InspectionError.source(path, "has no decision to replay") }
    let costs = try cost.map { try DecisionCosts(parsing: $0) }
    if let out {
      try makeFolder(out)
      let report = ReplayReport(
        subject: "\(folder), policy \(file.name)", sentences: file.sentences, decisions: replay.decisions,
        counts: replay.counts, figures: replay.figures(costs),
        flips: replay.flips.prefix(500).map { flip in
          ReplayReport.Flip(
            decision: flip.decision, judgement: flip.judgement, truth: flip.truth,
            thumbnail: Thumbnail.jpeg(ofFile: flip.decision.source))
        }, provenance: .run(model: replay.model, threads: 1, started: started))
      try AtomicFile.write(report.render().bytes, to: out + "/report.html")
    }
    Console.write(json ? self.json(replay) : text(replay, costs, file), to: 1)
  }

  /// Flips told one by one.
  private static let most = 20

  private func text(_ replay: Replay, _ costs: DecisionCosts?, _ file: PolicyFile) -> String {
    var lines = ["\(replay.decisions) decisions of \(folder), policy \(file.name)"]
    lines.append("  was \\ would be" + Verdict.allCases.map { $0.rawValue.aligned(9) }.joined())
    for old in Verdict.allCases {
      lines.append(
        "  " + old.rawValue.padded(14)
          + Verdict.allCases.map { "\(replay.counts[old]?[$0] ?? 0)".aligned(9) }.joined())
    }
    let figures = replay.figures(costs)
    if !figures.isEmpty {
      lines.append("  " + "".padded(22) + "as it was".aligned(20) + "with the policy".aligned(20))
      for figure in figures {
        lines.append("  " + figure.name.padded(22) + figure.before.aligned(20) + figure.after.aligned(20))
      }
    }
    for flip in replay.flips.prefix(Self.most) {
      lines +=
        ("\(flip.decision.id)\(flip.truth.map { " (\($0))" } ?? ""): \(flip.decision.verdict.rawValue) "
        + "\(flip.decision.label) -> \(flip.judgement.verdict.rawValue) \(flip.judgement.label)"
        + (flip.judgement.reasons.last.map { "; \($0)" } ?? "")).wrapped(80)
    }
    if replay.flips.count > Self.most { lines.append("and \(replay.flips.count - Self.most) more") }
    if let out { lines.append("report: \(out)/report.html") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func json(_ replay: Replay) -> String {
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("decisions", replay.decisions)
      json.object("counts") { all in
        for old in Verdict.allCases {
          all.object(old.rawValue) { row in
            for new in Verdict.allCases { row.member(new.rawValue, replay.counts[old]?[new] ?? 0) }
          }
        }
      }
      json.array("flips") { array in
        for flip in replay.flips {
          array.object {
            $0.member("id", flip.decision.id)
            $0.member("was", flip.decision.verdict.rawValue)
            $0.member("would_be", flip.judgement.verdict.rawValue)
            if let truth = flip.truth { $0.member("class", truth) }
          }
        }
      }
    }
    return writer.text + "\n"
  }
}
