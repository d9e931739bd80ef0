extension Specialization {
  /// The node in operations that the executor has kernels for.
  ///
  /// - Throws: where there are none.
  func fast(_ node: ModelNode) throws(GraphError) -> [(Node, shape: [Int])] {
    let call = Invocation(node: node, opset: model.opset, inputs: [])
    let running = node.inputs.filter { !$0.isEmpty && known[$0] == nil }
    if let identity = try cast(node, call) { return [(identity, shapes[node.inputs[0]]!)] }
    guard running.allSatisfy({ types[$0] == .float32 }) else { throw call.unsupported("it computes with integers") }
    if let nodes = try split(node, call) { return nodes }
    if let nodes = try gather(node, call) { return nodes }
    var constants: [String: Constant] = [:]
    for input in node.inputs {
      guard let tensor = known[input] else { continue }
      constants[input] = Constant(tensor)
    }
    var reader = try NodeReader(node.proto, opset: model.opset, constants: constants)
    var scratch = Graph(name: "")
    try reader.read(into: &scratch)
    var local: [String: [Int]] = [:]
    var result: [(Node, shape: [Int])] = []
    for made in scratch.nodes {
      // Integers are no operands of kernels: what takes some by right is the interpreter's, which refuses the others.
      guard made.inputs.allSatisfy({ known[$0]?.type.isFloat != false }) else {
        throw call.unsupported("it computes with integers")
      }
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
}
