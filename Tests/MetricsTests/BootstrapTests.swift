import Testing

@testable import Metrics

@Suite("Paired bootstrap")
struct BootstrapTests {
  /// SciPy 1.17:
  ///
  ///     r = lcg(240, 5)
  ///     x = np.array([v % 1000 for v in r[:120]]) / 1000
  ///     y = np.array([v % 1000 for v in r[120:]]) / 1000 + 0.05 * x + 0.1
  ///     stats.bootstrap((x, y), lambda a, b, axis=-1: b.mean(axis=axis) - a.mean(axis=axis), paired=True,
  ///                     method='percentile', n_resamples=200000)
  ///
  /// An end of the interval varies by about 2.7 standard errors (here 0.0357) / sqrt(resamples).
  @Test("equal to SciPy's within Monte Carlo error")
  func scipy() throws {
    let r = lcg(240, seed: 5)
    let x = r[..<120].map { Double($0 % 1000) / 1000 }
    let y = zip(r[120...], x).map { Double($0 % 1000) / 1000 + 0.05 * $1 + 0.1 }
    let bootstrap = PairedBootstrap(strata: x.map { _ in 0 }, resamples: 4000, seed: 3)
    let found = try #require(
      bootstrap.difference { times in
        times.indices.reduce(0) { $0 + Double(times[$1]) * (y[$1] - x[$1]) } / 120
      })
    #expect(abs(found.value - 0.12545833333333323) < 1e-12)
    #expect(abs(found.low - 0.0557) < 0.006 && abs(found.high - 0.1953) < 0.006)
    #expect(found.isClear && found.confidence == 0.95)
  }

  /// NumPy, scikit-learn 1.7:
  ///
  ///     r = lcg(900, 11)
  ///     t = [v % 3 for v in r[:300]]
  ///     a = [tt if v % 10 < 7 else (tt + 1 + v % 2) % 3 for tt, v in zip(t, r[300:600])]
  ///     b = [tt if v % 10 < 8 else (tt + 1 + v % 2) % 3 for tt, v in zip(t, r[600:])]
  ///     100000 times: i = concatenate([rng.choice(k, len(k)) for k in the classes' indices])
  ///     np.percentile(f1(t[i], b[i]) - f1(t[i], a[i]), [2.5, 97.5])   # standard error 0.0344
  ///     stats.binomtest(onlyA, onlyA + onlyB).pvalue
  @Test("a comparison of two models: figures, McNemar's test and the interval of macro-F1")
  func comparison() throws {
    let r = lcg(900, seed: 11)
    let truth = r[..<300].map { $0 % 3 }
    func side(_ values: ArraySlice<Int>, _ right: Int) -> ModelComparison.Judgements {
      var side = ModelComparison.Judgements()
      for (t, v) in zip(truth, values) {
        let predicted = v % 10 < right ? t : (t + 1 + v % 2) % 3
        side.probabilities += (0..<3).map { $0 == predicted ? 0.8 : 0.1 as Float }
        side.accepted.append(predicted == 0)
        side.reviewed.append(false)
      }
      return side
    }
    let found = ModelComparison(
      side(r[300..<600], 7), side(r[600...], 8), truth: truth, labels: ["good", "b", "c"], good: 0, resamples: 3000)
    #expect(abs(found.evaluations[0].macroF1 - 0.7335624557335153) < 1e-12)
    #expect(abs(found.evaluations[1].macroF1 - 0.7894808185225258) < 1e-12)
    #expect(found.classes.onlyFirst == 46 && found.classes.onlySecond == 63)
    #expect(abs(found.classes.pValue - 0.12500454132583336) < 1e-12)
    let verdicts = try #require(found.verdicts)
    #expect(verdicts.onlyFirst == 39 && verdicts.onlySecond == 50 && abs(verdicts.pValue - 0.2890960806960612) < 1e-12)
    let change = try #require(found.macroF1)
    #expect(abs(change.value - 0.05591836278901052) < 1e-12)
    #expect(abs(change.low + 0.01166) < 0.007 && abs(change.high - 0.1231) < 0.007 && !change.isClear)
  }

  /// With ties:
  ///
  ///     r = lcg(600, 21); y = [v % 3 == 0 for v in r[:200]]
  ///     sa = [(v % 40 + (14 if yy else 0)) / 64 for yy, v in zip(y, r[200:400])], sb with 18 and r[400:]
  private func tied() -> (a: [Double], b: [Double], isDefect: [Bool]) {
    let r = lcg(600, seed: 21)
    let isDefect = r[..<200].map { $0 % 3 == 0 }
    func lifted(_ values: ArraySlice<Int>, _ lift: Int) -> [Double] {
      zip(isDefect, values).map { Double($1 % 40 + ($0 ? lift : 0)) / 64 }
    }
    return (lifted(r[200..<400], 14), lifted(r[400...], 18), isDefect)
  }

  @Test(
    "escapes at a fixed overkill",
    arguments: [
      (0, 0.5471698113207547, 0.5283018867924528), (0.02, 0.5094339622641509, 0.5283018867924528),
      (0.1, 0.4528301886792453, 0.49056603773584906),
    ])
  func fixedOverkill(_ limit: Double, _ a: Double, _ b: Double) {
    let scores = tied()
    let ones = [Int](repeating: 1, count: 200)
    for (values, expected) in [(scores.a, a), (scores.b, b)] {
      let found = FixedOverkill(defectScores: values, isDefect: scores.isDefect, limit: limit).escapeRate(times: ones)
      #expect(close(found, expected))
      let twin = threshold(maximumOverkillRate: limit, defectScores: values, isDefect: scores.isDefect)
      #expect(found == twin?.escapeRate)
    }
  }

  @Test("parts that count several times, or not at all, are the same as so many parts", arguments: 1...20)
  func repeated(_ seed: Int) {
    var (scores, _, isDefect) = tied()
    if seed % 2 == 0 { (scores[0], scores[5], scores[17]) = (.nan, .infinity, -.infinity) }
    let times = lcg(200, seed: seed).map { $0 % 4 }
    let drawn = times.indices.flatMap { [Int](repeating: $0, count: times[$0]) }
    for limit in [0, 0.03, 0.2, 1] {
      let found = FixedOverkill(defectScores: scores, isDefect: isDefect, limit: limit).escapeRate(times: times)
      let twin = threshold(
        maximumOverkillRate: limit, defectScores: drawn.map { scores[$0] }, isDefect: drawn.map { isDefect[$0] })
      #expect(found == twin?.escapeRate)
    }
    isDefect = isDefect.map { _ in false }
    #expect(FixedOverkill(defectScores: scores, isDefect: isDefect, limit: 1).escapeRate(times: times) == nil)
  }

  /// NumPy, 40000 resamples within the two kinds of parts: 0.0377 in -0.2075 ... 0.2075, standard error 0.107.
  @Test("interval of the escape rate at a fixed overkill")
  func escapeInterval() throws {
    let (a, b, isDefect) = tied()
    func side(_ scores: [Double]) -> ModelComparison.Judgements {
      .init(
        // Multiples of 1 / 64 and their differences from 1 are exact.
        probabilities: scores.flatMap { [Float(1 - $0), Float($0)] }, accepted: scores.map { $0 < 0.5 },
        reviewed: scores.map { _ in false })
    }
    let found = ModelComparison(
      side(a), side(b), truth: isDefect.map { $0 ? 1 : 0 }, labels: ["good", "bad"], good: 0, overkillLimit: 0.1,
      resamples: 4000)
    let change = try #require(found.escapeRate)
    #expect(close(change.value, 0.037735849056603765, 1e-9))
    #expect(abs(change.low + 0.2075) < 0.03 && abs(change.high - 0.2075) < 0.03)
    #expect(close(found.fixedOverkill[0]?.escapeRate, 0.4528301886792453))
  }

  @Test("the same seed gives the same interval, another seed another")
  func determinism() {
    let values = lcg(50, seed: 9).map { Double($0 % 100) }
    func interval(_ seed: UInt64) -> PairedBootstrap.Difference? {
      PairedBootstrap(strata: values.map { _ in 0 }, resamples: 200, seed: seed).difference { times in
        zip(times, values).reduce(0) { $0 + Double($1.0) * $1.1 } / 50
      }
    }
    #expect(interval(1) == interval(1) && interval(1) != interval(2))
  }

  @Test("resamples have as many parts of each class as the set")
  func strata() {
    let labels = [2, 0, 0, 1, 0, 1, 2, 2]
    var seen: Set<[Int]> = []
    _ = PairedBootstrap(strata: labels, resamples: 100, seed: 4).difference { times in
      seen.insert((0..<3).map { label in labels.indices.reduce(0) { $0 + (labels[$1] == label ? times[$1] : 0) } })
      return 0
    }
    #expect(seen == [[3, 2, 3]])
  }

  @Test("edges: one part, all equal, and what does not exist")
  func edges() throws {
    let one = try #require(PairedBootstrap(strata: [0], resamples: 10).difference { Double($0[0]) })
    #expect(one.value == 1 && one.low == 1 && one.high == 1 && one.isClear)
    let equal = try #require(PairedBootstrap(strata: [0, 0, 1], resamples: 10).difference { _ in 0 })
    #expect(equal.low == 0 && equal.high == 0 && !equal.isClear)
    #expect(PairedBootstrap(strata: [0, 0], resamples: 10).difference { _ in .nan } == nil)
    // Exists on the parts, but not on a resample that draws the first part twice.
    let rare = PairedBootstrap(strata: [0, 0], resamples: 100).difference { $0[0] == 2 ? .nan : 1 }
    #expect(rare == nil)
  }

  @Test("without a good class, and with good parts only")
  func withoutEscapes() {
    let side = ModelComparison.Judgements(
      probabilities: [0.9, 0.1, 0.2, 0.8], accepted: [true, false], reviewed: [false, false])
    let defects = ModelComparison(side, side, truth: [0, 1], labels: ["a", "b"], good: nil, resamples: 100)
    #expect(defects.verdicts == nil && defects.escapeRate == nil && defects.macroF1?.value == 0)
    let goods = ModelComparison(side, side, truth: [0, 0], labels: ["good", "b"], good: 0, resamples: 100)
    #expect(goods.escapeRate == nil && goods.fixedOverkill.allSatisfy { $0 == nil })
    #expect(goods.verdicts?.onlyFirst == 0 && goods.verdicts?.pValue == 1)
  }
}
