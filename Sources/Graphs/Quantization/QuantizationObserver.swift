/// Runs a network and keeps the ranges of values inside it.
public final class QuantizationObserver {
  /// What was observed so far, by value.
  public private(set) var statistics: [String: ValueStatistics]
  /// How many inputs were observed.
  public private(set) var count = 0

  private let input: String?
  private let inputShape: [Int]
  private let runs: [CompiledGraph]

  /// Values that are watched in one run take memory of their own; beyond so many bytes the network runs again.
  private static let bytesAtOnce = 128 << 20

  init(
    _ graph: Graph, values: [String], inputShapes: [String: [Int]], threads: Int, keepsHistogram: Bool
  ) throws(GraphError) {
    guard graph.inputs.count == 1, let input = graph.inputs.first, let inputShape = inputShapes[input.name] else {
      throw .shape("it has \(graph.inputs.count) inputs, not one")
    }
    let shapes = try graph.inferShapes(inputShapes)
    statistics = [:]
    for value in values { statistics[value] = ValueStatistics(keepsHistogram: keepsHistogram) }
    self.input = values.contains(input.name) ? input.name : nil
    self.inputShape = inputShape
    var parts: [[String]] = []
    var bytes = Int.max
    for value in values where value != input.name {
      let size = shapes[value]!.reduce(1, *) * 4
      if bytes > Self.bytesAtOnce - size {
        parts.append([])
        bytes = 0
      }
      parts[parts.count - 1].append(value)
      bytes += size
    }
    var runs: [CompiledGraph] = []
    for part in parts {
      var watched = graph
      watched.outputs = part.map { GraphValue(name: $0, shape: nil) }
      // The quick algorithm's error is far below what 8 bits resolve.
      runs.append(try GraphCompiler(watched).compile(inputShapes: inputShapes, threads: threads))
    }
    self.runs = runs
  }

  /// Runs the network on one input.
  ///
  /// - Throws: as `CompiledGraph.run`.
  public func observe(_ values: Span<Float>) throws(GraphError) {
    if let input { statistics[input]!.add(values, shape: inputShape) }
    for run in runs {
      try run.run(values)
      for (index, output) in run.outputs.enumerated() {
        run.withOutput(index) { statistics[output.name]!.add($0, shape: output.shape) }
      }
    }
    count += 1
  }
}
