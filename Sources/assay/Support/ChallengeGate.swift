import ArgumentParser
import Glibc
import Inspection

/// What must have been passed before a run may begin.
struct ChallengeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Begin only with a fresh pass of `assay challenge`: the folder of its --out.", valueName: "folder"))
  var requireChallenge: String?
  @Option(help: ArgumentHelp("How old the pass may be: 90s, 30m, 12h, 2d. Default: 12h.", valueName: "time"))
  var maxAge: TimeSpan?

  func validate() throws {
    if requireChallenge?.isEmpty == true { throw ValidationError("--require-challenge names a folder.") }
    if maxAge != nil && requireChallenge == nil { throw ValidationError("--max-age needs --require-challenge.") }
  }

  var gate: ChallengeGate { ChallengeGate(folder: requireChallenge, maxAge: maxAge?.seconds ?? 12 * 3600) }
}

/// Lets runs begin that have a fresh pass of a challenge with their model and thresholds.
struct ChallengeGate: Sendable {
  /// What `assay challenge` wrote; nil where nothing is asked for.
  var folder: String?
  /// Seconds.
  var maxAge = 12.0 * 3600

  /// - Returns: the record's file, for the head of the log; nil where nothing is asked for.
  /// - Throws: `InspectionError` where the run may not begin.
  func pass(_ model: ModelIdentity, _ policy: Policy) throws(InspectionError) -> LogHead.File? {
    guard let folder else { return nil }
    let path = (folder.hasSuffix("/") ? folder : folder + "/") + ChallengeRecord.fileName
    guard unsafe access(path, F_OK) == 0 else {
      throw .source(path, "is not there: run `assay challenge` with --out \(folder) first")
    }
    let bytes: [UInt8]
    do {
      bytes = try LineReader.bytes(path)
    } catch {
      throw .source(path, "cannot be read (\(error)); run the challenge again")
    }
    let record = try ChallengeRecord(json: bytes, path: path)
    if let refusal = record.refusal(model: model, policy: policy, maxAge: maxAge) { throw .source(path, refusal) }
    return LogHead.File(path: path, sha256: ModelFile.sha256(bytes))
  }

  /// All stations of a run, but for those that judge already with the same model and policy.
  func pass(_ stations: [LiveStation], beside running: [LiveStation] = []) throws(InspectionError) -> LogHead.File? {
    var file: LogHead.File?
    for station in stations {
      let before = running.first { $0.name == station.name }
      if let before, before.model == station.model, before.policy == station.policy { continue }
      file = try pass(station.model, station.policy)
    }
    return file
  }
}

extension InspectCommand {
  /// Refuses to begin without a fresh pass of the challenge, where the command line asks for one; to be called before
  /// anything is written.
  func requireChallenge(_ file: ModelFile, _ policy: Policy) throws -> LogHead.File? {
    try challenge.gate.pass(file.identity, policy)
  }
}
