extension Graph {
  /// Finds products with constant weights, and the constant row that is added to them: layers on the last axis.
  mutating func recognizeDense() {
    let uses = GraphUses(self)
    var kept: [Node] = []
    var producer: [String: Int] = [:]
    for var node in nodes {
      if node.operation == .matrixProduct, node.postOperations.isEmpty, let weights = constants[node.inputs[1]],
        weights.shape.count == 2, weights.isFloat, constants[node.inputs[0]] == nil
      {
        node.operation = .dense
      } else if node.operation == .binary(.add), node.postOperations.isEmpty, node.inputs.count == 2 {
        for (product, row) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
          guard let index = producer[product], kept[index].operation == .dense, kept[index].input(2) == nil,
            uses.isPrivate(product), let bias = bias(row, columns: constants[kept[index].inputs[1]]!.shape[1])
          else { continue }
          kept[index].inputs = Array(kept[index].inputs.prefix(2)) + [bias]
          kept[index].output = node.output
          producer[node.output] = index
          break
        }
        if producer[node.output] != nil { continue }
      }
      producer[node.output] = kept.count
      kept.append(node)
    }
    nodes = kept
    removeDeadNodes()
  }

  /// The name of a constant `[columns]` with the numbers of `row`, if that is one row and adds no axes.
  private mutating func bias(_ row: String, columns: Int) -> String? {
    guard let constant = constants[row], constant.count == columns, let values = constant.floats,
      constant.shape.last == columns, constant.shape.count <= 2
    else { return nil }
    if constant.shape.count == 1 { return row }
    return addConstant(Constant(values, shape: [columns]), named: "\(row).row")
  }
}
