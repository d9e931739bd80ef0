import Testing

@testable import Graphs

/// From a float network to one in integers.
@Suite struct QuantizerTests {
  private static let shape = [1, 1, 32, 32]

  private func network() throws -> Graph {
    var network = ResidualNetwork(channels: 1, stem: 8, widths: [12, 16], blocks: 2, classes: 4)
    return try network.graph()
  }

  private func inputs(_ count: Int) -> [[Float]] { (1...count).map { numbers(Self.shape, seed: $0).floats! } }

  private func quantized(
    _ graph: Graph, _ settings: QuantizationSettings = QuantizationSettings(), kept: Set<String> = []
  ) throws -> Graph {
    let quantizer = try Quantizer(graph, settings: settings)
    let observer = try quantizer.observer(inputShapes: ["image": Self.shape], threads: 1)
    for input in inputs(6) { try observer.observe(input.span) }
    return try quantizer.quantized(by: observer.statistics, keptInFloat: kept)
  }

  private func run(_ graph: Graph, _ input: [Float]) throws -> [[Float]] {
    let compiled = try CompiledGraph(graph, inputShape: Self.shape, threads: 1)
    try compiled.run(input.span)
    return compiled.outputs.indices.map { compiled.output($0) }
  }

  @Test(arguments: [QuantizationSettings.Clipping.extremes, .percentile(0.0001), .squaredError])
  func resultsStayClose(_ clipping: QuantizationSettings.Clipping) throws {
    let graph = try network()
    let integers = try quantized(
      graph, QuantizationSettings(clipping: clipping))
    #expect(integers.inputs == graph.inputs && integers.outputs == graph.outputs)
    for seed in [2, 40] {
      let input = numbers(Self.shape, seed: seed).floats!
      let meant = try integers.evaluate(["image": Constant(input, shape: Self.shape)])
      let (floats, actual) = (try run(graph, input), try run(integers, input))
      for (index, output) in graph.outputs.enumerated() {
        let expected = try #require(meant[output.name]?.floats)
        // Random weights answer noise with noise: the mean says more than the largest.
        let mean = zip(floats[index], expected).reduce(Float(0)) { $0 + abs($1.0 - $1.1) } / Float(expected.count)
        #expect(mean < 0.04, "\(output.name) as it is meant")
        #expect(difference(actual[index], expected) < 0.05, "\(output.name) as it runs")
      }
    }
  }

  /// Each node of the network as it runs, given what the nodes before it have made.
  @Test func everyNodeOfTheNetworkComputesWhatItMeans() throws {
    let integers = try quantized(try network())
    var fused = try integers.fused(for: ["image": Self.shape])
    let made = fused.nodes.filter {
      switch $0.operation {
      case .quantizedConvolution, .quantizedBridge: true
      default: false
      }
    }
    #expect(made.count > 5 || !Graph.hasQuantizedKernels)
    fused.outputs += made.map { GraphValue(name: $0.output, shape: nil) }
    let input = inputs(1)[0]
    let compiled = try CompiledGraph(
      fused: fused, inputShapes: ["image": Self.shape], threads: 1, weights: PackedWeights(), usesWinograd: true)
    try compiled.run(input.span)
    var values = fused.constants
    values["image"] = Constant(input, shape: Self.shape)
    for node in fused.nodes {
      let inference = ShapeInference(node: node, shapes: node.inputs.map { $0.isEmpty ? nil : values[$0]?.shape })
      let expected = try node.evaluate(values, shape: try inference.result())
      values[node.output] = expected
      guard made.contains(node) else { continue }
      let actual = compiled.output(node.output)
      let steps = zip(actual, expected.floats!).map { abs($0 - $1) }
      #expect(steps.max()! <= 2 && steps.count { $0 > 0 } <= steps.count / 10, "\(node.name)")
      values[node.output] = Constant(actual, shape: expected.shape)
    }
  }

  @Test func theResultIsTheSameEveryTimeAndSurvivesItsFile() throws {
    let bytes = try quantized(try network()).onnx()
    #expect(try quantized(try network()).onnx() == bytes)
    let read = try Graph(onnx: bytes)
    #expect(try read.onnx() == bytes)
    let input = inputs(1)[0]
    #expect(try run(read, input) == run(try quantized(try network()), input))
    // A byte a weight where there were four; this network is so small that names take their share.
    #expect(bytes.count < (try network().onnx().count) * 2 / 3)
  }

