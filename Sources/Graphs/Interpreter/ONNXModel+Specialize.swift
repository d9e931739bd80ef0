extension ONNXModel {
  /// The network for inputs of these shapes: all that depends on shapes and constants alone is computed now, and what
  /// remains are the executor's operations, or where it has none, nodes that the ``Interpreter`` runs.
  ///
  /// Half and double precision become single precision. Inputs and outputs of integer types are passed as numbers.
  ///
  /// - Parameters:
  ///   - inputShapes: of the inputs that a run will bring.
  ///   - fixed: inputs that are the same for all runs, such as shapes; the network will not have them.
  ///   - limit: the most elements of a constant that is made of others, and of a result that is tried out, unless the file
  ///     holds half as many itself. 2^25 are enough for any network's masks and grids, and take 128 MB.
  /// - Throws: `GraphError.shape` where an input's shape contradicts its declaration, `.unsupported` where the shape of a
  ///   value would depend on the contents of a picture, and what ``Interpreter/evaluate(_:opset:_:)`` throws.
  public func specialized(
    for inputShapes: [String: [Int]], fixed: [String: TypedTensor] = [:], limit: Int = 1 << 25
  ) throws(GraphError) -> Graph {
    var specialization = try Specialization(self, inputShapes, fixed, limit: limit)
    for node in nodes { try specialization.add(node) }
    return try specialization.finish()
  }
}

/// What is known about each value while a model is specialised.
struct Specialization {
  let model: ONNXModel
  var graph: Graph
  /// Values that do not depend on the input.
  private(set) var known: [String: TypedTensor]
  /// The others, by shape and type; all floating-point types count as float32.
  private(set) var shapes: [String: [Int]] = [:]
  private(set) var types: [String: ElementType] = [:]
  /// Values that some node or the caller reads.
  let used: Set<String>
  /// Elements that may still be made of constants.
  private var budget: Int
  private let limit: Int

