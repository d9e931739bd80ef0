extension Variable {
  /// 1 - (2 sum p t + s) / (sum p + sum t + s) for probabilities p = self, for each [H, W] plane of [N, C, H, W], the
  /// weighted mean over the planes (soft dice; Milletari et al. 2016, arXiv 1606.04797, with plain sums below).
  ///
  /// - Parameters:
  ///   - targets: as self, 0...1.
  ///   - weights: a factor for each of the N x C planes; planes of weight 0 do not count.
  public func softOverlapLoss(_ targets: Tensor, weights: [Float], smoothing: Float = 1) -> Variable {
    precondition(targets.shape == shape && shape.rank == 4, "targets of \(targets.shape) for \(shape)")
    let planes = shape[0] * shape[1]
    precondition(weights.count == planes, "\(weights.count) weights for \(planes) planes")
    let p = value.plain()
    let t = targets.plain()
    let size = shape.pixels
    let gradient = Tensor(repeating: 0, shape: shape, on: engine)
    var total = 0.0
    let mass = weights.reduce(0.0) { $0 + Double($1) }
    for plane in 0..<planes where weights[plane] != 0 {
      var both: Float = 0
      var sum: Float = 0
      for i in plane * size..<(plane + 1) * size {
        unsafe both += p.pointer[i] * t.pointer[i]
        unsafe sum += p.pointer[i] + t.pointer[i]
      }
      let numerator = 2 * both + smoothing
      let denominator = sum + smoothing
      total += Double(weights[plane] * (1 - numerator / denominator))
      let share = weights[plane] / Float(mass)
      for i in plane * size..<(plane + 1) * size {
        unsafe gradient.pointer[i] = -share * (2 * t.pointer[i] * denominator - numerator) / (denominator * denominator)
      }
    }
    return tape.record(
      Tensor(mass > 0 ? Float(total / mass) : 0, on: engine), from: self,
      with: LossRecord(input: self, gradient: gradient, scale: 1))
  }
}
