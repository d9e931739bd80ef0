import Testing

@testable import Graphs

/// Networks whose convolutions compute with bytes, against the plain meaning of what the file says.
@Suite struct QuantizedExecutionTests {
  /// A convolution as a quantised file has it.
  struct Layer: Sendable, CustomTestStringConvertible {
    var input: [Int]
    var outputs: Int
    var kernel: Int
    var geometry = Convolution()
    var rectifies = false
    /// Whether another value is added, and whether the sum is rounded before.
    var residual: (isThere: Bool, isRounded: Bool) = (false, false)
    /// The largest weight.
    var largest = 64

    var testDescription: String {
      "\(input) to \(outputs), \(kernel)x\(kernel) \(geometry.strides) \(geometry.dilations) \(residual) \(largest)"
    }
  }

  static let layers: [Layer] = [
    Layer(input: [1, 1, 12, 14], outputs: 16, kernel: 5, geometry: Convolution(strides: [2, 2], padding: .all(2))),
    Layer(input: [1, 3, 9, 11], outputs: 8, kernel: 3, geometry: Convolution(padding: .all(1)), rectifies: true),
    Layer(input: [2, 16, 6, 5], outputs: 20, kernel: 1),
    Layer(input: [1, 24, 9, 8], outputs: 16, kernel: 3, geometry: Convolution(strides: [2, 1], padding: .all(1))),
    Layer(input: [1, 20, 9, 8], outputs: 7, kernel: 3, geometry: Convolution(dilations: [2, 2], padding: .all(2))),
    Layer(input: [1, 10, 7, 7], outputs: 9, kernel: 4, largest: 127),
    // Few pixels: threads share the output channels.
    Layer(input: [1, 48, 3, 5], outputs: 70, kernel: 1, largest: 20),
    Layer(input: [3, 18, 5, 5], outputs: 33, kernel: 2, geometry: Convolution(strides: [2, 2]), largest: 30),
    // By Winograd's algorithm.
    Layer(input: [1, 16, 8, 9], outputs: 16, kernel: 3, geometry: Convolution(padding: .all(1)), rectifies: true),
    Layer(input: [2, 40, 7, 10], outputs: 33, kernel: 3, geometry: Convolution(padding: .all(1)), largest: 127),
    Layer(input: [1, 17, 14, 5], outputs: 48, kernel: 3),
    // The end of a residual block.
    Layer(
      input: [1, 16, 9, 9], outputs: 16, kernel: 3, geometry: Convolution(padding: .all(1)), rectifies: true,
      residual: (true, true)),
    Layer(input: [1, 16, 5, 6], outputs: 24, kernel: 1, rectifies: true, residual: (true, true)),
    Layer(input: [1, 32, 5, 6], outputs: 16, kernel: 1, residual: (true, false)),
  ]

  private func quantization(_ scale: Float, _ zero: Int) -> Quantization {
    Quantization(scale: scale, zeroPoint: zero, type: .uint8)
  }

  private func graph(_ layer: Layer) throws -> (graph: Graph, step: Float) {
    var builder = GraphBuilder(name: "quantised")
    builder.input("x", shape: layer.input.map { .fixed($0) })
    func rounded(_ value: String, _ name: String, _ quantization: Quantization) -> String {
      let integers = builder.node(.quantize(quantization), name: "\(name).quantized", inputs: [value])
      return builder.node(.dequantize(quantization), name: name, inputs: [integers])
    }
    func convolution(_ x: String, _ name: String, _ geometry: Convolution, kernel: Int, seed: Int) -> String {
      let shape = [layer.outputs, layer.input[1], kernel, kernel]
      let largest = Float(layer.largest)
      let integers = numbers(shape, seed: seed).floats!.map {
        Int8(max(-largest, min(largest, ($0 * largest).rounded())))
      }
      let scales = (0..<layer.outputs).map { 0.004 + 0.0005 * Float($0 % 5) }
      let weights = Quantization(
        scales: scales, zeroPoints: [Int](repeating: 0, count: scales.count), axis: 0, type: .int8)
      let constant = builder.constant("\(name).integers", Constant(integers, shape: shape))
      let numbers = builder.node(.dequantize(weights), name: "\(name).weights", inputs: [constant])
      let bias = builder.constant("\(name).bias", testNumbers([layer.outputs], seed: 9))
      return builder.node(.convolution(geometry), name: name, inputs: [x, numbers, bias])
    }
    let taps = Float(layer.input[1] * layer.kernel * layer.kernel)
    let step = 0.012 * taps.squareRoot() * Float(layer.largest) / 127
    let x = rounded("x", "bytes", quantization(0.02, 117))
    var y = convolution(x, "convolution", layer.geometry, kernel: layer.kernel, seed: 2)
    if layer.residual.isThere {
      var skip = layer.geometry
      skip.padding = .none
      let other = rounded(
        convolution(x, "shortcut", skip, kernel: 1, seed: 3), "shortcut.bytes", quantization(step * 0.9, 120))
      if layer.residual.isRounded { y = rounded(y, "convolution.bytes", quantization(step * 1.1, 131)) }
      y = builder.add(y, other, name: "sum")
    }
    if layer.rectifies { y = builder.activation(y, name: "rectified", .relu) }
    builder.output(rounded(y, "y", quantization(step, layer.rectifies ? 3 : 128)))
    return (try builder.build(), step)
  }

