extension Operation {
  /// Whether its kernels can add to a value that exists already.
  fileprivate var addsToOthers: Bool {
    switch self {
    case .convolution, .dense: true
    default: false
    }
  }

  /// Whether oneDNN can end this operation with others in the same pass over memory.
  var takesPostOperations: Bool {
    switch self {
    case .convolution, .transposedConvolution, .gemm, .dense: true
    default: false
    }
  }
}

extension Graph {
  /// Ends convolutions and matrix products with the activation that follows them.
  mutating func fuseActivations() {
    let uses = GraphUses(self)
    var kept: [Node] = []
    var producer: [String: Int] = [:]
    for node in nodes {
      if case .activation(let activation) = node.operation, node.postOperations.isEmpty, activation.isFusible,
        uses.isPrivate(node.inputs[0]), let index = producer[node.inputs[0]], kept[index].operation.takesPostOperations
      {
        kept[index].postOperations.append(.activation(activation))
        kept[index].output = node.output
        producer[node.output] = index
      } else {
        producer[node.output] = kept.count
        kept.append(node)
      }
    }
    nodes = kept
  }

  /// Lets a convolution or a dense layer add to a value that exists already, in place of an addition of its own:
  /// the end of every residual block.
  mutating func fuseResiduals(shapes: [String: [Int]]) {
    let uses = GraphUses(self)
    var kept: [Node?] = []
    var producer: [String: Int] = [:]
    for node in nodes {
      if let (index, residual) = convolutionToAddTo(node, kept, producer, uses, shapes), var convolution = kept[index] {
        // The convolution moves down to the addition, so that the other operand exists.
        kept[index] = nil
        convolution.inputs += Array(repeating: "", count: 3 - convolution.inputs.count) + [residual]
        convolution.postOperations.append(.sum(input: 3))
        convolution.output = node.output
        producer[node.output] = kept.count
        kept.append(convolution)
      } else {
        producer[node.output] = kept.count
        kept.append(node)
      }
    }
    nodes = kept.compactMap { $0 }
  }

  /// For an addition of two values of the same shape: the convolution that makes one of them (the later, if both are
  /// made by one) and the other value.
  private func convolutionToAddTo(
    _ node: Node, _ kept: [Node?], _ producer: [String: Int], _ uses: GraphUses, _ shapes: [String: [Int]]
  ) -> (index: Int, residual: String)? {
    guard node.operation == .binary(.add), node.postOperations.isEmpty, node.inputs.count == 2 else { return nil }
    let (a, b) = (node.inputs[0], node.inputs[1])
    guard a != b, shapes[a] == shapes[b], constants[a] == nil, constants[b] == nil else { return nil }
    let candidates = [(a, b), (b, a)].compactMap { value, other -> (index: Int, residual: String)? in
      guard uses.isPrivate(value), let index = producer[value], let convolution = kept[index],
        convolution.postOperations.isEmpty, convolution.operation.addsToOthers
      else { return nil }
      return (index, other)
    }
    return candidates.max { $0.index < $1.index }
  }
}

extension Activation {
  /// Whether oneDNN has it as a post-operation.
  var isFusible: Bool {
    switch self {
    case .elu, .erf: false
    default: true
    }
  }
}
