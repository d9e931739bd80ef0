import CDNN
import CKernels

#if canImport(Glibc)
  import Glibc
#endif

extension Tensor {
  /// op(self) op(other) for matrices, where op transposes if asked to.
  public func matrixProduct(_ other: Tensor, transposed: Bool = false, otherTransposed: Bool = false) -> Tensor {
    precondition(
      shape.rank == 2 && other.shape.rank == 2
        && shape[transposed ? 0 : 1] == other.shape[otherTransposed ? 1 : 0],
      "\(shape) times \(other.shape)")
    let result = Tensor(
      uninitialized: Shape(shape[transposed ? 1 : 0], other.shape[otherTransposed ? 0 : 1]), on: engine)
    result.setProduct(plain(), other.plain(), transposed: transposed, otherTransposed: otherTransposed)
    return result
  }

  /// Numbers of a matrix that stays in a core's own cache.
  private static let cached = 1 << 16

  /// Columns of a product that is one of rows with rows: a classifier's head has so few.
  private static let few = 32

  /// self = op(a) op(b), or self += op(a) op(b), of plain tensors seen as matrices of rows along the last axis.
  fileprivate func setProduct(
    _ a: Tensor, _ b: Tensor, transposed: Bool = false, otherTransposed: Bool = false, adds: Bool = false
  ) {
    let inner = transposed ? a.shape.rows : a.shape.features
    let block = engine.kernelBlock
    // oneDNN takes memory for its copies of the matrices, however small they are.
    if !otherTransposed, engine.vectorWidth >= 8, shape.features.isMultiple(of: block),
      inner * shape.features <= Self.cached
    {
      let (row, column) = transposed ? (1, a.shape.features) : (a.shape.features, 1)
      let width = Int64(shape.features)
      engine.parallel(shape.rows) { begin, end in
        unsafe ckernels_product(
          Int64(block), a.pointer + Int(begin) * row, Int64(row), Int64(column), b.pointer, width,
          pointer + Int(begin) * shape.features, width, end - begin, width, Int64(inner), adds ? 1 : 0)
      }
      return
    }
    // For these oneDNN takes memory too, where there is no AVX-512.
    if otherTransposed && !transposed && shape.features < Self.few {
      let columns = shape.features
      engine.parallel(shape.rows) { begin, end in
        for row in Int(begin)..<Int(end) {
          for column in 0..<columns {
            let product = unsafe ckernels_dot(a.pointer + row * inner, b.pointer + column * inner, Int64(inner))
            let at = row * columns + column
            unsafe pointer[at] = (adds ? pointer[at] : 0) + Float(product)
          }
        }
      }
      return
    }
    let status = unsafe cdnn_sgemm(
      transposed ? 1 : 0, otherTransposed ? 1 : 0, Int64(shape.rows), Int64(shape.features), Int64(inner), 1,
      a.pointer, Int64(a.shape.features), b.pointer, Int64(b.shape.features), adds ? 1 : 0, pointer,
      Int64(shape.features))
    precondition(status == 0, "dnnl_sgemm of \(a.shape) and \(b.shape)")
  }

  /// self = x w + row, or self += x w, by a kernel of our own where one fits: w's element [k, j] is at
  /// `k * rowStep + j * columnStep` of `weights`. False, with nothing done, elsewhere.
  ///
  /// oneDNN packs both matrices, of which the rows are read well as they are, and has no bias.
  private func setDense(
    _ x: Tensor, _ weights: Tensor, rowStep: Int, columnStep: Int, row: Tensor?, adds: Bool
  ) -> Bool {
    let block = engine.kernelBlock
    let (columns, depth) = (shape.features, x.shape.features)
    guard engine.vectorWidth >= 8, columns.isMultiple(of: block), shape.rows >= 64 else { return false }
    let (b, d, c) = (Int64(block), Int64(depth), Int64(columns))
    let packed = engine.pool.storage(count: Int(ckernels_dense_packed(b, d, c)))
    engine.parallel((columns + 2 * block - 1) / (2 * block)) { begin, end in
      unsafe ckernels_dense_pack(
        b, weights.pointer, Int64(rowStep), Int64(columnStep), d, c, packed.pointer, begin, end)
    }
    var product = ckernels_dense(block: b, columns: c, depth: d, adds: adds ? 1 : 0)
    engine.parallel(shape.rows) { begin, end in
      unsafe ckernels_dense_multiply(&product, x.pointer, packed.pointer, row?.pointer, pointer, begin, end)
    }
    return true
  }