  @Test(arguments: layers) func convolutionsAgree(_ layer: Layer) throws {
    let (graph, step) = try graph(layer)
    let input = numbers(layer.input, seed: 1)
    let values = input.floats!
    let expected = try graph.evaluate(["x": input])["y"]!.floats!
    let fused = try graph.fused(for: ["x": layer.input])
    let convolutions = fused.nodes.filter {
      if case .quantizedConvolution = $0.operation { true } else { false }
    }
    #expect(convolutions.count == (layer.residual.isThere ? 2 : 1) || !Graph.hasQuantizedKernels)
    for threads in 1...2 {
      let compiled = try CompiledGraph(graph, inputShape: layer.input, threads: threads)
      for _ in 0..<2 {
        try compiled.run(values.span)
        let steps = zip(compiled.output("y"), expected).map { abs($0 - $1) / step }
        // Half-way between two integers either may be right, and both roundings of a sum may meet such a place.
        #expect(steps.max()! < (layer.residual.isRounded ? 2.1 : 1.1))
        let others = steps.filter { $0 > 0.5 }
        #expect(Double(others.count) < 0.06 * Double(steps.count) + 2)
      }
    }
    // The twin of the fused form.
    let spelled = try fused.evaluate(["x": input])["y"]!.floats!
    #expect(difference(spelled, expected) <= step * 1.1)
  }

