extension Graph {
  /// Larger results are left to be computed: a constant costs memory and file for ever.
  private static let largestFold = 1 << 22

  /// Computes now what depends on constants only.
  mutating func foldConstants() throws(GraphError) {
    var kept: [Node] = []
    for node in nodes {
      let operands = node.inputs.map { $0.isEmpty ? nil : constants[$0] }
      let isConstant = zip(node.inputs, operands).allSatisfy { $0.isEmpty || $1?.isFloat == true }
      guard isConstant else {
        kept.append(node)
        continue
      }
      let shape = try ShapeInference(node: node, shapes: operands.map { $0?.shape }).result()
      guard try elementCount(shape) <= Graph.largestFold, shape.allSatisfy({ $0 > 0 }) else {
        kept.append(node)
        continue
      }
      constants[node.output] = try node.evaluate(constants, shape: shape)
    }
    nodes = kept
  }
}
