public import Metrics

/// How good an appraiser is, by the limits of AIAG, Measurement Systems Analysis, 4th edition, 2010, chapter III,
/// section C (effectiveness, miss rate, false alarm rate). The limits are held against the shares that were counted, not
/// against their intervals.
public enum AgreementRating: String, Sendable, Hashable, CaseIterable, Comparable {
  case acceptable
  /// May need improvement.
  case marginal
  case unacceptable

  /// Better comes first.
  public static func < (a: AgreementRating, b: AgreementRating) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .acceptable: 0
    case .marginal: 1
    case .unacceptable: 2
    }
  }

  /// Acceptable from 90 % on, marginal from 80 % on.
  public static func ofEffectiveness(_ share: AgreementStudy.Share) -> AgreementRating {
    100 * share.count >= 90 * share.total
      ? .acceptable : 100 * share.count >= 80 * share.total ? .marginal : .unacceptable
  }

  /// Acceptable up to 2 %, marginal up to 5 %.
  public static func ofMisses(_ share: AgreementStudy.Share) -> AgreementRating {
    upTo(2, 5, share)
  }

  /// Acceptable up to 5 %, marginal up to 10 %.
  public static func ofFalseAlarms(_ share: AgreementStudy.Share) -> AgreementRating {
    upTo(5, 10, share)
  }

  private static func upTo(_ acceptable: Int, _ marginal: Int, _ share: AgreementStudy.Share) -> AgreementRating {
    100 * share.count <= acceptable * share.total
      ? .acceptable : 100 * share.count <= marginal * share.total ? .marginal : .unacceptable
  }
}

/// The figures of one appraiser.
public struct AppraiserResult: Sendable, Hashable {
  public typealias Share = AgreementStudy.Share

  /// Misses among the parts of one class.
  public struct ClassMisses: Sendable, Hashable {
    /// True class.
    public let label: String
    /// Of all appraisals of its parts.
    public let misses: Share
  }

  public let name: String
  /// Parts with the same verdict in all repeats.
  public let within: Share
  /// Parts judged right in all repeats, which is the agreement with the reference too.
  public let effectiveness: Share
  /// Appraisals of defective parts that say good.
  public let misses: Share
  /// Appraisals of good parts that say defective, review among them.
  public let falseAlarms: Share
  /// Appraisals that send the part to a person, of all.
  public let reviews: Share
  /// Those of them that are of good parts.
  public let reviewedGoods: Int
  /// Of each class of defects, in the order of the parts.
  public let missesByClass: [ClassMisses]
  /// All appraisals against the truth. NaN where neither says more than one thing.
  public let referenceKappa: CohensKappa
  /// Fleiss' kappa of the repeats; NaN where all appraisals say the same, nil where there is one repeat.
  public let withinKappa: Double?

  init(_ appraiser: AgreementStudy.Appraiser, parts: [AgreementStudy.Part]) {
    name = appraiser.name
    let verdicts = appraiser.verdicts
    let judged = verdicts.map { $0.map(\.isDefect) }
    let repeats = judged[0].count
    within = Share(judged.count { $0.isUnanimous }, of: parts.count)
    effectiveness = Share(
      zip(parts, judged).count { part, said in said.allSatisfy { $0 == part.isDefect } }, of: parts.count)
    var wrong = (misses: 0, falseAlarms: 0)
    var byClass: [String: (missed: Int, total: Int)] = [:]
    for (part, said) in zip(parts, judged) {
      if part.isDefect {
        let missed = said.count { !$0 }
        wrong.misses += missed
        let before = byClass[part.reference] ?? (missed: 0, total: 0)
        byClass[part.reference] = (before.missed + missed, before.total + said.count)
      } else {
        wrong.falseAlarms += said.count { $0 }
      }
    }
    let defects = parts.count { $0.isDefect }
    misses = Share(wrong.misses, of: defects * repeats)
    falseAlarms = Share(wrong.falseAlarms, of: (parts.count - defects) * repeats)
    missesByClass = AgreementStudy.defectClasses(of: parts).map { label in
      let counted = byClass[label] ?? (missed: 0, total: 0)
      return ClassMisses(label: label, misses: Share(counted.missed, of: counted.total))
    }
    reviews = Share(verdicts.reduce(0) { $0 + $1.count { $0 == .review } }, of: parts.count * repeats)
    reviewedGoods = zip(parts, verdicts).reduce(0) { sum, entry in
      sum + (entry.0.isDefect ? 0 : entry.1.count { $0 == .review })
    }
    let truth = parts.flatMap { Array(repeating: $0.isDefect ? 1 : 0, count: repeats) }
    referenceKappa = CohensKappa(appraiser.codes, truth, classes: 2)
    withinKappa = repeats < 2 ? nil : fleissKappa(counts: judged.map(\.counts))
  }

  /// The worst of the three.
  public var rating: AgreementRating {
    max(
      AgreementRating.ofEffectiveness(effectiveness), AgreementRating.ofMisses(misses),
      AgreementRating.ofFalseAlarms(falseAlarms))
  }
}
