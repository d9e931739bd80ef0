extension Tensor {
  /// The largest singular value of the tensor as a matrix [first axis, rest], by a step of the power method from `left`,
  /// which becomes the better estimate of its left singular vector.
  ///
  /// - Parameter left: as many numbers as the first axis, of length 1.
  /// - Returns: the value, and the right singular vector that goes with it.
  func singularValue(from left: inout [Float]) -> (value: Float, right: [Float]) {
    let rows = shape[0]
    let columns = count / max(1, rows)
    precondition(layout == .plain && left.count == rows, "\(left.count) numbers for the rows of \(shape)")
    func normalize(_ vector: inout [Float]) {
      let length = vector.reduce(into: Float(0)) { $0 += $1 * $1 }.squareRoot()
      if length > 1e-12 { for index in vector.indices { vector[index] /= length } }
    }
    var right = [Float](repeating: 0, count: columns)
    for row in 0..<rows {
      let share = left[row]
      for column in 0..<columns { unsafe right[column] += share * pointer[row * columns + column] }
    }
    normalize(&right)
    var product = [Float](repeating: 0, count: rows)
    for row in 0..<rows {
      var sum: Float = 0
      for column in 0..<columns { unsafe sum += pointer[row * columns + column] * right[column] }
      product[row] = sum
    }
    left = product
    normalize(&left)
    return (zip(left, product).reduce(0) { $0 + $1.0 * $1.1 }, right)
  }
}

extension Variable {
  /// The weights [O, ...] over their largest singular value as a matrix [O, rest] (Miyato et al. 2018, arXiv 1802.05957).
  ///
  /// - Parameter left: the estimate of the left singular vector, which one step of the power method makes better. The
  ///   gradient takes the singular vectors for constants, as PyTorch's does.
  public func spectrallyNormalized(_ left: inout [Float]) -> Variable {
    let weights = value.plain()
    let (sigma, right) = weights.singularValue(from: &left)
    let scale = 1 / max(sigma, 1e-12)
    let result = weights.scaled(by: scale)
    return tape.record(
      result, from: self,
      with: SpectralRecord(input: self, result: result, scale: scale, left: left, right: right))
  }
}

private struct SpectralRecord: Record {
  let input: Variable
  let result: Tensor
  let scale: Float
  let left: [Float]
  let right: [Float]

  /// With s = u' W v: d(W / s) = dW / s - W / s^2 u' dW v.
  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let dot = Float(dy.multiplied(by: result).sum())
    let columns = right.count
    let dx = Tensor(shape: result.shape, on: tape.engine) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return unsafe scale * (dy.pointer[index] - dot * left[row] * right[column])
    }
    tape.accumulate(dx, into: input)
  }
}
