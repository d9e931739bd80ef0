import CKernels

extension Tensor {
  /// Sums over rows, chunk by chunk: `body` writes `width` numbers for each chunk that it is given.
  static func summed(
    chunksOf rows: Int, width: Int, on engine: Engine,
    _ body: (UnsafeMutablePointer<Float>, Int64, Int64) -> Void
  ) -> Tensor {
    let chunks = (rows + Int(CKERNELS_CHUNK) - 1) / Int(CKERNELS_CHUNK)
    let partial = Tensor(uninitialized: Shape(chunks, width), on: engine)
    engine.parallel(chunks) { begin, end in unsafe body(partial.pointer, begin, end) }
    let sum = Tensor(uninitialized: Shape(width), on: engine)
    unsafe ckernels_sum_rows(partial.pointer, Int64(chunks), Int64(width), sum.pointer, 0, Int64(width))
    return sum
  }

  /// The sum of each column of a plain tensor seen as rows along its last axis, [features].
  func columnSums() -> Tensor {
    unsafe Tensor.summed(chunksOf: shape.rows, width: shape.features, on: engine) { partial, begin, end in
      unsafe ckernels_column_sums(pointer, Int64(shape.rows), Int64(shape.features), partial, begin, end)
    }
  }
}

extension Variable {
  /// Layer normalisation over the last axis (Ba et al. 2016, arXiv 1607.06450):
  /// y = (x - mean) / sqrt(variance + epsilon) scale + shift for each row of [..., F], with scale and shift [F].
  public func layerNormalized(scale: Variable, shift: Variable, epsilon: Float = 1e-5) -> Variable {
    precondition(
      scale.value.count == shape.features && shift.value.count == shape.features,
      "\(scale.shape) and \(shift.shape) for the rows of \(shape)")
    let engine = self.engine
    let x = value.plain()
    var layer = ckernels_layer(rows: Int64(shape.rows), width: Int64(shape.features), epsilon: epsilon)
    let mean = Tensor(uninitialized: Shape(shape.rows), on: engine)
    let inverse = Tensor(uninitialized: Shape(shape.rows), on: engine)
    let y = Tensor(uninitialized: shape, on: engine)
    engine.parallel(shape.rows) { begin, end in
      unsafe ckernels_layer_normalization(
        &layer, x.pointer, scale.value.pointer, shift.value.pointer, y.pointer, mean.pointer, inverse.pointer, begin,
        end)
    }
    return tape.record(
      y, from: self, scale, shift,
      with: LayerNormalizationRecord(
        input: self, scale: scale, shift: shift, x: x, mean: mean, inverse: inverse, layer: layer))
  }

  /// x + row for each image of a batch: [N, ...] and [1, ...], such as tokens and what is learned of their positions.
  public func addingToEach(_ row: Variable) -> Variable {
    let width = row.value.count
    precondition(
      row.shape[0] == 1 && width * shape[0] == value.count && row.shape.rank == shape.rank,
      "\(row.shape) added to each of \(shape)")
    let engine = self.engine
    let x = value.plain()
    let more = row.value.plain()
    let y = Tensor(uninitialized: shape, on: engine)
    engine.parallel(shape[0]) { begin, end in
      unsafe ckernels_add_row(x.pointer, more.pointer, Int64(width), y.pointer, begin, end)
    }
    return tape.record(y, from: self, row, with: RowRecord(input: self, row: row))
  }

  /// The mean of each image's tokens: [N, T, D] to [N, D].
  public func tokenMean() -> Variable {
    precondition(shape.rank == 3 && shape[1] > 0, "\(shape) are no tokens")
    let engine = self.engine
    let x = value.plain()
    let (tokens, width) = (Int64(shape[1]), Int64(shape[2]))
    let y = Tensor(uninitialized: Shape(shape[0], shape[2]), on: engine)
    engine.parallel(shape[0]) { begin, end in
      unsafe ckernels_token_mean(x.pointer, tokens, width, y.pointer, begin, end)
    }
    return tape.record(y, from: self, with: TokenMeanRecord(input: self))
  }

