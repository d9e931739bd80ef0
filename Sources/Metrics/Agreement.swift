import Glibc

/// Cohen's kappa: agreement of two appraisers beyond what chance would give (Cohen 1960, doi
/// 10.1177/001316446002000104).
public struct CohensKappa: Sendable, Hashable, Codable {
  /// 1 for full agreement, 0 for what chance gives, below 0 for less; NaN where both always say one and the same thing,
  /// so that chance alone gives full agreement.
  public let value: Double
  /// Asymptotic standard error (Fleiss, Cohen and Everitt 1969, doi 10.1037/h0028106).
  public let standardError: Double
  public let low: Double
  public let high: Double

  /// - Parameters:
  ///   - counts: square; how often the first appraiser said the row's class and the second the column's.
  ///   - confidence: of the normal interval.
  /// - Precondition: a square table with at least one count, none negative.
  public init(counts: [[Int]], confidence: Double = 0.95) {
    let classes = counts.count
    precondition(counts.allSatisfy { $0.count == classes && $0.allSatisfy { $0 >= 0 } }, "a table that is not square")
    precondition(confidence > 0 && confidence < 1, "confidence \(confidence) is not between 0 and 1")
    let total = counts.reduce(0) { $0 + $1.reduce(0, +) }
    precondition(total > 0, "no agreement can be told from nothing")
    let n = Double(total)
    let shares = counts.map { $0.map { Double($0) / n } }
    let rows = shares.map { $0.reduce(0, +) }
    let columns = (0..<classes).map { column in shares.reduce(0) { $0 + $1[column] } }
    let observed = (0..<classes).reduce(0) { $0 + shares[$1][$1] }
    let chance = (0..<classes).reduce(0) { $0 + rows[$1] * columns[$1] }
    let kappa = (observed - chance) / (1 - chance)
    var (first, second) = (0.0, 0.0)
    for i in 0..<classes {
      let term = 1 - (rows[i] + columns[i]) * (1 - kappa)
      first += shares[i][i] * term * term
      for j in 0..<classes where j != i {
        let sum = columns[i] + rows[j]
        second += shares[i][j] * sum * sum
      }
    }
    second *= (1 - kappa) * (1 - kappa)
    let third = kappa - chance * (1 - kappa)
    value = kappa
    standardError = ((first + second - third * third) / n).squareRoot() / (1 - chance)
    let half = normalQuantile(1 - (1 - confidence) / 2) * standardError
    low = kappa - half
    high = kappa + half
  }

  /// - Parameters:
  ///   - first: classes that the first appraiser gave, from 0.
  ///   - second: those of the second for the same parts.
  public init(_ first: [Int], _ second: [Int], classes: Int, confidence: Double = 0.95) {
    precondition(first.count == second.count, "\(first.count) verdicts and \(second.count)")
    var counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
    for (a, b) in zip(first, second) { counts[a][b] += 1 }
    self.init(counts: counts, confidence: confidence)
  }
}

/// Fleiss' kappa: agreement of several appraisals of each part beyond chance (Fleiss 1971, doi 10.1037/h0031619).
///
/// - Parameter counts: for each part, how many appraisals gave each class; all parts as many.
/// - Returns: NaN where all appraisals give one and the same class.
/// - Precondition: at least one part and two appraisals of each.
public func fleissKappa(counts: [[Int]]) -> Double {
  guard let first = counts.first else { preconditionFailure("no part was appraised") }
  let appraisals = first.reduce(0, +)
  precondition(
    appraisals >= 2 && counts.allSatisfy { $0.count == first.count && $0.reduce(0, +) == appraisals },
    "parts with different numbers of appraisals")
  let (n, m) = (Double(counts.count), Double(appraisals))
  let agreement =
    counts.reduce(0.0) { sum, row in
      sum + (row.reduce(0.0) { $0 + Double($1 * $1) } - m) / (m * (m - 1))
    } / n
  let chance = first.indices.reduce(0.0) { sum, index in
    let share = counts.reduce(0.0) { $0 + Double($1[index]) } / (n * m)
    return sum + share * share
  }
  return (agreement - chance) / (1 - chance)
}

/// The probability that as one-sided a split of disagreements, or a more one-sided one, comes about by chance where two
/// judges are equally good: McNemar's exact test, two-sided (McNemar 1947, doi 10.1007/BF02295996).
///
/// - Parameters:
///   - first: parts that the first judged right and the second wrong.
///   - second: parts that the second judged right and the first wrong.
public func mcNemarExact(first: Int, second: Int) -> Double {
  precondition(first >= 0 && second >= 0, "\(first) and \(second) disagreements")
  guard first + second > 0 else { return 1 }
  return min(1, 2 * binomialDistribution(min(first, second), trials: first + second, probability: 0.5))
}

/// The probability of at most `successes` in `trials` (DLMF 8.17.5).
public func binomialDistribution(_ successes: Int, trials: Int, probability: Double) -> Double {
  precondition(trials >= 0 && probability >= 0 && probability <= 1, "\(trials) trials of \(probability)")
  if successes < 0 { return 0 }
  if successes >= trials { return 1 }
  return regularizedIncompleteBeta(1 - probability, a: Double(trials - successes), b: Double(successes) + 1)
}

/// The quantile function of the standard normal distribution: a rational approximation (Abramowitz and Stegun 26.2.23),
/// made exact to rounding by Halley's method on the error function.
///
/// - Parameter probability: inside 0...1.
func normalQuantile(_ probability: Double) -> Double {
  precondition(probability > 0 && probability < 1, "quantile \(probability) of the normal distribution")
  if probability > 0.5 { return -normalQuantile(1 - probability) }
  let t = (-2 * log(probability)).squareRoot()
  var x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))))
  for _ in 0..<4 {
    let error = erfc(-x / 2.0.squareRoot()) / 2 - probability
    let step = error * (2 * Double.pi).squareRoot() * exp(x * x / 2)
    x -= step / (1 + x * step / 2)
  }
  return x
}
