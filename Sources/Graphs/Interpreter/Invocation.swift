/// One node about to be computed: its operation, attributes and inputs.
struct Invocation: AxisReader {
  let node: ModelNode
  let opset: Int
  /// Nil where an optional input is left out.
  let inputs: [TypedTensor?]
  /// Results are refused beyond this many elements, and sums beyond ``effort`` times as many steps.
  var limit = Invocation.largest

  /// More elements than any picture needs, less than would stop the machine.
  static let largest = 1 << 28
  /// Multiplications an element; 2^28 elements then take less than a minute.
  static let effort = 1 << 6
  /// Integers in lists and attributes are cut off here; sums of them do not overflow.
  static let bound = 1 << 40

  func malformed(_ reason: String) -> GraphError { .malformed("the \(node.operation) node '\(node.name)' \(reason)") }

  func unsupported(_ reason: String) -> GraphError {
    .unsupported(operation: node.operation, node: node.name, opset: opset, reason: reason)
  }

  // MARK: Inputs

  func optional(_ index: Int) -> TypedTensor? { index < inputs.count ? inputs[index] : nil }

  func input(_ index: Int = 0) throws(GraphError) -> TypedTensor {
    guard let tensor = optional(index) else { throw malformed("lacks input \(index)") }
    return tensor
  }

  /// All inputs of an operation that takes any number.
  func all() throws(GraphError) -> [TypedTensor] {
    var result: [TypedTensor] = []
    for index in inputs.indices { result.append(try input(index)) }
    guard !result.isEmpty else { throw malformed("has no inputs") }
    return result
  }

  /// Input `index` as a list of integers, or nil where it is left out.
  func list(_ index: Int) throws(GraphError) -> [Int]? {
    guard let tensor = optional(index) else { return nil }
    guard !tensor.type.isFloat, tensor.shape.count <= 1 else {
      throw malformed("needs a list of integers as input \(index)")
    }
    return tensor.integers.map { Int(min(max($0, Int64(-Invocation.bound)), Int64(Invocation.bound))) }
  }

  /// The one number of input `index`.
  func scalar(_ index: Int) throws(GraphError) -> Double? {
    guard let tensor = optional(index) else { return nil }
    guard tensor.count == 1 else { throw malformed("needs one number as input \(index)") }
    return tensor.doubles[0]
  }

  /// What was an attribute before it became input `index`.
  func list(_ index: Int, or attribute: String) throws(GraphError) -> [Int]? {
    if let values = try list(index) { return values }
    return try integers(attribute)
  }

  // MARK: Attributes

  func integer(_ name: String) throws(GraphError) -> Int? {
    switch node.attributes[name] {
    case nil: return nil
    case .integer(let value): return Int(min(max(value, Int64(-Invocation.bound)), Int64(Invocation.bound)))
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func integer(_ name: String, _ missing: Int) throws(GraphError) -> Int { try integer(name) ?? missing }

  func flag(_ name: String, _ missing: Bool = false) throws(GraphError) -> Bool {
    try integer(name, missing ? 1 : 0) != 0
  }

  func integers(_ name: String) throws(GraphError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .integers(let values):
      return values.map { Int(min(max($0, Int64(-Invocation.bound)), Int64(Invocation.bound))) }
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func float(_ name: String) throws(GraphError) -> Double? {
    switch node.attributes[name] {
    case nil: return nil
    case .float(let value): return Double(value)
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func float(_ name: String, _ missing: Double) throws(GraphError) -> Double { try float(name) ?? missing }

  func floats(_ name: String) throws(GraphError) -> [Float]? {
    switch node.attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func string(_ name: String, _ missing: String) throws(GraphError) -> String {
    switch node.attributes[name] {
    case nil: return missing
    case .string(let value): return value
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func tensor(_ name: String) throws(GraphError) -> TypedTensor? {
    switch node.attributes[name] {
    case nil: return nil
    case .tensor(let value): return value
    default: throw malformed("has an attribute '\(name)' of the wrong type")
    }
  }

  func type(_ name: String, _ missing: ElementType) throws(GraphError) -> ElementType {
    guard let number = try integer(name) else { return missing }
    guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: number)) else {
      throw unsupported("the element type \(number) is not known")
    }
    return type
  }

  // MARK: Shapes

  /// The element count of a result that is about to be made.
  @discardableResult
  func count(_ shape: [Int]) throws(GraphError) -> Int {
    guard shape.count <= 32 else { throw malformed("makes a tensor of \(shape.count) axes") }
    // An axis of no elements counts as one here, so that no order of the axes overflows later.
    var count = 1
    for size in shape {
      guard size >= 0 else { throw malformed("makes a tensor of shape \(shape)") }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(1, size))
      guard !overflow else { throw .memory(bytes: Int.max) }
      count = product
    }
    guard count <= limit else { throw .memory(bytes: count <= Int.max / 4 ? count * 4 : Int.max) }
    return shape.contains(0) ? 0 : count
  }

  /// Refuses a computation of so many steps, the product of `factors`, that it would seem to hang.
  func work(_ factors: Int...) throws(GraphError) {
    var steps = 1
    for factor in factors {
      let (product, overflow) = steps.multipliedReportingOverflow(by: max(1, factor))
      guard !overflow, product <= limit << Invocation.effort.trailingZeroBitCount else {
        throw unsupported("it would take too many steps for a node that is not run by a kernel")
      }
      steps = product
    }
  }

  /// The shape that all these are seen as together.
  func broadcast(_ shapes: [[Int]]) throws(GraphError) -> [Int] {
    var result: [Int] = []
    for shape in shapes {
      let rank = max(result.count, shape.count)
      let a = [Int](repeating: 1, count: rank - result.count) + result
      let b = [Int](repeating: 1, count: rank - shape.count) + shape
      for axis in 0..<rank where a[axis] != b[axis] && a[axis] != 1 && b[axis] != 1 {
        throw malformed("combines the shapes \(shapes.map { "\($0)" }.joined(separator: " and ")), which do not fit")
      }
      result = zip(a, b).map { $0 == 1 ? $1 : $0 }
    }
    try count(result)
    return result
  }

  /// `tensor` seen as `shape`.
  func expanded(_ tensor: TypedTensor, to shape: [Int]) -> TypedTensor {
    guard let places = Indices.broadcast(tensor.shape, to: shape) else { return tensor }
    return tensor.taking(places, shape: shape)
  }
}
