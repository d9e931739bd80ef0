import Metrics
import Testing

@Suite struct RateTests {
  /// SciPy 1.17.1: `scipy.special.betainc(a, b, x)`.
  @Test(arguments: [
    (0.5, 0.5, 0.1, 0.20483276469913345), (2, 3, 0.4, 0.5247999999999999), (1, 40, 0.02, 0.5542995960490489),
    (200, 300, 0.41, 0.677628164772179), (5000, 20, 0.997, 0.8723523665131663),
    (1e5, 1e6, 0.0915, 0.9843218852587284), (0.01, 5, 0.3, 0.9991442234826969),
  ]) func incompleteBeta(a: Double, b: Double, x: Double, expected: Double) {
    // Large parameters lose digits in the difference of log gammas.
    #expect(close(regularizedIncompleteBeta(x, a: a, b: b), expected, a + b > 1e4 ? 1e-9 : 1e-12))
    #expect(close(regularizedIncompleteBeta(1 - x, a: b, b: a), 1 - expected, 1e-8))
  }

  /// SciPy 1.17.1: `scipy.special.betaincinv(a, b, q)`.
  @Test(arguments: [
    (0.5, 0.5, 0.1, 0.024471741852423214), (2, 3, 0.975, 0.8058795503167565),
    (1, 40, 0.025, 0.0006327449320494191), (200, 301, 0.025, 0.35676137206011016),
    (5000, 20, 0.001, 0.9927004826734567), (1e5, 1e6, 0.975, 0.09144702323257142),
    (3, 997, 0.025, 0.0006197200804830326),
  ]) func inverse(a: Double, b: Double, q: Double, expected: Double) {
    #expect(close(inverseRegularizedIncompleteBeta(q, a: a, b: b), expected, 1e-10))
  }

  @Test func endsOfTheRange() {
    #expect(regularizedIncompleteBeta(0, a: 2, b: 3) == 0 && regularizedIncompleteBeta(1, a: 2, b: 3) == 1)
    #expect(inverseRegularizedIncompleteBeta(0, a: 2, b: 3) == 0)
    #expect(inverseRegularizedIncompleteBeta(1, a: 2, b: 3) == 1)
    #expect(regularizedIncompleteBeta(.nan, a: 2, b: 3).isNaN)
  }

  /// SciPy 1.17.1: `betaincinv(k, n - k + 1, 0.025)`, `betaincinv(k + 1, n - k, 0.975)`; `scipy.stats.binomtest(k, n)
  /// .proportion_ci(0.95, "exact")` gives the same to the 2e-12 at which its root search stops.
  @Test(arguments: [
    (0, 10, 0.0, 0.30849710781876294), (10, 10, 0.6915028921812371, 1.0),
    (1, 10, 0.0025285785444617848, 0.4450161170281954), (3, 1000, 0.0006190999316495713, 0.008742023238478303),
    (17, 423, 0.023583003524457653, 0.06356833972253587), (0, 1, 0.0, 0.975),
    (500, 1000, 0.46854917297179194, 0.531450827028208),
    (2, 100000, 2.422101962703155e-06, 7.22449893650479e-05),
  ]) func clopperPearson(successes: Int, trials: Int, low: Double, high: Double) {
    let rate = Rate(successes: successes, trials: trials)
    #expect(rate.value == Double(successes) / Double(trials))
    #expect(close(rate.low, low, 1e-10))
    #expect(close(rate.high, high, 1e-10))
  }

  @Test func otherConfidence() {
    // binomtest(7, 90).proportion_ci(0.99, "exact")
    let rate = Rate(successes: 7, trials: 90, confidence: 0.99)
    #expect(close(rate.low, 0.023153195311363915, 1e-10) && close(rate.high, 0.179858439772217, 1e-10))
  }

  @Test func noTrialsSayNothing() {
    #expect(Rate(successes: 0, trials: 0) == Rate(value: 0, low: 0, high: 1))
  }

  @Test func escapesAndOverkills() {
    let errors = InspectionErrors(
      isDefect: [true, true, true, true, false, false], judgedGood: [true, false, false, false, true, false])
    #expect(errors.defects == 4 && errors.escapes == 1 && errors.goods == 2 && errors.overkills == 1)
    #expect(errors.escapeRate.value == 0.25 && errors.overkillRate.value == 0.5)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
  func scoresThatAreNotFiniteAreNeverGood(score: Double) {
    let defect = InspectionErrors(isDefect: [true], defectScores: [score], threshold: 0.5)
    #expect(defect.escapes == 0)
    let good = InspectionErrors(isDefect: [false], defectScores: [score], threshold: 0.5)
    #expect(good.overkills == 1)
  }

  @Test func thresholdItselfRejects() {
    let errors = InspectionErrors(isDefect: [false, false], defectScores: [0.5, 0.5.nextDown], threshold: 0.5)
    #expect(errors.overkills == 1)
    #expect(InspectionErrors(isDefect: [false], defectScores: [0.1], threshold: .nan).overkills == 1)
  }
}