  /// The pixels of [N, C, H, W] as tokens [N, H W, C].
  public func tokens() -> Variable {
    precondition(shape.rank == 4, "\(shape) is no image")
    return tape.record(value.tokens(), from: self, with: TokensRecord(input: self))
  }

  /// Tokens [N, H W, C] as an image [N, C, H, W], in blocked layout where the channels allow it.
  public func image(height: Int, width: Int) -> Variable {
    precondition(shape.rank == 3 && shape[1] == height * width, "\(shape) as images of \(height)x\(width)")
    let result = value.plain().image(
      Shape(shape[0], shape[2], height, width), layout: Tensor.layout(forChannels: shape[2], on: engine))
    return tape.record(result, from: self, with: ImageRecord(input: self))
  }
}

private struct LayerNormalizationRecord: Record {
  let input: Variable
  let scale: Variable
  let shift: Variable
  let x: Tensor
  let mean: Tensor
  let inverse: Tensor
  let layer: ckernels_layer

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let width = x.shape.features
    let dx = Tensor(uninitialized: x.shape, on: tape.engine)
    var layer = layer
    let sums = unsafe Tensor.summed(chunksOf: x.shape.rows, width: 2 * width, on: tape.engine) { partial, begin, end in
      unsafe ckernels_layer_normalization_gradient(
        &layer, x.pointer, scale.value.pointer, mean.pointer, inverse.pointer, dy.pointer, dx.pointer, partial,
        begin, end)
    }
    tape.accumulate(sums.part(0, count: width), into: scale)
    tape.accumulate(sums.part(width, count: width), into: shift)
    tape.accumulate(dx, into: input)
  }
}

private struct RowRecord: Record {
  let input: Variable
  let row: Variable

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let sum = Tensor(uninitialized: row.shape, on: tape.engine)
    let width = sum.count
    tape.engine.parallel(width, grain: 256) { begin, end in
      unsafe ckernels_sum_rows(dy.pointer, Int64(dy.shape[0]), Int64(width), sum.pointer, begin, end)
    }
    tape.accumulate(sum, into: row)
    tape.accumulate(dy, into: input)
  }
}

private struct TokenMeanRecord: Record {
  let input: Variable

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let shape = input.shape
    let dx = Tensor(uninitialized: shape, on: tape.engine)
    tape.engine.parallel(shape[0]) { begin, end in
      unsafe ckernels_token_mean_gradient(
        dy.pointer, Int64(shape[1]), Int64(shape[2]), dx.pointer, begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

private struct TokensRecord: Record {
  let input: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy.plain().image(input.shape, layout: input.value.layout), into: input)
  }
}

private struct ImageRecord: Record {
  let input: Variable

  func backward(_ dy: Tensor, _ tape: Tape) { tape.accumulate(dy.tokens(), into: input) }
}

extension Tensor {
  /// A copy of `count` numbers of a plain tensor, from number `first` on.
  fileprivate func part(_ first: Int, count: Int) -> Tensor {
    let result = Tensor(uninitialized: Shape(count), on: engine)
    unsafe result.pointer.update(from: pointer + first, count: count)
    return result
  }

  fileprivate func tokens() -> Tensor {
    let result = Tensor(uninitialized: Shape(shape.batch, shape.pixels, shape.channels), on: engine)
    var activation = self.activation
    engine.parallel(shape.batch) { begin, end in
      unsafe ckernels_tokens(&activation, pointer, result.pointer, begin, end)
    }
    return result
  }

  fileprivate func image(_ shape: Shape, layout: Layout) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    var activation = result.activation
    engine.parallel(shape.batch) { begin, end in
      unsafe ckernels_image(&activation, pointer, result.pointer, begin, end)
    }
    return result
  }
}
