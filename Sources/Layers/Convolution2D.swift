public import Tensors

/// Convolution of [N, I, H, W] to [N, O, H', W'].
public struct Convolution2D: Layer {
  /// [O, I / groups, kernel, kernel]
  public let weight: Parameter
  /// [O], or none where a normalisation follows.
  public let bias: Parameter?
  public let window: Window

  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, window: Window, bias: Bool = true,
    initializer: Initializer = .heNormal, random: inout SeededGenerator, on engine: Engine
  ) {
    precondition(inputs % window.groups == 0 && outputs % window.groups == 0, "\(window.groups) groups of \(inputs)")
    weight = Parameter(
      initializer(Shape(outputs, inputs / window.groups, kernel, kernel), random: &random, on: engine))
    self.bias =
      bias ? Parameter(Tensor(repeating: 0, shape: Shape(outputs), on: engine), decays: false) : nil
    self.window = window
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    x.convolved(with: pass.tape(weight), bias: bias.map { pass.tape($0) }, window)
  }

  /// The sum of this convolution and another one, without a bias, of something else.
  public func forward(_ x: Variable, plus other: Convolution2D, of place: Variable, _ pass: inout Pass) -> Variable {
    precondition(other.window == window && other.bias == nil, "\(other.window) beside \(window)")
    return x.convolved(
      with: pass.tape(weight), bias: bias.map { pass.tape($0) }, window, plus: place, with: pass.tape(other.weight))
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), weight)
    if let bias { visit(join(path, "bias"), bias) }
  }
}

/// Transposed convolution of [N, I, H, W] to [N, O, H', W'], which undoes the size of a strided convolution.
public struct TransposedConvolution2D: Layer {
  /// [I, O / groups, kernel, kernel]
  public let weight: Parameter
  public let bias: Parameter?
  public let window: Window
  /// Rows and columns added at the end.
  public let extra: Int

  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, window: Window, extra: Int = 0, bias: Bool = true,
    initializer: Initializer = .heNormal, random: inout SeededGenerator, on engine: Engine
  ) {
    weight = Parameter(
      initializer(Shape(inputs, outputs / window.groups, kernel, kernel), random: &random, on: engine))
    self.bias =
      bias ? Parameter(Tensor(repeating: 0, shape: Shape(outputs), on: engine), decays: false) : nil
    self.window = window
    self.extra = extra
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    x.transposeConvolved(with: pass.tape(weight), bias: bias.map { pass.tape($0) }, window, extra: extra)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), weight)
    if let bias { visit(join(path, "bias"), bias) }
  }
}
