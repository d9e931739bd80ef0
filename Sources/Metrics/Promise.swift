/// A rate that is promised not to be exceeded, such as "escapes at most 1 % with 95 % confidence".
public struct RatePromise: Sendable, Hashable, Codable {
  /// The largest rate, inside 0...1.
  public let limit: Double
  /// How often such a promise holds at least, inside 0...1.
  public let confidence: Double

  public init(limit: Double, confidence: Double) {
    precondition(limit > 0 && limit < 1 && confidence > 0 && confidence < 1, "a promise of \(limit) at \(confidence)")
    self.limit = limit
    self.confidence = confidence
  }

  /// Fewest parts that can bear the promise, by not one of them being judged wrong: (1 - limit)^n <= 1 - confidence.
  public var fewestParts: Int {
    var n = 1
    // Doubling, then halving the step: n is log(1 - confidence) / log(1 - limit), but exact where that is near a whole
    // number.
    func holds(_ n: Int) -> Bool { binomialDistribution(0, trials: n, probability: limit) <= 1 - confidence }
    while !holds(n) { n *= 2 }
    var step = n / 2
    while step > 0 {
      if n - step >= 1, holds(n - step) { n -= step } else { step /= 2 }
    }
    return n
  }

  /// Most parts of `trials` that may be judged wrong: such that with a true rate at the limit, so few or fewer would come
  /// about with a probability of at most 1 - confidence.
  ///
  /// - Returns: nil where even none would be too many: the parts are fewer than ``fewestParts``.
  public func mostErrors(trials: Int) -> Int? {
    guard binomialDistribution(0, trials: trials, probability: limit) <= 1 - confidence else { return nil }
    var (low, high) = (0, trials)
    while high - low > 1 {
      let middle = (low + high) / 2
      if binomialDistribution(middle, trials: trials, probability: limit) <= 1 - confidence {
        low = middle
      } else {
        high = middle
      }
    }
    return low
  }
}

/// A threshold on defect scores that keeps a promise.
public struct PromisedThreshold: Sendable, Hashable, Codable {
  /// Parts with at least this score are rejected.
  public let threshold: Double
  /// Calibration parts judged wrong with it.
  public let errors: Int
  /// Calibration parts of the kind that the promise is about.
  public let trials: Int
  /// One-sided upper bound of the true rate at the promise's confidence (Clopper and Pearson 1934); at most its limit.
  public let bound: Double

  /// The most lenient threshold whose escape rate is promised.
  ///
  /// The threshold is one of the calibration defects' own scores, the (k + 1)-th smallest, where k is the most errors that
  /// the promise allows: the share of all defects below it has a Beta(k + 1, n - k) distribution at the most, whatever the
  /// scores' own distribution, and so stays below the limit with the promised confidence (Wilks 1941, doi
  /// 10.1214/aoms/1177731788; the same threshold as by fixed-sequence testing of all thresholds from the strictest on,
  /// Angelopoulos et al. 2021, arXiv 2110.01052). Nothing has to be corrected for choosing it on the same parts, since k
  /// does not depend on the scores.
  ///
  /// - Parameter defectScores: of calibration defects, which training never saw; one that is not a number is always
  ///   rejected.
  /// - Returns: nil where there are too few defects; ``RatePromise/fewestParts`` says how many it takes.
  public init?(escape promise: RatePromise, defectScores: [Double]) {
    guard let most = promise.mostErrors(trials: defectScores.count) else { return nil }
    let sorted = defectScores.map { $0.isNaN ? .infinity : $0 }.sorted()
    let threshold = sorted[most]
    self.init(threshold, errors: sorted.prefix { $0 < threshold }.count, trials: sorted.count, promise)
  }

  /// The strictest threshold whose overkill rate is promised: just above one of the good parts' scores.
  ///
  /// - Parameter goodScores: of calibration parts that are good; one that is not a number is always rejected.
  /// - Returns: nil where there are too few, or where too many of them have no finite score.
  public init?(overkill promise: RatePromise, goodScores: [Double]) {
    guard let most = promise.mostErrors(trials: goodScores.count) else { return nil }
    let sorted = goodScores.map { $0.isNaN ? .infinity : $0 }.sorted(by: >)
    let threshold = sorted[most].nextUp
    guard threshold.isFinite else { return nil }
    self.init(threshold, errors: sorted.prefix { $0 >= threshold }.count, trials: sorted.count, promise)
  }

  private init(_ threshold: Double, errors: Int, trials: Int, _ promise: RatePromise) {
    self.threshold = threshold
    self.errors = errors
    self.trials = trials
    bound =
      errors == trials
      ? 1
      : inverseRegularizedIncompleteBeta(promise.confidence, a: Double(errors) + 1, b: Double(trials - errors))
  }
}
