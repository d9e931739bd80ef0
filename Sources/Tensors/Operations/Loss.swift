import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Variable {
  /// Cross entropy of softmax(self) over the classes against target probabilities, the weighted mean over positions:
  /// - sum over k of target[k] log softmax(self)[k].
  ///
  /// - Parameters:
  ///   - targets: as self, [N, K] or [N, K, H, W]; hard labels are one-hot.
  ///   - classWeights: K factors of the classes' terms, or nil for ones.
  ///   - weights: one factor for each position, [N] or [N, 1, H, W]; nil for ones. Positions of weight 0 do not count.
  /// - Returns: a scalar; 0 where all weights are 0. The mean is over the positions' weights, with class weights over
  ///   those times the targets' (as PyTorch's `cross_entropy`).
  public func softmaxCrossEntropy(_ targets: Tensor, classWeights: [Float]? = nil, weights: Tensor? = nil) -> Variable {
    precondition(targets.shape == shape, "targets of \(targets.shape) for logits of \(shape)")
    let classes = shape[1]
    let pixels = shape[2] * shape[3]
    precondition(classWeights == nil || classWeights!.count == classes, "class weights for \(classes) classes")
    precondition(weights == nil || weights!.count == shape[0] * pixels, "weights for the positions of \(shape)")
    let logits = value.plain()
    let wanted = targets.plain()
    let gradient = Tensor(uninitialized: shape, on: engine)
    var total = 0.0
    var normalizer = 0.0
    for n in 0..<shape[0] {
      for p in 0..<pixels {
        let start = n * classes * pixels + p
        let weight = unsafe weights?.pointer[n * pixels + p] ?? 1
        var largest = -Float.infinity
        for k in 0..<classes { largest = max(largest, unsafe logits.pointer[start + k * pixels]) }
        var sum: Float = 0
        for k in 0..<classes {
          let e = unsafe expf(logits.pointer[start + k * pixels] - largest)
          unsafe gradient.pointer[start + k * pixels] = e
          sum += e
        }
        let logSum = largest + logf(sum)
        var mass: Float = 0
        for k in 0..<classes {
          let i = start + k * pixels
          let share = unsafe wanted.pointer[i] * (classWeights?[k] ?? 1)
          mass += share
          if share != 0, weight != 0 {
            total += unsafe Double(weight * share * (logSum - logits.pointer[i]))
          }
        }
        normalizer += Double(weight * (classWeights == nil ? 1 : mass))
        for k in 0..<classes {
          let i = start + k * pixels
          let share = unsafe wanted.pointer[i] * (classWeights?[k] ?? 1)
          unsafe gradient.pointer[i] = weight * (mass * gradient.pointer[i] / sum - share)
        }
      }
    }
    return loss(total, gradient, over: normalizer)
  }

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
    pointwise(targets, nil) { x, t in t * x < 1 ? (1 - t * x, -t) : (0, 0) }
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
      var both: Float = 0
      var sum: Float = 0
      for i in range {
        unsafe both += p.pointer[i] * t.pointer[i]
        unsafe sum += p.pointer[i] + t.pointer[i]
      }
      let numerator = 2 * both + smoothing
      let denominator = sum + smoothing
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
    var total = 0.0
    var normalizer = 0.0
    for i in 0..<x.count {
      let weight = unsafe w?.pointer[i] ?? 1
      normalizer += Double(weight)
      if weight == 0 {
        unsafe gradient.pointer[i] = 0
        continue
      }
      let (value, slope) = unsafe term(x.pointer[i], t.pointer[i])
      total += Double(weight * value)
      unsafe gradient.pointer[i] = weight * slope
    }
    return loss(total, gradient, over: normalizer)
  }

  private func loss(_ total: Double, _ gradient: Tensor, over normalizer: Double) -> Variable {
    let scale = normalizer > 0 ? 1 / normalizer : 0
    return tape.record(Tensor(Float(total * scale), on: engine), from: self) { dy, tape in
      tape.accumulate(gradient.scaled(by: Float(scale) * dy.scalar), into: self)
    }
  }
}
