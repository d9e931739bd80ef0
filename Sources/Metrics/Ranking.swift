/// Where a score that is not finite is put when samples are ranked.
public enum NonFiniteScore: Sendable {
  /// Above every finite score: for defect scores, because such a part is always rejected. NaN, +infinity and
  /// -infinity alike.
  case highest
  /// Below every finite score: for scores of the good class, because such a part is never accepted.
  case lowest

  @inlinable func value(_ score: Double) -> Double {
    guard !score.isFinite else { return score }
    return self == .highest ? .infinity : -.infinity
  }
}

/// How many positives and negatives score at least each of the distinct scores, from the highest down: the one
/// pass over ranked samples that ROC and precision-recall curves and threshold searches share. Tied scores make
/// one step, as in scikit-learn's `_binary_clf_curve`.
struct Ranking {
  /// Distinct scores, descending.
  private(set) var thresholds: [Double] = []
  /// Positives with a score of at least the threshold.
  private(set) var truePositives: [Int] = []
  /// Negatives with a score of at least the threshold.
  private(set) var falsePositives: [Int] = []

  var positives: Int { truePositives.last ?? 0 }
  var negatives: Int { falsePositives.last ?? 0 }

  init(scores: [Double], isPositive: [Bool], nonFinite: NonFiniteScore) {
    precondition(scores.count == isPositive.count, "\(scores.count) scores, \(isPositive.count) labels")
    let values = scores.map(nonFinite.value)
    let order = values.indices.sorted { values[$0] > values[$1] }
    var hits = 0
    var alarms = 0
    for (position, index) in order.enumerated() {
      if isPositive[index] { hits += 1 } else { alarms += 1 }
      if position + 1 < order.count, values[order[position + 1]] == values[index] { continue }
      thresholds.append(values[index])
      truePositives.append(hits)
      falsePositives.append(alarms)
    }
  }
}

/// One score column of a row-major table of scores, such as the probabilities of one class.
///
/// - Precondition: `scores.count` is a multiple of `classes`, `index` is in `0..<classes`.
public func scoreColumn(_ scores: [Float], classes: Int, index: Int) -> [Double] {
  precondition(classes > 0 && scores.count % classes == 0, "\(scores.count) scores for \(classes) classes")
  precondition(index >= 0 && index < classes, "class \(index) is outside 0..<\(classes)")
  return stride(from: index, to: scores.count, by: classes).map { Double(scores[$0]) }
}

/// Defect scores 1 - p(good) of a row-major table of probabilities; NaN where any of the row is not finite.
public func defectScores(_ probabilities: [Float], classes: Int, good: Int) -> [Double] {
  scoreColumn(probabilities, classes: classes, index: good).enumerated().map { row, p in
    let whole = probabilities[row * classes..<(row + 1) * classes].allSatisfy(\.isFinite)
    return whole ? 1 - p : .nan
  }
}
