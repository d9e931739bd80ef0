public import Tensors

/// A fully connected layer on the last axis: [..., I] to [..., O].
public struct Dense: Layer {
  /// [O, I]
  public let weight: Parameter
  /// [O]
  public let bias: Parameter?

  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .glorotUniform,
    random: inout SeededGenerator, on engine: Engine
  ) {
    weight = Parameter(initializer(Shape(outputs, inputs), random: &random, on: engine))
    self.bias =
      bias ? Parameter(Tensor(repeating: 0, shape: Shape(outputs), on: engine), decays: false) : nil
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable { forward(x, &pass, residual: nil) }

  /// With a residual added to the result.
  public func forward(_ x: Variable, _ pass: inout Pass, residual: Variable?) -> Variable {
    x.dense(pass.tape(weight), bias: bias.map { pass.tape($0) }, residual: residual)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), weight)
    if let bias { visit(join(path, "bias"), bias) }
  }
}

/// Sets elements to zero at random in training (Srivastava et al. 2014); nothing in a graph.
public struct Dropout: Layer {
  /// Share of elements that are set to zero, 0 ..< 1.
  public let rate: Float

  public init(rate: Float) { self.rate = rate }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    x.dropout(rate: rate) { pass.random.uniform() }
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {}
}
