extension Graph {
  /// Turns arithmetic with one constant number into `scale x + shift`, and several of them in a row into one.
  mutating func foldScalars() {
    let uses = GraphUses(self)
    var producer: [String: Int] = [:]
    for index in nodes.indices {
      if let (value, scale, shift) = scalarArithmetic(nodes[index]) {
        nodes[index].operation = .activation(.linear(scale: scale, shift: shift))
        nodes[index].inputs = [value]
      }
      if case .activation(.linear(let scale, let shift)) = nodes[index].operation,
        let before = producer[nodes[index].inputs[0]], uses.isPrivate(nodes[index].inputs[0]),
        case .activation(.linear(let first, let second)) = nodes[before].operation,
        nodes[before].postOperations.isEmpty
      {
        nodes[index].operation = .activation(.linear(scale: scale * first, shift: scale * second + shift))
        nodes[index].inputs = nodes[before].inputs
      }
      producer[nodes[index].output] = index
    }
    removeDeadNodes()
  }

  private func scalarArithmetic(_ node: Node) -> (value: String, scale: Float, shift: Float)? {
    guard case .binary(let operation) = node.operation, node.inputs.count == 2 else { return nil }
    func scalar(_ name: String) -> Float? {
      // A scalar with axes can still add axes to the other operand.
      guard let constant = constants[name], constant.shape.count <= 1, constant.count == 1, let values = constant.floats
      else { return nil }
      return values[0]
    }
    if let c = scalar(node.inputs[1]), !isScalarConstant(node.inputs[0]) {
      switch operation {
      case .add: return (node.inputs[0], 1, c)
      case .subtract: return (node.inputs[0], 1, -c)
      case .multiply: return (node.inputs[0], c, 0)
      // A quotient is the product with the reciprocal only where that is a number.
      case .divide: return c != 0 && (1 / c).isFinite ? (node.inputs[0], 1 / c, 0) : nil
      case .power: return nil
      }
    }
    if let c = scalar(node.inputs[0]), !isScalarConstant(node.inputs[1]) {
      switch operation {
      case .add: return (node.inputs[1], 1, c)
      case .subtract: return (node.inputs[1], -1, c)
      case .multiply: return (node.inputs[1], c, 0)
      case .divide, .power: return nil
      }
    }
    return nil
  }

  private func isScalarConstant(_ name: String) -> Bool { constants[name] != nil }
}
