import CDNN

#if canImport(Glibc)
  import Glibc
#endif

extension Tensor {
  /// op(self) op(other) for matrices, where op transposes if asked to.
  public func matrixProduct(_ other: Tensor, transposed: Bool = false, otherTransposed: Bool = false) -> Tensor {
    let a = plain()
    let b = other.plain()
    let rows = transposed ? shape[1] : shape[0]
    let inner = transposed ? shape[0] : shape[1]
    let columns = otherTransposed ? other.shape[0] : other.shape[1]
    precondition(
      shape.rank == 2 && other.shape.rank == 2 && inner == (otherTransposed ? other.shape[1] : other.shape[0]),
      "\(shape) times \(other.shape)")
    let result = Tensor(uninitialized: Shape(rows, columns), on: engine)
    let status = unsafe cdnn_sgemm(
      transposed ? 1 : 0, otherTransposed ? 1 : 0, Int64(rows), Int64(columns), Int64(inner), 1, a.pointer,
      Int64(shape[1]), b.pointer, Int64(other.shape[1]), 0, result.pointer, Int64(columns))
    precondition(status == 0, "dnnl_sgemm of \(shape) and \(other.shape)")
    return result
  }
}

extension Variable {
  /// A fully connected layer: [N, I] with weights [O, I] and, where given, a bias [O], to [N, O].
  public func dense(_ weights: Variable, bias: Variable? = nil) -> Variable {
    var result = value.matrixProduct(weights.value, otherTransposed: true)
    if let bias { result = result.affine(scale: nil, shift: bias.value) }
    return tape.record(result, from: self, weights, bias ?? weights) { dy, tape in
      tape.accumulate(dy.matrixProduct(value, transposed: true), into: weights)
      if let bias { tape.accumulate(dy.channelSums(), into: bias) }
      tape.accumulate(dy.matrixProduct(weights.value), into: self)
    }
  }

  /// exp(x) / sum of exp(x) over the classes of [N, K] or [N, K, H, W].
  public func softmax() -> Variable {
    let classes = shape[1]
    let pixels = shape[2] * shape[3]
    let x = value.plain()
    let y = Tensor(uninitialized: shape, on: engine)
    for n in 0..<shape[0] {
      for p in 0..<pixels {
        let start = n * classes * pixels + p
        var largest = -Float.infinity
        for k in 0..<classes { largest = unsafe max(largest, x.pointer[start + k * pixels]) }
        var sum: Float = 0
        for k in 0..<classes {
          let e = unsafe expf(x.pointer[start + k * pixels] - largest)
          unsafe y.pointer[start + k * pixels] = e
          sum += e
        }
        for k in 0..<classes { unsafe y.pointer[start + k * pixels] /= sum }
      }
    }
    return tape.record(y, from: self) { gradient, tape in
      let dy = gradient.plain()
      let dx = Tensor(uninitialized: shape, on: dy.engine)
      for n in 0..<shape[0] {
        for p in 0..<pixels {
          let start = n * classes * pixels + p
          var dot: Float = 0
          for k in 0..<classes {
            let i = start + k * pixels
            unsafe dot += dy.pointer[i] * y.pointer[i]
          }
          for k in 0..<classes {
            let i = start + k * pixels
            unsafe dx.pointer[i] = y.pointer[i] * (dy.pointer[i] - dot)
          }
        }
      }
      tape.accumulate(dx, into: self)
    }
  }
}
