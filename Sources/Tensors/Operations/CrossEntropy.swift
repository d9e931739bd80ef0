import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Variable {
  /// Cross entropy of softmax(self) over the classes against target probabilities:
  /// - sum over k of classWeights[k] target[k] log softmax(self)[k], the mean over positions (what PyTorch's
  /// `cross_entropy` does with probabilities).
  ///
  /// - Parameters:
  ///   - targets: as self, [N, K] or [N, K, H, W].
  ///   - classWeights: K factors of the classes' terms, or nil for ones. They do not change what the sum is divided by.
  ///   - weights: one factor for each position, [N] or [N, 1, H, W]; nil for ones. The mean is over them; positions of
  ///     weight 0 do not count.
  /// - Returns: a scalar; 0 where all weights are 0.
  public func softmaxCrossEntropy(_ targets: Tensor, classWeights: [Float]? = nil, weights: Tensor? = nil) -> Variable {
    let normalizer = weights.map { $0.sum() } ?? Double(shape.count / max(1, shape[1]))
    return crossEntropy(targets, classWeights, weights, over: normalizer)
  }

  /// Cross entropy of softmax(self) over the classes against one class for each position (what PyTorch's `cross_entropy`
  /// does with class indices).
  ///
  /// - Parameters:
  ///   - labels: the class of each position, row major: N for [N, K], N H W for [N, K, H, W]; -1 where the position does
  ///     not count.
  ///   - smoothing: the share of each target that is spread over all classes (Szegedy et al. 2015, arXiv 1512.00567).
  ///   - classWeights: K factors, or nil for ones. The mean is over the weights of the positions' labels.
  ///   - weights: one more factor for each position, as many as labels; nil for ones.
  /// - Returns: a scalar; 0 where nothing counts.
  public func softmaxCrossEntropy(
    labels: [Int], smoothing: Float = 0, classWeights: [Float]? = nil, weights: [Float]? = nil
  ) -> Variable {
    let classes = shape[1]
    let pixels = shape[2] * shape[3]
    precondition(
      labels.count == shape[0] * pixels && (weights == nil || weights!.count == labels.count),
      "\(labels.count) labels for logits of \(shape)")
    precondition(smoothing >= 0 && smoothing < 1, "a label smoothing of \(smoothing)")
    let targets = Tensor(repeating: smoothing / Float(classes), shape: shape, on: engine)
    let factors = Tensor(uninitialized: Shape(labels.count), on: engine)
    var normalizer = 0.0
    for (position, label) in labels.enumerated() {
      precondition(label >= -1 && label < classes, "label \(label) of \(classes) classes")
      let factor = label < 0 ? 0 : weights?[position] ?? 1
      unsafe factors.pointer[position] = factor
      if label < 0 { continue }
      normalizer += Double(factor * (classWeights?[label] ?? 1))
      unsafe targets.pointer[(position / pixels * classes + label) * pixels + position % pixels] += 1 - smoothing
    }
    return crossEntropy(targets, classWeights, factors, over: normalizer)
  }

  private func crossEntropy(_ targets: Tensor, _ classWeights: [Float]?, _ weights: Tensor?, over normalizer: Double)
    -> Variable
  {
    precondition(targets.shape == shape, "targets of \(targets.shape) for logits of \(shape)")
    let classes = shape[1]
    let pixels = shape[2] * shape[3]
    precondition(classWeights == nil || classWeights!.count == classes, "class weights for \(classes) classes")
    precondition(weights == nil || weights!.count == shape[0] * pixels, "weights for the positions of \(shape)")
    let logits = value.plain()
    let wanted = targets.plain()
    let factors = classWeights.map { Tensor($0, shape: Shape(classes), on: engine) }
    let gradient = Tensor(uninitialized: shape, on: engine)
    let total = engine.sum(over: shape[0] * pixels) { position in
      let start = position / pixels * classes * pixels + position % pixels
      let weight = unsafe weights?.pointer[position] ?? 1
      if weight == 0 {
        for k in 0..<classes { unsafe gradient.pointer[start + k * pixels] = 0 }
        return 0
      }
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
      var loss: Float = 0
      for k in 0..<classes {
        let i = start + k * pixels
        let share = unsafe wanted.pointer[i] * (factors?.pointer[k] ?? 1)
        mass += share
        // A share of 0 must not meet an infinite logarithm.
        if share != 0 { unsafe loss += share * (logSum - logits.pointer[i]) }
      }
      for k in 0..<classes {
        let i = start + k * pixels
        let share = unsafe wanted.pointer[i] * (factors?.pointer[k] ?? 1)
        unsafe gradient.pointer[i] = weight * (mass * gradient.pointer[i] / sum - share)
      }
      return Double(weight) * Double(loss)
    }
    return loss(total, gradient, over: normalizer)
  }
}
