extension Graph {
  /// The same function with less to compute: everything that needs no knowledge of sizes.
  ///
  /// Constants are folded, patterns recognised, batch norm and other per-channel arithmetic moved into the weights before
  /// it, and what is unused or computed twice removed.
  ///
  /// - Throws: `GraphError.malformed` for a graph whose constants contradict each other.
  public func optimized() throws(GraphError) -> Graph {
    var graph = self
    graph.removeIdentities()
    try graph.foldConstants()
    graph.foldScalars()
    graph.recognizeActivations()
    graph.foldAffine()
    graph.removeDuplicates()
    graph.removeDeadNodes()
    return graph
  }

  /// `optimized()` and then fused: nodes that end with an activation or an addition do it in the same pass over memory.
  /// Which additions qualify depends on sizes, so the result holds for input shapes like these.
  public func fused(for inputShapes: [String: [Int]]) throws(GraphError) -> Graph {
    var graph = try optimized()
    if Graph.hasQuantizedKernels { graph.fuseQuantized() }
    try graph.foldDequantized()
    try graph.recognizeLayerNorm(for: inputShapes)
    graph.recognizeDense()
    if Graph.hasAttentionKernel { try graph.recognizeAttention(for: inputShapes) }
    graph.fuseActivations()
    graph.fuseResiduals(shapes: try graph.inferShapes(inputShapes))
    graph.fuseActivations()
    graph.removeDeadNodes()
    return graph
  }
}

/// What passes ask about a graph: how often values are read, and names that are free.
struct GraphUses {
  /// How many nodes' inputs and graph outputs read a value.
  private(set) var counts: [String: Int] = [:]
  private let outputs: Set<String>

  init(_ graph: Graph) {
    outputs = Set(graph.outputs.map(\.name))
    for node in graph.nodes { for input in node.inputs { counts[input, default: 0] += 1 } }
    for output in graph.outputs { counts[output.name, default: 0] += 1 }
  }

  /// Whether one node alone sees the value, so that it need not exist as such.
  func isPrivate(_ value: String) -> Bool { counts[value] == 1 && !outputs.contains(value) }

  func isOutput(_ value: String) -> Bool { outputs.contains(value) }
}

extension Graph {
  /// Adds a constant under a name that nothing has yet, derived from `base`.
  mutating func addConstant(_ constant: Constant, named base: String) -> String {
    var name = base
    var count = 0
    while constants[name] != nil || inputs.contains(where: { $0.name == name }) {
      count += 1
      name = "\(base).\(count)"
    }
    constants[name] = constant
    return name
  }
}
