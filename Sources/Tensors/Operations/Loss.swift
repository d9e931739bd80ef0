import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Variable {
  /// Binary cross entropy of sigmoid(self) against targets in 0...1, the weighted mean over all elements.
  ///
  /// - Parameters:
  ///   - positiveWeight: factor of the terms of positive targets (PyTorch's `pos_weight`).
  ///   - weights: a factor for each element, or nil for ones; the mean is over the weights.
  public func binaryCrossEntropy(_ targets: Tensor, positiveWeight: Float = 1, weights: Tensor? = nil) -> Variable {
    pointwise(targets, weights) { x, t in
      // log(1 + exp(-|x|)) keeps large logits finite.
      let soft = log1pf(expf(-abs(x)))
      let p = x >= 0 ? 1 / (1 + expf(-x)) : expf(x) / (1 + expf(x))
      let positive = t * positiveWeight
      return (positive * (soft + max(-x, 0)) + (1 - t) * (soft + max(x, 0)), (positive + 1 - t) * p - positive)
    }
  }

  /// Focal loss on sigmoid(self) (Lin et al. 2017, arXiv 1708.02002): - alpha (1 - p_t)^gamma log p_t for hard targets
  /// 0 or 1, alpha for positive and 1 - alpha for negative ones; the weighted mean over all elements.
  public func focal(_ targets: Tensor, gamma: Float = 2, alpha: Float = 0.25, weights: Tensor? = nil) -> Variable {
    pointwise(targets, weights) { x, t in
      let sign: Float = t > 0.5 ? 1 : -1
      let z = sign * x
      let p = z >= 0 ? 1 / (1 + expf(-z)) : expf(z) / (1 + expf(z))
      let logP = -(log1pf(expf(-abs(z))) + max(-z, 0))
      let factor = t > 0.5 ? alpha : 1 - alpha
      let modulation = powf(1 - p, gamma)
      let slope = modulation * (gamma * p * logP - (1 - p))
      return (-factor * modulation * logP, factor * slope * sign)
    }
  }

  /// Mean squared difference.
  public func squaredError(_ targets: Tensor, weights: Tensor? = nil) -> Variable {
    pointwise(targets, weights) { x, t in ((x - t) * (x - t), 2 * (x - t)) }
  }

  /// Mean absolute difference.
  public func absoluteError(_ targets: Tensor, weights: Tensor? = nil) -> Variable {
    pointwise(targets, weights) { x, t in (abs(x - t), x > t ? 1 : (x < t ? -1 : 0)) }
  }

  /// Mean of max(0, 1 - t self) for targets of 1 or -1.
  public func hinge(_ targets: Tensor) -> Variable {
    // Asked this way round, a NaN stays one.
    pointwise(targets, nil) { x, t in t * x >= 1 ? (0, 0) : (1 - t * x, -t) }
  }

  /// Kullback-Leibler divergence of softmax(self) from the target distribution over the classes, the mean over
  /// positions: sum of target (log target - log softmax(self)).
  public func softmaxDivergence(_ targets: Tensor) -> Variable {
    var entropy = 0.0
    let wanted = targets.plain()
    for i in 0..<wanted.count {
      let t = unsafe wanted.pointer[i]
      if t > 0 { entropy -= Double(t) * log(Double(t)) }
    }
    let positions = shape.count / max(1, shape[1])
    let offset = tape.constant(Tensor(Float(-entropy / Double(positions)), on: engine))
    return softmaxCrossEntropy(targets) + offset
  }

  /// 1 - (2 sum p t + s) / (sum p + sum t + s) with p = sigmoid(self), for each [H, W] plane (or row of [N, K]), the mean
  /// over those that `weights` counts (Milletari et al. 2016, arXiv 1606.04797, with plain sums in the denominator).
  public func dice(_ targets: Tensor, smoothing: Float = 1, weights: [Float]? = nil) -> Variable {
    precondition(targets.shape == shape, "targets of \(targets.shape) for logits of \(shape)")
    let planes = shape.rank == 4 ? shape[0] * shape[1] : shape[0]
    let size = value.count / planes
    precondition(weights == nil || weights!.count == planes, "weights for \(planes) planes")
    let p = value.activated(.sigmoid).plain()
    let t = targets.plain()
    let gradient = Tensor(uninitialized: shape, on: engine)
    var total = 0.0
    var normalizer = 0.0
    for plane in 0..<planes {
      let weight = weights?[plane] ?? 1
      let range = plane * size..<(plane + 1) * size
      var both = 0.0
      var sum = 0.0
      for i in range {
        unsafe both += Double(p.pointer[i] * t.pointer[i])
        unsafe sum += Double(p.pointer[i] + t.pointer[i])
      }
      let numerator = Float(2 * both) + smoothing
      let denominator = Float(sum) + smoothing
      total += Double(weight * (1 - numerator / denominator))
      normalizer += Double(weight)
      for i in range {
        let slope = unsafe -(2 * t.pointer[i] * denominator - numerator) / (denominator * denominator)
        unsafe gradient.pointer[i] = weight * slope * p.pointer[i] * (1 - p.pointer[i])
      }
    }
    return loss(total, gradient, over: normalizer)
  }

  /// A weighted mean of `term(x, target)`, which gives the loss and its derivative by x.
  @inline(__always)
  private func pointwise(
    _ targets: Tensor, _ weights: Tensor?, _ term: (Float, Float) -> (loss: Float, slope: Float)
  ) -> Variable {
    precondition(targets.shape == shape, "targets of \(targets.shape) for values of \(shape)")
    precondition(weights == nil || weights!.shape == shape, "weights of \(weights!.shape) for values of \(shape)")
    let x = value.plain()
    let t = targets.plain()
    let w = weights?.plain()
    let gradient = Tensor(uninitialized: shape, on: engine)
    let total = engine.sum(over: x.count) { i in
      let weight = unsafe w?.pointer[i] ?? 1
      if weight == 0 {
        unsafe gradient.pointer[i] = 0
        return 0
      }
      let (value, slope) = unsafe term(x.pointer[i], t.pointer[i])
      unsafe gradient.pointer[i] = weight * slope
      return Double(weight * value)
    }
    return loss(total, gradient, over: w.map { $0.sum() } ?? Double(x.count))
  }

  /// A scalar whose gradient by self is `gradient`, both divided by `normalizer`.
  func loss(_ total: Double, _ gradient: Tensor, over normalizer: Double) -> Variable {
    let scale = normalizer > 0 ? 1 / normalizer : 0
    return tape.record(
      Tensor(Float(total * scale), on: engine), from: self,
      with: LossRecord(input: self, gradient: gradient, scale: Float(scale)))
  }
}

/// A scalar whose gradient by `input` is `gradient` times `scale`.
struct LossRecord: Record {
  let input: Variable
  let gradient: Tensor
  let scale: Float

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(gradient.scaled(by: scale * dy.scalar), into: input)
  }
}

extension Engine {
  /// The sum of `term(i)` for i in 0 ..< count. Parts of a fixed length are summed each on its own, so that the result
  /// does not depend on the number of threads.
  @inline(__always)
  func sum(over count: Int, _ term: (Int) -> Double) -> Double {
    let length = 1024
    let parts = (count + length - 1) / length
    let sums = pool.storage(count: 2 * parts)
    let totals = unsafe UnsafeMutableRawPointer(sums.pointer).assumingMemoryBound(to: Double.self)
    parallel(parts) { begin, end in
      for part in Int(begin)..<Int(end) {
        var total = 0.0
        for i in part * length..<min(count, (part + 1) * length) { total += term(i) }
        unsafe totals[part] = total
      }
    }
    var total = 0.0
    for part in 0..<parts { unsafe total += totals[part] }
    return total
  }
}