  /// The instruction that multiplies bytes sums up in 16 bits. For each output there is a pixel that is 255 wherever its
  /// weights are above 0 and one where they are below: if any sum left 16 bits, one of these would show it.
  @Test(arguments: [15, 31, 63, 64, 85, 127]) func theLargestSumsAreExact(_ largest: Int) throws {
    let (channels, outputs) = (48, 16)
    let weights = numbers([outputs, channels], seed: largest).floats!.map { Int8(($0 * Float(largest)).rounded()) }
    var values = [Float](repeating: 0, count: channels * outputs * 2)
    for (index, weight) in weights.enumerated() {
      let (output, channel) = (index / channels, index % channels)
      values[channel * outputs * 2 + output * 2 + (weight > 0 ? 0 : 1)] = 255
    }
    var builder = GraphBuilder(name: "extremes")
    builder.input("x", shape: [1, channels, 4, 8].map { .fixed($0) })
    let bytes = quantization(1, 0)
    let x = builder.node(
      .dequantize(bytes), name: "x.bytes",
      inputs: [builder.node(.quantize(bytes), name: "x.quantized", inputs: ["x"])])
    let scale = Quantization(
      scales: [Float](repeating: 1, count: outputs), zeroPoints: [Int](repeating: 0, count: outputs), axis: 0,
      type: .int8)
    let constant = builder.constant("integers", Constant(weights, shape: [outputs, channels, 1, 1]))
    let real = builder.node(.dequantize(scale), name: "weights", inputs: [constant])
    let sum = builder.node(.convolution(Convolution()), name: "convolution", inputs: [x, real])
    // Every sum of this set lies within the bytes, in steps that are far smaller than what an overflow leaves out.
    let result = quantization(Float(channels * largest) * 255 / 200 / 2, 128)
    let rounded = builder.node(.quantize(result), name: "y.quantized", inputs: [sum])
    builder.output(builder.node(.dequantize(result), name: "y", inputs: [rounded]))
    let graph = try builder.build()
    let input = Constant(values, shape: [1, channels, 4, 8])
    let expected = try graph.evaluate(["x": input])["y"]!.floats!
    let compiled = try CompiledGraph(graph, inputShape: input.shape, threads: 1)
    try compiled.run(values.span)
    let found = compiled.output("y")
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= result.scales[0] * 1.01 })
    #expect(zip(found, expected).filter { $0 != $1 }.count <= 3)
  }

  @Test func bridgesAgree() throws {
    let shape = [2, 16, 9, 7]
    let (a, b) = (quantization(0.02, 117), quantization(0.013, 140))
    let operations: [(Operation, Quantization)] = [
      (.maxPooling(Pooling(kernel: [3, 3], strides: [2, 2], padding: .all(1))), a),
      (.averagePooling(Pooling(kernel: [2, 2])), b),
      (.averagePooling(Pooling(kernel: [3, 3], strides: [1, 1], padding: .all(1))), b),
      (.globalAveragePooling, b),
      (.resize(Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor, target: .scales([2, 2]))), a),
    ]
    for (operation, output) in operations {
      var builder = GraphBuilder(name: "bridge")
      builder.input("x", shape: shape.map { .fixed($0) })
      let integers = builder.node(.quantize(a), name: "integers", inputs: ["x"])
      let floats = builder.node(.dequantize(a), name: "floats", inputs: [integers])
      let made = builder.node(operation, name: "made", inputs: [floats])
      let rounded = builder.node(.quantize(output), name: "rounded", inputs: [made])
      builder.output(builder.node(.dequantize(output), name: "y", inputs: [rounded]))
      let graph = try builder.build()
      let input = numbers(shape, seed: 1)
      let values = input.floats!
      let expected = try graph.evaluate(["x": input])["y"]!.floats!
      let compiled = try CompiledGraph(graph, inputShape: shape, threads: 1)
      compiled.isProfiling = true
      try compiled.run(values.span)
      #expect(difference(compiled.output("y"), expected) <= output.scales[0] * 1.01)
      #expect(compiled.timings.contains { $0.kernel.hasSuffix(" bytes") } || !Graph.hasQuantizedKernels)
    }
  }

  /// A classifier's end as other programs' files have it: everything rounded once more after it is flattened.
  @Test(arguments: [nil, 0]) func productsBehindAGlobalPoolingAgree(_ axis: Int?) throws {
    let (shape, classes) = ([2, 24, 7, 5], 37)
    var builder = GraphBuilder(name: "head")
    builder.input("x", shape: shape.map { .fixed($0) })
    func rounded(_ value: String, _ name: String, _ quantization: Quantization) -> String {
      let integers = builder.node(.quantize(quantization), name: "\(name).quantized", inputs: [value])
      return builder.node(.dequantize(quantization), name: name, inputs: [integers])
    }
    let (mean, result) = (quantization(0.004, 122), quantization(0.02, 130))
    let x = rounded("x", "bytes", quantization(0.02, 117))
    let pooled = rounded(builder.node(.globalAveragePooling, name: "mean", inputs: [x]), "mean.bytes", mean)
    let row = rounded(builder.node(.flatten(axis: 1), name: "flat", inputs: [pooled]), "flat.bytes", mean)
    let integers = numbers([classes, shape[1]], seed: 2).floats!.map { Int8(($0 * 127).rounded()) }
    let scales = axis == nil ? [0.03] : (0..<classes).map { 0.02 + 0.001 * Float($0 % 5) }
    let weights = builder.node(
      .dequantize(
        Quantization(
          scales: scales, zeroPoints: [Int](repeating: 0, count: scales.count), axis: axis, type: .int8)),
      name: "weights", inputs: [builder.constant("integers", Constant(integers, shape: [classes, shape[1]]))])
    let bias = builder.constant("bias", testNumbers([classes], seed: 9))
    let logits = builder.node(.gemm(Gemm(transposesB: true)), name: "logits", inputs: [row, weights, bias])
    builder.output(rounded(logits, "y", result))
    let graph = try builder.build()
    let input = numbers(shape, seed: 1)
    let values = input.floats!
    let expected = try graph.evaluate(["x": input])["y"]!.floats!
    #expect(Set(expected).count > 20)
    for threads in 1...2 {
      let compiled = try CompiledGraph(graph, inputShape: shape, threads: threads)
      compiled.isProfiling = true
      try compiled.run(values.span)
      #expect(compiled.output("y").count == expected.count)
      #expect(difference(compiled.output("y"), expected) <= result.scales[0] * 1.01)
      #expect(zip(compiled.output("y"), expected).filter { $0 != $1 }.count <= 2)
      let ofBytes = compiled.timings.filter { $0.kernel.hasSuffix(" bytes") }.map(\.node)
      #expect(ofBytes.contains("logits") || !Graph.hasQuantizedKernels)
    }
    #expect(difference(try graph.fused(for: ["x": shape]).evaluate(["x": input])["y"]!.floats!, expected) < 0.021)
  }

  @Test func whatIsNotANumberIsRefused() throws {
    guard Graph.hasQuantizedKernels else { return }
    let (graph, _) = try graph(QuantizedExecutionTests.layers[1])
    let compiled = try CompiledGraph(graph, inputShape: [1, 3, 9, 11], threads: 1)
    var values = numbers([1, 3, 9, 11], seed: 1).floats!
    try compiled.run(values.span)
    values[17] = .nan
    #expect(throws: GraphError.self) { try compiled.run(values.span) }
    values[17] = .infinity
    try compiled.run(values.span)
  }
}

/// The test numbers, where a local value hides their name.
private func testNumbers(_ shape: [Int], seed: Int) -> Constant { numbers(shape, seed: seed) }
