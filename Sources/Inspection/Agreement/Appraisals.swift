internal import Samples

/// The verdicts that a plan asked for, gathered from files and held against the plan.
public struct Appraisals: Sendable {
  private struct Entry: Sendable {
    var verdict: Verdict
    var path: String
    var line: Int
  }

  public let plan: AgreementPlan
  private let planPath: String
  private let appraiserIndex: [String: Int]
  private let partIndex: [String: Int]
  private var entries: [AgreementPlan.Appraisal: Entry] = [:]

  /// - Parameter path: the plan's.
  public init(_ plan: AgreementPlan, path: String) {
    self.plan = plan
    planPath = path
    appraiserIndex = Dictionary(uniqueKeysWithValues: zip(plan.appraisers, plan.appraisers.indices))
    partIndex = Dictionary(uniqueKeysWithValues: zip(plan.parts.map(\.id), plan.parts.indices))
  }

  /// Reads a CSV with the columns `repeat,part,verdict` and, where the file is not called `PLAN.sheet-NAME.csv`,
  /// `appraiser`. Other columns are passed over.
  ///
  /// - Throws: `InspectionError` that names the file and the line, `DecisionLogError` where there is no such file.
  public mutating func add(path: String) throws {
    try add(csv: LineReader.bytes(path), path: path)
  }

  /// - Parameter path: where the bytes are from.
  public mutating func add(csv bytes: [UInt8], path: String) throws(InspectionError) {
    let table = try NamedColumns(bytes, path: path, required: ["repeat", "part", "verdict"])
    let owner = table.has("appraiser") ? nil : Self.appraiser(ofSheet: path)
    guard table.has("appraiser") || owner != nil else {
      throw InspectionError.source(
        path, "has no column `appraiser`, and is not called PLAN.sheet-NAME.csv either: it does not say whose it is")
    }
    for record in table.records {
      let name: String
      if let owner { name = owner } else { name = try table.required(record, "appraiser") }
      guard let appraiser = appraiserIndex[name] else {
        throw table.fault(
          record, "\(name) is no appraiser of \(planPath), which has \(plan.appraisers.joined(separator: ", "))")
      }
      let id = try table.required(record, "part")
      guard let part = partIndex[id] else { throw table.fault(record, "part \(id) is not in \(planPath)") }
      let repetition = try table.repetition(record, upTo: plan.repeats)
      let about = "part \(id) in repeat \(repetition)"
      let word = table.text(record, "verdict")
      guard !word.isEmpty else {
        throw table.fault(record, "\(about) has no verdict; fill in accept or reject")
      }
      guard let verdict = Self.verdict(word) else {
        throw table.fault(record, "`\(word)` is no verdict on \(about); write accept or reject")
      }
      let appraisal = AgreementPlan.Appraisal(appraiser: appraiser, repetition: repetition - 1, part: part)
      if let first = entries[appraisal] {
        throw table.fault(
          record, "\(about) has a verdict of \(name)'s already, from line \(first.line) of \(first.path)")
      }
      entries[appraisal] = Entry(verdict: verdict, path: path, line: record.line)
    }
  }

  /// What people write: accept, pass, ok or good; reject, fail, nok or defect; review. In any case.
  public static func verdict(_ word: String) -> Verdict? {
    switch word.lowercased() {
    case "accept", "accepted", "pass", "passed", "ok", "good": .accept
    case "reject", "rejected", "fail", "failed", "nok", "defect", "defective": .reject
    case "review": .review
    default: nil
    }
  }

  /// `anna` of `study/plan.sheet-anna.csv`.
  static func appraiser(ofSheet path: String) -> String? {
    let mark = Array(".sheet-")
    let name = Array(path.split(separator: "/").last ?? "")
    guard name.count > mark.count + 4, String(name.suffix(4)).lowercased() == ".csv" else { return nil }
    let stem = name.dropLast(4)
    guard let start = stem.indices.last(where: { stem[$0...].starts(with: mark) }) else { return nil }
    let owner = String(stem[(start + mark.count)...])
    return owner.isEmpty ? nil : owner
  }

  /// The study, once every verdict is there.
  ///
  /// - Parameter good: the acceptable class; nil takes `good`, then `ok`, in any case.
  /// - Throws: `InspectionError` that names the first verdict that is missing, or where there is no such class.
  public func study(good: String?) throws(InspectionError) -> AgreementStudy {
    let missing = plan.appraisals.filter { entries[$0] == nil }
    if let first = missing.first {
      let others = missing.count - 1
      throw InspectionError.source(
        planPath,
        "asks \(plan.appraisers[first.appraiser]) for part \(plan.parts[first.part].id) in repeat "
          + "\(first.repetition + 1), and no file has that verdict"
          + (others > 0 ? ", nor \(others) other\(others == 1 ? "" : "s")" : "")
          + "; fill it in, or give its file by --appraisals")
    }
    let good = try goodClass(good)
    let parts = plan.parts.map {
      AgreementStudy.Part(id: $0.id, reference: $0.reference, isDefect: $0.reference != good)
    }
    guard parts.contains(where: \.isDefect) else {
      throw InspectionError.source(planPath, "has no defective part; a study needs good and defective ones")
    }
    return AgreementStudy(
      parts: parts,
      appraisers: plan.appraisers.enumerated().map { appraiser, name in
        AgreementStudy.Appraiser(
          name: name,
          verdicts: plan.parts.indices.map { part in
            (0..<plan.repeats).map { repetition in
              // All are there, as was seen above.
              entries[AgreementPlan.Appraisal(appraiser: appraiser, repetition: repetition, part: part)]?.verdict
                ?? .reject
            }
          })
      })
  }

  private func goodClass(_ name: String?) throws(InspectionError) -> String {
    let classes = Set(plan.parts.map(\.reference)).sorted()
    if let name {
      guard let good = classes.first(where: { $0.lowercased() == name.lowercased() }) else {
        throw InspectionError.source(
          planPath, "has no part of class \(name), which --good names; it has \(classes.joined(separator: ", "))")
      }
      return good
    }
    for name in ["good", "ok"] {
      if let good = classes.first(where: { $0.lowercased() == name }) { return good }
    }
    throw InspectionError.source(
      planPath,
      "has no part of a class called good; name the acceptable one of \(classes.joined(separator: ", ")) "
        + "by --good")
  }
}