  /// What runtimes fuse: integers around every convolution, weights and bias in the types that they ask for.
  @Test func everyConvolutionIsSurrounded() throws {
    let graph = try quantized(try network())
    var producers: [String: Node] = [:]
    for node in graph.nodes { producers[node.output] = node }
    var count = 0
    for node in graph.nodes {
      guard case .convolution = node.operation, case .dequantize(let weights)? = producers[node.inputs[1]]?.operation
      else { continue }
      count += 1
      guard case .dequantize(let x)? = producers[node.inputs[0]]?.operation,
        case .dequantize(let bias)? = producers[node.inputs[2]]?.operation
      else {
        Issue.record("\(node.name) has a float beside its integers")
        continue
      }
      #expect(weights.type == .int8 && weights.axis == 0 && weights.zeroPoints.allSatisfy { $0 == 0 })
      #expect(x.type == .uint8 && x.axis == nil)
      #expect(bias.type == .int32 && bias.scales == weights.scales.map { $0 * x.scales[0] })
      let packed = graph.constants[producers[node.inputs[1]]!.inputs[0]]!
      #expect(largestNeighbours(packed) * 220 <= 32767 && packed.numbers.contains { abs($0) >= 60 })
    }
    // The stem, four blocks of two, two shortcuts; the heads give floats.
    #expect(count == 11)
    for name in ["pixel", "head"] {
      let node = try #require(graph.nodes.first { $0.name == name })
      #expect(graph.constants[node.inputs[1]]?.floats != nil)
    }
    // An addition has integers on both sides and a rectifier before the next ones.
    let sum = try #require(graph.nodes.first { $0.operation == .binary(.add) })
    #expect(sum.inputs.allSatisfy { producers[$0]?.operation.dequantizes == true })
    let relu = try #require(graph.nodes.first { $0.inputs == [sum.output] })
    #expect(relu.operation == .activation(.relu))
    guard case .quantize(let result)? = graph.nodes.first(where: { $0.inputs == [relu.output] })?.operation else {
      Issue.record("the sum stays a float")
      return
    }
    #expect(result.zeroPoints == [0])
  }

  /// The largest sum of two weights of one sign among four in a row of input channels, or anywhere for a single channel.
  private func largestNeighbours(_ weights: Constant) -> Float {
    let (outputs, inputs, area) = (weights.shape[0], weights.shape[1], weights.shape[2] * weights.shape[3])
    var largest: Float = 0
    for output in 0..<outputs {
      let rows = (0..<area).map { tap in
        (0..<inputs).map { weights.numbers[(output * inputs + $0) * area + tap] }
      }
      let runs =
        inputs < 4
        ? [rows.flatMap { $0 }]
        : rows.flatMap { row in
          stride(from: 0, to: inputs, by: 4).map { Array(row[$0..<min($0 + 4, inputs)]) }
        }
      for run in runs {
        for sign in [Float(1), -1] {
          largest = max(largest, run.map { max(0, $0 * sign) }.sorted().suffix(2).reduce(0, +))
        }
      }
    }
    return largest
  }

  @Test func sumsOverTapsSurviveRounding() {
    // One input: 0.4 six times is 2.4, of which nearest rounding leaves nothing; the earliest become ones.
    #expect(RoundedWeights.round([0.4, 0.4, 0.4, 0.4, 0.4, 0.4], inputs: 1) == [1, 1, 0, 0, 0, 0])
    // Two inputs: 0.45 + 0.3 + 0.4 = 1.15 and -0.6 - 0.7 + 0.1 = -1.2.
    #expect(RoundedWeights.round([0.45, -0.6, 0.3, -0.7, 0.4, 0.1], inputs: 2) == [1, 0, 0, -1, 0, 0])
    // A product without taps is rounded to the nearest.
    #expect(RoundedWeights.round([0.4, 0.4, 0.4], inputs: 3) == [0, 0, 0])
  }

  @Test func poolingKeepsItsScale() throws {
    var builder = GraphBuilder(name: "pooled")
    builder.input("image", shape: [1, 1, 32, 32])
    let a = builder.convolution("image", name: "a", weights: numbers([8, 1, 3, 3], seed: 2))
    let pooled = builder.maxPooling(a, name: "pool", Pooling(kernel: [2, 2]))
    builder.output(builder.convolution(pooled, name: "b", weights: numbers([8, 8, 3, 3], seed: 3)), as: "y")
    let graph = try quantized(try builder.build(), QuantizationSettings(smallestHead: 1))
    let scales = graph.nodes.compactMap { node -> Quantization? in
      if case .quantize(let quantization) = node.operation { quantization } else { nil }
    }
    #expect(scales.count == 3 && scales[1] == scales[2] && scales[0] != scales[1])
  }

