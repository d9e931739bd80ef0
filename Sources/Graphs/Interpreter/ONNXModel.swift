/// An ONNX model as the file has it: nodes with typed attributes over tensors of any number type.
///
/// It can be run as it is, by the ``Interpreter``, or specialised for input shapes into a ``Graph``, which the executor
/// runs quickly.
///
/// ```swift
/// let model = try ONNXModel(contentsOf: "network.onnx")
/// let outputs = try model.run(["image": TypedTensor(pixels, shape: [1, 3, 224, 224])])
/// let graph = try model.specialized(for: ["image": [1, 3, 224, 224]])
/// ```
public struct ONNXModel: Sendable, Hashable {
  /// What the caller supplies or gets.
  public struct Value: Sendable, Hashable {
    public let name: String
    /// Nil where the file does not say.
    public let type: ElementType?
    /// Nil where the file does not say.
    public let shape: [Dimension]?
  }

  public let name: String
  /// The version of the standard operator set.
  public let opset: Int
  public let inputs: [Value]
  public let outputs: [Value]
  /// In topological order: a node only reads what stands before it.
  public let nodes: [ModelNode]
  /// Weights and other fixed tensors by value name.
  public let constants: [String: TypedTensor]
  /// Free-form properties of the file.
  public let metadata: [String: String]

  /// - Throws: `GraphError.malformed` where a value is missing or made twice, `.unsupported` for an operation that is not
  ///   known.
  init(
    name: String, opset: Int, inputs: [Value], outputs: [Value], nodes: [ModelNode], constants: [String: TypedTensor],
    metadata: [String: String]
  ) throws(GraphError) {
    self.name = name
    self.opset = opset
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.constants = constants
    self.metadata = metadata
    try validate()
  }

  private func validate() throws(GraphError) {
    var known = Set(constants.keys)
    for input in inputs {
      guard known.insert(input.name).inserted else { throw .malformed("the input '\(input.name)' stands there twice") }
    }
    for node in nodes {
      try Interpreter.check(node, opset: opset)
      for input in node.inputs where !input.isEmpty && !known.contains(input) {
        throw .malformed(
          "node '\(node.name)' reads the value '\(input)', which nothing before it makes (missing, or a cycle)")
      }
      guard node.outputs.contains(where: { !$0.isEmpty }) else { throw .malformed("node '\(node.name)' has no output") }
      for output in node.outputs where !output.isEmpty {
        guard known.insert(output).inserted else {
          throw .malformed("the value '\(output)' is made twice, the second time by node '\(node.name)'")
        }
      }
    }
    guard !outputs.isEmpty else { throw .malformed("the graph has no outputs") }
    for output in outputs where !known.contains(output.name) {
      throw .malformed("nothing makes the output '\(output.name)'")
    }
  }

  /// Computes all outputs with the ``Interpreter``: for any operation and type, but slowly.
  ///
  /// - Parameters:
  ///   - given: by input name.
  ///   - limit: the most elements that a node may make.
  /// - Throws: `GraphError.shape` for missing inputs or such of another type or shape than declared, and what
  ///   ``Interpreter/evaluate(_:opset:_:)`` throws.
  public func run(
    _ given: [String: TypedTensor], limit: Int = 1 << 28
  ) throws(GraphError) -> [String: TypedTensor] {
    var values = constants
    var symbols: [String: Int] = [:]
    for input in inputs {
      guard let tensor = given[input.name] else { throw .shape("its input '\(input.name)' is missing") }
      guard input.type == nil || input.type == tensor.type else {
        throw .shape("'\(input.name)' takes \(input.type!), not \(tensor.type)")
      }
      try GraphValue(name: input.name, shape: input.shape).check(tensor.shape, &symbols)
      values[input.name] = tensor
    }
    var remaining: [String: Int] = [:]
    for node in nodes { for input in node.inputs { remaining[input, default: 0] += 1 } }
    for output in outputs { remaining[output.name, default: 0] += 1 }
    for node in nodes {
      let results = try Interpreter.evaluate(node, opset: opset, node.inputs.map { values[$0] }, limit: limit)
      for (name, result) in zip(node.outputs, results) where !name.isEmpty { values[name] = result }
      guard node.outputs.count <= results.count else {
        throw .unsupported(
          operation: node.operation, node: node.name, opset: opset, reason: "it makes \(results.count) outputs only")
      }
      // What nobody will read again gives its memory back.
      for input in node.inputs {
        remaining[input]! -= 1
        if remaining[input] == 0 { values[input] = nil }
      }
    }
    var result: [String: TypedTensor] = [:]
    for output in outputs { result[output.name] = values[output.name] }
    return result
  }
}
