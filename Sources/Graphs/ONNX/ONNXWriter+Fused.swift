/// Operations of the fusion passes, spelled out in ONNX's.
extension ONNXWriter {
  mutating func writeDense(_ node: Node, output: String) {
    guard let bias = node.input(2) else {
      return emit("MatMul", node.name, inputs: Array(node.inputs.prefix(2)), output: output)
    }
    let product = fresh("\(node.output).product")
    emit("MatMul", "\(node.name).product", inputs: Array(node.inputs.prefix(2)), output: product)
    emit("Add", node.name, inputs: [product, bias], output: output)
  }

  mutating func writeAttention(_ node: Node, scale: Float, output: String) throws(GraphError) {
    guard let rank = shapes[node.inputs[1]]?.count else {
      throw unsupported(node, "Attention", "the number of its axes is not known")
    }
    func step(_ type: String, _ inputs: [String], _ name: String, _ attributes: [ONNXAttributeProto] = []) -> String {
      let value = fresh("\(node.output).\(name)")
      emit(type, "\(node.name).\(name)", inputs: inputs, output: value, attributes)
      return value
    }
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let turned = step("Transpose", [node.inputs[1]], "turned", [.ints("perm", order)])
    let product = step("MatMul", [node.inputs[0], turned], "product")
    var scores = step("Mul", [product, constant(scale, for: node, "scale")], "scores")
    if let mask = node.input(3) { scores = step("Add", [scores, mask], "masked") }
    let weights = step("Softmax", [scores], "weights", [.int("axis", -1)])
    emit("MatMul", node.name, inputs: [weights, node.inputs[2]], output: output)
  }
}
