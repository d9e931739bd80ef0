/// Makes a network compute with 8-bit integers, by ranges observed on some inputs (post-training static quantisation;
/// Nagel et al. 2021, arXiv 2106.08295).
///
/// ```swift
/// let quantizer = try Quantizer(network)
/// let observer = try quantizer.observer(inputShapes: ["image": [1, 1, 128, 128]], threads: 2)
/// for part in parts { try observer.observe(part.span) }
/// let integers = try quantizer.quantized(by: observer.statistics)
/// ```
public struct Quantizer: Sendable {
  /// The network that is quantised: optimised, so that batch norm is part of the weights.
  public let graph: Graph
  public let settings: QuantizationSettings

  /// - Throws: `GraphError.malformed` for a graph that is not valid or is quantised already.
  public init(_ graph: Graph, settings: QuantizationSettings = QuantizationSettings()) throws(GraphError) {
    try graph.validate()
    for node in graph.nodes {
      switch node.operation {
      case .quantize, .dequantize: throw .malformed("it is quantised already (node '\(node.name)')")
      default: break
      }
    }
    self.graph = try graph.optimized()
    self.settings = settings
  }

  /// Names of the nodes that are sums of products with constant weights and can compute with integers, in order.
  public var products: [String] {
    let plan = QuantizationPlan(graph, everything)
    return plan.products.sorted().map { graph.nodes[$0].name }
  }

  /// The values whose ranges decide, in order.
  var observed: [String] {
    let values = QuantizationPlan(graph, everything).values
    return graph.inputs.map(\.name).filter(values.contains) + graph.nodes.map(\.output).filter(values.contains)
  }

  private var everything: QuantizationSettings {
    var settings = settings
    settings.keptInFloat = []
    return settings
  }

  /// Watches the network at work on inputs of these shapes.
  public func observer(inputShapes: [String: [Int]], threads: Int) throws(GraphError) -> QuantizationObserver {
    let keepsHistogram = settings.clipping != .extremes
    return try QuantizationObserver(
      graph, values: observed, inputShapes: inputShapes, threads: threads, keepsHistogram: keepsHistogram)
  }

  /// The network with its weights as integers and, around what computes with integers, the steps from numbers to
  /// integers and back (QDQ).
  ///
  /// - Parameters:
  ///   - statistics: of all values that an observer watches.
  ///   - keptInFloat: nodes that stay in single precision besides those of the settings.
  /// - Throws: `GraphError.malformed` where nothing can be quantised, a value was not observed, or what was observed are no
  ///   finite numbers.
  public func quantized(
    by statistics: [String: ValueStatistics], keptInFloat: Set<String> = []
  ) throws(GraphError) -> Graph {
    var settings = settings
    settings.keptInFloat.formUnion(keptInFloat)
    var writer = try QuantizationWriter(graph, settings, statistics)
    return try writer.quantized()
  }
}
