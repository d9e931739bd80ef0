import CKernels

extension Variable {
  /// Conditional batch normalisation (de Vries et al. 2017, arXiv 1707.00683) in training, with the leaky ReLU after it:
  /// batch normalisation whose result is scaled and shifted once more for each channel of each image,
  /// y = ((x - mean) / sqrt(variance + epsilon) scale + shift) factor + offset, then slope y where y < 0.
  ///
  /// Shapes: self [N, C, H, W], scale and shift [C], factor and offset [N, C]. The running statistics are blended as in
  /// ``batchNormalized(scale:shift:runningMean:runningVariance:momentum:epsilon:residual:relu:)``. One pass over the
  /// numbers where three operations after each other would take three, and less than half as many of them backwards.
  public func batchNormalized(
    scale: Variable, shift: Variable, runningMean: Parameter, runningVariance: Parameter, momentum: Float = 0.1,
    epsilon: Float = 1e-5, factor: Variable, offset: Variable, slope: Float
  ) -> Variable {
    let (images, channels) = (shape[0], shape.channels)
    precondition(
      shape.rank == 4 && scale.value.count == channels && shift.value.count == channels
        && factor.shape == Shape(images, channels) && offset.shape == factor.shape,
      "\(scale.shape), \(shift.shape), \(factor.shape) and \(offset.shape) for the channels of \(shape)")
    let engine = self.engine
    let x = value
    let (mean, inverse) = x.batchMoments(
      runningMean: runningMean, runningVariance: runningVariance, momentum: momentum, epsilon: epsilon)
    let (m, h) = (factor.value.plain(), offset.value.plain())
    let a = Tensor(uninitialized: factor.shape, on: engine)
    let b = Tensor(uninitialized: factor.shape, on: engine)
    for n in 0..<images {
      for c in 0..<channels {
        let i = n * channels + c
        let own = unsafe scale.value.pointer[c] * inverse.pointer[c]
        unsafe a.pointer[i] = own * m.pointer[i]
        unsafe b.pointer[i] = (shift.value.pointer[c] - mean.pointer[c] * own) * m.pointer[i] + h.pointer[i]
      }
    }
    let y = Tensor(uninitialized: shape, layout: x.layout, on: engine)
    var activation = x.activation
    var modulation = unsafe ckernels_modulation(x: x.pointer, scale: a.pointer, shift: b.pointer, slope: slope)
    engine.parallel(images * channels / x.block) { begin, end in
      unsafe ckernels_modulate(&activation, &modulation, y.pointer, begin, end)
    }
    return tape.record(
      y, from: self, scale, shift, factor, offset,
      with: ConditionalNormalizationRecord(
        input: self, scale: scale, shift: shift, factor: factor, offset: offset, mean: mean, inverse: inverse, a: a,
        b: b, slope: slope))
  }
}

private struct ConditionalNormalizationRecord: Record {
  let input: Variable
  let scale: Variable
  let shift: Variable
  let factor: Variable
  let offset: Variable
  let mean: Tensor
  let inverse: Tensor
  /// [N, C]: before the leaky ReLU, y = a x + b.
  let a: Tensor
  let b: Tensor
  let slope: Float

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let engine = tape.engine
    let x = input.value
    let (images, channels) = (x.shape[0], x.shape.channels)
    let units = images * channels / x.block
    let dy = gradient.inLayout(x.layout)
    var activation = x.activation
    var modulation = unsafe ckernels_modulation(x: x.pointer, scale: a.pointer, shift: b.pointer, slope: slope)
    // With g, the gradient before the leaky ReLU: sums over the pixels of g, and of g times x less its mean.
    let sum = Tensor(uninitialized: a.shape, on: engine)
    let dot = Tensor(uninitialized: a.shape, on: engine)
    engine.parallel(units) { begin, end in
      unsafe ckernels_modulate_sums(
        &activation, &modulation, mean.pointer, dy.pointer, sum.pointer, dot.pointer, begin, end)
    }
    let m = factor.value.plain()
    let dscale = Tensor(repeating: 0, shape: Shape(channels), on: engine)
    let dshift = Tensor(repeating: 0, shape: Shape(channels), on: engine)
    let dfactor = Tensor(uninitialized: a.shape, on: engine)
    for n in 0..<images {
      for c in 0..<channels {
        let i = n * channels + c
        let normalized = unsafe dot.pointer[i] * inverse.pointer[c]
        unsafe dscale.pointer[c] += m.pointer[i] * normalized
        unsafe dshift.pointer[c] += m.pointer[i] * sum.pointer[i]
        unsafe dfactor.pointer[i] =
          scale.value.pointer[c] * normalized + shift.value.pointer[c] * sum.pointer[i]
      }
    }
    // dx = scale / deviation (factor g - dshift / n - xhat dscale / n), written as a g + kb x + kc.
    let count = Float(images * x.shape.pixels)
    let kb = Tensor(uninitialized: Shape(channels), on: engine)
    let kc = Tensor(uninitialized: Shape(channels), on: engine)
    for c in 0..<channels {
      let own = unsafe scale.value.pointer[c] * inverse.pointer[c] / count
      unsafe kb.pointer[c] = -own * dscale.pointer[c] * inverse.pointer[c]
      unsafe kc.pointer[c] = -own * dshift.pointer[c] - kb.pointer[c] * mean.pointer[c]
    }
    tape.accumulate(dscale, into: scale)
    tape.accumulate(dshift, into: shift)
    tape.accumulate(dfactor, into: factor)
    tape.accumulate(sum, into: offset)
    let dx = Tensor(uninitialized: x.shape, layout: x.layout, on: engine)
    engine.parallel(units) { begin, end in
      unsafe ckernels_modulate_gradient(
        &activation, &modulation, dy.pointer, a.pointer, kb.pointer, kc.pointer, dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}
