/// The receiver operating characteristic: true positive rate against false positive rate over all thresholds.
///
/// Positive means "defect" (or the class in question, one against the rest). A sample is called positive when its
/// score is at least the threshold. Tied scores make one step, so that the area counts a tie as one half
/// (Fawcett 2006, doi 10.1016/j.patrec.2005.10.010; the same as scikit-learn's `roc_curve` with
/// `drop_intermediate=False`).
public struct ROCCurve: Sendable, Hashable {
  /// Descending; the first is +infinity, where nothing is called positive.
  public let thresholds: [Double]
  /// Negatives called positive, 0...1, ascending.
  public let falsePositiveRate: [Double]
  /// Positives called positive, 0...1, ascending.
  public let truePositiveRate: [Double]

  /// The curve of `scores`, or `nil` where one of the two kinds is missing and the curve does not exist.
  public init?(scores: [Double], isPositive: [Bool], nonFinite: NonFiniteScore = .highest) {
    let ranking = Ranking(scores: scores, isPositive: isPositive, nonFinite: nonFinite)
    guard ranking.positives > 0, ranking.negatives > 0 else { return nil }
    let positives = Double(ranking.positives)
    let negatives = Double(ranking.negatives)
    thresholds = [.infinity] + ranking.thresholds
    falsePositiveRate = [0] + ranking.falsePositives.map { Double($0) / negatives }
    truePositiveRate = [0] + ranking.truePositives.map { Double($0) / positives }
  }

  /// Area under the curve by the trapezoidal rule, 0...1: the chance that a random positive outranks a random
  /// negative.
  public var area: Double {
    var sum = 0.0
    for i in falsePositiveRate.indices.dropFirst() {
      sum +=
        (falsePositiveRate[i] - falsePositiveRate[i - 1]) * (truePositiveRate[i] + truePositiveRate[i - 1]) / 2
    }
    return sum
  }
}

/// Area under the ROC curve, or `nil` where one of the two kinds is missing.
public func auroc(scores: [Double], isPositive: [Bool], nonFinite: NonFiniteScore = .highest) -> Double? {
  ROCCurve(scores: scores, isPositive: isPositive, nonFinite: nonFinite)?.area
}

/// Good against defect: the area under the ROC curve of the defect scores 1 - p(good).
///
/// - Parameters:
///   - probabilities: row-major, one row per sample.
///   - labels: true class of every row.
///   - good: index of the acceptable class.
public func goodAgainstDefectAUROC(probabilities: [Float], classes: Int, labels: [Int], good: Int) -> Double? {
  auroc(
    scores: defectScores(probabilities, classes: classes, good: good), isPositive: labels.map { $0 != good })
}

/// One class against the rest: the area under the ROC curve of every class; `nil` for a class without positives or
/// without negatives. Samples with a score that is not finite rank last in every class.
public func oneAgainstRestAUROC(probabilities: [Float], classes: Int, labels: [Int]) -> [Double?] {
  (0..<classes).map { index in
    auroc(
      scores: scoreColumn(probabilities, classes: classes, index: index),
      isPositive: labels.map { $0 == index }, nonFinite: .lowest)
  }
}

/// Precision against recall over all thresholds.
public struct PrecisionRecallCurve: Sendable, Hashable {
  /// Descending: a sample is called positive when its score is at least the threshold.
  public let thresholds: [Double]
  /// Positives among those called positive, 0...1.
  public let precision: [Double]
  /// Positives called positive, 0...1, ascending.
  public let recall: [Double]

  /// The curve of `scores`, or `nil` where there are no positives.
  public init?(scores: [Double], isPositive: [Bool], nonFinite: NonFiniteScore = .highest) {
    let ranking = Ranking(scores: scores, isPositive: isPositive, nonFinite: nonFinite)
    guard ranking.positives > 0 else { return nil }
    thresholds = ranking.thresholds
    precision = zip(ranking.truePositives, ranking.falsePositives).map { Double($0) / Double($0 + $1) }
    recall = ranking.truePositives.map { Double($0) / Double(ranking.positives) }
  }

  /// Sum of precision times gain in recall, without interpolation: scikit-learn's `average_precision_score`.
  public var averagePrecision: Double {
    var sum = 0.0
    var before = 0.0
    for i in recall.indices {
      sum += (recall[i] - before) * precision[i]
      before = recall[i]
    }
    return sum
  }
}
