import Metrics
import Testing

@Suite struct CalibrationTests {
  /// scikit-learn 1.9.1 on `overconfident()`: `log_loss(lab, pb)`, `brier_score_loss(lab, pb, scale_by_half=False)`;
  /// NumPy for the calibration error:
  /// ```python
  /// edges = np.linspace(0, 1, nb + 1)
  /// for l, h in zip(edges[:-1], edges[1:]):
  ///     m = (conf > l) & (conf <= h)
  ///     if m.any(): e += m.mean() * abs(ok[m].mean() - conf[m].mean())
  /// ```
  @Test func agreesWithScikitLearn() {
    let (logits, labels) = overconfident()
    let p = probabilities(logits: logits, classes: 3)
    // scikit-learn divides every row by its sum first, hence the tolerance.
    #expect(close(negativeLogLikelihood(probabilities: p, classes: 3, labels: labels), 0.7738688738018115, 1e-6))
    #expect(close(brierScore(probabilities: p, classes: 3, labels: labels), 0.4472373873985152, 1e-6))
    let ten = Reliability(probabilities: p, classes: 3, labels: labels, bins: 10)
    #expect(close(ten.expectedCalibrationError, 0.12672128354509668, 1e-6))
    #expect(ten.bins.reduce(0) { $0 + $1.count } == 120)
    let fifteen = Reliability(probabilities: p, classes: 3, labels: labels)
    #expect(close(fifteen.expectedCalibrationError, 0.1658185489475727, 1e-6))
  }

  @Test func confidenceOfABinEdgeBelongsBelow() {
    let reliability = Reliability(probabilities: [0.5, 0.5, 1, 0], classes: 2, labels: [0, 1], bins: 2)
    #expect(reliability.bins.map(\.count) == [1, 1])
    #expect(reliability.bins[0].accuracy == 1 && reliability.bins[1].accuracy == 0)
  }

  @Test func rowsThatAreNotFiniteAreTheWorstCase() {
    let p: [Float] = [.nan, .nan]
    let reliability = Reliability(probabilities: p, classes: 2, labels: [0], bins: 5)
    #expect(reliability.bins[4].count == 1 && reliability.bins[4].accuracy == 0)
    #expect(reliability.expectedCalibrationError == 1)
    #expect(brierScore(probabilities: p, classes: 2, labels: [0]) == 2)
    #expect(close(negativeLogLikelihood(probabilities: p, classes: 2, labels: [0]), 36.04365338911715))
    #expect(close(negativeLogLikelihood(probabilities: [1, .nan], classes: 2, labels: [0]), 36.04365338911715))
  }

  /// ```python
  /// nll = lambda T: -np.log(softmax(logits.astype(np.float64) / T, axis=1)[range(120), lab]).mean()
  /// scipy.optimize.minimize_scalar(nll, bounds=(0.05, 20), method="bounded", options=dict(xatol=1e-12))
  /// ```
  @Test func temperature() {
    let (logits, labels) = overconfident()
    let scaling = TemperatureScaling(logits: logits, classes: 3, labels: labels)
    #expect(close(scaling.temperature, 1.8592107370852158, 1e-7))
    #expect(close(scaling.after, 0.6745001191148373, 1e-12))
    #expect(close(scaling.before, 0.773868871555091, 1e-12))
    let p = probabilities(logits: logits, classes: 3, temperature: scaling.temperature)
    #expect(close(negativeLogLikelihood(probabilities: p, classes: 3, labels: labels), scaling.after, 1e-6))
    let error = Reliability(probabilities: p, classes: 3, labels: labels, bins: 10).expectedCalibrationError
    #expect(error < 0.1267)
  }

  @Test func temperatureStaysInRange() {
    // Without a mistake sharper is always better; with nothing but mistakes flatter is.
    #expect(close(TemperatureScaling(logits: [1, 0, 0, 1], classes: 2, labels: [0, 1]).temperature, 0.05))
    #expect(close(TemperatureScaling(logits: [1, 0, 0, 1], classes: 2, labels: [1, 0]).temperature, 20))
    #expect(TemperatureScaling(logits: [.nan, 0], classes: 2, labels: [0]).temperature == 1)
    #expect(TemperatureScaling(logits: [3, 3], classes: 2, labels: [0]).temperature == 1)
    #expect(TemperatureScaling(logits: [], classes: 2, labels: []).temperature == 1)
    let clean = TemperatureScaling(logits: [2, 0, 0, 2, 2, 0], classes: 2, labels: [0, 1, 1])
    let withBadRow = TemperatureScaling(logits: [2, 0, 0, 2, 2, 0, .infinity, 0], classes: 2, labels: [0, 1, 1, 0])
    #expect(clean.temperature == withBadRow.temperature)
  }

  @Test func softmaxOfLargeAndBrokenLogits() {
    let p = probabilities(logits: [1000, 998, .nan, 0, -.infinity, 1], classes: 2)
    #expect(abs(p[0] - 0.8807971) < 1e-6)
    #expect(p[2...].allSatisfy { $0.isNaN })
  }
}

@Suite struct PercentileTests {
  /// NumPy: `np.percentile([x % 997 / 10 for x in lcg(37, 5)], [50, 95, 99])`.
  @Test func agreesWithNumPy() throws {
    let percentiles = try #require(Percentiles(lcg(37, seed: 5).map { Double($0 % 997) / 10 }))
    #expect(close(percentiles.p50, 48.7) && close(percentiles.p95, 91.96) && close(percentiles.p99, 97.672))
  }

  @Test func fewValues() {
    #expect(Percentiles([7]) == Percentiles(p50: 7, p95: 7, p99: 7))
    #expect(Percentiles([]) == nil && Percentiles([.nan]) == nil)
    #expect(Percentiles([.nan, 1, 3, .infinity])?.p50 == 2)
    #expect(percentile(0, ofSorted: [1, 2]) == 1 && percentile(100, ofSorted: [1, 2]) == 2)
  }
}