  /// self weights' (+ bias) (+ residual), all plain.
  fileprivate func dense(_ weights: Tensor, bias: Tensor?, residual: Tensor?) -> Tensor {
    precondition(
      weights.shape.rank == 2 && weights.shape[1] == shape.features,
      "weights of \(weights.shape) for a layer on \(shape)")
    let width = weights.shape[0]
    let result = Tensor(uninitialized: shape.with(features: width), on: engine)
    if let bias { precondition(bias.count == width, "a bias of \(bias.shape) for \(weights.shape)") }
    if residual == nil, !engine.usesHalves,
      result.setDense(plain(), weights, rowStep: 1, columnStep: shape.features, row: bias, adds: false)
    {
      return result
    }
    if bias != nil || residual != nil {
      if let residual { precondition(residual.shape == result.shape, "\(residual.shape) added to \(result.shape)") }
      let row = bias ?? Tensor(repeating: 0, shape: Shape(width), on: engine)
      let rest = residual?.plain()
      // The matrix product adds to what is there, so that the bias costs no pass of its own over the result.
      engine.parallel(result.shape.rows) { begin, end in
        unsafe ckernels_add_row(rest?.pointer, row.pointer, Int64(width), result.pointer, begin, end)
      }
    }
    let adds = bias != nil || residual != nil
    if engine.usesHalves, width.isMultiple(of: 16), shape.features.isMultiple(of: 2) {
      let pairs = shape.features / 2
      result.setHalfProduct(
        plain().halves(), rowStride: pairs, pairStride: 1, weights.transposedHalfPairs(), pairs: pairs, adds: adds)
    } else if !result.setDense(
      plain(), weights, rowStep: 1, columnStep: shape.features, row: nil, adds: adds)
    {
      result.setProduct(self, weights, otherTransposed: true, adds: adds)
    }
    return result
  }

  /// The weights' gradient of a dense layer on `x`; self is its result's gradient.
  fileprivate func denseWeightGradient(_ x: Tensor) -> Tensor {
    let (outputs, inputs) = (shape.features, x.shape.features)
    let result = Tensor(uninitialized: Shape(outputs, inputs), on: engine)
    let block = engine.kernelBlock
    if engine.usesHalves, inputs.isMultiple(of: 16) {
      let pairs = (x.shape.rows + 1) / 2
      if engine.usesTiles {
        result.setHalfProduct(transposedHalves(), rowStride: pairs, pairStride: 1, x.halfPairs(), pairs: pairs)
      } else {
        result.setHalfProduct(halfPairs(), rowStride: 1, pairStride: outputs, x.halfPairs(), pairs: pairs)
      }
      return result
    }
    guard engine.vectorWidth >= 8, inputs.isMultiple(of: block) else {
      result.setProduct(self, x, transposed: true)
      return result
    }
    // oneDNN is up to a quarter slower: it packs both matrices, of which the gradient is read well as it is.
    let depth = Int64(x.shape.rows)
    engine.parallel(outputs) { begin, end in
      unsafe ckernels_transposed_product(
        Int64(block), pointer, Int64(outputs), x.pointer, result.pointer, Int64(inputs), depth, begin, end)
    }
    return result
  }

