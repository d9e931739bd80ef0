import CKernels

struct BatchNormalizationRecord: Record {
  let input: Variable
  let scale: Variable
  let shift: Variable
  let residual: Variable?
  let mean: Tensor
  let inverse: Tensor
  /// y = a x + shiftBy, before the residual and the ReLU.
  let a: Tensor
  let shiftBy: Tensor
  let y: Tensor
  let relu: Bool

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let engine = tape.engine
    let x = input.value
    let (shape, channels) = (x.shape, x.shape.channels)
    let units = channels / x.block
    let count = Float(shape.batch * shape.pixels)
    let dy = gradient.inLayout(x.layout)
    var activation = x.activation
    let sum = Tensor(uninitialized: Shape(channels), on: engine)
    let normalized = Tensor(uninitialized: Shape(channels), on: engine)
    let again = relu && residual == nil
    var normalization = unsafe ckernels_normalization(
      x: x.pointer, mean: mean.pointer, inverse_deviation: inverse.pointer,
      y: relu && !again ? y.pointer : nil, scale: again ? a.pointer : nil, shift: again ? shiftBy.pointer : nil)
    engine.parallel(units) { begin, end in
      unsafe ckernels_normalize_sums(
        &activation, &normalization, dy.pointer, sum.pointer, normalized.pointer, begin, end)
    }
    // dx = a (g - sum / n - xhat normalized / n), written as a g + b x + c.
    let b = Tensor(uninitialized: Shape(channels), on: engine)
    let c = Tensor(uninitialized: Shape(channels), on: engine)
    for i in 0..<channels {
      unsafe b.pointer[i] = -a.pointer[i] * normalized.pointer[i] * inverse.pointer[i] / count
      unsafe c.pointer[i] = -a.pointer[i] * sum.pointer[i] / count - b.pointer[i] * mean.pointer[i]
    }
    tape.accumulate(normalized, into: scale)
    tape.accumulate(sum, into: shift)
    let dx = Tensor(uninitialized: shape, layout: x.layout, on: engine)
    let wantsResidual = residual?.wantsGradient ?? false
    let dresidual = wantsResidual ? Tensor(uninitialized: shape, layout: x.layout, on: engine) : nil
    engine.parallel(units) { begin, end in
      unsafe ckernels_normalize_gradient(
        &activation, &normalization, dy.pointer, a.pointer, b.pointer, c.pointer, dx.pointer, dresidual?.pointer,
        begin, end)
    }
    tape.accumulate(dx, into: input)
    if let residual, let dresidual { tape.accumulate(dresidual, into: residual) }
  }
}

struct StandardizationRecord: Record {
  let input: Variable
  let x: Tensor
  let mean: Tensor
  let inverse: Tensor
  /// The rows as channels.
  let activation: ckernels_activation

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let engine = tape.engine
    let rows = mean.count
    let dy = gradient.plain()
    var activation = activation
    let sum = Tensor(uninitialized: Shape(rows), on: engine)
    let normalized = Tensor(uninitialized: Shape(rows), on: engine)
    var normalization = unsafe ckernels_normalization(
      x: x.pointer, mean: mean.pointer, inverse_deviation: inverse.pointer, y: nil, scale: nil, shift: nil)
    engine.parallel(rows) { begin, end in
      unsafe ckernels_normalize_sums(
        &activation, &normalization, dy.pointer, sum.pointer, normalized.pointer, begin, end)
    }
    let b = Tensor(uninitialized: Shape(rows), on: engine)
    let c = Tensor(uninitialized: Shape(rows), on: engine)
    let count = Float(x.count / rows)
    for r in 0..<rows {
      unsafe b.pointer[r] = -inverse.pointer[r] * normalized.pointer[r] * inverse.pointer[r] / count
      unsafe c.pointer[r] = -inverse.pointer[r] * sum.pointer[r] / count - b.pointer[r] * mean.pointer[r]
    }
    let dx = Tensor(uninitialized: x.shape, on: engine)
    engine.parallel(rows) { begin, end in
      unsafe ckernels_normalize_gradient(
        &activation, &normalization, dy.pointer, inverse.pointer, b.pointer, c.pointer, dx.pointer, nil, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}
