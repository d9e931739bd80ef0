import CKernels

extension Tensor {
  /// The largest singular value of the tensor as a matrix [first axis, rest], by a step of the power method from `left`.
  ///
  /// - Parameter left: as many numbers as the first axis, of length 1.
  /// - Returns: the value, and the better estimates of the left and the right singular vector.
  fileprivate func singularValue(from left: [Float]) -> (value: Float, left: Tensor, right: Tensor) {
    let rows = shape[0]
    let columns = count / max(1, rows)
    precondition(layout == .plain && left.count == rows, "\(left.count) numbers for the rows of \(shape)")
    let right = Tensor(repeating: 0, shape: Shape(columns), on: engine)
    engine.parallel(columns, grain: 4096 / max(1, rows)) { begin, end in
      for row in 0..<rows { unsafe ckernels_axpy(pointer + row * columns, left[row], right.pointer, begin, end) }
    }
    right.normalize()
    let product = Tensor(uninitialized: Shape(rows), on: engine)
    engine.parallel(rows, grain: 4096 / max(1, columns)) { begin, end in
      for row in Int(begin)..<Int(end) {
        unsafe product.pointer[row] = Float(ckernels_dot(pointer + row * columns, right.pointer, Int64(columns)))
      }
    }
    let better = product.copy()
    better.normalize()
    return (Float(unsafe ckernels_dot(better.pointer, product.pointer, Int64(rows))), better, right)
  }

  /// Divides a vector by its length, wherever its storage is referred to.
  private func normalize() {
    let length = Float(sumOfSquares().squareRoot())
    if length > 1e-12 { unsafe ckernels_scale(pointer, 1 / length, pointer, 0, Int64(count)) }
  }
}

extension Variable {
  /// The weights [O, ...] over their largest singular value as a matrix [O, rest] (Miyato et al. 2018, arXiv 1802.05957).
  ///
  /// - Parameter left: the estimate of the left singular vector, which one step of the power method makes better. The
  ///   gradient takes the singular vectors for constants, as PyTorch's does.
  public func spectrallyNormalized(_ left: inout [Float]) -> Variable {
    let weights = value.plain()
    let found = weights.singularValue(from: left)
    for row in left.indices { unsafe left[row] = found.left.pointer[row] }
    let scale = 1 / max(found.value, 1e-12)
    let result = weights.scaled(by: scale)
    return tape.record(
      result, from: self,
      with: SpectralRecord(input: self, result: result, scale: scale, left: found.left, right: found.right))
  }
}

private struct SpectralRecord: Record {
  let input: Variable
  let result: Tensor
  let scale: Float
  let left: Tensor
  let right: Tensor

  /// With s = u' W v: d(W / s) = dW / s - W / s^2 u' dW v.
  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let dot = unsafe Float(ckernels_dot(dy.pointer, result.pointer, Int64(dy.count)))
    let (rows, columns) = (left.count, right.count)
    let dx = dy.scaled(by: scale)
    tape.engine.parallel(rows, grain: 4096 / max(1, columns)) { begin, end in
      for row in Int(begin)..<Int(end) {
        unsafe ckernels_axpy(
          right.pointer, -scale * dot * left.pointer[row], dx.pointer + row * columns, 0, Int64(columns))
      }
    }
    tape.accumulate(dx, into: input)
  }
}
