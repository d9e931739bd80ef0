public import Tensors

/// Multi-head self-attention of tokens [N, T, D] (Vaswani et al. 2017, arXiv 1706.03762).
public struct MultiHeadAttention: Layer {
  /// Queries, keys and values at once: [3 D, D], in the order of PyTorch's `in_proj_weight`.
  public let projection: Dense
  /// [D, D], on all heads' results together.
  public let output: Dense
  public let heads: Int

  /// - Precondition: `heads` divides `features`.
  public init(
    _ features: Int, heads: Int, initializer: Initializer = .glorotUniform, random: inout SeededGenerator,
    on engine: Engine
  ) {
    precondition(heads > 0 && features % heads == 0, "\(heads) heads of \(features) features")
    projection = Dense(features, 3 * features, initializer: initializer, random: &random, on: engine)
    output = Dense(features, features, initializer: initializer, random: &random, on: engine)
    self.heads = heads
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable { forward(x, &pass, residual: nil) }

  /// With a residual [N, T, D] added to the result.
  public func forward(_ x: Variable, _ pass: inout Pass, residual: Variable?) -> Variable {
    output.forward(projection.forward(x, &pass).attention(heads: heads), &pass, residual: residual)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    projection.visitParameters(join(path, "qkv"), visit)
    output.visitParameters(join(path, "proj"), visit)
  }
}

/// A transformer block on tokens [N, T, D] with normalisation in front of its branches, which trains without warm-up
/// tricks (Xiong et al. 2020, arXiv 2002.04745): x + attention(norm(x)), then y + second(gelu(first(norm(y)))).
public struct TransformerBlock: Layer {
  public let firstNorm: LayerNormalization
  public let attention: MultiHeadAttention
  public let secondNorm: LayerNormalization
  /// [hidden, D]
  public let first: Dense
  /// [D, hidden]
  public let second: Dense

  /// - Parameter expansion: hidden features of the second branch, as a multiple of D.
  public init(
    _ features: Int, heads: Int, expansion: Int = 4, initializer: Initializer = .glorotUniform,
    random: inout SeededGenerator, on engine: Engine
  ) {
    firstNorm = LayerNormalization(features, on: engine)
    attention = MultiHeadAttention(features, heads: heads, initializer: initializer, random: &random, on: engine)
    secondNorm = LayerNormalization(features, on: engine)
    first = Dense(features, expansion * features, initializer: initializer, random: &random, on: engine)
    second = Dense(expansion * features, features, initializer: initializer, random: &random, on: engine)
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    let y = attention.forward(firstNorm.forward(x, &pass), &pass, residual: x)
    // `init` makes it with a bias.
    let hidden = secondNorm.forward(y, &pass).denseGELU(pass.tape(first.weight), bias: pass.tape(first.bias!))
    return second.forward(hidden, &pass, residual: y)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    firstNorm.visitParameters(join(path, "norm1"), visit)
    attention.visitParameters(join(path, "attn"), visit)
    secondNorm.visitParameters(join(path, "norm2"), visit)
    first.visitParameters(join(path, "fc1"), visit)
    second.visitParameters(join(path, "fc2"), visit)
  }
}

/// Cuts [N, C, H, W] into square patches and makes a token of each, [N, T, D] with T = H W / size^2, to which what is
/// learned of its place is added (Dosovitskiy et al. 2021, arXiv 2010.11929).
public struct PatchEmbedding: Layer {
  /// [D, C, size, size] with a stride of size.
  public let projection: Convolution2D
  /// [1, D, rows, columns]; resampled for inputs with another number of patches.
  public let positions: Parameter
  public let size: Int

  /// - Parameters:
  ///   - size: pixels along a patch's side.
  ///   - rows: patches below each other in the usual input.
  ///   - columns: patches beside each other.
  public init(
    _ channels: Int, _ features: Int, size: Int, rows: Int, columns: Int, random: inout SeededGenerator,
    on engine: Engine
  ) {
    projection = Convolution2D(
      channels, features, kernel: size, window: Window(stride: size), initializer: .glorotUniform, random: &random,
      on: engine)
    positions = Parameter(
      Initializer.truncatedNormal(0.02)(Shape(1, features, rows, columns), random: &random, on: engine),
      decays: false)
    self.size = size
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    let patches = projection.forward(x, &pass)
    var places = pass.tape(positions)
    if places.shape.height != patches.shape.height || places.shape.width != patches.shape.width {
      places = places.resized(height: patches.shape.height, width: patches.shape.width)
    }
    return patches.tokens().addingToEach(places.tokens())
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    projection.visitParameters(join(path, "proj"), visit)
    visit(join(path, "positions"), positions)
  }
}
