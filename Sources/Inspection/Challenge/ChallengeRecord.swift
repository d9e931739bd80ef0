/// What came of a challenge: known parts that a model judged before a run, each of which must be judged as it is known to
/// be. `challenge.json` holds one.
public struct ChallengeRecord: Sendable, Hashable {
  /// A part that was not judged as it must be.
  public struct Mismatch: Sendable, Hashable {
    public var id: String
    public var source: String
    /// What the part is.
    public var truth: String
    public var verdict: Verdict
    /// What it was taken for.
    public var label: String
    /// Score of ``label`` in 0...1; NaN where there is none.
    public var score: Float
    public var reasons: [String]

    public init(
      id: String, source: String, truth: String, verdict: Verdict, label: String, score: Float, reasons: [String]
    ) {
      self.id = id
      self.source = source
      self.truth = truth
      self.verdict = verdict
      self.label = label
      self.score = score
      self.reasons = reasons
    }

    public init(_ decision: Decision, truth: String) {
      self.init(
        id: decision.id, source: decision.source, truth: truth, verdict: decision.verdict, label: decision.label,
        score: decision.score, reasons: decision.reasons)
    }
  }

  /// The file's name in the folder of a challenge.
  public static let fileName = "challenge.json"

  /// When it ended.
  public var time: Timestamp
  public var model: ModelIdentity
  public var policy: Policy
  /// The part set, as it was given.
  public var set: String
  /// SHA-256 over the sorted lines `contentHash label` of its parts, hexadecimal.
  public var digest: String
  /// Whether a defective part had to be rejected as what it is, or only had not to be accepted.
  public var isExact: Bool
  public var goodParts: Int
  public var defectiveParts: Int
  public var mismatches: [Mismatch]

  public init(
    time: Timestamp, model: ModelIdentity, policy: Policy, set: String, digest: String, isExact: Bool, goodParts: Int,
    defectiveParts: Int, mismatches: [Mismatch]
  ) {
    self.time = time
    self.model = model
    self.policy = policy
    self.set = set
    self.digest = digest
    self.isExact = isExact
    self.goodParts = goodParts
    self.defectiveParts = defectiveParts
    self.mismatches = mismatches
  }

  public var parts: Int { goodParts + defectiveParts }

  /// Whether every part was judged as it must be. A challenge without good parts, or without defective ones, proves
  /// nothing and is not passed.
  public var isPassed: Bool { mismatches.isEmpty && goodParts > 0 && defectiveParts > 0 }

  /// Whether a part was judged as it must be: a good one accepted, a defective one not. A part that could not be read is
  /// not, whatever it is: its rejection says nothing about the model.
  ///
  /// - Parameters:
  ///   - truth: what the part is.
  ///   - isExact: whether a defective part must be rejected as what it is.
  public static func isMet(_ decision: Decision, truth: String, isGood: Bool, isExact: Bool) -> Bool {
    if decision.isUnreadable { return false }
    if isGood { return decision.verdict == .accept }
    if isExact { return decision.verdict == .reject && decision.label == truth }
    return decision.verdict != .accept
  }

  /// How far another machine's clock may be ahead, in seconds.
  static let clockTolerance = 300.0

  /// Why the record does not allow a run; nil where it does.
  ///
  /// - Parameters:
  ///   - model: what the run judges with.
  ///   - policy: the thresholds of the run.
  ///   - maxAge: seconds after which a challenge must be made anew.
  /// - Returns: the end of a sentence that begins with the record's path, without its full stop.
  public func refusal(model: ModelIdentity, policy: Policy, maxAge: Double, now: Timestamp = .now()) -> String? {
    guard isPassed else {
      return "was not passed: \(mismatches.count) of \(parts) parts were not judged as they must be; "
        + "look at the report beside it, and begin no run before the challenge is passed"
    }
    let age = Double(now.milliseconds - time.milliseconds) / 1000
    guard age >= -Self.clockTolerance else {
      return "is of \(time), which is \(Self.words(-age)) ahead of this machine's clock; set the clock and run "
        + "the challenge again"
    }
    guard age <= maxAge else {
      return
        "is of \(time), \(Self.words(age)) ago, and may be \(Self.words(maxAge)) old at most; run the challenge again"
    }
    guard self.model.sha256 == model.sha256 else {
      return "is of the model \(self.model.name) (\(self.model.sha256.prefix(12))), not of \(model.name) "
        + "(\(model.sha256.prefix(12))); run the challenge with the model of this run"
    }
    guard self.policy == policy else {
      return "was passed with other thresholds (\(self.policy.json)) than those of this run (\(policy.json)); "
        + "run the challenge with those of this run"
    }
    return nil
  }

  /// `45 s`, `30.5 min`, `12 h`, `3 days`
  private static func words(_ seconds: Double) -> String {
    func short(_ value: Double) -> String {
      let rounded = (value * 10).rounded() / 10
      return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
    if seconds < 90 { return short(seconds) + " s" }
    if seconds < 5400 { return short(seconds / 60) + " min" }
    return seconds < 172_800 ? short(seconds / 3600) + " h" : short(seconds / 86_400) + " days"
  }
}
