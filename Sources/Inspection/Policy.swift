/// Turns class scores into a verdict.
///
/// **With a good class** the part's defect score is s = 1 - p(good):
/// - reject if s is at least the reject threshold,
/// - else review if s is at least the review threshold,
/// - else accept.
///
/// The thresholds are those of the most probable defect class if it has its own, otherwise the global ones. Besides,
/// every class with its own thresholds is held to them with its own probability, and the worse verdict counts: a strict
/// threshold on cracks works even where another defect is more probable.
///
/// **Without a good class** every class is a defect (a set of steel surface faults, say), so nothing is ever accepted:
/// the part is rejected as the most probable class, or goes to review if that probability is below
/// ``minimumConfidence``.
///
/// **Never accept in silence.** Only a comparison that holds accepts: scores that are missing or not finite reject,
/// with the reason written down.
public struct Policy: Sendable, Hashable {
  /// What a defect score is compared with, 0...1.
  public struct Thresholds: Sendable, Hashable {
    /// At or above: reject.
    public let reject: Float
    /// At or above, and below ``reject``: review. Equal to ``reject`` where nothing is to be reviewed.
    public let review: Float

    /// - Throws: ``PolicyError`` unless `0 <= review <= reject <= 1`.
    public init(reject: Float, review: Float) throws(PolicyError) {
      guard review >= 0 && review <= reject && reject <= 1 else {
        throw PolicyError(reject: reject, review: review)
      }
      self.reject = reject
      self.review = review
    }

    private init() { (reject, review) = (0.5, 0.5) }

    /// For thresholds that satisfy `0 <= review <= reject <= 1` by how they were made.
    init(unchecked reject: Float, review: Float) {
      assert(review >= 0 && review <= reject && reject <= 1, "thresholds \(reject) and \(review)")
      self.reject = reject
      self.review = review
    }

    /// Reject from 0.5, review nothing.
    public static let even = Thresholds()
  }

  /// For classes without their own.
  public var thresholds: Thresholds
  /// By class label.
  public var perClass: [String: Thresholds]
  /// Without a good class: the least probability that names a defect with no person looking, 0...1.
  public var minimumConfidence: Float
  /// Which found regions count; nil for all.
  public var regions: RegionRules?

  public init(
    thresholds: Thresholds = .even, perClass: [String: Thresholds] = [:], minimumConfidence: Float = 0.5,
    regions: RegionRules? = nil
  ) {
    self.regions = regions
    self.thresholds = thresholds
    self.perClass = perClass
    self.minimumConfidence = minimumConfidence
  }

  /// ``Decision/label`` of an input that could not be read.
  public static let unreadableLabel = "unreadable"
  /// ``Decision/label`` of a picture in which the part was not found by its template.
  public static let notFoundLabel = "not-found"
  /// ``Decision/label`` of a part whose scores cannot be trusted.
  public static let undeterminedLabel = "undetermined"

  /// s = 1 - p(good) in 0...1, or NaN if the scores cannot be trusted.
  public static func defectScore(_ scores: [Float], goodIndex: Int) -> Float {
    scores.allSatisfy(\.isFinite) ? 1 - scores[goodIndex] : .nan
  }

  /// The verdict on one part.
  ///
  /// - Parameters:
  ///   - scores: probabilities of all classes.
  ///   - labels: names of the classes, as many as scores.
  ///   - goodIndex: the acceptable class, or `nil` where all classes are defects.
  public func decide(scores: [Float], labels: [String], goodIndex: Int?) -> Judgement {
    precondition(scores.count == labels.count, "\(scores.count) scores for \(labels.count) labels")
    precondition(goodIndex.map { labels.indices.contains($0) } ?? true, "good class outside 0..<\(labels.count)")
    if let bad = scores.firstIndex(where: { !$0.isFinite }) {
      return Judgement(
        .reject, Self.undeterminedLabel, .nan, ["score of \(labels[bad]) is not finite (\(scores[bad]))"])
    }
    let defects = scores.indices.filter { $0 != goodIndex }
    guard let leading = Self.leadingDefect(scores, good: goodIndex) else {
      return Judgement(.reject, Self.undeterminedLabel, .nan, ["the model has no defect class"])
    }
    guard let goodIndex else { return withoutGoodClass(labels[leading], scores[leading]) }

    let s = 1 - scores[goodIndex]
    let limits = perClass[labels[leading]] ?? thresholds
    var verdict = Self.verdict(s, limits)
    var worst = leading
    var reasons: [String] = []
    if verdict != .accept {
      let threshold = verdict == .reject ? limits.reject : limits.review
      if scores[leading] >= threshold {
        reasons.append(Self.comparison(labels[leading], scores[leading], threshold))
      } else {
        // The classes share the probability of a defect: none passes on its own, together they do.
        let share = Self.decimals((scores[leading] * 1000).rounded() / 1000, 3)
        reasons.append(Self.comparison("defect", s, threshold) + " (\(labels[leading]) \(share))")
      }
    }
    for index in defects where index != leading {
      guard let own = perClass[labels[index]] else { continue }
      let judged = Self.verdict(scores[index], own)
      guard judged != .accept else { continue }
      let threshold = judged == .reject ? own.reject : own.review
      let reason = Self.comparison(labels[index], scores[index], threshold)
      if judged == .reject && verdict != .reject || verdict == .accept {
        (verdict, worst) = (judged, index)
        reasons.insert(reason, at: 0)
      } else {
        reasons.append(reason)
      }
    }
    return verdict == .accept
      ? Judgement(.accept, labels[goodIndex], scores[goodIndex], [])
      : Judgement(verdict, labels[worst], scores[worst], reasons)
  }

