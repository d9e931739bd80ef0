import Glibc

extension Interpreter {
  /// What two numbers become.
  enum Arithmetic {
    case add, subtract, multiply, divide, maximum, minimum, modulo, remainder
    case and, or, xor, shiftLeft, shiftRight

    func callAsFunction(_ a: Double, _ b: Double) -> Double {
      switch self {
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
      case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
      case .remainder: fmod(a, b)
      case .modulo:
        {
          // The sign is the divisor's, also a zero's.
          let rest = fmod(a, b)
          if rest == 0 { return copysign(0, b) }
          return (rest < 0) != (b < 0) && !rest.isNaN ? rest + b : rest
        }()
      default: .nan
      }
    }

    /// Integers wrap around; a division by zero gives zero, after it has been refused.
    func callAsFunction<Value: FixedWidthInteger>(_ a: Value, _ b: Value) -> Value {
      switch self {
      case .add: return a &+ b
      case .subtract: return a &- b
      case .multiply: return a &* b
      case .divide: return b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
      case .maximum: return Swift.max(a, b)
      case .minimum: return Swift.min(a, b)
      case .remainder: return b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
      case .modulo:
        if b == 0 { return 0 }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return rest != 0 && (rest < 0) != (b < 0) ? rest &+ b : rest
      case .and: return a & b
      case .or: return a | b
      case .xor: return a ^ b
      case .shiftLeft: return b >= 64 || b < 0 ? 0 : a << b
      // A negative amount counts as a huge one.
      case .shiftRight: return b < 0 ? a >> 63 : a >> b
      }
    }

    fileprivate var divides: Bool { self == .divide || self == .modulo || self == .remainder }
    fileprivate var isBitwise: Bool {
      switch self {
      case .and, .or, .xor, .shiftLeft, .shiftRight: true
      default: false
      }
    }
  }

  static func binary(_ operation: Arithmetic) -> Body {
    { (call) throws(GraphError) in
      [try combine(call, try call.input(0), try aligned(call), operation)]
    }
  }

  /// Folds any number of inputs.
  static func variadic(_ operation: Arithmetic) -> Body {
    { (call) throws(GraphError) in
      let inputs = try call.all()
      var result = inputs[0]
      for input in inputs.dropFirst() { result = try combine(call, result, input, operation) }
      return [result]
    }
  }

  static func mean(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let sum = try variadic(.add)(call)[0]
    let count = Double(call.inputs.count)
    return [TypedTensor(sum.type, sum.shape, doubles: sum.doubles.map { $0 / count })]
  }

  /// Elements of two arrays where they meet.
  static func zip<A, B, Result>(
    _ a: [A], _ ai: [Int]?, _ b: [B], _ bi: [Int]?, count: Int, _ function: (A, B) -> Result
  ) -> [Result] {
    var result: [Result] = []
    result.reserveCapacity(count)
    if ai == nil && bi == nil {
      for index in 0..<count { result.append(function(a[index], b[index])) }
    } else {
      for index in 0..<count { result.append(function(a[ai?[index] ?? index], b[bi?[index] ?? index])) }
    }
    return result
  }

  static func combine(
    _ call: Invocation, _ a: TypedTensor, _ b: TypedTensor, _ operation: Arithmetic
  ) throws(GraphError) -> TypedTensor {
    guard a.type == b.type else { throw call.malformed("combines \(a.type) and \(b.type)") }
    guard !(a.type.isFloat && operation.isBitwise) else { throw call.malformed("takes \(a.type) for bits") }
    let shape = try call.broadcast([a.shape, b.shape])
    let count = try call.count(shape)
    let ai = Indices.broadcast(a.shape, to: shape)
    let bi = Indices.broadcast(b.shape, to: shape)
    switch (a.elements, b.elements) {
    case (.float(let a1), .float(let b1)):
      let values = zip(a1, ai, b1, bi, count: count) { Float(operation(Double($0), Double($1))) }
      return TypedTensor(a.type, shape, floats: values)
    case (.double(let a1), .double(let b1)):
      return TypedTensor(a.type, shape, .double(zip(a1, ai, b1, bi, count: count) { operation($0, $1) }))
    case (.signed(let a1), .signed(let b1)):
      if operation.divides, b1.contains(0) { throw call.malformed("divides by zero") }
      return TypedTensor(a.type, shape, integers: zip(a1, ai, b1, bi, count: count) { operation($0, $1) })
    case (.unsigned(let a1), .unsigned(let b1)):
      if operation.divides, b1.contains(0) { throw call.malformed("divides by zero") }
      return TypedTensor(a.type, shape, .unsigned(zip(a1, ai, b1, bi, count: count) { operation($0, $1) }))
    default: throw call.malformed("combines \(a.type) and \(b.type)")
    }
  }

  /// The second operand; before opset 7 an attribute could say where its axes belong.
  static func aligned(_ call: Invocation) throws(GraphError) -> TypedTensor {
    let b = try call.input(1)
    guard call.opset < 7, let axis = try call.integer("axis") else { return b }
    let rank = try call.input(0).shape.count
    let first = try call.axis(axis, rank: rank, includingEnd: true)
    guard first + b.shape.count <= rank else {
      throw call.malformed("names axis \(axis) of a tensor with \(rank) axes")
    }
    return b.reshaped(b.shape + [Int](repeating: 1, count: rank - first - b.shape.count))
  }

  static func mod(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (a, b) = (try call.input(0), try call.input(1))
    return [try combine(call, a, b, try call.flag("fmod") ? .remainder : .modulo)]
  }

