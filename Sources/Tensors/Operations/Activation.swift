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

  /// Factor of what is below 0, for those of the ReLU kind.
  private var slope: Float? {
    switch self {
    case .relu: 0
    case .leakyReLU(let slope): slope
    default: nil
    }
  }

  private var algorithm: cdnn_elementwise {
    switch self {
    case .relu, .leakyReLU: CDNN_RELU
    case .silu: CDNN_SILU
    case .gelu: CDNN_GELU_ERF
    case .sigmoid: CDNN_SIGMOID
    case .tanh: CDNN_TANH
    }
  }

  fileprivate func forward(_ x: Tensor, into y: Tensor) {
    if let slope {
      x.engine.parallel(x.count, grain: 4096) { begin, end in
        unsafe ckernels_relu(x.pointer, slope, y.pointer, begin, end)
      }
    } else {
      unsafe x.engine.run(
        primitive(x, CDNN_FORWARD), Arguments(source: x.pointer, destination: y.pointer))
    }
  }

  fileprivate func gradient(_ x: Tensor, _ dy: Tensor, into dx: Tensor) {
    if let slope {
      x.engine.parallel(x.count, grain: 4096) { begin, end in
        unsafe ckernels_relu_gradient(x.pointer, slope, dy.pointer, dx.pointer, begin, end)
      }
    } else {
      unsafe x.engine.run(
        primitive(x, CDNN_BACKWARD_DATA),
        Arguments(source: x.pointer, sourceGradient: dx.pointer, destinationGradient: dy.pointer))
    }
  }

  private func primitive(_ x: Tensor, _ direction: cdnn_direction) -> Primitive {
    // Blocked tensors have no padding, so their layout does not matter here.
    let flat = Shape(x.count)
    let engine = x.engine
    let key = PrimitiveKey(
      kind: .elementwise(direction: direction.rawValue, algorithm: algorithm.rawValue), source: flat)
    return unsafe engine.primitive(key) { handle in
      var data = unsafe Tensor.descriptor(flat, .plain, engine)
      return unsafe cdnn_elementwise_create(
        engine.engine, Int32(direction.rawValue), Int32(algorithm.rawValue), &data, 1, 0, &handle)
    }
  }
}

extension Tensor {
  func activated(_ activation: Activation) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    activation.forward(self, into: result)
    return result
  }

  func activationGradient(_ activation: Activation, _ dy: Tensor) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    activation.gradient(self, dy.inLayout(layout), into: result)
    return result
  }
}

extension Variable {
  /// The function `activation` of each element.
  public func activated(_ activation: Activation) -> Variable {
    tape.record(value.activated(activation), from: self, with: ActivationRecord(input: self, activation: activation))
  }

  /// max(x, 0) of each element.
  public func relu() -> Variable { activated(.relu) }
}

private struct ActivationRecord: Record {
  let input: Variable
  let activation: Activation

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(input.value.activationGradient(activation, dy), into: input)
  }
}
