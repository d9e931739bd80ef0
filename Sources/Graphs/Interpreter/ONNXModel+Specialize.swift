#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ONNXModel {
  /// The network for inputs of these shapes: all that depends on shapes and constants alone is computed now, and what
  /// remains are the executor's operations, or where it has none, nodes that the ``Interpreter`` runs.
  ///
  /// Half and double precision become single precision. Inputs and outputs of integer types are passed as numbers.
  ///
  /// - Parameters:
  ///   - inputShapes: of the inputs that a run will bring.
  ///   - fixed: inputs that are the same for all runs, such as shapes; the network will not have them.
  /// - Throws: `GraphError.shape` where an input's shape contradicts its declaration, `.unsupported` where the shape of a
  ///   value would depend on the contents of a picture, and what ``Interpreter/evaluate(_:opset:_:)`` throws.
  public func specialized(
    for inputShapes: [String: [Int]], fixed: [String: TypedTensor] = [:]
  ) throws(GraphError) -> Graph {
    var specialization = try Specialization(self, inputShapes, fixed)
    for node in nodes { try specialization.add(node) }
    return try specialization.finish()
  }
}

/// What is known about each value while a model is specialised.
struct Specialization {
  let model: ONNXModel
  private(set) var graph: Graph
  /// Values that do not depend on the input.
  private var known: [String: TypedTensor]
  /// The others, by shape and type; all floating-point types count as float32.
  private(set) var shapes: [String: [Int]] = [:]
  private(set) var types: [String: ElementType] = [:]
  /// Values that some node or the caller reads.
  private let used: Set<String>