  fileprivate func denseDataGradient(_ weights: Tensor, shape: Shape) -> Tensor {
    let result = Tensor(uninitialized: shape, on: engine)
    if engine.usesHalves, shape.features.isMultiple(of: 16), self.shape.features.isMultiple(of: 2) {
      let pairs = self.shape.features / 2
      result.setHalfProduct(halves(), rowStride: pairs, pairStride: 1, weights.halfPairs(), pairs: pairs)
    } else if !result.setDense(self, weights, rowStep: shape.features, columnStep: 1, row: nil, adds: false) {
      result.setProduct(self, weights)
    }
    return result
  }
}

extension Variable {
  /// A fully connected layer on the last axis: [..., I] with weights [O, I] and, where given, a bias [O], to [..., O].
  ///
  /// - Parameter residual: added to the result, of its shape: what a residual branch ends with, at no cost of its own.
  public func dense(_ weights: Variable, bias: Variable? = nil, residual: Variable? = nil) -> Variable {
    let x = value.plain()
    let kernel = weights.value.plain()
    let result = x.dense(kernel, bias: bias?.value, residual: residual?.value)
    return tape.record(
      result, from: self, weights, bias ?? weights, residual ?? weights,
      with: DenseRecord(input: self, weights: weights, bias: bias, residual: residual, x: x, kernel: kernel))
  }

  /// A fully connected layer and the Gaussian error linear unit after it, with the error function (Hendrycks and Gimpel
  /// 2016, arXiv 1606.08415): [..., I] with weights [O, I] and bias [O] to [..., O].
  public func denseGELU(_ weights: Variable, bias: Variable) -> Variable {
    let x = value.plain()
    let kernel = weights.value.plain()
    let engine = self.engine
    // The kernel leaves the derivative where the matrix product was.
    let derivative = x.dense(kernel, bias: nil, residual: nil)
    let width = derivative.shape.features
    precondition(bias.value.count == width, "a bias of \(bias.shape) for \(weights.shape)")
    let result = Tensor(uninitialized: derivative.shape, on: engine)
    engine.parallel(derivative.shape.rows) { begin, end in
      unsafe ckernels_bias_gelu(derivative.pointer, bias.value.pointer, Int64(width), result.pointer, begin, end)
    }
    return tape.record(
      result, from: self, weights, bias,
      with: DenseGELURecord(input: self, weights: weights, bias: bias, x: x, kernel: kernel, derivative: derivative))
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
    return tape.record(y, from: self, with: SoftmaxRecord(input: self, y: y))
  }
}

private struct DenseRecord: Record {
  let input: Variable
  let weights: Variable
  let bias: Variable?
  let residual: Variable?
  let x: Tensor
  let kernel: Tensor

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    if let residual { tape.accumulate(dy, into: residual) }
    if let bias { tape.accumulate(dy.columnSums(), into: bias) }
    tape.accumulate(dy.denseWeightGradient(x), into: weights)
    tape.accumulate(dy.denseDataGradient(kernel, shape: input.shape), into: input)
  }
}

private struct DenseGELURecord: Record {
  let input: Variable
  let weights: Variable
  let bias: Variable
  let x: Tensor
  let kernel: Tensor
  /// Of the linear unit, at the matrix product with its bias.
  let derivative: Tensor

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let dh = Tensor(uninitialized: derivative.shape, on: tape.engine)
    let (rows, width) = (derivative.shape.rows, derivative.shape.features)
    let sums = unsafe Tensor.summed(chunksOf: rows, width: width, on: tape.engine) { partial, begin, end in
      unsafe ckernels_product_sums(
        derivative.pointer, dy.pointer, Int64(rows), Int64(width), dh.pointer, partial, begin, end)
    }
    tape.accumulate(sums, into: bias)
    tape.accumulate(dh.denseWeightGradient(x), into: weights)
    tape.accumulate(dh.denseDataGradient(kernel, shape: input.shape), into: input)
  }
}

private struct SoftmaxRecord: Record {
  let input: Variable
  let y: Tensor

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let shape = y.shape
    let classes = shape[1]
    let pixels = shape[2] * shape[3]
    let dx = Tensor(uninitialized: shape, on: tape.engine)
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
    tape.accumulate(dx, into: input)
  }
}
