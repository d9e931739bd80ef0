/// A share of trials with an interval that holds the true share, all in 0...1.
public struct Rate: Sendable, Hashable, Codable {
  /// Successes by trials; 0 where there was no trial (the interval then is 0...1: nothing is known).
  public let value: Double
  /// Lower end of the interval.
  public let low: Double
  /// Upper end of the interval.
  public let high: Double

  /// A rate whose interval is known already.
  public init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }

  /// `successes` of `trials` with the exact interval of Clopper and Pearson (Biometrika 26, 1934), whose ends are
  /// quantiles of beta distributions. Its coverage is never below `confidence`.
  ///
  /// - Precondition: `0 <= successes <= trials`, `confidence` inside 0...1.
  public init(successes: Int, trials: Int, confidence: Double = 0.95) {
    precondition(successes >= 0 && successes <= trials, "\(successes) successes in \(trials) trials")
    precondition(confidence > 0 && confidence < 1, "confidence \(confidence) is not between 0 and 1")
    guard trials > 0 else {
      self.init(value: 0, low: 0, high: 1)
      return
    }
    let tail = (1 - confidence) / 2
    let k = Double(successes)
    let n = Double(trials)
    self.init(
      value: k / n,
      low: successes == 0 ? 0 : inverseRegularizedIncompleteBeta(tail, a: k, b: n - k + 1),
      high: successes == trials ? 1 : inverseRegularizedIncompleteBeta(1 - tail, a: k + 1, b: n - k))
  }
}

/// What an inspection gets wrong: defects let through and good parts thrown away.
public struct InspectionErrors: Sendable, Hashable {
  /// Parts that truly are defective.
  public private(set) var defects = 0
  /// Defective parts judged good.
  public private(set) var escapes = 0
  /// Parts that truly are good.
  public private(set) var goods = 0
  /// Good parts judged defective.
  public private(set) var overkills = 0
  /// Parts that went to a person: neither escapes nor overkills.
  public private(set) var reviews = 0

  public init() {}

  /// Counts every part: `judgedGood` is `true` only where the verdict was "accept", `isReviewed` only where it was
  /// "review" (nil: nowhere).
  public init(isDefect: [Bool], judgedGood: [Bool], isReviewed: [Bool]? = nil) {
    precondition(isDefect.count == judgedGood.count, "\(isDefect.count) parts, \(judgedGood.count) verdicts")
    precondition(isReviewed.map { $0.count == isDefect.count } ?? true, "not a review or none for each part")
    for index in isDefect.indices {
      add(isDefect: isDefect[index], judgedGood: judgedGood[index], isReviewed: isReviewed?[index] ?? false)
    }
  }

  /// Counts every part against a threshold on its defect score: a part is judged good only if its score is below
  /// `threshold`, so a score that is not a number is judged defective, and so is an infinite one.
  public init(isDefect: [Bool], defectScores: [Double], threshold: Double) {
    self.init(
      isDefect: isDefect, judgedGood: defectScores.map { $0.isFinite && $0 < threshold })
  }

  public mutating func add(isDefect: Bool, judgedGood: Bool, isReviewed: Bool = false) {
    if isReviewed { reviews += 1 }
    if isDefect {
      defects += 1
      escapes += judgedGood && !isReviewed ? 1 : 0
    } else {
      goods += 1
      overkills += judgedGood || isReviewed ? 0 : 1
    }
  }

  /// Defects judged good, of all defects.
  public var escapeRate: Rate { Rate(successes: escapes, trials: defects) }
  /// Parts that went to a person, of all parts.
  public var reviewShare: Rate { Rate(successes: reviews, trials: defects + goods) }
  /// Good parts judged defective, of all good parts.
  public var overkillRate: Rate { Rate(successes: overkills, trials: goods) }
}
