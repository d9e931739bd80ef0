import Glibc

/// A function of one number, applied to every element.
public enum Activation: Sendable, Hashable {
  case relu
  /// `x < 0 ? slope x : x`
  case leakyRelu(slope: Float)
  /// `x < 0 ? alpha (exp(x) - 1) : x`
  case elu(alpha: Float)
  case sigmoid
  case tanh
  /// `x sigmoid(x)`
  case silu
  /// `x Φ(x)`, by the error function
  case gelu
  /// `x Φ(x)`, by the tanh approximation (Hendrycks and Gimpel 2016, arXiv 1606.08415)
  case geluTanh
  /// `x min(max(x / 6 + 1/2, 0), 1)`
  case hardSwish
  /// `min(max(alpha x + beta, 0), 1)`
  case hardSigmoid(alpha: Float, beta: Float)
  case clip(low: Float, high: Float)
  /// `scale x + shift`
  case linear(scale: Float, shift: Float)
  case erf
  case exp
  case sqrt
  case abs

  /// The function itself: the plain meaning that every fast kernel is compared with.
  public func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .relu: x < 0 ? 0 : x
    case .leakyRelu(let slope): x < 0 ? slope * x : x
    case .elu(let alpha): x < 0 ? alpha * expm1f(x) : x
    case .sigmoid: 1 / (1 + expf(-x))
    case .tanh: tanhf(x)
    case .silu: x / (1 + expf(-x))
    case .gelu: 0.5 * x * (1 + erff(x * 0.707_106_78))
    case .geluTanh: 0.5 * x * (1 + tanhf(0.797_884_56 * (x + 0.044_715 * x * x * x)))
    case .hardSwish: x * Swift.min(Swift.max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid(let alpha, let beta): Swift.min(Swift.max(alpha * x + beta, 0), 1)
    // Written so that a NaN stays a NaN.
    case .clip(let low, let high): x < low ? low : (x > high ? high : x)
    case .linear(let scale, let shift): scale * x + shift
    case .erf: erff(x)
    case .exp: expf(x)
    case .sqrt: x.squareRoot()
    case .abs: Swift.abs(x)
    }
  }
}
