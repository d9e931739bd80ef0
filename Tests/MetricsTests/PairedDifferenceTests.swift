import Testing

@testable import Metrics

@Suite struct PairedDifferenceTests {
  /// ```python
  /// from scipy import stats  # 1.17.1
  /// for p, f in [(.975, 1), (.975, 4), (.975, 9), (.95, 4), (.995, 29)]: print(stats.t.ppf(p, f))
  /// ```
  @Test(arguments: [
    (0.975, 1.0, 12.706204736174694), (0.975, 4, 2.7764451051977934), (0.975, 9, 2.262157162798205),
    (0.95, 4, 2.1318467863266495), (0.995, 29, 2.756385903670605),
  ]) func quantilesAreSciPys(probability: Double, freedom: Double, expected: Double) {
    #expect(close(studentQuantile(probability, freedom: freedom), expected, 1e-10))
  }

  /// ```python
  /// a = np.array([.91, .88, .93, .90, .87]); b = np.array([.95, .90, .94, .95, .93]); d = b - a; k = 5
  /// half = stats.t.ppf(.975, 4) * np.sqrt(d.var(ddof=1) * (1 / k + 1 / (k - 1)))
  /// print(d.mean(), d.mean() - half, d.mean() + half)
  /// ```
  @Test func intervalIsTheCorrectedOne() throws {
    let difference = try #require(
      PairedDifference(first: [0.91, 0.88, 0.93, 0.90, 0.87], second: [0.95, 0.90, 0.94, 0.95, 0.93]))
    #expect(close(difference.mean, 0.036, 1e-9))
    #expect(close(difference.low, -0.0026215390189362475, 1e-9))
    #expect(close(difference.high, 0.07462153901893617, 1e-9))
    // The plain paired t test, half as wide again as it should be, would have seen a difference here.
    #expect(!difference.isClear)
  }

  @Test func clearDifferencesAndNone() throws {
    let better = try #require(PairedDifference(first: [0.5, 0.6, 0.55], second: [0.8, 0.91, 0.85]))
    #expect(better.isClear && better.low > 0)
    let worse = try #require(PairedDifference(first: [0.8, 0.91, 0.85], second: [0.5, 0.6, 0.55]))
    #expect(worse.isClear && worse.high < 0)
    let same = try #require(PairedDifference(first: [0.5, 0.6], second: [0.5, 0.6]))
    #expect(!same.isClear && same.mean == 0)
    #expect(PairedDifference(first: [1], second: [2]) == nil)
    #expect(PairedDifference(first: [1, .nan], second: [2, 2]) == nil)
  }
}