  /// The verdict on an input that could not be read, or a frame that was lost on its way: always reject.
  public static func unreadable(_ reason: String) -> Judgement {
    Judgement(.reject, unreadableLabel, .nan, [reason])
  }

  /// The verdict on a picture in which the part that should be there was not found: always reject.
  public static func notFound(_ reason: String) -> Judgement {
    Judgement(.reject, notFoundLabel, .nan, [reason])
  }

  private func withoutGoodClass(_ label: String, _ score: Float) -> Judgement {
    let comparison = Self.comparison(label, score, minimumConfidence)
    return score >= minimumConfidence
      ? Judgement(.reject, label, score, [comparison]) : Judgement(.review, label, score, ["not sure: " + comparison])
  }

  /// Written so that only what holds accepts: a NaN fails both comparisons and ends as reject.
  private static func verdict(_ s: Float, _ limits: Thresholds) -> Verdict {
    if s < limits.review { return .accept }
    if s < limits.reject { return .review }
    return .reject
  }

  /// `name score >= threshold`, or `<`: the score to three decimals, or to all its digits where three would contradict
  /// the comparison ("0.500 < 0.50" of 0.4996).
  private static func comparison(_ name: String, _ score: Float, _ threshold: Float) -> String {
    let holds = score >= threshold
    let rounded = (score * 1000).rounded() / 1000
    let digits = (rounded >= threshold) == holds ? decimals(rounded, 3) : decimals(score, 3)
    return "\(name) \(digits) \(holds ? ">=" : "<") \(decimals(threshold, 2))"
  }

  /// The shortest digits of a number in 0...1, filled up to at least `least` decimals.
  private static func decimals(_ value: Float, _ least: Int) -> String {
    let text = value.description
    guard !text.contains("e"), let point = text.firstIndex(of: ".") else { return text }
    let count = text.distance(from: point, to: text.endIndex) - 1
    return text + String(repeating: "0", count: max(least - count, 0))
  }
}

extension Policy {
  /// The policy as one JSON object, such as a model file's metadata holds:
  /// `{"reject":0.5,"review":0.2,"minimum_confidence":0.5,"per_class":{"crack":{"reject":0.3,"review":0.1}}}`.
  public var json: String {
    var writer = JSONWriter()
    writer.object { members(&$0) }
    return writer.text
  }

  /// Writes ``json`` as a member of an object.
  func write(_ key: String, to writer: inout JSONWriter) { writer.object(key) { members(&$0) } }

  private func members(_ json: inout JSONWriter) {
    json.member("reject", thresholds.reject)
    json.member("review", thresholds.review)
    json.member("minimum_confidence", minimumConfidence)
    json.object("per_class") { classes in
      for (label, own) in perClass.sorted(by: { $0.key < $1.key }) {
        classes.object(label) {
          $0.member("reject", own.reject)
          $0.member("review", own.review)
        }
      }
    }
    if let regions { json.object("regions") { regions.write(to: &$0) } }
  }

  /// Reads what ``json`` writes; members that are missing keep their defaults.
  ///
  /// - Throws: ``JSONError`` if the text is not JSON, ``PolicyError`` if thresholds contradict each other.
  public init(json text: String) throws { try self.init(json: try JSON(parsing: Array(text.utf8))) }

  /// The same of a value that was read.
  public init(json: JSON) throws {
    func read(_ json: JSON, _ defaults: Thresholds) throws(PolicyError) -> Thresholds {
      // A threshold of the wrong kind must not fall back to a default in silence.
      let reject = json["reject"].map { $0.floatValue ?? .nan } ?? defaults.reject
      let review = json["review"].map { $0.floatValue ?? .nan } ?? min(defaults.review, reject)
      return try Thresholds(reject: reject, review: review)
    }
    let thresholds = try read(json, .even)
    var perClass: [String: Thresholds] = [:]
    for member in json["per_class"]?.objectValue ?? [] { perClass[member.key] = try read(member.value, thresholds) }
    let confidence = json["minimum_confidence"].map { $0.floatValue ?? .nan } ?? 0.5
    guard confidence >= 0 && confidence <= 1 else { throw PolicyError(reject: confidence, review: confidence) }
    let regions = json["regions"].map { RegionRules(json: $0) }
    // Rules that cannot be read must not become none in silence.
    if case .some(.none) = regions { throw JSONError(offset: 0, reason: "\"regions\" are no rules") }
    self.init(
      thresholds: thresholds, perClass: perClass, minimumConfidence: confidence, regions: regions ?? nil)
  }
}

/// A verdict with what it rests on.
public struct Judgement: Sendable, Hashable {
  public var verdict: Verdict
  public var label: String
  /// Score of ``label`` in 0...1; NaN where there is none.
  public var score: Float
  public var reasons: [String]

  public init(_ verdict: Verdict, _ label: String, _ score: Float, _ reasons: [String]) {
    self.verdict = verdict
    self.label = label
    self.score = score
    self.reasons = reasons
  }
}

/// Thresholds that contradict each other.
public struct PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
  public let reject: Float
  public let review: Float
  public var description: String {
    "thresholds reject \(reject) and review \(review) do not fit: they must satisfy 0 <= review <= reject <= 1"
  }
}
