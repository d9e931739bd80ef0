import CKernels

/// Steps of optimisers: they write to the tensor in place.
extension Tensor {
  /// A step of AdamW (arXiv 1711.05101), number `step` from 1.
  package func adamStep(
    _ gradient: Tensor, _ first: Tensor, _ second: Tensor, step: Int, rate: Float, beta1: Float, beta2: Float,
    epsilon: Float, decay: Float, scale: Float
  ) {
    precondition(gradient.shape == shape && first.shape == shape && second.shape == shape, "a step of \(shape)")
    var settings = ckernels_adam(
      rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay,
      correction1: Float(1 / (1 - power(Double(beta1), step))),
      correction2: Float(1 / (1 - power(Double(beta2), step))), scale: scale, average_decay: 0)
    engine.parallel(count, grain: 4096) { begin, end in
      unsafe ckernels_adam_step(
        &settings, gradient.pointer, pointer, first.pointer, second.pointer, nil, begin, end)
    }
  }

  /// A step of gradient descent: v = momentum v + g + decay w; w -= rate v (with Nesterov: rate (g + momentum v)).
  package func descend(
    _ gradient: Tensor, velocity: Tensor, rate: Float, momentum: Float, nesterov: Bool, decay: Float, scale: Float
  ) {
    precondition(gradient.shape == shape && velocity.shape == shape, "a step of \(shape)")
    for i in 0..<count {
      let g = unsafe gradient.pointer[i] * scale + decay * pointer[i]
      let v = unsafe momentum * velocity.pointer[i] + g
      unsafe velocity.pointer[i] = v
      unsafe pointer[i] -= rate * (nesterov ? g + momentum * v : v)
    }
  }

  /// A step of RMSProp: s = keep s + (1 - keep) g^2; w -= rate g / (sqrt(s) + epsilon).
  package func rmsPropStep(
    _ gradient: Tensor, square: Tensor, rate: Float, keep: Float, epsilon: Float, decay: Float, scale: Float
  ) {
    precondition(gradient.shape == shape && square.shape == shape, "a step of \(shape)")
    for i in 0..<count {
      let g = unsafe gradient.pointer[i] * scale + decay * pointer[i]
      let s = unsafe keep * square.pointer[i] + (1 - keep) * g * g
      unsafe square.pointer[i] = s
      unsafe pointer[i] -= rate * g / (s.squareRoot() + epsilon)
    }
  }

  /// self += share (other - self).
  package func blend(toward other: Tensor, share: Float) {
    precondition(other.shape == shape && other.layout == layout, "a blend of \(shape) and \(other.shape)")
    engine.parallel(count, grain: 4096) { begin, end in
      unsafe ckernels_scale(pointer, 1 - share, pointer, begin, end)
      unsafe ckernels_axpy(other.pointer, share, pointer, begin, end)
    }
  }

  /// Overwrites the numbers in place, also for others that refer to the same memory.
  package func overwrite(with other: Tensor) {
    precondition(other.shape == shape && other.layout == layout, "\(shape) from \(other.shape)")
    unsafe pointer.update(from: other.pointer, count: count)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var factor = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result *= factor }
      factor *= factor
      left >>= 1
    }
    return result
  }
}
