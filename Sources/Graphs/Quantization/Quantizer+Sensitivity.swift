extension Quantizer {
  /// How much each product's quantisation alone changes the network's outputs, the most harmful first: the sum over outputs
  /// of the squared change relative to the output's own square.
  ///
  /// - Parameters:
  ///   - inputs: a few of those that were observed, row-major.
  ///   - isInterrupted: asked before each product.
  /// - Throws: as ``quantized(by:keptInFloat:)`` and `CompiledGraph.run`.
  public func sensitivities(
    by statistics: [String: ValueStatistics], inputs: [[Float]], inputShapes: [String: [Int]], threads: Int,
    isInterrupted: () -> Bool = { false }
  ) throws(GraphError) -> [(product: String, change: Double)] {
    let wanted = try outputs(of: graph, inputs, inputShapes, threads)
    let names = products
    var result: [(product: String, change: Double)] = []
    for name in names where !isInterrupted() && !settings.keptInFloat.contains(name) {
      let others = Set(names).subtracting([name])
      // What was left out as too small a head has nothing to lose.
      guard let alone = try? quantized(by: statistics, keptInFloat: others) else { continue }
      let found = try outputs(of: alone, inputs, inputShapes, threads)
      result.append((name, Self.change(from: wanted, to: found)))
    }
    // Names decide between equals, so that the order is the same every time.
    return result.sorted { ($1.change, $0.product) < ($0.change, $1.product) }
  }

  /// Of each output, all inputs' values.
  private func outputs(
    of graph: Graph, _ inputs: [[Float]], _ inputShapes: [String: [Int]], _ threads: Int
  ) throws(GraphError) -> [[Float]] {
    let compiled = try GraphCompiler(graph, usesWinograd: false).compile(inputShapes: inputShapes, threads: threads)
    var all = [[Float]](repeating: [], count: compiled.outputs.count)
    for input in inputs {
      try compiled.run(input.span)
      for index in all.indices { all[index] += compiled.output(index) }
    }
    return all
  }

  private static func change(from wanted: [[Float]], to found: [[Float]]) -> Double {
    var sum = 0.0
    for (a, b) in zip(wanted, found) {
      var (error, square) = (0.0, 0.0)
      for (x, y) in zip(a, b) {
        error += Double(x - y) * Double(x - y)
        square += Double(x) * Double(x)
      }
      sum += error / max(square, 1e-30)
    }
    return sum.isNaN ? .infinity : sum
  }
}
