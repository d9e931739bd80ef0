#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One node of a file: typed access to its attributes and constant inputs, with an error that names the node.
///
/// Attributes are ticked off as they are read, so that one which nothing looked at is refused, not ignored.
struct NodeReader {
  let node: ONNXNodeProto
  let opset: Int
  let constants: [String: Constant]
  private let file: ONNXFile?
  private var unread: [String: ONNXAttributeProto] = [:]

  /// - Parameter file: where large tensors among the attributes lie.
  init(
    _ node: ONNXNodeProto, opset: Int, constants: [String: Constant], file: ONNXFile? = nil
  ) throws(GraphError) {
    self.node = node
    self.file = file
    self.opset = opset
    self.constants = constants
    for attribute in node.attribute {
      guard unread.updateValue(attribute, forKey: attribute.name) == nil else {
        throw malformed("has the attribute '\(attribute.name)' twice")
      }
      guard !attribute.hasRefAttrName else { throw unsupported("it belongs to a function body") }
    }
  }

  // MARK: Errors

  var name: String { node.name.isEmpty ? (node.output.first ?? "") : node.name }

  func unsupported(_ reason: String) -> GraphError {
    .unsupported(operation: node.opType, node: name, opset: opset, reason: reason)
  }

  func malformed(_ reason: String) -> GraphError {
    .malformed("the \(node.opType) node '\(name)' \(reason)")
  }

  /// Everything must have been read, and as many inputs given as the operation takes.
  func finish(inputs: ClosedRange<Int>) throws(GraphError) {
    guard inputs.contains(node.input.count) else {
      throw malformed("has \(node.input.count) inputs instead of \(inputs.lowerBound) to \(inputs.upperBound)")
    }
    if node.input.prefix(inputs.lowerBound).contains("") { throw malformed("lacks an input") }
    if let left = unread.keys.min() { throw unsupported("attribute '\(left)' is unknown") }
  }

  // MARK: Attributes

  private mutating func take(
    _ name: String, _ type: ONNXAttributeProto.AttributeType
  ) throws(GraphError) -> ONNXAttributeProto? {
    guard let attribute = unread.removeValue(forKey: name) else { return nil }
    // Very old writers left the type out.
    guard attribute.type == type || attribute.type == .undefined else {
      throw malformed("has an attribute '\(name)' of the wrong type")
    }
    return attribute
  }

  /// An integer. All that a network needs fits 32 bits, which keeps later arithmetic from overflowing.
  mutating func integer(
    _ name: String, default missing: Int, in range: ClosedRange<Int> = -0x7fff_ffff...0x7fff_ffff
  ) throws(GraphError) -> Int {
    guard let value = try take(name, .int)?.i else { return missing }
    guard let value = Int(exactly: value), range.contains(value) else {
      throw malformed("has the impossible attribute \(name) = \(value)")
    }
    return value
  }

  mutating func flag(_ name: String, default missing: Bool = false) throws(GraphError) -> Bool {
    try integer(name, default: missing ? 1 : 0, in: 0...1) == 1
  }

  mutating func float(_ name: String, default missing: Float) throws(GraphError) -> Float {
    try take(name, .float)?.f ?? missing
  }

  mutating func string(_ name: String, default missing: String) throws(GraphError) -> String {
    guard let bytes = try take(name, .string)?.s else { return missing }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func floats(_ name: String) throws(GraphError) -> [Float]? {
    try take(name, .floats)?.floats
  }

  mutating func integers(
    _ name: String, count: Int? = nil, in range: ClosedRange<Int> = -0x7fff_ffff...0x7fff_ffff
  ) throws(GraphError) -> [Int]? {
    guard let values = try take(name, .ints)?.ints else { return nil }
    return try checked(values, what: "attribute \(name)", count: count, in: range)
  }

  mutating func tensor(_ name: String) throws(GraphError) -> Constant? {
    guard let attribute = try take(name, .tensor) else { return nil }
    guard let tensor = attribute.t.last else { throw malformed("has an empty attribute '\(name)'") }
    return try Constant(tensor, name: self.name, file: file)
  }

  // MARK: Inputs

  func has(_ index: Int) -> Bool { index < node.input.count && !node.input[index].isEmpty }

  /// Input `index`, which must be known now, or nil where it is left out.
  func constant(_ index: Int, _ what: String) throws(GraphError) -> Constant? {
    guard has(index) else { return nil }
    guard let constant = constants[node.input[index]] else {
      throw unsupported("\(what) is computed at run time; export with fixed shapes or simplify the model")
    }
    return constant
  }

  func constantIntegers(
    _ index: Int, _ what: String, count: Int? = nil, in range: ClosedRange<Int> = -0x7fff_ffff...0x7fff_ffff
  ) throws(GraphError) -> [Int]? {
    guard let constant = try constant(index, what) else { return nil }
    guard let values = constant.integers, constant.shape.count <= 1 else {
      throw malformed("needs a list of integers as \(what)")
    }
    return try checked(values, what: what, count: count, in: range)
  }

  func constantScalar(_ index: Int, _ what: String) throws(GraphError) -> Float? {
    guard let constant = try constant(index, what) else { return nil }
    guard let values = constant.floats, values.count == 1 else { throw malformed("needs one number as \(what)") }
    return values[0]
  }

  private func checked(
    _ values: [Int64], what: String, count: Int?, in range: ClosedRange<Int>
  ) throws(GraphError) -> [Int] {
    if let count, values.count != count {
      throw unsupported("\(what) has \(values.count) entries instead of \(count); only images are supported")
    }
    guard values.count <= 64 else { throw malformed("has \(values.count) entries in \(what)") }
    var result: [Int] = []
    for value in values {
      guard let value = Int(exactly: value), range.contains(value) else {
        throw malformed("has the impossible value \(value) in \(what)")
      }
      result.append(value)
    }
    return result
  }
}
