import Metrics
import Testing

@Suite struct ROCCurveTests {
  /// scikit-learn 1.9.1 on `tiedScores()`: `roc_curve(y, sc, drop_intermediate=False)`, `roc_auc_score`.
  @Test func agreesWithScikitLearn() throws {
    let (scores, isDefect) = tiedScores()
    let curve = try #require(ROCCurve(scores: scores, isPositive: isDefect))
    #expect(curve.thresholds.count == 45)
    #expect(Array(curve.thresholds[..<5]) == [.infinity, 0.671875, 0.65625, 0.640625, 0.625])
    #expect(Array(curve.falsePositiveRate[..<5]) == [0, 0, 0, 0, 0])
    for (a, b) in zip(
      curve.truePositiveRate, [0, 0.018867924528301886, 0.07547169811320754, 0.11320754716981132, 0.1320754716981132])
    { #expect(close(a, b)) }
    #expect(curve.falsePositiveRate.last == 1 && curve.truePositiveRate.last == 1)
    #expect(close(curve.area, 0.7782532581209881))
  }

  /// `precision_recall_curve` (reversed), `average_precision_score`.
  @Test func precisionRecall() throws {
    let (scores, isDefect) = tiedScores()
    let curve = try #require(PrecisionRecallCurve(scores: scores, isPositive: isDefect))
    #expect(curve.thresholds.count == 44)
    #expect(Array(curve.precision[..<4]) == [1, 1, 1, 1])
    #expect(close(curve.recall[2], 0.11320754716981132))
    #expect(close(curve.averagePrecision, 0.7427744805020706))
  }

  /// The rank statistic, counted pair by pair with ties as one half, must be the area.
  @Test func areaIsTheRankStatistic() throws {
    let (scores, isDefect) = tiedScores()
    var wins = 0.0
    var pairs = 0.0
    for i in scores.indices where isDefect[i] {
      for j in scores.indices where !isDefect[j] {
        wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0
        pairs += 1
      }
    }
    #expect(close(try #require(auroc(scores: scores, isPositive: isDefect)), wins / pairs))
  }

  /// `roc_auc_score(np.array(lab) == k, pb[:, k])` for every k, and `roc_auc_score(np.array(lab) != 0, 1 - pb[:, 0])`.
  @Test func classesAgainstTheRest() {
    let (logits, labels) = overconfident()
    let p = probabilities(logits: logits, classes: 3)
    let areas = oneAgainstRestAUROC(probabilities: p, classes: 3, labels: labels)
    for (a, b) in zip(areas, [0.8772893772893773, 0.87375, 0.8681001283697047]) { #expect(close(a, b)) }
    #expect(close(goodAgainstDefectAUROC(probabilities: p, classes: 3, labels: labels, good: 0), 0.8772893772893773))
  }

  @Test func oneKindOnlyHasNoCurve() {
    #expect(auroc(scores: [0.1, 0.2], isPositive: [true, true]) == nil)
    #expect(auroc(scores: [0.1, 0.2], isPositive: [false, false]) == nil)
    #expect(PrecisionRecallCurve(scores: [0.1], isPositive: [false]) == nil)
    #expect(auroc(scores: [], isPositive: []) == nil)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func scoresThatAreNotFiniteRankAsRejected(bad: Double) {
    // A defect without a score is caught, a good part without one is a false alarm: never the other way round.
    #expect(auroc(scores: [bad, 0.9, 0.1], isPositive: [true, false, false]) == 1)
    #expect(auroc(scores: [bad, 0.9, 0.1], isPositive: [false, true, true]) == 0)
    #expect(auroc(scores: [bad, 0.9, 0.1], isPositive: [true, false, false], nonFinite: .lowest) == 0)
  }

  @Test func aRowWithANumberMissingHasNoDefectScore() {
    let scores = defectScores([0.75, 0.25, 0.9, .nan], classes: 2, good: 0)
    #expect(scores[0] == 0.25 && scores[1].isNaN)
  }
}

@Suite struct ThresholdTests {
  /// scikit-learn 1.9.1: the best of `f1_score(y, [x >= c for x in sc])` over all scores c is 0.6233766233766234, at 0.5.
  @Test func bestF1() throws {
    let (scores, isDefect) = tiedScores()
    let point = try #require(bestF1Threshold(defectScores: scores, isDefect: isDefect))
    #expect(close(point.f1, 0.6233766233766234))
    #expect(point.threshold == 0.4921875, "midway between the scores 0.484375 and 0.5")
  }

  /// Every point says of its threshold what counting says.
  @Test func pointsAreWhatCountingSays() {
    var (scores, isDefect) = tiedScores()
    scores[3] = .nan
    scores[4] = -.infinity
    let points = operatingPoints(defectScores: scores, isDefect: isDefect)
    #expect(points.count > 40)
    for point in points {
      let errors = InspectionErrors(isDefect: isDefect, defectScores: scores, threshold: point.threshold)
      #expect(close(errors.escapeRate.value, point.escapeRate) && close(errors.overkillRate.value, point.overkillRate))
    }
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.threshold < $1.threshold })
  }

  @Test func atAGivenEscapeOrOverkill() throws {
    let scores = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8]
    let isDefect = [false, false, true, false, true, true]
    let none = try #require(threshold(maximumEscapeRate: 0, defectScores: scores, isDefect: isDefect))
    #expect(none.threshold == 0.25 && none.escapeRate == 0 && close(none.overkillRate, 1.0 / 3))
    let third = try #require(threshold(maximumEscapeRate: 0.34, defectScores: scores, isDefect: isDefect))
    #expect(third.threshold == 0.5 && third.overkillRate == 0)
    let clean = try #require(threshold(maximumOverkillRate: 0, defectScores: scores, isDefect: isDefect))
    #expect(clean.threshold == 0.5 && close(clean.escapeRate, 1.0 / 3))
    // A good part without a score is always rejected, so no threshold keeps the overkill at zero.
    #expect(threshold(maximumOverkillRate: 0, defectScores: [.nan, 0.9], isDefect: [false, true]) == nil)
  }

  @Test func neighbouringScoresStayApart() throws {
    let low = 0.5
    let point = try #require(
      threshold(maximumOverkillRate: 0, defectScores: [low, low.nextUp], isDefect: [false, true]))
    #expect(point.threshold == low.nextUp && point.escapeRate == 0)
    #expect(bestF1Threshold(defectScores: [], isDefect: []) == nil)
  }
}
