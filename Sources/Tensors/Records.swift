/// What the backward pass needs of one operation: its inputs and what it kept of the forward pass.
///
/// A structure and no closure, which would be a heap object each time.
protocol Record {
  /// Hands each input its share of the result's gradient, through ``Tape/accumulate(_:into:)``.
  func backward(_ gradient: Tensor, _ tape: Tape)
}

/// The records of a tape, first in, last out.
///
/// Those of one type lie in one array, and another says whose turn it is: an array of all would hold each on the heap.
/// The arrays keep their memory.
struct Records {
  private var stacks: [ObjectIdentifier: RecordStack] = [:]
  private var order: [(stack: RecordStack, output: Int)] = []

  /// Writes down a record; `output` is the place of its result among the tape's variables.
  mutating func append<R: Record>(_ record: R, output: Int) {
    let stack = stack(of: R.self)
    stack.records.append(record)
    order.append((stack, output))
  }

  /// The stack that the last record is on top of, and its result's place.
  mutating func popLast() -> (stack: RecordStack, output: Int)? { order.popLast() }

  private mutating func stack<R: Record>(of type: R.Type) -> StackOf<R> {
    if let known = stacks[ObjectIdentifier(type)] as? StackOf<R> { return known }
    let made = StackOf<R>()
    stacks[ObjectIdentifier(type)] = made
    return made
  }
}

/// Records of one type.
class RecordStack {
  /// Takes the last record away and runs its backward pass, if a gradient has come to its result.
  func popLast(_ gradient: Tensor?, _ tape: Tape) {}
}

private final class StackOf<R: Record>: RecordStack {
  var records: [R] = []

  override func popLast(_ gradient: Tensor?, _ tape: Tape) {
    let record = records.removeLast()
    if let gradient { record.backward(gradient, tape) }
  }
}
