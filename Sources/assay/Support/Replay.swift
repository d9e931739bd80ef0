import Imaging
import Inspection
import Metrics
import Recipes
import Samples

/// True classes of parts, by the files of their pictures.
struct TrueClasses {
  private var byPath: [String: String] = [:]
  private var byID: [String: String] = [:]

  init(_ path: String) throws {
    let set = try PartSet.load(path: path, options: PartSetOptions())
    for part in set.parts {
      byPath[part.imagePath] = set.classes[part.label]
      byID[part.id] = set.classes[part.label]
    }
  }

  subscript(decision: Decision) -> String? { byPath[decision.source] ?? byID[decision.id] }
}

/// A past run, decided again.
struct Replay {
  struct Flip {
    var decision: Decision
    var judgement: Judgement
    var truth: String?
  }

  let file: PolicyFile
  let path: String
  let truth: TrueClasses?
  let keepsFlips: Bool
  private(set) var decisions = 0
  private(set) var counts: [Verdict: [Verdict: Int]] = [:]
  private(set) var flips: [Flip] = []
  private(set) var model: ModelIdentity?
  /// Of parts whose class is known.
  private var before = DecisionCounts()
  private var after = DecisionCounts()
  private var good: String?
  private let wantedGood: String?
  /// By camera, an empty name for files.
  private var policies: [String: Policy] = [:]
  private var isChecked = false

  init(file: PolicyFile, path: String, good: String?, truth: TrueClasses?, keepsFlips: Bool) {
    self.file = file
    self.path = path
    self.truth = truth
    self.keepsFlips = keepsFlips
    wantedGood = good
    self.good = good
  }

  /// Takes the run's policies from a record of the log.
  mutating func begin(_ record: JSON) throws {
    for station in record["stations"]?.arrayValue ?? [] {
      if wantedGood == nil, let label = station["good"]?.stringValue { good = label }
      guard let json = station["policy"] else { continue }
      policies[station["camera"]?.stringValue ?? ""] = try Policy(json: json).with(file)
    }
  }

  mutating func add(_ decision: Decision) throws {
    decisions += 1
    model = model ?? decision.model
    let judgement = try judge(decision)
    counts[decision.verdict, default: [:]][judgement.verdict, default: 0] += 1
    let label = truth?[decision]
    if let label, let good {
      before.add(isDefect: label != good, decision.verdict)
      after.add(isDefect: label != good, judgement.verdict)
    }
    if judgement.verdict != decision.verdict, keepsFlips {
      flips.append(Flip(decision: decision, judgement: judgement, truth: label))
    }
  }

  private mutating func judge(_ decision: Decision) throws -> Judgement {
    // What was not judged by scores stays as it was.
    guard !decision.scores.isEmpty else {
      return Judgement(decision.verdict, decision.label, decision.score, decision.reasons)
    }
    let labels = decision.scores.map(\.label)
    if !isChecked {
      isChecked = true
      guard good == nil || labels.contains(good ?? "") else {
        throw InspectionError.source(
          path, "was judged without a class \(good ?? ""); it has \(labels.joined(separator: ", "))")
      }
      let problems =
        file.problems(labels: labels, good: good)
        + file.problems(width: decision.frame.width, height: decision.frame.height)
      guard problems.isEmpty else { throw RecipeError(problems) }
    }
    var policy = policies[decision.camera ?? ""] ?? policies[""]
    if policy == nil {
      guard let limits = decision.limits else {
        throw InspectionError.source(path, "does not say what thresholds were in force; the run is too old to replay")
      }
      policy = try Policy(
        thresholds: try Policy.Thresholds(reject: limits.reject, review: limits.review),
        minimumConfidence: limits.confidence
      ).with(file)
      policies[decision.camera ?? ""] = policy
    }
    guard let policy else { preconditionFailure("a policy that was made is gone") }
    let goodIndex = good.flatMap { labels.firstIndex(of: $0) }
    let judgement = policy.decide(scores: decision.scores.map(\.score), labels: labels, goodIndex: goodIndex)
    guard let rules = policy.regions, let goodIndex else { return judgement }
    return rules.applied(to: judgement, regions: decision.regions, good: decision.scores[goodIndex])
  }

  /// Escapes, overkill, reviews and cost before and after; empty where no truth is known.
  func figures(_ costs: DecisionCosts?) -> [(name: String, before: String, after: String)] {
    let (defects, goods) = (before.defective.total, before.good.total)
    guard defects + goods > 0 else { return [] }
    func row(_ name: String, _ value: (DecisionCounts) -> String) -> (name: String, before: String, after: String) {
      (name, value(before), value(after))
    }
    var rows = [
      row("escapes") { "\($0.defective.accepted) of \(defects)" },
      row("overkill") { "\($0.good.rejected) of \(goods)" },
      row("for review") { "\($0.defective.reviewed + $0.good.reviewed) of \(defects + goods)" },
    ]
    if let costs { rows.append(row("cost per 1000 parts") { costs.cost(of: $0).map { (1000 * $0).fixed(2) } ?? "-" }) }
    return rows
  }
}