  init(
    _ model: ONNXModel, _ inputShapes: [String: [Int]], _ fixed: [String: TypedTensor], limit: Int
  ) throws(GraphError) {
    self.model = model
    graph = Graph(name: model.name, metadata: model.metadata)
    self.limit = max(limit, 2 * model.constants.values.reduce(0) { $0 + $1.count })
    budget = 2 * self.limit
    known = model.constants
    used = Set(model.nodes.flatMap(\.inputs)).union(model.outputs.map(\.name))
    var symbols: [String: Int] = [:]
    for input in model.inputs {
      if let tensor = fixed[input.name] {
        guard input.type == nil || input.type == tensor.type else {
          throw .shape("'\(input.name)' takes \(input.type!), not \(tensor.type)")
        }
        try GraphValue(name: input.name, shape: input.shape).check(tensor.shape, &symbols)
        known[input.name] = tensor
        continue
      }
      guard let shape = inputShapes[input.name] else { throw .shape("its input '\(input.name)' is missing") }
      guard shape.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
        throw .shape("'\(input.name)' would have the shape \(shape)")
      }
      try GraphValue(name: input.name, shape: input.shape).check(shape, &symbols)
      graph.inputs.append(GraphValue(name: input.name, shape: shape.map { .fixed($0) }))
      define(input.name, shape, input.type ?? .float32)
    }
  }

  mutating func define(_ value: String, _ shape: [Int], _ type: ElementType) {
    shapes[value] = shape
    types[value] = type.isFloat ? .float32 : type
  }

  mutating func add(_ original: ModelNode) throws(GraphError) {
    var node = original
    node.outputs = node.outputs.map { used.contains($0) ? $0 : "" }
    guard node.outputs.contains(where: { !$0.isEmpty }) else { return }
    if try addQuantization(node) { return }
    let present = node.inputs.filter { !$0.isEmpty }
    if present.allSatisfy({ known[$0] != nil }) {
      let results = try Interpreter.evaluate(
        node, opset: model.opset, node.inputs.map { known[$0] }, limit: min(budget, limit))
      for result in results where result.stored == nil { budget -= result.count }
      guard budget >= 0 else {
        throw .unsupported(
          operation: node.operation, node: node.name, opset: model.opset,
          reason: "constants made of others would take more than \(2 * limit) elements")
      }
      guard results.count >= node.outputs.count else {
        throw .unsupported(
          operation: node.operation, node: node.name, opset: model.opset, reason: "it makes \(results.count) outputs")
      }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty { known[name] = result }
      return
    }
    if try addShape(node) { return }
    if let operations = try? fast(node) {
      for (operation, shape) in operations {
        for input in operation.inputs where known[input] != nil && graph.constants[input] == nil {
          graph.constants[input] = Constant(known[input]!.asNumbers)
        }
        graph.nodes.append(operation)
        define(operation.output, shape, .float32)
      }
      return
    }
    try interpret(node)
  }

  /// A question about the shape of a value, whose answer is known.
  private mutating func addShape(_ node: ModelNode) throws(GraphError) -> Bool {
    guard node.operation == "Shape" || node.operation == "Size", let shape = shapes[node.inputs[0]] else {
      return false
    }
    if node.operation == "Size" {
      known[node.outputs[0]] = TypedTensor([Int64(shape.reduce(1, *))], shape: [])
    } else {
      let call = Invocation(node: node, opset: model.opset, inputs: [])
      let range = try Interpreter.shapeRange(call, rank: shape.count)
      known[node.outputs[0]] = TypedTensor(shape[range].map { Int64($0) }, shape: [range.count])
    }
    return true
  }

  // MARK: The interpreter's

  private mutating func interpret(_ node: ModelNode) throws(GraphError) {
    let call = Invocation(node: node, opset: model.opset, inputs: [])
    let entry = try Interpreter.check(node, opset: model.opset)
    for index in entry.shaping where index < node.inputs.count {
      guard node.inputs[index].isEmpty || known[node.inputs[index]] != nil else {
        throw call.unsupported("the shape of its result depends on what the picture holds")
      }
    }
    var names: [String] = []
    var operands: [InterpretedNode.Operand] = []
    for input in node.inputs {
      if let constant = known[input] {
        // Run after run: not from the file each time.
        operands.append(.constant(constant.type.isFloat ? constant.held.converted(to: .float32) : constant.held))
      } else if let type = types[input] {
        if !names.contains(input) { names.append(input) }
        operands.append(.value(names.firstIndex(of: input)!, type))
      } else {
        operands.append(.absent)
      }
    }
    let inputShapes = names.map { shapes[$0]! }
    let results = try probe(node, operands, inputShapes)
    for (index, output) in node.outputs.enumerated() where !output.isEmpty {
      guard index < results.count, results[index].count > 0, results[index].shape.count <= 8 else {
        throw call.unsupported("it makes no tensor of a usual shape")
      }
      let interpreted = InterpretedNode(
        node: node, opset: model.opset, operands: operands, output: index, inputShapes: inputShapes,
        outputShape: results[index].shape)
      let name = node.outputs.count > 1 ? "\(node.name).\(index)" : node.name
      graph.nodes.append(Node(name: name, operation: .interpreted(interpreted), inputs: names, output: output))
      define(output, results[index].shape, results[index].type)
    }
  }

  /// The node's results for some values, for their shapes and types.
  private func probe(
    _ node: ModelNode, _ operands: [InterpretedNode.Operand], _ inputShapes: [[Int]]
  ) throws(GraphError) -> [TypedTensor] {
    func results(_ value: Int64) throws(GraphError) -> [TypedTensor] {
      let inputs = operands.map { operand -> TypedTensor? in
        switch operand {
        case .absent: return nil
        case .constant(let tensor): return tensor
        case .value(let index, let type):
          let shape = inputShapes[index]
          return TypedTensor(type, shape, integers: [Int64](repeating: value, count: shape.reduce(1, *)))
        }
      }
      return try Interpreter.evaluate(node, opset: model.opset, inputs, limit: 2 * limit)
    }
    // Zeros are safe as indices, but not as divisors.
    if let zeros = try? results(0) { return zeros }
    return try results(1)
  }

  mutating func finish() throws(GraphError) -> Graph {
    for output in model.outputs {
      if let constant = known[output.name] {
        graph.constants[output.name] = Constant(constant.asNumbers)
      }
      let shape = known[output.name]?.shape ?? shapes[output.name]
      graph.outputs.append(GraphValue(name: output.name, shape: shape?.map { .fixed($0) }))
    }
    try graph.validate()
    return graph
  }
}
