import CDNN
import CKernels

/// Element-by-element functions.
public enum Activation: Hashable, Sendable {
  /// max(x, 0)
  case relu
  /// x where x > 0, otherwise `slope` x (Maas et al. 2013).
  case leakyReLU(slope: Float)
  /// x sigmoid(x), also called swish (Hendrycks and Gimpel 2016, arXiv 1606.08415).
  case silu
  /// x Phi(x) with the exact error function (Hendrycks and Gimpel 2016, arXiv 1606.08415).
  case gelu
  /// 1 / (1 + exp(-x))
  case sigmoid
  case tanh

  var algorithm: cdnn_elementwise {
    switch self {
    case .relu, .leakyReLU: CDNN_RELU
    case .silu: CDNN_SILU
    case .gelu: CDNN_GELU_ERF
    case .sigmoid: CDNN_SIGMOID
    case .tanh: CDNN_TANH
    }
  }

  var alpha: Float {
    switch self {
    case .leakyReLU(let slope): slope
    case .silu: 1
    default: 0
    }
  }
}

extension Tensor {
  private func primitive(_ activation: Activation, _ direction: cdnn_direction) -> Primitive {
    // Blocked tensors have no padding, so their layout does not matter here.
    let flat = Shape(count)
    let key = PrimitiveKey(
      kind: .elementwise(direction: direction.rawValue, algorithm: activation.algorithm.rawValue), source: flat,
      alpha: activation.alpha)
    return unsafe engine.primitive(key) { handle in
      var data = unsafe Tensor.descriptor(flat, .plain, engine)
      return unsafe cdnn_elementwise_create(
        engine.engine, Int32(direction.rawValue), Int32(activation.algorithm.rawValue), &data, activation.alpha, 0,
        &handle)
    }
  }

  func activated(_ activation: Activation) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    unsafe engine.run(primitive(activation, CDNN_FORWARD), Arguments(source: pointer, destination: result.pointer))
    return result
  }

  func activationGradient(_ activation: Activation, _ dy: Tensor) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    let gradient = dy.inLayout(layout)
    unsafe engine.run(
      primitive(activation, CDNN_BACKWARD_DATA),
      Arguments(source: pointer, sourceGradient: result.pointer, destinationGradient: gradient.pointer))
    return result
  }
}

extension Variable {
  /// The function `activation` of each element.
  public func activated(_ activation: Activation) -> Variable {
    tape.record(value.activated(activation), from: self) { dy, tape in
      tape.accumulate(value.activationGradient(activation, dy), into: self)
    }
  }

  /// max(x, 0) of each element.
  public func relu() -> Variable { activated(.relu) }
}
