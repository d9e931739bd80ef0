public import Metrics

/// An attribute agreement study: several appraisers judge the same parts several times without knowing what they are,
/// and it is counted how often they agree with themselves, with each other and with the truth (AIAG, Measurement Systems
/// Analysis, 4th edition, 2010, chapter III, section C).
///
/// A part accepted is taken for good, a part rejected or sent to review for defective: reviews are counted besides.
public struct AgreementStudy: Sendable, Hashable {
  /// A part with what it truly is.
  public struct Part: Sendable, Hashable {
    public var id: String
    /// Its true class.
    public var reference: String
    public var isDefect: Bool

    public init(id: String, reference: String, isDefect: Bool) {
      self.id = id
      self.reference = reference
      self.isDefect = isDefect
    }
  }

  /// A person or a machine, with all that they said.
  public struct Appraiser: Sendable, Hashable {
    public var name: String
    /// For each part, a verdict for each repeat.
    public var verdicts: [[Verdict]]

    public init(name: String, verdicts: [[Verdict]]) {
      self.name = name
      self.verdicts = verdicts
    }
  }

  /// So many of all, with the exact 95 % interval of Clopper and Pearson.
  public struct Share: Sendable, Hashable {
    public let count: Int
    public let total: Int
    public let rate: Rate

    public init(_ count: Int, of total: Int) {
      self.count = count
      self.total = total
      rate = Rate(successes: count, trials: total)
    }
  }

  /// Two appraisers against each other.
  public struct Pair: Sendable, Hashable {
    /// Index of an appraiser.
    public let first: Int
    /// Index of a later one.
    public let second: Int
    /// Over all appraisals, repeat by repeat.
    public let kappa: CohensKappa
  }

  public let parts: [Part]
  public let appraisers: [Appraiser]
  public let repeats: Int
  /// Of each appraiser.
  public let results: [AppraiserResult]
  /// Every two appraisers; none where there is only one.
  public let pairs: [Pair]
  /// Parts with one and the same verdict in all appraisals.
  public let allAgree: Share
  /// Parts judged right in all appraisals.
  public let allAgreeWithReference: Share
  /// Fleiss' kappa of all appraisals of each part, whoever made them; NaN where all say the same of every part, nil
  /// where there is only one of each.
  public let betweenKappa: Double?

  /// - Precondition: good and defective parts, at least one appraiser, and of each as many verdicts on each part.
  public init(parts: [Part], appraisers: [Appraiser]) {
    precondition(
      parts.contains { $0.isDefect } && parts.contains { !$0.isDefect }, "a study needs good and defective parts")
    guard let repeats = appraisers.first?.verdicts.first?.count, repeats > 0 else {
      preconditionFailure("a study without appraisals")
    }
    precondition(
      appraisers.allSatisfy { $0.verdicts.count == parts.count && $0.verdicts.allSatisfy { $0.count == repeats } },
      "appraisers with different numbers of verdicts")
    self.parts = parts
    self.appraisers = appraisers
    self.repeats = repeats
    results = appraisers.map { AppraiserResult($0, parts: parts) }
    let all = parts.indices.map { part in appraisers.flatMap { $0.verdicts[part].map(\.isDefect) } }
    allAgree = Share(all.count { $0.isUnanimous }, of: parts.count)
    allAgreeWithReference = Share(
      zip(parts, all).count { part, verdicts in verdicts.allSatisfy { $0 == part.isDefect } }, of: parts.count)
    betweenKappa = appraisers.count * repeats < 2 ? nil : fleissKappa(counts: all.map(\.counts))
    var pairs: [Pair] = []
    for first in appraisers.indices {
      for second in appraisers.indices.dropFirst(first + 1) {
        pairs.append(
          Pair(
            first: first, second: second,
            kappa: CohensKappa(appraisers[first].codes, appraisers[second].codes, classes: 2)))
      }
    }
    self.pairs = pairs
  }

  /// Good parts.
  public var goods: Int { parts.count { !$0.isDefect } }
  /// Defective parts.
  public var defects: Int { parts.count { $0.isDefect } }
  /// True classes of the defective parts, in their order.
  public var defectClasses: [String] { Self.defectClasses(of: parts) }

  /// Indices of the parts on which not all appraisals are right, those with the most wrong ones first.
  public var disputed: [Int] {
    let wrong = parts.indices.map { part in
      appraisers.reduce(0) { $0 + $1.verdicts[part].count { $0.isDefect != parts[part].isDefect } }
    }
    return parts.indices.filter { wrong[$0] > 0 }.sorted { (wrong[$1], $0) < (wrong[$0], $1) }
  }

  static func defectClasses(of parts: [Part]) -> [String] {
    var known: Set<String> = []
    return parts.filter { $0.isDefect && known.insert($0.reference).inserted }.map(\.reference)
  }
}

extension AgreementStudy.Appraiser {
  /// All appraisals, part by part: 0 for good, 1 for defective.
  var codes: [Int] { verdicts.flatMap { $0.map { $0.isDefect ? 1 : 0 } } }
}

extension Verdict {
  /// Whether it takes the part for defective: only "accept" does not.
  var isDefect: Bool { self != .accept }
}

extension [Bool] {
  /// Whether all are the same.
  var isUnanimous: Bool { !contains(true) || !contains(false) }
  /// How many are false, and how many true.
  var counts: [Int] {
    let positive = reduce(0) { $0 + ($1 ? 1 : 0) }
    return [count - positive, positive]
  }
}