  @Test func layersThatAreKeptStayFloats() throws {
    let graph = try network()
    let name = try #require(try Quantizer(graph).products.dropFirst().first)
    let kept = try quantized(graph, kept: [name])
    let node = try #require(kept.nodes.first { $0.name == name })
    #expect(kept.constants[node.inputs[1]]?.floats != nil)
    let all = Set(try Quantizer(graph).products)
    #expect(throws: GraphError.self) { try quantized(graph, kept: all) }
  }

  @Test func theLayerThatMattersIsFound() throws {
    // The second convolution has one channel of huge weights beside tiny ones that carry the result: with a scale for the
    // whole input, its neighbour's rounding drowns them.
    var builder = GraphBuilder(name: "sensitive")
    builder.input("image", shape: [1, 1, 32, 32])
    let fine = (0..<8).map { Float($0 == 0 ? 100 : 0.01) }
    let a = builder.convolution("image", name: "harmless", weights: Constant([Float(1)], shape: [1, 1, 1, 1]))
    let b = builder.convolution(a, name: "wide", weights: Constant(fine, shape: [8, 1, 1, 1]))
    let c = builder.convolution(
      b, name: "narrow", weights: Constant([0] + [Float](repeating: 1, count: 7), shape: [1, 8, 1, 1]))
    builder.output(c, as: "y")
    let quantizer = try Quantizer(try builder.build(), settings: QuantizationSettings(smallestHead: 1))
    let observer = try quantizer.observer(inputShapes: ["image": Self.shape], threads: 1)
    for input in inputs(3) { try observer.observe(input.span) }
    let order = try quantizer.sensitivities(
      by: observer.statistics, inputs: inputs(2), inputShapes: ["image": Self.shape], threads: 1)
    #expect(order.map(\.product).last == "harmless" && order.count == 3)
    #expect(order[0].change > 100 * order[2].change)
  }

  @Test func whatCannotBeQuantised() throws {
    let graph = try network()
    let quantizer = try Quantizer(graph)
    #expect(throws: GraphError.malformed("the value 'image' was not observed")) { try quantizer.quantized(by: [:]) }
    let observer = try quantizer.observer(inputShapes: ["image": Self.shape], threads: 1)
    var broken = inputs(1)[0]
    broken[7] = .nan
    try observer.observe(broken.span)
    #expect(throws: GraphError.self) { try quantizer.quantized(by: observer.statistics) }
    #expect(throws: GraphError.self) { try Quantizer(try quantized(graph)) }
    var builder = GraphBuilder(name: "nothing")
    builder.input("image", shape: [1, 4])
    builder.output(builder.activation("image", name: "y", .relu))
    let nothing = try Quantizer(try builder.build())
    #expect(nothing.products.isEmpty)
    #expect(throws: GraphError.self) { try nothing.quantized(by: [:]) }
  }

  // MARK: Statistics

  @Test func rangesOfHistograms() {
    var statistics = ValueStatistics(keepsHistogram: true)
    // First the small ones, so that the histogram has to widen for the last.
    statistics.add((0..<10_000).map { Float($0) / 10_000 }.span, shape: [1, 2, 5000])
    statistics.add([Float(100), -3].span, shape: [1, 2, 1])
    #expect(statistics.minimum == -3 && statistics.maximum == 100)
    #expect(statistics.range(.extremes, levels: 255) == (-3, 100))
    let percentile = statistics.range(.percentile(0.001), levels: 255)
    #expect(abs(percentile.high - 0.999) < 0.1 && percentile.low <= 0 && percentile.low > -0.1)
    let least = statistics.range(.squaredError, levels: 15)
    #expect(least.high <= 100 && least.low >= -3)
    #expect(abs(statistics.channelMeans[0] - (1249.75 + 100) / 5001) < 1e-3)
  }

  @Test func clippingPaysWhereOneValueIsFarOut() {
    var statistics = ValueStatistics(keepsHistogram: true)
    statistics.add((0..<100_000).map { Float($0 % 1000) / 1000 }.span, shape: [100_000])
    statistics.add([Float(2)].span, shape: [1])
    // With 15 steps, half the range is worth more than one value.
    #expect(statistics.range(.squaredError, levels: 15).high < 1.5)
    #expect(statistics.range(.extremes, levels: 15).high == 2)
  }
}
