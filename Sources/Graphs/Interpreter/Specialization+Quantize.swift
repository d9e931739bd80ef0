extension Specialization {
  /// Quantisation with scales that are known. Quantised weights stay integers: the executor decides what to do with them.
  mutating func addQuantization(_ node: ModelNode) throws(GraphError) -> Bool {
    guard node.operation == "QuantizeLinear" || node.operation == "DequantizeLinear", node.inputs.count >= 2,
      node.inputs.dropFirst().allSatisfy({ $0.isEmpty || known[$0] != nil })
    else { return false }
    let x = node.inputs[0]
    if node.operation == "QuantizeLinear", types[x] != .float32 { return false }
    guard let shape = shapes[x] ?? known[x]?.shape else { return false }
    var constants: [String: Constant] = [:]
    for input in node.inputs {
      // The other integer types are the interpreter's.
      if let tensor = known[input], tensor.type.isFloat || Quantization.IntegerType(tensor.type) != nil {
        constants[input] = Constant(tensor)
      }
    }
    let type = constants[x]?.quantizedType ?? types[x].flatMap { Quantization.IntegerType($0) }
    // Other types are the interpreter's.
    guard node.operation == "QuantizeLinear" || type != nil else { return false }

    let operation: Operation
    do throws(GraphError) {
      var reader = try NodeReader(node.proto, opset: model.opset, constants: constants)
      guard let read = try reader.readQuantization(type) else { return false }
      operation = read
    } catch .unsupported {
      return false
    }
    let made = Node(name: node.name, operation: operation, inputs: [x], output: node.outputs[0])
    _ = try ShapeInference(node: made, shapes: [shape]).result()
    if let constant = constants[x] { graph.constants[x] = constant }
    graph.nodes.append(made)
    if case .quantize(let quantization) = operation {
      define(made.output, shape, quantization.type == .int8 ? .int8 : .uint8)
    } else {
      define(made.output, shape, .float32)
    }
    return true
  }
}

extension Quantization.IntegerType {
  fileprivate init?(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int32: self = .int32
    default: return nil
    }
  }
}
