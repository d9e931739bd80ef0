import Capture
import Classification
import Inspection

/// Gathers a machine's verdicts on the parts of a plan.
struct AppraisalRun {
  private let plan: AgreementPlan
  private let planPath: String
  /// What is asked of this appraiser, in order.
  private let asked: [AgreementPlan.Appraisal]
  private(set) var verdicts: [AgreementPlan.Appraisal: Verdict] = [:]

  init(_ plan: AgreementPlan, path: String, appraiser: Int) {
    self.plan = plan
    planPath = path
    asked = plan.appraisals.filter { $0.appraiser == appraiser }
  }

  /// Reads and judges every part anew for every repeat, in the plan's order.
  ///
  /// A picture that cannot be judged is no verdict: the study would count its refusal as a right one on a defective part.
  ///
  /// - Parameter onProgress: gets how many are judged, of how many, and the seconds since the start.
  mutating func judge(with file: ModelFile, onProgress: (Int, Int, Double) -> Void) throws {
    let began = Clock.seconds()
    let policy = try Policy(file.classifier.info, reject: nil, review: nil, confidence: nil)
    let inspector = try PartInspector(
      file.classifier, policy: policy, model: file.identity, threads: Machine.processors, wantsOutlines: false)
    for (sequence, appraisal) in asked.enumerated() {
      let part = plan.parts[appraisal.part]
      guard !part.image.isEmpty else {
        throw InspectionError.source(planPath, "names no image of part \(part.id)")
      }
      let decision = inspector.inspect(
        InspectionInput.Item(id: part.id, path: part.image), sequence: sequence
      ).decision
      guard !decision.isUnreadable else {
        throw InspectionError.source(
          planPath, "has part \(part.id), which cannot be judged: \(decision.reasons.joined(separator: "; "))")
      }
      verdicts[appraisal] = decision.verdict
      onProgress(sequence + 1, asked.count, Clock.seconds() - began)
    }
  }

  /// Takes the verdicts of a run's log, in which a part is called as in the plan, with `#2` behind it for the second
  /// repeat. Where a name comes more than once, as serial numbers do, it stands for the repeats one after the other.
  mutating func take(from log: String) throws {
    let parts = Dictionary(uniqueKeysWithValues: zip(plan.parts.map(\.id), plan.parts.indices))
    let wanted = Set(asked)
    guard let appraiser = asked.first?.appraiser else { return }
    var found: [AgreementPlan.Appraisal: Verdict] = [:]
    try DecisionReader.read(path: log) { decision in
      let name = decision.part ?? decision.id
      func slot(_ part: Int, _ repetition: Int) -> AgreementPlan.Appraisal {
        AgreementPlan.Appraisal(appraiser: appraiser, repetition: repetition, part: part)
      }
      var appraisal: AgreementPlan.Appraisal?
      if let part = parts[name] {
        appraisal = slot(part, (0..<plan.repeats).first { found[slot(part, $0)] == nil } ?? plan.repeats)
      } else if let mark = name.lastIndex(of: "#"), let part = parts[String(name[..<mark])],
        let number = Int(name[name.index(after: mark)...]), number > 0
      {
        appraisal = slot(part, number - 1)
      }
      guard let key = appraisal, wanted.contains(key) else {
        throw InspectionError.source(
          log, "has a part \(name), which \(planPath) does not ask for: name parts as the plan does, such as P01#2")
      }
      guard !decision.isUnreadable else {
        throw InspectionError.source(
          log, "has no picture of part \(name): \(decision.reasons.joined(separator: "; ")); take it again")
      }
      guard found.updateValue(decision.verdict, forKey: key) == nil else {
        throw InspectionError.source(log, "has two verdicts on part \(name)")
      }
    }
    if let missing = asked.first(where: { found[$0] == nil }) {
      let others = asked.count { found[$0] == nil } - 1
      throw InspectionError.source(
        log,
        "has no verdict on part \(plan.parts[missing.part].id) in repeat \(missing.repetition + 1)"
          + (others > 0 ? ", nor \(others) other\(others == 1 ? "" : "s") that \(planPath) asks for" : ""))
    }
    verdicts = found
  }

  /// The verdicts in the plan's order.
  var csv: [UInt8] {
    var text = "appraiser,repeat,part,verdict\n"
    for appraisal in asked {
      guard let verdict = verdicts[appraisal] else { continue }
      let fields = [
        plan.appraisers[appraisal.appraiser], (appraisal.repetition + 1).description, plan.parts[appraisal.part].id,
        verdict.rawValue,
      ]
      text += fields.map(csvField).joined(separator: ",") + "\n"
    }
    return Array(text.utf8)
  }
}
