import Glibc

/// By how much one of two methods is better than the other over the same folds of a cross-validation, or from the same
/// seeds.
///
/// For folds the interval is that of the corrected resampled t test (Nadeau and Bengio 2003, Machine Learning 52, 239-281, doi
/// 10.1023/A:1024068626366): folds share most of their training parts, so their results are not independent, and the
/// plain paired t test finds differences where there are none. The correction multiplies the variance of the mean, 1 / k,
/// by 1 + k n_test / n_train, which is 1 + k / (k - 1) for k folds.
public struct PairedDifference: Sendable, Hashable, Codable {
  /// Mean of the second's figures less the first's.
  public let mean: Double
  /// Lower end of the interval.
  public let low: Double
  /// Upper end of the interval.
  public let high: Double
  /// Share of such intervals that hold the true difference.
  public let confidence: Double

  /// Whether the interval leaves 0 out.
  public var isClear: Bool { low > 0 || high < 0 }

  /// - Parameters:
  ///   - first: one figure for each fold.
  ///   - second: those of the other method on the same folds.
  ///   - sharesParts: whether they are folds, which share training parts; else they are independent, such as trainings from
  ///     several seeds, and the interval is that of the plain paired t test (Student 1908).
  /// - Returns: nil for fewer than two folds, or where a figure is not a number.
  public init?(first: [Double], second: [Double], confidence: Double = 0.95, sharesParts: Bool = true) {
    precondition(first.count == second.count, "\(first.count) folds and \(second.count)")
    precondition(confidence > 0 && confidence < 1, "confidence \(confidence) is not between 0 and 1")
    let differences = zip(first, second).map { $1 - $0 }
    guard differences.count >= 2, differences.allSatisfy(\.isFinite) else { return nil }
    let k = Double(differences.count)
    let mean = differences.reduce(0, +) / k
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (k - 1)
    let half =
      studentQuantile(1 - (1 - confidence) / 2, freedom: k - 1)
      * (variance * (1 / k + (sharesParts ? 1 / (k - 1) : 0))).squareRoot()
    self.mean = mean
    low = mean - half
    high = mean + half
    self.confidence = confidence
  }
}

/// The quantile function of Student's t distribution, by that of the beta distribution (DLMF 8.17).
///
/// - Parameters:
///   - probability: in 0.5 ..< 1.
///   - freedom: degrees of freedom, above 0.
func studentQuantile(_ probability: Double, freedom: Double) -> Double {
  precondition(probability >= 0.5 && probability < 1 && freedom > 0, "quantile \(probability) of t(\(freedom))")
  let x = inverseRegularizedIncompleteBeta(2 * (1 - probability), a: freedom / 2, b: 0.5)
  return (freedom * (1 - x) / x).squareRoot()
}
