extension ONNXModel {
  /// The same model with some of its outputs, and only the nodes that these need.
  ///
  /// - Throws: `GraphError.malformed` where it has no such output.
  public func reduced(to names: [String]) throws(GraphError) -> ONNXModel {
    var kept: [Value] = []
    for name in names {
      guard let output = outputs.first(where: { $0.name == name }) else {
        throw .malformed("it has no output '\(name)'")
      }
      kept.append(output)
    }
    var needed = Set(names)
    var chosen: [ModelNode] = []
    for node in nodes.reversed() where node.outputs.contains(where: { !$0.isEmpty && needed.contains($0) }) {
      chosen.append(node)
      needed.formUnion(node.inputs)
    }
    return try ONNXModel(
      name: name, opset: opset, inputs: inputs, outputs: kept, nodes: chosen.reversed(),
      constants: constants.filter { needed.contains($0.key) }, metadata: metadata)
  }
}
