import Testing

@testable import Metrics

/// Numbers from statsmodels 0.15.0 and SciPy 1.16:
///
///     r = cohens_kappa(table); r.kappa, r.std_kappa, r.kappa_low, r.kappa_upp
///     fleiss_kappa(counts)
///     mcnemar([[0, b], [c, 0]], exact=True).pvalue
///     stats.binom.cdf(k, n, p)
@Suite("Agreement")
struct AgreementTests {
  @Test("Cohen's kappa with its standard error and interval")
  func cohen() {
    let kappa = CohensKappa(counts: [[20, 5, 2], [3, 30, 1], [0, 4, 15]])
    #expect(abs(kappa.value - 0.7081002189248358) < 1e-12)
    #expect(abs(kappa.standardError - 0.06799313545410927) < 1e-12)
    #expect(abs(kappa.low - 0.5748361222388281) < 1e-9)
    #expect(abs(kappa.high - 0.8413643156108435) < 1e-9)
    // The worked example of Wikipedia's article: 45, 15, 25, 15.
    #expect(abs(CohensKappa(counts: [[45, 15], [25, 15]]).value - 0.13043478260869554) < 1e-12)
    #expect(CohensKappa([0, 1, 1, 2], [0, 1, 1, 2], classes: 3).value == 1)
    #expect(CohensKappa([0, 0], [0, 0], classes: 2).value.isNaN)
  }

  /// The worked example of Fleiss 1971: 14 appraisals of 10 parts with 5 classes.
  @Test("Fleiss' kappa")
  func fleiss() {
    let counts = [
      [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]
    #expect(abs(fleissKappa(counts: counts) - 0.20993070442195522) < 1e-12)
    #expect(fleissKappa(counts: [[3, 0], [0, 3]]) == 1)
    #expect(fleissKappa(counts: [[3, 0], [3, 0]]).isNaN)
  }

  @Test(
    "McNemar's exact test",
    arguments: [(10, 3, 0.09228515625), (0, 5, 0.0625), (25, 40, 0.08168153394154003), (7, 7, 1), (1, 0, 1), (0, 0, 1)])
  func mcNemar(_ first: Int, _ second: Int, _ expected: Double) {
    #expect(abs(mcNemarExact(first: first, second: second) - expected) < 1e-12)
    #expect(mcNemarExact(first: second, second: first) == mcNemarExact(first: first, second: second))
  }

  @Test(
    "binomial distribution",
    arguments: [
      (0, 299, 0.01, 0.049536256637662465), (0, 298, 0.01, 0.05003662286632573), (3, 100, 0.05, 0.2578386591160152),
      (12, 400, 0.01, 0.9997511739398746), (5, 5, 0.5, 1), (-1, 5, 0.5, 0),
    ])
  func binomial(_ successes: Int, _ trials: Int, _ probability: Double, _ expected: Double) {
    #expect(abs(binomialDistribution(successes, trials: trials, probability: probability) - expected) < 1e-11)
  }

  /// scipy.stats.norm.ppf
  @Test("normal quantiles")
  func normal() {
    #expect(abs(normalQuantile(0.975) - 1.959963984540054) < 1e-12)
    #expect(abs(normalQuantile(0.5)) < 1e-15)
    #expect(abs(normalQuantile(1e-6) + 4.753424308822899) < 1e-10)
  }
}
