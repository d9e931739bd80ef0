import Glibc

/// The regularised incomplete beta function I_x(a, b) in 0...1: the distribution function of Beta(a, b).
///
/// Continued fraction DLMF 8.17.22 evaluated by Lentz's method as modified by Thompson and Barnett (Numerical
/// Recipes 3rd ed., 6.4); the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) keeps it where it converges quickly.
///
/// - Parameters:
///   - x: in 0...1; values outside are clamped.
///   - a: greater than 0.
///   - b: greater than 0.
public func regularizedIncompleteBeta(_ x: Double, a: Double, b: Double) -> Double {
  precondition(a > 0 && b > 0, "the beta function needs positive parameters, not \(a) and \(b)")
  if x.isNaN { return .nan }
  if x <= 0 { return 0 }
  if x >= 1 { return 1 }
  let logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
  if x < (a + 1) / (a + b + 2) {
    return exp(logFront) * betaContinuedFraction(x, a, b) / a
  }
  return 1 - exp(logFront) * betaContinuedFraction(1 - x, b, a) / b
}

/// The x for which I_x(a, b) = `probability`: the quantile function of Beta(a, b).
///
/// Newton's method on the distribution function, kept inside a bracket that halves whenever a step would leave it.
///
/// - Parameters:
///   - probability: in 0...1; values outside are clamped.
///   - a: greater than 0.
///   - b: greater than 0.
public func inverseRegularizedIncompleteBeta(_ probability: Double, a: Double, b: Double) -> Double {
  precondition(a > 0 && b > 0, "the beta function needs positive parameters, not \(a) and \(b)")
  if probability.isNaN { return .nan }
  if probability <= 0 { return 0 }
  if probability >= 1 { return 1 }
  let logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  var low = 0.0
  var high = 1.0
  var x = a / (a + b)
  for _ in 0..<200 {
    let error = regularizedIncompleteBeta(x, a: a, b: b) - probability
    if error == 0 { return x }
    if error < 0 { low = x } else { high = x }
    let density = exp((a - 1) * log(x) + (b - 1) * log1p(-x) - logBeta)
    var next = x - error / density
    if !(next > low && next < high) { next = low + (high - low) / 2 }
    if abs(next - x) <= 1e-15 * next { return next }
    x = next
  }
  return x
}

/// Natural logarithm of the gamma function for positive `x`.
func logGamma(_ x: Double) -> Double { lgamma(x).0 }

/// The continued fraction of DLMF 8.17.22 without its factor in front.
private func betaContinuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
  let tiny = 1e-300
  func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
  var c = 1.0
  var d = 1 / guarded(1 - (a + b) * x / (a + 1))
  var h = d
  // Some sqrt(max(a, b)) rounds are needed; the limit allows for 10^10 trials.
  for round in 1...200_000 {
    let m = Double(round)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guarded(1 + even * d)
    c = guarded(1 + even / c)
    h *= d * c
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guarded(1 + odd * d)
    c = guarded(1 + odd / c)
    h *= d * c
    if abs(d * c - 1) < 3e-16 { break }
  }
  return h
}