  init(
    _ model: ONNXModel, _ inputShapes: [String: [Int]], _ fixed: [String: TypedTensor]
  ) throws(GraphError) {
    self.model = model
    graph = Graph(name: model.name, metadata: model.metadata)
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
    let present = node.inputs.filter { !$0.isEmpty }
    if present.allSatisfy({ known[$0] != nil }) {
      let results = try Interpreter.evaluate(node, opset: model.opset, node.inputs.map { known[$0] })
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
          graph.constants[input] = Constant(known[input]!.floats, shape: known[input]!.shape)
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

  // MARK: The executor's operations

  /// The node in operations that the executor has kernels for.
  ///
  /// - Throws: where there are none.
  private func fast(_ node: ModelNode) throws(GraphError) -> [(Node, shape: [Int])] {
    let call = Invocation(node: node, opset: model.opset, inputs: [])
    let running = node.inputs.filter { !$0.isEmpty && known[$0] == nil }
    if let identity = try cast(node, call) { return [(identity, shapes[node.inputs[0]]!)] }
    guard running.allSatisfy({ types[$0] == .float32 }) else { throw call.unsupported("it computes with integers") }
    if let nodes = try split(node, call) { return nodes }
    if let nodes = try gather(node, call) { return nodes }
    var constants: [String: Constant] = [:]
    for input in node.inputs {
      guard let tensor = known[input] else { continue }
      constants[input] =
        tensor.type.isFloat
        ? Constant(tensor.floats, shape: tensor.shape) : Constant(tensor.integers, shape: tensor.shape)
    }
    var reader = try NodeReader(node.proto, opset: model.opset, constants: constants)
    var scratch = Graph(name: "")
    try reader.read(into: &scratch)
    var local: [String: [Int]] = [:]
    var result: [(Node, shape: [Int])] = []
    for made in scratch.nodes {
      let inference = ShapeInference(
        node: made, shapes: made.inputs.map { local[$0] ?? shapes[$0] ?? known[$0]?.shape })
      let shape = try inference.result()
      guard try graph.elementCount(shape) > 0 else { throw call.unsupported("it makes an empty tensor") }
      local[made.output] = shape
      result.append((made, shape))
    }
    guard node.outputs.allSatisfy({ $0.isEmpty || local[$0] != nil }) else {
      throw call.unsupported("more than its first output is used")
    }
    return result
  }

  /// A change of type that the executor's memory does not show.
  private func cast(_ node: ModelNode, _ call: Invocation) throws(GraphError) -> Node? {
    var target: ElementType?
    if node.operation == "Cast" { target = try call.type("to", .float32) }
    if node.operation == "CastLike" { target = known[node.inputs[1]]?.type ?? types[node.inputs[1]] }
    guard target?.isFloat == true, shapes[node.inputs[0]] != nil else { return nil }
    return Node(name: node.name, operation: .identity, inputs: [node.inputs[0]], output: node.outputs[0])
  }

  private func split(_ node: ModelNode, _ call: Invocation) throws(GraphError) -> [(Node, shape: [Int])]? {
    guard node.operation == "Split", let x = shapes[node.inputs[0]] else { return nil }
    let axis = try call.axis(try call.integer("axis", 0), rank: x.count)
    let attribute = try call.integers("split")
    let listed = node.inputs.count > 1 ? known[node.inputs[1]]?.integers.map { Int(clamping: $0) } : attribute
    let part = (x[axis] + node.outputs.count - 1) / node.outputs.count
    let sizes = listed ?? node.outputs.indices.map { min(part, max(0, x[axis] - $0 * part)) }
    guard sizes.count == node.outputs.count, sizes.allSatisfy({ $0 > 0 && $0 <= x[axis] }),
      sizes.reduce(0, +) == x[axis]
    else { throw call.unsupported("it has parts of \(sizes)") }
    var start = 0
    var result: [(Node, shape: [Int])] = []
    for (index, size) in sizes.enumerated() {
      defer { start += size }
      if node.outputs[index].isEmpty { continue }
      let range = SliceRange(axis: axis, start: start, end: start + size)
      var shape = x
      shape[axis] = size
      result.append(
        (
          Node(
            name: "\(node.name).\(index)", operation: .slice([range]), inputs: [node.inputs[0]],
            output: node.outputs[index]), shape
        ))
    }
    return result
  }

  /// One place of an axis, such as a class token, is a slice.
  private func gather(_ node: ModelNode, _ call: Invocation) throws(GraphError) -> [(Node, shape: [Int])]? {
    guard node.operation == "Gather", let x = shapes[node.inputs[0]], let index = known[node.inputs[1]],
      index.count == 1, index.shape.count <= 1
    else { return nil }
    let axis = try call.axis(try call.integer("axis", 0), rank: x.count)
    let place = try Interpreter.positions(call, index, size: x[axis])[0]
    let output = node.outputs[0]
    var sliced = x
    sliced[axis] = 1
    let range = SliceRange(axis: axis, start: place, end: place + 1)
    if !index.shape.isEmpty {
      return [(Node(name: node.name, operation: .slice([range]), inputs: [node.inputs[0]], output: output), sliced)]
    }
    var shape = x
    shape.remove(at: axis)
    let middle = "\(output).slice"
    guard shapes[middle] == nil, known[middle] == nil, !used.contains(middle) else { return nil }
    return [
      (Node(name: "\(node.name).slice", operation: .slice([range]), inputs: [node.inputs[0]], output: middle), sliced),
      (Node(name: node.name, operation: .squeeze(axes: [axis]), inputs: [middle], output: output), shape),
    ]
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
        operands.append(.constant(constant.type.isFloat ? constant.converted(to: .float32) : constant))
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
      return try Interpreter.evaluate(node, opset: model.opset, inputs)
    }
    // Zeros are safe as indices, but not as divisors.
    if let zeros = try? results(0) { return zeros }
    return try results(1)
  }

  mutating func finish() throws(GraphError) -> Graph {
    for output in model.outputs {
      if let constant = known[output.name] {
        graph.constants[output.name] = Constant(constant.floats, shape: constant.shape)
      }
      let shape = known[output.name]?.shape ?? shapes[output.name]
      graph.outputs.append(GraphValue(name: output.name, shape: shape?.map { .fixed($0) }))
    }
    try graph.validate()
    return graph
  }
}

extension ModelNode {
  /// The node as it stands in a file; tensors among its attributes, which only constants have, are left out.
  var proto: ONNXNodeProto {
    var proto = ONNXNodeProto()
    proto.name = name
    proto.opType = operation
    proto.input = inputs
    proto.output = outputs
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      var attribute = ONNXAttributeProto()
      attribute.name = key
      switch value {
      case .integer(let value): (attribute.type, attribute.i) = (.int, value)
      case .float(let value): (attribute.type, attribute.f) = (.float, value)
      case .integers(let values): (attribute.type, attribute.ints) = (.ints, values)
      case .floats(let values): (attribute.type, attribute.floats) = (.floats, values)
      case .string(let value): (attribute.type, attribute.s) = (.string, Data(value.utf8))
      case .strings(let values): (attribute.type, attribute.strings) = (.strings, values.map { Data($0.utf8) })
      case .tensor: continue
      }
      proto.attribute.append(attribute)
    }
    return proto
  }
}
