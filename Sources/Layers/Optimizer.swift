public import Tensors

/// How gradients become steps. State (moments) is kept beside the parameters, in visiting order.
public struct Optimizer {
  public enum Method: Sendable, Hashable {
    /// Stochastic gradient descent with momentum (0 for none), decay added to the gradient.
    case sgd(momentum: Float = 0.9, nesterov: Bool = false)
    /// Tieleman and Hinton 2012: the gradient over the root of its running square.
    case rmsProp(decay: Float = 0.99, epsilon: Float = 1e-8)
    /// Kingma and Ba 2015, arXiv 1412.6980; decay is added to the gradient.
    case adam(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
    /// Loshchilov and Hutter 2019, arXiv 1711.05101: decay acts on the weights themselves.
    case adamW(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
  }

  public let method: Method
  /// Factor of the weight decay, on parameters that want it.
  public let weightDecay: Float
  /// The parameters that are trained, in visiting order.
  public let parameters: [Parameter]
  /// First moments (or the velocity) of each parameter.
  public let first: [Tensor]
  /// Second moments of each parameter; empty where the method has none.
  public let second: [Tensor]
  /// Steps taken.
  public var step = 0

  public init(_ method: Method, weightDecay: Float = 0, parameters: [Parameter]) {
    self.method = method
    self.weightDecay = weightDecay
    self.parameters = parameters.filter(\.isTrained)
    let zeros = self.parameters.map { Tensor(repeating: 0, shape: $0.value.shape, on: $0.value.engine) }
    first = zeros
    if case .sgd = method {
      second = []
    } else {
      second = self.parameters.map { Tensor(repeating: 0, shape: $0.value.shape, on: $0.value.engine) }
    }
  }

  /// The L2 norm of all gradients together.
  public func gradientNorm() -> Float {
    Float(parameters.reduce(0.0) { $0 + ($1.gradient?.sumOfSquares() ?? 0) }.squareRoot())
  }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - rate: the learning rate.
  ///   - clip: the largest norm of all gradients together; larger ones are scaled down to it (Pascanu et al. 2013,
  ///     arXiv 1211.5063).
  ///   - average: where given, the moving average of the parameters that is brought up to date.
  /// - Returns: the gradients' norm before clipping; the step is left out if it is not finite. The gradients are gone
  ///   either way.
  @discardableResult
  public mutating func step(rate: Float, clip: Float? = nil, average: WeightAverage? = nil) -> Float {
    defer { for parameter in parameters { parameter.gradient = nil } }
    let norm = gradientNorm()
    guard norm.isFinite else { return norm }
    let scale = clip.map { norm > $0 ? $0 / norm : 1 } ?? 1
    step += 1
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      update(index, parameter, gradient, rate: rate, scale: scale)
    }
    average?.update(after: step)
    return norm
  }

  private func update(_ index: Int, _ parameter: Parameter, _ gradient: Tensor, rate: Float, scale: Float) {
    let decay = parameter.decays ? weightDecay : 0
    let value = parameter.value
    switch method {
    case .adamW(let beta1, let beta2, let epsilon):
      value.adamStep(
        gradient, first[index], second[index], step: step, rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        decay: decay, scale: scale)
    case .adam(let beta1, let beta2, let epsilon):
      var total = gradient.scaled(by: scale)
      if decay != 0 { total.add(value.scaled(by: decay)) }
      value.adamStep(
        total, first[index], second[index], step: step, rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
        decay: 0, scale: 1)
    case .sgd(let momentum, let nesterov):
      value.descend(
        gradient, velocity: first[index], rate: rate, momentum: momentum, nesterov: nesterov, decay: decay,
        scale: scale)
    case .rmsProp(let keep, let epsilon):
      value.rmsPropStep(
        gradient, square: second[index], rate: rate, keep: keep, epsilon: epsilon, decay: decay, scale: scale)
    }
  }
}
