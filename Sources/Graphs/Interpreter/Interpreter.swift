/// Computes the operations of the ONNX standard one node at a time, by their definitions.
///
/// Plain and exact rather than quick: what constants are folded with, what the executor's kernels are compared with,
/// and what runs operations that it has no kernel for.
public enum Interpreter {
  /// The operator sets that are understood.
  public static let supportedOpsets = 1...28

  /// The names of all operations, sorted.
  public static let operations: [String] = table.keys.sorted()

  typealias Body = @Sendable (Invocation) throws(GraphError) -> [TypedTensor]

  /// What is known about an operation.
  struct Entry: Sendable {
    let name: String
    let inputs: ClosedRange<Int>
    /// How many outputs it has at most.
    let outputs: Int
    let attributes: Set<String>
    /// Inputs whose numbers decide the shape of the result.
    let shaping: Set<Int>
    let body: Body

    init(
      _ name: String, _ inputs: ClosedRange<Int>, outputs: Int = 1, shaping: Set<Int> = [], _ attributes: Set<String>,
      _ body: @escaping Body
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
      self.shaping = shaping
      self.body = body
    }
  }

  static let table: [String: Entry] = Dictionary(
    (elementwiseEntries + reducingEntries + shapingEntries + windowEntries + productEntries).map { ($0.name, $0) },
    uniquingKeysWith: { first, _ in first })

  /// The node's outputs, as many as the operation makes, from its inputs (nil where one is left out).
  ///
  /// - Throws: `GraphError.unsupported` for an operation or a form of one that is not known, `.malformed` for inputs that
  ///   contradict the standard, `.memory` for absurdly large results.
  public static func evaluate(
    _ node: ModelNode, opset: Int, _ inputs: [TypedTensor?]
  ) throws(GraphError) -> [TypedTensor] {
    try evaluate(node, opset: opset, inputs, limit: Invocation.largest)
  }

  /// - Parameter limit: the most elements of a result.
  static func evaluate(
    _ node: ModelNode, opset: Int, _ inputs: [TypedTensor?], limit: Int
  ) throws(GraphError) -> [TypedTensor] {
    var invocation = Invocation(node: node, opset: opset, inputs: inputs)
    invocation.limit = limit
    return try check(node, opset: opset).body(invocation)
  }

  /// The operation of a node that is known and has the right form.
  @discardableResult
  static func check(_ node: ModelNode, opset: Int) throws(GraphError) -> Entry {
    let invocation = Invocation(node: node, opset: opset, inputs: [])
    guard let entry = table[node.operation] else { throw invocation.unsupported("this operation is not known") }
    guard entry.inputs.contains(node.inputs.count) else {
      let range = "\(entry.inputs.lowerBound) to \(entry.inputs.upperBound)"
      throw invocation.malformed("has \(node.inputs.count) inputs instead of \(range)")
    }
    guard node.outputs.count <= entry.outputs else {
      throw invocation.malformed("has \(node.outputs.count) outputs, more than \(entry.outputs)")
    }
    if let unknown = node.attributes.keys.sorted().first(where: { !entry.attributes.contains($0) }) {
      throw invocation.unsupported("attribute '\(unknown)' is unknown")
    }
    return entry
  }
}
