extension Graph {
  /// Removes identities by letting their readers read through them. One that gives an output its name stays where the
  /// value it copies cannot take that name.
  mutating func removeIdentities() {
    var renamed: [String: String] = [:]
    var kept: [Node] = []
    kept.reserveCapacity(nodes.count)
    let uses = GraphUses(self)
    for var node in nodes {
      node.inputs = node.inputs.map { renamed[$0] ?? $0 }
      guard node.operation == .identity, node.postOperations.isEmpty else {
        kept.append(node)
        continue
      }
      if !uses.isOutput(node.output) {
        renamed[node.output] = node.inputs[0]
      } else if uses.isPrivate(node.inputs[0]), let producer = kept.firstIndex(where: { $0.output == node.inputs[0] }) {
        kept[producer].output = node.output
      } else {
        kept.append(node)
      }
    }
    nodes = kept
  }

  /// Removes nodes that no output needs, and constants that no node reads.
  mutating func removeDeadNodes() {
    var needed = Set(outputs.map(\.name))
    var kept: [Node] = []
    for node in nodes.reversed() where needed.contains(node.output) {
      kept.append(node)
      needed.formUnion(node.inputs)
    }
    nodes = kept.reversed()
    constants = constants.filter { needed.contains($0.key) }
  }

  /// Computes once what several nodes compute in the same way from the same values.
  mutating func removeDuplicates() {
    struct Key: Hashable {
      var operation: Operation
      var inputs: [String]
      var postOperations: [PostOperation]
    }
    var first: [Key: String] = [:]
    var renamed: [String: String] = [:]
    let uses = GraphUses(self)
    var kept: [Node] = []
    for var node in nodes {
      node.inputs = node.inputs.map { renamed[$0] ?? $0 }
      let key = Key(operation: node.operation, inputs: node.inputs, postOperations: node.postOperations)
      if let same = first[key], !uses.isOutput(node.output) {
        renamed[node.output] = same
      } else {
        first[key] = first[key] ?? node.output
        kept.append(node)
      }
    }
    nodes = kept
  }
}