  static func bitShift(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (a, b) = (try call.input(0), try call.input(1))
    switch try call.string("direction", "") {
    case "LEFT": return [try combine(call, a, b, .shiftLeft)]
    case "RIGHT": return [try combine(call, a, b, .shiftRight)]
    case let other: throw call.malformed("shifts in the direction '\(other)'")
    }
  }

  static func power(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let a = try call.input(0)
    let b = try aligned(call)
    let shape = try call.broadcast([a.shape, b.shape])
    let count = try call.count(shape)
    let ai = Indices.broadcast(a.shape, to: shape)
    let bi = Indices.broadcast(b.shape, to: shape)
    if case .signed(let bases) = a.elements, case .signed(let exponents) = b.elements,
      exponents.allSatisfy({ $0 >= 0 })
    {
      return [TypedTensor(a.type, shape, integers: zip(bases, ai, exponents, bi, count: count, power))]
    }
    return [TypedTensor(a.type, shape, doubles: zip(a.doubles, ai, b.doubles, bi, count: count) { pow($0, $1) })]
  }

  /// By squaring, modulo 2^64.
  private static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
    var (result, square, rest) = (Int64(1), base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  static func parametricRelu(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input(0)
    var slope = try call.input(1)
    if call.opset < 7, slope.shape.count == 1, x.shape.count > 1 {
      slope = slope.reshaped(slope.shape + [Int](repeating: 1, count: x.shape.count - 2))
    }
    guard try call.broadcast([x.shape, slope.shape]) == x.shape else {
      throw call.malformed("has slopes of shape \(slope.shape) for \(x.shape)")
    }
    let slopes = Indices.broadcast(slope.shape, to: x.shape)
    if case .signed(let values) = x.elements, case .signed(let factors) = slope.elements {
      let result = zip(values, nil, factors, slopes, count: x.count) { $0 < 0 ? $0 &* $1 : $0 }
      return [TypedTensor(x.type, x.shape, integers: result)]
    }
    let values = zip(x.doubles, nil, slope.doubles, slopes, count: x.count) { $0 < 0 ? $0 * $1 : $0 }
    return [TypedTensor(x.type, x.shape, doubles: values)]
  }

  // MARK: Comparison and logic

  enum Comparison {
    case equal, less, lessOrEqual, greater, greaterOrEqual

    func callAsFunction<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
      switch self {
      case .equal: a == b
      case .less: a < b
      case .lessOrEqual: a <= b
      case .greater: a > b
      case .greaterOrEqual: a >= b
      }
    }
  }

  static func compare(_ comparison: Comparison) -> Body {
    { (call) throws(GraphError) in
      let a = try call.input(0)
      let b = try aligned(call)
      guard a.type == b.type else { throw call.malformed("compares \(a.type) and \(b.type)") }
      let shape = try call.broadcast([a.shape, b.shape])
      let count = try call.count(shape)
      let ai = Indices.broadcast(a.shape, to: shape)
      let bi = Indices.broadcast(b.shape, to: shape)
      switch (a.elements, b.elements) {
      case (.signed(let a), .signed(let b)):
        return [TypedTensor(shape, bools: zip(a, ai, b, bi, count: count) { comparison($0, $1) })]
      case (.unsigned(let a), .unsigned(let b)):
        return [TypedTensor(shape, bools: zip(a, ai, b, bi, count: count) { comparison($0, $1) })]
      default:
        return [TypedTensor(shape, bools: zip(a.doubles, ai, b.doubles, bi, count: count) { comparison($0, $1) })]
      }
    }
  }

  static func logic(_ operation: Arithmetic) -> Body {
    { (call) throws(GraphError) in
      let a = try call.input(0)
      let b = try aligned(call)
      guard a.type == .bool, b.type == .bool else { throw call.malformed("combines \(a.type) and \(b.type)") }
      return [try combine(call, a, b, operation)]
    }
  }

  static func select(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (condition, a, b) = (try call.input(0), try call.input(1), try call.input(2))
    guard a.type == b.type else { throw call.malformed("chooses between \(a.type) and \(b.type)") }
    let shape = try call.broadcast([condition.shape, a.shape, b.shape])
    let first = call.expanded(a, to: shape)
    let second = call.expanded(b, to: shape)
    let chosen = call.expanded(condition, to: shape).integers
    let count = chosen.count
    let places = chosen.indices.map { chosen[$0] != 0 ? $0 : $0 + count }
    return [try concatenated([first, second]).taking(places, shape: shape)]
  }

  /// The elements of tensors of one type one after the other, as a list.
  static func concatenated(_ tensors: [TypedTensor]) throws(GraphError) -> TypedTensor {
    let type = tensors[0].type
    guard tensors.allSatisfy({ $0.type == type }) else { throw .malformed("tensors of several types are joined") }
    let shape = [tensors.reduce(0) { $0 + $1.count }]
    var floats: [Float] = []
    var doubles: [Double] = []
    var signed: [Int64] = []
    var unsigned: [UInt64] = []
    for tensor in tensors {
      switch tensor.elements {
      case .float(let values): floats += values
      case .double(let values): doubles += values
      case .signed(let values): signed += values
      case .unsigned(let values): unsigned += values
      }
    }
    switch tensors[0].elements {
    case .float: return TypedTensor(type, shape, .float(floats))
    case .double: return TypedTensor(type, shape, .double(doubles))
    case .signed: return TypedTensor(type, shape, .signed(signed))
    case .unsigned: return TypedTensor(type, shape, .unsigned(unsigned))
    }
  }
}
