extension Graph {
  /// Finds layer normalisation over the last axis where an exporter spells it out:
  /// `(x - mean(x)) / sqrt(mean((x - mean(x))²) + epsilon)`, then a scale and a shift.
  mutating func recognizeLayerNorm(for inputShapes: [String: [Int]]) throws(GraphError) {
    guard nodes.contains(where: { $0.operation == .activation(.sqrt) }) else { return }
    let shapes = try inferShapes(inputShapes)
    let uses = GraphUses(self)
    var producer: [String: Int] = [:]
    for index in nodes.indices {
      let node = nodes[index]
      defer { producer[node.output] = index }
      guard node.postOperations.isEmpty else { continue }
      func made(_ value: String) -> Node? {
        guard let made = producer[value], nodes[made].postOperations.isEmpty else { return nil }
        return nodes[made]
      }
      switch node.operation {
      case .binary(.divide):
        guard let (x, epsilon) = standardised(node, shapes, made), let width = shapes[x]?.last else { continue }
        let ones = addConstant(
          Constant([Float](repeating: 1, count: width), shape: [width]), named: "\(node.output).scale")
        nodes[index].operation = .layerNormalization(axis: -1, epsilon: epsilon)
        nodes[index].inputs = [x, ones]
      case .binary(.multiply), .binary(.add):
        for (value, row) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
          guard uses.isPrivate(value), let norm = made(value), case .layerNormalization = norm.operation,
            let scale = constants[norm.inputs[1]], let numbers = constants[row], numbers.shape == scale.shape,
            let factors = numbers.floats, let scales = scale.floats
          else { continue }
          if node.operation == .binary(.multiply), norm.inputs.count == 2 {
            let product = Constant(zip(scales, factors).map { $0 * $1 }, shape: scale.shape)
            nodes[index].inputs = [norm.inputs[0], addConstant(product, named: "\(node.output).scale")]
          } else if node.operation == .binary(.add), norm.inputs.count == 2 {
            nodes[index].inputs = norm.inputs + [row]
          } else {
            continue
          }
          nodes[index].operation = norm.operation
          break
        }
      default: break
      }
    }
    removeDeadNodes()
  }

  /// What `node`, a quotient, standardises over its last axis, and what is added to the variance.
  private func standardised(
    _ node: Node, _ shapes: [String: [Int]], _ made: (String) -> Node?
  ) -> (x: String, epsilon: Float)? {
    func isMean(_ node: Node) -> Bool {
      guard case .reduce(.mean, let axes, keepsAxes: true) = node.operation, let rank = shapes[node.inputs[0]]?.count
      else { return false }
      return axes == [-1] || axes == [rank - 1]
    }
    guard let root = made(node.inputs[1]), root.operation == .activation(.sqrt),
      let sum = made(root.inputs[0]), case .activation(.linear(scale: 1, shift: let epsilon)) = sum.operation,
      epsilon > 0, let variance = made(sum.inputs[0]), isMean(variance), let square = made(variance.inputs[0]),
      let difference = made(node.inputs[0]), difference.operation == .binary(.subtract),
      let mean = made(difference.inputs[1]), isMean(mean), mean.inputs[0] == difference.inputs[0]
    else { return nil }
    let deviation = node.inputs[0]
    switch square.operation {
    case .binary(.power):
      guard square.inputs[0] == deviation, let power = constants[square.inputs[1]], power.count == 1,
        power.floats == [2]
      else { return nil }
    case .binary(.multiply):
      guard square.inputs == [deviation, deviation] else { return nil }
    default: return nil
    }
    return (difference.inputs[0], epsilon)
  }
}
