/// A network optimised once, from which compiled graphs for any input size and thread are made. They share its weights.
public final class GraphCompiler: Sendable {
  /// The graph as given.
  public let graph: Graph
  private let optimized: Graph
  private let weights = PackedWeights()

  private let usesWinograd: Bool
  private let usesBF16: Bool

  /// - Parameters:
  ///   - usesWinograd: whether 3x3 convolutions may take the quick algorithm, whose results differ from the direct sum's
  ///     in the fifth digit.
  ///   - usesBF16: whether convolutions and products with constant weights multiply in bfloat16, and images lie in memory
  ///     so between them. Sums, and everything else, are in single precision. Without effect where
  ///     ``EngineInfo/hasBF16`` is false.
  /// - Throws: `GraphError.malformed` for a graph that is not valid.
  public init(_ graph: Graph, usesWinograd: Bool = true, usesBF16: Bool = false) throws(GraphError) {
    self.usesWinograd = usesWinograd
    self.usesBF16 = usesBF16
    try graph.validate()
    self.graph = graph
    optimized = try graph.optimized()
  }

  /// Makes the network ready for inputs of these shapes.
  ///
  /// - Parameters:
  ///   - inputShapes: by input name.
  ///   - threads: how many a run uses, 1 or more. Must be called on a thread that may change its OpenMP setting.
  /// - Throws: `GraphError.shape` if the network cannot take such an input, `.memory`, or `.kernel`.
  public func compile(inputShapes: [String: [Int]], threads: Int) throws(GraphError) -> CompiledGraph {
    let fused = try optimized.fused(for: inputShapes)
    let compiled = try CompiledGraph(
      fused: fused, inputShapes: inputShapes, threads: threads, weights: weights, usesWinograd: usesWinograd,
      usesBF16: usesBF16)
    // Weights that could no longer be read from their file are not numbers.
    for constant in optimized.constants.values { try constant.source?.check() }
    return compiled
  }

  /// What ``compile(inputShapes:threads:)`` runs: the graph after all passes.
  public func fused(for inputShapes: [String: [Int]]) throws(GraphError) -> Graph {
    try optimized.fused(for: inputShapes)
  }

  /// Makes a network with one input ready for the shape `[batch, channels, height, width]`.
  public func compile(inputShape: [Int], threads: Int) throws(GraphError) -> CompiledGraph {
    guard optimized.inputs.count == 1, let input = optimized.inputs.first else {
      throw .shape("it has \(optimized.inputs.count) inputs, not one")
    }
    return try compile(inputShapes: [input.name: inputShape], threads: threads)
  }

  /// Bytes of packed weights so far, for all sizes and threads together.
  public var weightBytes: Int { weights.bytes }
}

extension CompiledGraph {
  /// Makes `graph`, which has one input, ready for one shape.
  public convenience init(_ graph: Graph, inputShape: [Int], threads: Int) throws(GraphError) {
    try graph.validate()
    guard graph.inputs.count == 1, let input = graph.inputs.first else {
      throw .shape("it has \(graph.inputs.count) inputs, not one")
    }
    let shapes = [input.name: inputShape]
    try self.init(
      fused: try graph.fused(for: shapes), inputShapes: shapes, threads: threads, weights: PackedWeights(),
      usesWinograd: true)
  }
}

/// The compiled graphs of one thread by input shape, the least recently used dropped when there are too many.
public final class CompiledGraphCache {
  private let compiler: GraphCompiler
  private let threads: Int
  private let capacity: Int
  /// Most recently used last.
  private var entries: [(shape: [Int], graph: CompiledGraph)] = []

  /// - Parameters:
  ///   - threads: for each compiled graph.
  ///   - capacity: how many shapes are kept, 1 or more.
  public init(_ compiler: GraphCompiler, threads: Int, capacity: Int = 8) {
    precondition(capacity >= 1)
    self.compiler = compiler
    self.threads = threads
    self.capacity = capacity
  }

  /// The network for inputs of this shape, compiled if it is not there yet.
  public func compiled(for shape: [Int]) throws(GraphError) -> CompiledGraph {
    if let index = entries.firstIndex(where: { $0.shape == shape }) {
      let entry = entries.remove(at: index)
      entries.append(entry)
      return entry.graph
    }
    let graph = try compiler.compile(inputShape: shape, threads: threads)
    if entries.count == capacity { entries.removeFirst() }
    entries.append((shape, graph))
    return graph
  }
}
