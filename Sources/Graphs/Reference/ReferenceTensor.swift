import Glibc

/// A row-major tensor with obvious, slow operations: the twin of every fast kernel.
struct ReferenceTensor: Sendable, Hashable {
  var shape: [Int]
  var values: [Float]

  init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// Filled by a function of the position.
  init(shape: [Int], _ value: ([Int]) -> Float) {
    self.shape = shape
    let count = shape.reduce(1, *)
    values = []
    values.reserveCapacity(count)
    for index in 0..<count { values.append(value(ReferenceTensor.position(index, shape))) }
  }

  static func position(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    var position = shape
    for axis in shape.indices.reversed() {
      position[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return position
  }

  subscript(_ position: [Int]) -> Float {
    var index = 0
    for (size, coordinate) in zip(shape, position) { index = index * size + coordinate }
    return values[index]
  }

  func map(_ function: (Float) -> Float) -> ReferenceTensor {
    ReferenceTensor(shape: shape, values: values.map(function))
  }

  func combine(_ other: ReferenceTensor, _ operation: BinaryOperation, shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      let a = broadcasted(position)
      let b = other.broadcasted(position)
      return switch operation {
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .power: powf(a, b)
      }
    }
  }

  /// The element at a position of a larger shape.
  func broadcasted(_ position: [Int]) -> Float {
    self[zip(shape, position.suffix(shape.count)).map { $0 == 1 ? 0 : $1 }]
  }

  func gemm(_ b: ReferenceTensor, _ c: ReferenceTensor?, _ gemm: Gemm, shape: [Int]) -> ReferenceTensor {
    let inner = gemm.transposesA ? self.shape[0] : self.shape[1]
    return ReferenceTensor(shape: shape) { position in
      var sum = 0.0
      for k in 0..<inner {
        let left = gemm.transposesA ? self[[k, position[0]]] : self[[position[0], k]]
        let right = gemm.transposesB ? b[[position[1], k]] : b[[k, position[1]]]
        sum += Double(left) * Double(right)
      }
      return gemm.alpha * Float(sum) + (c.map { gemm.beta * $0.broadcasted(position) } ?? 0)
    }
  }

  func matrixProduct(_ b: ReferenceTensor, shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      let batch = Array(position.dropLast(2))
      var sum = 0.0
      for k in 0..<self.shape.last! {
        let left = broadcasted(batch + [position[shape.count - 2], k])
        let right = b.broadcasted(batch + [k, position[shape.count - 1]])
        sum += Double(left) * Double(right)
      }
      return Float(sum)
    }
  }

  func attention(
    _ k: ReferenceTensor, _ v: ReferenceTensor, mask: ReferenceTensor?, scale: Float, shape: [Int]
  ) -> ReferenceTensor {
    let rank = shape.count
    var turned = k.shape
    turned.swapAt(rank - 2, rank - 1)
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let size = Array(shape.dropLast()) + [k.shape[rank - 2]]
    var scores = matrixProduct(k.transpose(order, shape: turned), shape: size).map { $0 * scale }
    if let mask { scores = scores.combine(mask, .add, shape: size) }
    return scores.softmax(axis: rank - 1, trailing: false).matrixProduct(v, shape: shape)
  }

  // MARK: Axes

  func reduce(_ reduction: Reduction, axes: [Int], shape: [Int]) -> ReferenceTensor {
    let kept = self.shape.indices.map { axes.contains($0) ? 1 : self.shape[$0] }
    var sums = [Double](repeating: 0, count: kept.reduce(1, *))
    var maxima = [Float](repeating: -.infinity, count: sums.count)
    for (index, value) in values.enumerated() {
      let position = ReferenceTensor.position(index, self.shape)
      var target = 0
      for axis in kept.indices { target = target * kept[axis] + (axes.contains(axis) ? 0 : position[axis]) }
      sums[target] += Double(value)
      // `max` would let a NaN pass or not depending on the order.
      if value > maxima[target] || value.isNaN { maxima[target] = value }
    }
    let divisor = reduction == .mean ? Double(values.count / sums.count) : 1
    return ReferenceTensor(shape: shape, values: reduction == .max ? maxima : sums.map { Float($0 / divisor) })
  }

  func softmax(axis: Int, trailing: Bool) -> ReferenceTensor {
    let axes = trailing ? Array(axis..<shape.count) : [axis]
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    let maximum = reduce(.max, axes: axes, shape: kept)
    let powers = combine(maximum, .subtract, shape: shape).map(Activation.exp.callAsFunction)
    return powers.combine(powers.reduce(.sum, axes: axes, shape: kept), .divide, shape: shape)
  }

  static func concatenation(_ tensors: [ReferenceTensor], axis: Int, shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      var position = position
      for tensor in tensors {
        if position[axis] < tensor.shape[axis] { return tensor[position] }
        position[axis] -= tensor.shape[axis]
      }
      return .nan
    }
  }

  func transpose(_ permutation: [Int], shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      var source = position
      for (axis, from) in permutation.enumerated() { source[from] = position[axis] }
      return self[source]
    }
  }

  func slice(_ ranges: [(axis: Int, start: Int, step: Int, count: Int)], shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      var source = position
      for range in ranges { source[range.axis] = range.start + position[range.axis] * range.step }
      return self[source]
    }
  }

  func pad(_ before: [Int], _ value: Float, shape: [Int]) -> ReferenceTensor {
    ReferenceTensor(shape: shape) { position in
      let source = zip(position, before).map { $0 - $1 }
      let isInside = zip(source, self.shape).allSatisfy { $0 >= 0 && $0 < $1 }
      return isInside ? self[source] : value
    }
  }
}
