import Testing

@testable import Metrics

@Suite("Promised rates")
struct PromiseTests {
  @Test("how many parts a promise takes")
  func fewest() {
    // "0 escapes in 59 parts bound the rate by 5 % at 95 %: for 1 % you need 299."
    #expect(RatePromise(limit: 0.05, confidence: 0.95).fewestParts == 59)
    #expect(RatePromise(limit: 0.01, confidence: 0.95).fewestParts == 299)
    #expect(RatePromise(limit: 0.5, confidence: 0.5).fewestParts == 1)
    let promise = RatePromise(limit: 0.01, confidence: 0.95)
    #expect(promise.mostErrors(trials: 298) == nil && promise.mostErrors(trials: 299) == 0)
    // scipy.stats.binom.cdf(1, 473, 0.01) = 0.0499
    #expect(promise.mostErrors(trials: 472) == 0 && promise.mostErrors(trials: 473) == 1)
  }

  /// The bound is `scipy.stats.beta.ppf(0.95, k + 1, n - k)`.
  @Test("the threshold is a defect's own score, the bound that of Clopper and Pearson")
  func threshold() throws {
    let promise = RatePromise(limit: 0.05, confidence: 0.95)
    let scores = (0..<59).map { Double($0) / 100 }
    let strict = try #require(PromisedThreshold(escape: promise, defectScores: scores.reversed()))
    #expect(strict.threshold == 0 && strict.errors == 0 && strict.trials == 59)
    #expect(abs(strict.bound - 0.04950760988822693) < 1e-12)
    #expect(PromisedThreshold(escape: promise, defectScores: Array(scores.dropLast())) == nil)
    let more = try #require(PromisedThreshold(escape: promise, defectScores: (0..<200).map { Double($0) }))
    #expect(more.errors == promise.mostErrors(trials: 200) && more.threshold == Double(more.errors))
    #expect(more.bound <= 0.05)
    // Ties are all rejected: fewer errors than would be allowed.
    let tied = try #require(PromisedThreshold(escape: promise, defectScores: Array(repeating: 0.3, count: 200)))
    #expect(tied.threshold == 0.3 && tied.errors == 0)
    let strange = try #require(PromisedThreshold(escape: promise, defectScores: [.nan] + scores))
    #expect(strange.threshold == 0 && strange.trials == 60)
  }

  @Test("overkill: just above a good part's score")
  func overkill() throws {
    let promise = RatePromise(limit: 0.05, confidence: 0.95)
    let scores = (0..<200).map { Double($0) }
    let found = try #require(PromisedThreshold(overkill: promise, goodScores: scores))
    let most = try #require(promise.mostErrors(trials: 200))
    #expect(found.errors == most && found.threshold > scores[199 - most] && found.threshold <= scores[200 - most])
    let unsound = Array(repeating: Double.nan, count: 20) + scores
    #expect(PromisedThreshold(overkill: promise, goodScores: unsound) == nil)
  }

  /// A smaller version of the simulation: the true escape rate exceeds the promise in at most the stated share of
  /// repetitions plus three standard errors, for scores without ties, with heavy ties, and for tiny sets.
  @Test("coverage", arguments: [(20, false), (60, false), (60, true), (400, false), (400, true)])
  func coverage(_ count: Int, _ isTied: Bool) {
    var state: UInt64 = UInt64(count) &* 31 &+ (isTied ? 7 : 1)
    func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
    // Scores are uniform, or rounded to 12 levels: the true share below a threshold is then known.
    let levels = 12.0
    for limit in [0.01, 0.05, 0.2] {
      for confidence in [0.9, 0.95, 0.99] {
        let promise = RatePromise(limit: limit, confidence: confidence)
        let repetitions = 1500
        var broken = 0
        for _ in 0..<repetitions {
          let scores = (0..<count).map { _ in isTied ? (uniform() * levels).rounded(.down) / levels : uniform() }
          guard let found = PromisedThreshold(escape: promise, defectScores: scores) else { continue }
          // A level's own parts are rejected with it: what lies below is the threshold itself.
          if found.threshold > limit + 1e-12 { broken += 1 }
        }
        let share = Double(broken) / Double(repetitions)
        let error = (confidence * (1 - confidence) / Double(repetitions)).squareRoot()
        #expect(share <= 1 - confidence + 3 * error, "\(limit) at \(confidence): \(share)")
        // And it gives nothing away where scores have no ties and there are enough: broken about as often as stated.
        if count == 400, !isTied, limit == 0.2 { #expect(share > 0.3 * (1 - confidence)) }
      }
    }
  }
}
