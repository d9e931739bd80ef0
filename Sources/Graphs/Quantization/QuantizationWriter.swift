/// Rewrites a graph by a plan.
struct QuantizationWriter {
  private let source: Graph
  private let settings: QuantizationSettings
  private let statistics: [String: ValueStatistics]
  private let plan: QuantizationPlan
  private var result: Graph
  private var names: Set<String>
  /// Of every value that is quantised so far.
  private var quantizations: [String: Quantization] = [:]
  /// What a quantised value is read as.
  private var dequantized: [String: String] = [:]

  init(
    _ graph: Graph, _ settings: QuantizationSettings, _ statistics: [String: ValueStatistics]
  ) throws(GraphError) {
    source = graph
    self.settings = settings
    self.statistics = statistics
    plan = QuantizationPlan(graph, settings)
    guard !plan.products.isEmpty else {
      throw .malformed("nothing in it can be quantised: it has no convolution or large product with fixed weights")
    }
    result = graph
    result.nodes = []
    names = Set(graph.constants.keys)
    names.formUnion(graph.inputs.map(\.name))
    names.formUnion(graph.nodes.map(\.output))
  }

  mutating func quantized() throws(GraphError) -> Graph {
    for input in source.inputs { try quantizeIfPlanned(input.name) }
    for (index, node) in source.nodes.enumerated() {
      var node = node
      let product = plan.products.contains(index) ? QuantizedProduct(node, source.constants) : nil
      if let product { try quantizeWeights(of: &node, product) }
      node.inputs = node.inputs.map { dequantized[$0] ?? $0 }
      result.nodes.append(node)
      try quantizeIfPlanned(node.output)
    }
    result.removeDeadNodes()
    try result.validate()
    return result
  }

  private mutating func fresh(_ base: String) -> String {
    var name = base
    var count = 0
    while !names.insert(name).inserted {
      count += 1
      name = "\(base).\(count)"
    }
    return name
  }

  // MARK: Activations

  private mutating func quantizeIfPlanned(_ value: String) throws(GraphError) {
    guard plan.values.contains(value) else { return }
    let quantization = try quantization(of: value)
    quantizations[value] = quantization
    let integers = fresh("\(value).quantized")
    let numbers = fresh("\(value).dequantized")
    result.nodes.append(Node(name: integers, operation: .quantize(quantization), inputs: [value], output: integers))
    result.nodes.append(Node(name: numbers, operation: .dequantize(quantization), inputs: [integers], output: numbers))
    dequantized[value] = numbers
  }

  private func quantization(of value: String) throws(GraphError) -> Quantization {
    if let other = plan.sameScale[value], let quantization = quantizations[other] { return quantization }
    guard let observed = statistics[value], observed.minimum <= observed.maximum else {
      throw .malformed("the value '\(value)' was not observed")
    }
    guard observed.unsound == 0 else {
      throw .malformed("the value '\(value)' came to what is not a finite number while it was observed")
    }
    let levels = plan.productInputs.contains(value) ? settings.inputLimit : 255
    let (low, high) = observed.range(settings.clipping, levels: levels)
    let scale = max((high - low) / Float(levels), Quantization.leastScale)
    let zero = min(max(Int((-low / scale).rounded(.toNearestOrEven)), 0), levels)
    return Quantization(scale: high > low ? scale : 1, zeroPoint: zero, type: .uint8)
  }

  // MARK: Weights

  /// Puts integers in place of a product's weights and bias.
  private mutating func quantizeWeights(of node: inout Node, _ product: QuantizedProduct) throws(GraphError) {
    guard let input = quantizations[node.inputs[0]], let inputScale = input.scale else {
      throw .malformed("the input of node '\(node.name)' has no scale")
    }
    // A bias must fit 32 bits in steps of both scales; where weights are next to nothing, theirs gives way.
    let least = (0..<product.channels).map { channel in
      max(Quantization.leastScale, product.bias.map { abs($0[channel]) / inputScale / 0x1p30 } ?? 0)
    }
    let rounded = RoundedWeights(product, inputLimit: settings.inputLimit, leastScale: least)
    let scales = rounded.scales
    let weights = Quantization(
      scales: scales, zeroPoints: [Int](repeating: 0, count: scales.count), axis: product.axis, type: .int8)
    let packed = Constant(rounded.integers, shape: product.weights.shape)
    var inputs = [node.inputs[0], dequantize(packed, weights, as: "\(node.name).weight")]

    let correction = settings.correctsBiases ? self.correction(node, product, packed, weights) : nil
    if product.bias != nil || correction != nil {
      var bias = product.bias ?? [Float](repeating: 0, count: product.channels)
      if let correction { for channel in bias.indices { bias[channel] -= correction[channel] } }
      let steps = scales.map { $0 * inputScale }
      let integers = Quantization(
        scales: steps, zeroPoints: [Int](repeating: 0, count: steps.count), axis: 0, type: .int32)
      inputs.append(
        dequantize(integers.pack(bias, shape: [bias.count]), integers, as: "\(node.name).bias"))
    }
    node.inputs = inputs
  }

  private mutating func dequantize(_ constant: Constant, _ quantization: Quantization, as base: String) -> String {
    let integers = fresh("\(base).\(quantization.type.rawValue)")
    result.constants[integers] = constant
    let numbers = fresh("\(base).dequantized")
    result.nodes.append(Node(name: numbers, operation: .dequantize(quantization), inputs: [integers], output: numbers))
    return numbers
  }

  /// What rounding weights adds to each output channel's mean, padding left aside; nil where that is not known.
  private func correction(
    _ node: Node, _ product: QuantizedProduct, _ packed: Constant, _ quantization: Quantization
  ) -> [Float]? {
    guard product.takesBias, let means = statistics[node.inputs[0]]?.channelMeans else { return nil }
    let rounded = quantization.dequantize(packed.numbers, shape: packed.shape)
    guard product.firstInput(product.channels - 1) + product.inputs <= means.count else { return nil }
    return product.positions.enumerated().map { channel, positions in
      let first = product.firstInput(channel)
      return Float(
        positions.enumerated().reduce(0.0) { sum, item in
          let difference = Double(rounded[item.element] - product.values[item.element])
          return sum + difference * means[first + item.offset % product.inputs]
        })
    }
  }
}

extension Quantization {
  /// Below this a scale would vanish in products with others.
  static let leastScale: Float = 1e-12
}
