import CKernels

extension Variable {
  /// Multi-head scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762) of a packed projection:
  /// [N, T, 3 D], queries, keys and values one after the other, to [N, T, D]; softmax(Q K' / sqrt(d)) V for each of
  /// `heads` heads of d = D / heads numbers.
  ///
  /// The attention weights are computed again in the backward pass: no more than one number for each query is kept.
  public func attention(heads: Int) -> Variable {
    precondition(
      heads > 0 && shape.rank == 3 && shape[2] % (3 * heads) == 0 && shape[1] > 0,
      "attention of \(heads) heads over \(shape)")
    let engine = self.engine
    let qkv = value.plain()
    let size = shape[2] / 3 / heads
    let attention = ckernels_attention(
      batch: Int64(shape[0]), tokens: Int64(shape[1]), heads: Int64(heads), size: Int64(size),
      block: Int64(engine.kernelBlock))
    let y = Tensor(uninitialized: Shape(shape[0], shape[1], heads * size), on: engine)
    let logsum = Tensor(uninitialized: Shape(shape[0], heads, shape[1]), on: engine)
    let units = shape[0] * heads
    var settings = attention
    let scratch = Scratch(&settings, engine)
    engine.parallel(parts: units) { part, begin, end in
      unsafe ckernels_attend(
        &settings, qkv.pointer, y.pointer, logsum.pointer, scratch.pointer(part), begin, end)
    }
    return tape.record(
      y, from: self, with: AttentionRecord(input: self, qkv: qkv, y: y, logsum: logsum, attention: attention))
  }
}

private struct AttentionRecord: Record {
  let input: Variable
  let qkv: Tensor
  let y: Tensor
  let logsum: Tensor
  let attention: ckernels_attention

  func backward(_ gradient: Tensor, _ tape: Tape) {
    let dy = gradient.plain()
    let dx = Tensor(uninitialized: qkv.shape, on: tape.engine)
    var settings = attention
    let scratch = Scratch(&settings, tape.engine)
    tape.engine.parallel(parts: Int(attention.batch * attention.heads)) { part, begin, end in
      unsafe ckernels_attend_gradient(
        &settings, qkv.pointer, y.pointer, logsum.pointer, dy.pointer, dx.pointer, scratch.pointer(part), begin, end)
    }
    tape.accumulate(dx, into: input)
  }
}

/// Scratch memory of the engine's pool, a piece for each thread.
private struct Scratch {
  private let storage: Storage
  private let each: Int

  init(_ attention: inout ckernels_attention, _ engine: Engine) {
    // Whole cache lines, so that no two threads write to one.
    each = unsafe (Int(ckernels_attention_scratch(&attention)) + 15) / 16 * 16
    storage = engine.pool.storage(count: each * engine.threads)
  }

  func pointer(_ part: Int) -> UnsafeMutablePointer<Float> { unsafe storage.pointer + part * each }
}
