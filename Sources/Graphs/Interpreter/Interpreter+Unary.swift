import Glibc

extension Interpreter {
  /// An operation on every number by itself. Integers go through `integer`, or are refused.
  static func unary(
    _ function: @escaping @Sendable (Double) -> Double, integer: (@Sendable (Int64) -> Int64)? = nil
  ) -> Body {
    { (call) throws(GraphError) in [try map(call, try call.input(), function, integer)] }
  }

  /// The same with parameters from the node's attributes.
  static func unary(
    _ make: @escaping @Sendable (Invocation) throws(GraphError) -> (@Sendable (Double) -> Double)
  ) -> Body {
    { (call) throws(GraphError) in [try map(call, try call.input(), try make(call), nil)] }
  }

  private static func map(
    _ call: Invocation, _ x: TypedTensor, _ function: (Double) -> Double, _ integer: ((Int64) -> Int64)?
  ) throws(GraphError) -> TypedTensor {
    switch x.elements {
    case .float(let values): return TypedTensor(x.type, x.shape, floats: values.map { Float(function(Double($0))) })
    case .double(let values): return TypedTensor(x.type, x.shape, .double(values.map(function)))
    case .signed(let values):
      guard let integer else { throw call.unsupported("it computes with \(x.type)") }
      return TypedTensor(x.type, x.shape, integers: values.map(integer))
    case .unsigned:
      guard integer != nil else { throw call.unsupported("it computes with \(x.type)") }
      // Only what leaves small positive numbers as they are is defined here.
      return x
    }
  }

  static let sigmoid: @Sendable (Double) -> Double = { 1 / (1 + Glibc.exp(-$0)) }
  static let softplus: @Sendable (Double) -> Double = { $0 > 30 ? $0 : Glibc.log1p(Glibc.exp($0)) }

  static func leakyRelu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", Double(Float(0.01)))
    return { $0 < 0 ? alpha * $0 : $0 }
  }

  static func elu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", 1)
    return { $0 < 0 ? alpha * Glibc.expm1($0) : $0 }
  }

  static func celu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", 1)
    return { Swift.max(0, $0) + Swift.min(0, alpha * Glibc.expm1($0 / alpha)) }
  }

  static func selu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    // The early operator sets rounded the constants.
    let (alpha, gamma) = call.opset < 6 ? (1.6732, 1.0507) : (1.67326319217681884765625, 1.05070102214813232421875)
    let a = try call.float("alpha", alpha)
    let g = try call.float("gamma", gamma)
    return { $0 <= 0 ? g * a * Glibc.expm1($0) : g * $0 }
  }

  static func gelu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    switch try call.string("approximate", "none") {
    case "none": return { 0.5 * $0 * (1 + Glibc.erf($0 / 2.0.squareRoot())) }
    case "tanh":
      return { 0.5 * $0 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    case let other: throw call.unsupported("it approximates by '\(other)'")
    }
  }

  static func hardSigmoid(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", Double(Float(0.2)))
    let beta = try call.float("beta", 0.5)
    return { limited(alpha * $0 + beta, 0, 1) }
  }

  static func shrink(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let bias = try call.float("bias", 0)
    let lambda = try call.float("lambd", 0.5)
    return { $0 < -lambda ? $0 + bias : ($0 > lambda ? $0 - bias : ($0.isNaN ? $0 : 0)) }
  }

  static func thresholdedRelu(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", 1)
    return { $0 > alpha || $0.isNaN ? $0 : 0 }
  }

  static func swish(_ call: Invocation) throws(GraphError) -> @Sendable (Double) -> Double {
    let alpha = try call.float("alpha", 1)
    return { $0 / (1 + Glibc.exp(-alpha * $0)) }
  }

  /// Written so that a NaN stays a NaN.
  static func limited(_ x: Double, _ low: Double, _ high: Double) -> Double { x < low ? low : (x > high ? high : x) }

  static func not(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    return [TypedTensor(x.shape, bools: x.integers.map { $0 == 0 })]
  }

  static func bitwiseNot(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard !x.type.isFloat else { throw call.malformed("inverts the bits of \(x.type)") }
    return [TypedTensor(x.type, x.shape, integers: x.integers.map { ~$0 })]
  }

  static func isInfinite(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let negative = try call.flag("detect_negative", true)
    let positive = try call.flag("detect_positive", true)
    return [TypedTensor(x.shape, bools: x.doubles.map { $0.isInfinite && ($0 < 0 ? negative : positive) })]
  }

  static func isNaN(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    return [TypedTensor(x.shape, bools: x.doubles.map(\.isNaN))]
  }

  static func cast(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    guard call.node.attributes["to"] != nil else { throw call.malformed("does not say to which type") }
    return [try call.input().converted(to: try call.type("to", .float32))]
  }

  static func castLike(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    [try call.input().converted(to: try call.input(1).type)]
  }

  static func identity(_ call: Invocation) throws(GraphError) -> [TypedTensor] { [try call.input()] }

  static func dropout(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    if let training = try call.scalar(2), training != 0, try call.scalar(1) ?? 0.5 != 0 {
      throw call.unsupported("it drops values in training mode")
    }
    // The mask had the data's type before it became a bool.
    let mask = TypedTensor(call.opset < 10 ? x.type : .bool, x.shape, integers: [Int64](repeating: 1, count: x.count))
    return [x, mask]
  }

  static func clip(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    if x.type.isFloat {
      let (least, greatest) = (try call.float("min", -.infinity), try call.float("max", .infinity))
      let (low, high) = (try call.scalar(1) ?? least, try call.scalar(2) ?? greatest)
      let values = x.doubles.map { $0 < low ? Swift.min(low, high) : ($0 > high ? high : $0) }
      return [TypedTensor(x.type, x.shape, doubles: values)]
    }
    var result = x
    for (index, operation) in [(1, Arithmetic.maximum), (2, .minimum)] {
      if let bound = call.optional(index) { result = try combine(call, result, bound, operation) }
    }
    return [result]
  }
}
