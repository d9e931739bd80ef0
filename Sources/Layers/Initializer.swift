public import Tensors

/// How the weights of a layer start.
public enum Initializer: Sendable, Hashable {
  case zeros
  case ones
  case constant(Float)
  /// Normal with variance 2 / fan-in, for layers before a ReLU (He et al. 2015, arXiv 1502.01852).
  case heNormal
  /// Uniform with variance 2 / fan-in (He et al. 2015).
  case heUniform
  /// Normal with variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010).
  case glorotNormal
  /// Uniform with variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010).
  case glorotUniform
  /// Normal with the given standard deviation, cut at two of them.
  case truncatedNormal(Float)
  /// Orthonormal rows (or columns, where these are fewer) of the [outputs, inputs x taps] matrix, times a gain
  /// (Saxe et al. 2014, arXiv 1312.6120).
  case orthogonal(gain: Float)

  /// Weights of `shape`, [outputs, inputs, taps...].
  public func callAsFunction(_ shape: Shape, random: inout SeededGenerator, on engine: Engine) -> Tensor {
    let taps = shape.rank > 2 ? shape[2] * shape[3] : 1
    let fanIn = Float(max(1, (shape.rank > 1 ? shape[1] : shape[0]) * taps))
    let fanOut = Float(max(1, shape[0] * taps))
    let count = shape.count
    var elements: [Float]
    switch self {
    case .orthogonal(let gain):
      let matrix = Tensor.orthogonal(rows: shape[0], columns: count / max(1, shape[0]), random: &random, on: engine)
      elements = matrix.elements.map { $0 * gain }
    case .zeros: elements = [Float](repeating: 0, count: count)
    case .ones: elements = [Float](repeating: 1, count: count)
    case .constant(let value): elements = [Float](repeating: value, count: count)
    case .heNormal: elements = normal((2 / fanIn).squareRoot(), count, &random)
    case .heUniform: elements = uniform((6 / fanIn).squareRoot(), count, &random)
    case .glorotNormal: elements = normal((2 / (fanIn + fanOut)).squareRoot(), count, &random)
    case .glorotUniform: elements = uniform((6 / (fanIn + fanOut)).squareRoot(), count, &random)
    case .truncatedNormal(let deviation):
      elements = []
      elements.reserveCapacity(count)
      while elements.count < count {
        let z = random.normal()
        if abs(z) <= 2 { elements.append(z * deviation) }
      }
    }
    return Tensor(elements, shape: shape, on: engine)
  }

  private func normal(_ deviation: Float, _ count: Int, _ random: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in random.normal() * deviation }
  }

  private func uniform(_ bound: Float, _ count: Int, _ random: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in (2 * random.uniform() - 1) * bound }
  }
}
