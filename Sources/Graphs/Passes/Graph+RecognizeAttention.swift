extension Graph {
  /// Finds `softmax(scale q k' + mask) v`, however the scale is spread over it, and makes one node of it.
  mutating func recognizeAttention(for inputShapes: [String: [Int]]) throws(GraphError) {
    guard nodes.contains(where: { if case .softmax = $0.operation { true } else { false } }) else { return }
    let shapes = try inferShapes(inputShapes)
    let uses = GraphUses(self)
    let producer = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.output, $0) })
    /// What makes a value that nothing else reads.
    func made(_ value: String) -> Node? {
      guard uses.isPrivate(value), let index = producer[value], nodes[index].postOperations.isEmpty else { return nil }
      return nodes[index]
    }
    /// The value that `value` is a multiple of, and the factor.
    func unscaled(_ value: String) -> (value: String, factor: Float) {
      guard let node = made(value), case .activation(.linear(let scale, shift: 0)) = node.operation else {
        return (value, 1)
      }
      return (node.inputs[0], scale)
    }
    var kept: [Node] = []
    for node in nodes {
      guard node.operation == .matrixProduct, node.postOperations.isEmpty,
        let softmax = made(node.inputs[0]), case .softmax(let axis, trailing: false) = softmax.operation,
        let rank = shapes[softmax.output]?.count, rank >= 3, axis == -1 || axis == rank - 1
      else {
        kept.append(node)
        continue
      }
      var (scores, scale) = unscaled(softmax.inputs[0])
      var mask: String?
      if scale == 1, let sum = made(scores), sum.operation == .binary(.add) {
        // The operand that a product makes is the scores; the other is the mask.
        let pairs = [(sum.inputs[0], sum.inputs[1]), (sum.inputs[1], sum.inputs[0])]
        if let (product, other) = pairs.first(where: { made(unscaled($0.0).value)?.operation == .matrixProduct }) {
          (scores, scale) = unscaled(product)
          mask = other
        }
      }
      guard let product = made(scores), product.operation == .matrixProduct,
        shapes[product.output] == shapes[softmax.output]
      else {
        kept.append(node)
        continue
      }
      let (q, first) = unscaled(product.inputs[0])
      let (turned, second) = unscaled(product.inputs[1])
      let (k, permutation) = keys(turned, rank, made(turned))
      let v = node.inputs[1]
      guard shapes[q]?.count == rank, shapes[v]?.count == rank, shapes[v]?.dropLast(2) == shapes[q]?.dropLast(2),
        shapes[turned]?.dropLast(2) == shapes[q]?.dropLast(2),
        mask.map({ (shapes[$0]?.count ?? .max) <= rank }) ?? true
      else {
        kept.append(node)
        continue
      }
      var rows = k
      if let permutation {
        rows = "\(node.output).keys"
        kept.append(
          Node(name: rows, operation: .transpose(permutation: permutation), inputs: [k], output: rows))
      }
      kept.append(
        Node(
          name: node.name, operation: .attention(scale: scale * first * second),
          inputs: [q, rows, v] + (mask.map { [$0] } ?? []), output: node.output))
    }
    nodes = kept
    removeDeadNodes()
  }

  /// The keys before they were turned for the product, and how they must be turned, if at all, to stand in rows.
  private func keys(_ turned: String, _ rank: Int, _ node: Node?) -> (value: String, permutation: [Int]?) {
    var rows = Array(0..<rank)
    guard let node, case .transpose(let permutation) = node.operation else {
      rows.swapAt(rank - 2, rank - 1)
      return (turned, rows)
    }
    var order = permutation.isEmpty ? Array((0..<rank).reversed()) : permutation
    order.swapAt(rank - 2, rank - 1)
    return (node.inputs[0], order == rows ? nil : order)
  }
}
