import CKernels

extension Tensor {
  /// `self += other`; where the memory is shared with another tensor, that one keeps its numbers.
  package mutating func add(_ other: Tensor) {
    precondition(shape == other.shape, "\(shape) + \(other.shape)")
    if !Storage.isUnshared(&storage) { self = copy() }
    let target = unsafe pointer
    let share = other.inLayout(layout)
    engine.parallel(count, grain: 4096) { begin, end in unsafe ckernels_add(target, share.pointer, begin, end) }
  }

  package func scaled(by factor: Float) -> Tensor {
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    engine.parallel(count, grain: 4096) { begin, end in
      unsafe ckernels_scale(pointer, factor, result.pointer, begin, end)
    }
    return result
  }

  func multiplied(by other: Tensor) -> Tensor {
    precondition(shape == other.shape, "\(shape) x \(other.shape)")
    let result = Tensor(uninitialized: shape, layout: layout, on: engine)
    let factor = other.inLayout(layout)
    engine.parallel(count, grain: 4096) { begin, end in
      unsafe ckernels_multiply(pointer, factor.pointer, result.pointer, begin, end)
    }
    return result
  }

  /// Sum of all elements.
  public func sum() -> Double { unsafe ckernels_sum(pointer, Int64(count)) }
  /// Sum of the squares of all elements.
  public func sumOfSquares() -> Double { unsafe ckernels_sum_of_squares(pointer, Int64(count)) }
}

extension Engine {
  /// As ``parallel(_:_:)`` over elements, on one thread where there are too few to be worth another.
  func parallel(_ count: Int, grain: Int, _ body: (Int64, Int64) -> Void) {
    if count <= grain { body(0, Int64(count)) } else { parallel(count, body) }
  }
}

extension Variable {
  /// Element by element; both of the same shape.
  public static func + (left: Variable, right: Variable) -> Variable {
    var sum = left.value.copy()
    sum.add(right.value)
    return left.tape.record(sum, from: left, right, with: SumRecord(left: left, right: right))
  }

  /// Element by element; both of the same shape.
  public static func - (left: Variable, right: Variable) -> Variable { left + right * -1 }

  /// Element by element; both of the same shape.
  public static func * (left: Variable, right: Variable) -> Variable {
    left.tape.record(
      left.value.multiplied(by: right.value), from: left, right, with: ProductRecord(left: left, right: right))
  }

  public static func * (left: Variable, factor: Float) -> Variable {
    left.tape.record(left.value.scaled(by: factor), from: left, with: ScaleRecord(input: left, factor: factor))
  }

  /// The sum of all elements, a scalar.
  public func sum() -> Variable {
    let total = Tensor(Float(value.sum()), on: engine)
    return tape.record(total, from: self, with: TotalRecord(input: self))
  }

  /// The mean of all elements, a scalar.
  public func mean() -> Variable { sum() * (1 / Float(value.count)) }

  /// The same elements, row major, under another shape.
  public func reshaped(to newShape: Shape) -> Variable {
    tape.record(value.reshaped(to: newShape), from: self, with: ReshapeRecord(input: self))
  }

  /// [N, F...] to [N, F].
  public func flattened() -> Variable { reshaped(to: Shape(shape[0], value.count / max(1, shape[0]))) }

  /// Sets each element to zero with probability `rate` and scales the others by 1 / (1 - rate) (Srivastava et al.
  /// 2014). `random` gives numbers in 0 ..< 1.
  public func dropout(rate: Float, random: () -> Float) -> Variable {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
    if rate == 0 { return self }
    let keep = 1 / (1 - rate)
    let mask = Tensor(shape: shape, on: engine) { _ in random() < rate ? 0 : keep }
    return self * tape.constant(mask)
  }
}

private struct SumRecord: Record {
  let left: Variable
  let right: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy, into: left)
    tape.accumulate(dy, into: right)
  }
}

private struct ProductRecord: Record {
  let left: Variable
  let right: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(dy.multiplied(by: right.value), into: left)
    tape.accumulate(dy.multiplied(by: left.value), into: right)
  }
}

private struct ScaleRecord: Record {
  let input: Variable
  let factor: Float

  func backward(_ dy: Tensor, _ tape: Tape) { tape.accumulate(dy.scaled(by: factor), into: input) }
}

private struct TotalRecord: Record {
  let input: Variable

  func backward(_ dy: Tensor, _ tape: Tape) {
    tape.accumulate(Tensor(repeating: dy.scalar, shape: input.shape, on: dy.engine), into: input)
  }
}

private struct ReshapeRecord: Record {
  let input: Variable

  func backward(_ dy: Tensor, _ tape: Tape) { tape.accumulate(dy.reshaped(to: input.shape), into: input) }
}
