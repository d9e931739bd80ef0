import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Variable {
  /// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) in training, with what usually follows it fused in:
  /// y = (x - mean) / sqrt(variance + epsilon) scale + shift (+ residual), then max(y, 0) if `relu`.
  ///
  /// Shapes: self and residual [N, C, H, W], scale and shift [C]. The batch's mean and variance (unbiased) are blended
  /// into `runningMean` and `runningVariance` with weight `momentum`, as PyTorch does.
  public func batchNormalized(
    scale: Variable, shift: Variable, runningMean: Parameter, runningVariance: Parameter, momentum: Float = 0.1,
    epsilon: Float = 1e-5, residual: Variable? = nil, relu: Bool = false
  ) -> Variable {
    let channels = shape.channels
    precondition(
      scale.value.count == channels && shift.value.count == channels && (residual == nil || residual!.shape == shape),
      "batch normalisation of \(shape) with scale \(scale.shape), residual \(residual?.shape.description ?? "none")")
    let engine = self.engine
    let x = value
    var activation = x.activation
    let units = channels / x.block
    let (mean, inverse) = x.batchMoments(
      runningMean: runningMean, runningVariance: runningVariance, momentum: momentum, epsilon: epsilon)
    let a = Tensor(uninitialized: Shape(channels), on: engine)
    let shiftBy = Tensor(uninitialized: Shape(channels), on: engine)
    for c in 0..<channels {
      unsafe a.pointer[c] = scale.value.pointer[c] * inverse.pointer[c]
      unsafe shiftBy.pointer[c] = shift.value.pointer[c] - mean.pointer[c] * a.pointer[c]
    }
    let more = residual?.value.inLayout(x.layout)
    let y = Tensor(uninitialized: shape, layout: x.layout, on: engine)
    engine.parallel(units) { begin, end in
      unsafe ckernels_scale_shift(
        &activation, x.pointer, a.pointer, shiftBy.pointer, more?.pointer, relu ? 1 : 0, y.pointer, begin, end)
    }
    return tape.record(
      y, from: self, scale, shift, residual ?? self,
      with: BatchNormalizationRecord(
        input: self, scale: scale, shift: shift, residual: residual, mean: mean, inverse: inverse, a: a,
        shiftBy: shiftBy, y: y, relu: relu))
  }

  /// Each of `rows` equal parts (row major) with mean 0 and variance 1: (x - mean) / sqrt(variance + epsilon).
  ///
  /// With an affine after it this is layer normalisation (rows: batch; Ba et al. 2016, arXiv 1607.06450), group
  /// normalisation (batch x groups; Wu and He 2018, arXiv 1803.08494) or instance normalisation (batch x channels;
  /// Ulyanov et al. 2016, arXiv 1607.08022).
  public func standardized(rows: Int, epsilon: Float = 1e-5) -> Variable {
    precondition(rows > 0 && value.count % rows == 0, "\(rows) rows of \(shape)")
    let engine = self.engine
    let x = value.plain()
    var activation = ckernels_activation(
      batch: 1, channels: Int64(rows), pixels: Int64(value.count / rows), block: 1)
    let mean = Tensor(uninitialized: Shape(rows), on: engine)
    let inverse = Tensor(uninitialized: Shape(rows), on: engine)
    let shift = Tensor(uninitialized: Shape(rows), on: engine)
    engine.parallel(rows) { begin, end in
      unsafe ckernels_moments(&activation, x.pointer, mean.pointer, inverse.pointer, begin, end)
    }
    for r in 0..<rows {
      unsafe inverse.pointer[r] = 1 / (inverse.pointer[r] + epsilon).squareRoot()
      unsafe shift.pointer[r] = -mean.pointer[r] * inverse.pointer[r]
    }
    let y = Tensor(uninitialized: shape, on: engine)
    engine.parallel(rows) { begin, end in
      unsafe ckernels_scale_shift(
        &activation, x.pointer, inverse.pointer, shift.pointer, nil, 0, y.pointer, begin, end)
    }
    return tape.record(
      y, from: self,
      with: StandardizationRecord(input: self, x: x, mean: mean, inverse: inverse, activation: activation))
  }
}

extension Tensor {
  /// The mean and 1 / sqrt(variance + epsilon) of each channel of [N, C, H, W], after blending the mean and the unbiased
  /// variance into the running ones.
  func batchMoments(runningMean: Parameter, runningVariance: Parameter, momentum: Float, epsilon: Float)
    -> (mean: Tensor, inverse: Tensor)
  {
    let channels = shape.channels
    let mean = Tensor(uninitialized: Shape(channels), on: engine)
    let variance = Tensor(uninitialized: Shape(channels), on: engine)
    var activation = self.activation
    engine.parallel(channels / block) { begin, end in
      unsafe ckernels_moments(&activation, pointer, mean.pointer, variance.pointer, begin, end)
    }
    let inverse = Tensor(uninitialized: Shape(channels), on: engine)
    let count = Float(shape.batch * shape.pixels)
    let unbias = count > 1 ? count / (count - 1) : 1
    for c in 0..<channels {
      unsafe inverse.pointer[c] = 1 / (variance.pointer[c] + epsilon).squareRoot()
      unsafe runningMean.value.pointer[c] += momentum * (mean.pointer[c] - runningMean.value.pointer[c])
      unsafe runningVariance.value.pointer[c] +=
        momentum * (variance.pointer[c] * unbias - runningVariance.value.pointer[c])
    }
    return (mean, inverse)
  }
}
