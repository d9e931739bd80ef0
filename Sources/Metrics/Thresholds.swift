/// A threshold on defect scores with what it costs. A part is rejected when its score is at least the threshold.
public struct OperatingPoint: Sendable, Hashable {
  /// Scores of at least this are rejected.
  public let threshold: Double
  /// Defects below the threshold, of all defects.
  public let escapeRate: Double
  /// Good parts at or above the threshold, of all good parts.
  public let overkillRate: Double
  /// F1 of "reject" as the positive class.
  public let f1: Double
}

/// The points that a threshold on these scores can reach, from the strictest to the most lenient.
///
/// Between two neighbouring distinct scores every threshold does the same; the middle is offered, since it is the
/// farthest from both. Only finite thresholds are offered: parts without a finite score are always rejected.
public func operatingPoints(defectScores: [Double], isDefect: [Bool]) -> [OperatingPoint] {
  let ranking = Ranking(scores: defectScores, isPositive: isDefect, nonFinite: .highest)
  let defects = ranking.positives
  let goods = ranking.negatives
  guard defects + goods > 0 else { return [] }
  func point(_ threshold: Double, hits: Int, alarms: Int) -> OperatingPoint {
    OperatingPoint(
      threshold: threshold,
      escapeRate: defects == 0 ? 0 : Double(defects - hits) / Double(defects),
      overkillRate: goods == 0 ? 0 : Double(alarms) / Double(goods),
      f1: hits == 0 ? 0 : 2 * Double(hits) / Double(hits + alarms + defects))
  }
  var points: [OperatingPoint] = []
  let scores = ranking.thresholds
  for i in scores.indices.reversed() where scores[i].isFinite {
    // At the lowest score everything is rejected; elsewhere stand midway to the next lower score.
    let threshold = i + 1 < scores.count ? midway(scores[i + 1], scores[i]) : scores[i]
    points.append(point(threshold, hits: ranking.truePositives[i], alarms: ranking.falsePositives[i]))
  }
  // And the one that rejects nothing but what is not finite.
  let infinite = scores.first.map { $0.isFinite ? 0 : 1 } ?? 0
  if let top = scores.first(where: \.isFinite) {
    points.append(
      point(
        top.nextUp, hits: infinite == 1 ? ranking.truePositives[0] : 0,
        alarms: infinite == 1 ? ranking.falsePositives[0] : 0))
  }
  return points
}

/// The point with the best F1 of "reject" (the lower threshold of equals: fewer escapes); `nil` without samples.
public func bestF1Threshold(defectScores: [Double], isDefect: [Bool]) -> OperatingPoint? {
  var best: OperatingPoint?
  for point in operatingPoints(defectScores: defectScores, isDefect: isDefect) {
    if let current = best, point.f1 <= current.f1 { continue }
    best = point
  }
  return best
}

/// The most lenient point whose escape rate is at most `limit`: of those the one with the fewest overkills.
public func threshold(maximumEscapeRate limit: Double, defectScores: [Double], isDefect: [Bool]) -> OperatingPoint? {
  operatingPoints(defectScores: defectScores, isDefect: isDefect).last { $0.escapeRate <= limit }
}

/// The strictest point whose overkill rate is at most `limit`: of those the one with the fewest escapes. `nil` where
/// none is, since parts without a finite score are rejected whatever the threshold.
public func threshold(maximumOverkillRate limit: Double, defectScores: [Double], isDefect: [Bool])
  -> OperatingPoint?
{
  operatingPoints(defectScores: defectScores, isDefect: isDefect).first { $0.overkillRate <= limit }
}

/// The middle of two scores, never equal to the lower one: `low < result <= high`.
private func midway(_ low: Double, _ high: Double) -> Double {
  let middle = low + (high - low) / 2
  return middle.isFinite && middle > low && middle <= high ? middle : high
}
