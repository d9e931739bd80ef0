public import Tensors

/// Batch normalisation of [N, C, H, W] (Ioffe and Szegedy 2015, arXiv 1502.03167).
public struct BatchNormalization: Layer {
  /// [C], gamma
  public let scale: Parameter
  /// [C], beta
  public let shift: Parameter
  /// [C], blended from the batches' means; what a graph uses.
  public let runningMean: Parameter
  /// [C], blended from the batches' unbiased variances; what a graph uses.
  public let runningVariance: Parameter
  /// Weight of a batch in the running statistics.
  public let momentum: Float
  public let epsilon: Float

  public init(_ channels: Int, scale: Float = 1, momentum: Float = 0.1, epsilon: Float = 1e-5, on engine: Engine) {
    let shape = Shape(channels)
    self.scale = Parameter(Tensor(repeating: scale, shape: shape, on: engine), decays: false)
    shift = Parameter(Tensor(repeating: 0, shape: shape, on: engine), decays: false)
    runningMean = Parameter(Tensor(repeating: 0, shape: shape, on: engine), isTrained: false, decays: false)
    runningVariance = Parameter(Tensor(repeating: 1, shape: shape, on: engine), isTrained: false, decays: false)
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable { forward(x, &pass, relu: false) }

  /// With what usually follows fused in: an added residual, then a ReLU.
  public func forward(_ x: Variable, _ pass: inout Pass, residual: Variable? = nil, relu: Bool) -> Variable {
    x.batchNormalized(
      scale: pass.tape(scale), shift: pass.tape(shift), runningMean: runningMean, runningVariance: runningVariance,
      momentum: momentum, epsilon: epsilon, residual: residual, relu: relu)
  }

  /// Conditional batch normalisation with a factor and an offset [N, C] for each channel of each image, then a leaky
  /// ReLU.
  public func forward(_ x: Variable, _ pass: inout Pass, factor: Variable, offset: Variable, slope: Float) -> Variable {
    x.batchNormalized(
      scale: pass.tape(scale), shift: pass.tape(shift), runningMean: runningMean, runningVariance: runningVariance,
      momentum: momentum, epsilon: epsilon, factor: factor, offset: offset, slope: slope)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), scale)
    visit(join(path, "bias"), shift)
    visit(join(path, "running_mean"), runningMean)
    visit(join(path, "running_var"), runningVariance)
  }
}

/// Group normalisation of [N, C, H, W] (Wu and He 2018, arXiv 1803.08494): instance normalisation where there are as
/// many groups as channels, layer normalisation over the whole image where there is one.
public struct GroupNormalization: Layer {
  public let scale: Parameter
  public let shift: Parameter
  public let groups: Int
  public let epsilon: Float

  public init(_ channels: Int, groups: Int, epsilon: Float = 1e-5, on engine: Engine) {
    precondition(groups > 0 && channels % groups == 0, "\(groups) groups of \(channels) channels")
    scale = Parameter(Tensor(repeating: 1, shape: Shape(channels), on: engine), decays: false)
    shift = Parameter(Tensor(repeating: 0, shape: Shape(channels), on: engine), decays: false)
    self.groups = groups
    self.epsilon = epsilon
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    x.standardized(rows: x.shape[0] * groups, epsilon: epsilon)
      .affine(scale: pass.tape(scale), shift: pass.tape(shift))
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), scale)
    visit(join(path, "bias"), shift)
  }
}

/// Layer normalisation over the last axis of [..., F] (Ba et al. 2016, arXiv 1607.06450).
public struct LayerNormalization: Layer {
  /// [F], gamma
  public let scale: Parameter
  /// [F], beta
  public let shift: Parameter
  public let epsilon: Float

  public init(_ features: Int, epsilon: Float = 1e-5, on engine: Engine) {
    scale = Parameter(Tensor(repeating: 1, shape: Shape(features), on: engine), decays: false)
    shift = Parameter(Tensor(repeating: 0, shape: Shape(features), on: engine), decays: false)
    self.epsilon = epsilon
  }

  public func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    x.layerNormalized(scale: pass.tape(scale), shift: pass.tape(shift), epsilon: epsilon)
  }

  public func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    visit(join(path, "weight"), scale)
    visit(join(path, "bias"), shift)
  }
}
