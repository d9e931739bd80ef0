import SwiftProtobuf
import Testing

@testable import Graphs

/// QuantizeLinear and DequantizeLinear: meaning, files, execution.
@Suite struct QuantizationTests {
  /// A convolution with weights for each channel and a bias in integers, and its input and result in bytes: all that a
  /// quantised model consists of.
  static func convolution(
    weights: Quantization? = nil, activation: Quantization = Quantization(scale: 0.01, zeroPoint: 100, type: .uint8)
  ) throws -> Graph {
    let weights =
      weights
      ?? Quantization(
        scales: [0.01, 0.02, 0.005, 0.04], zeroPoints: [0, 0, 0, 0], axis: 0, type: .int8)
    var builder = GraphBuilder(name: "quantised")
    builder.input("x", shape: ["batch", 6, 5, 7])
    let x = pair(&builder, "x", activation)
    builder.constant("w.int8", weights.pack(numbers([4, 6, 3, 3], seed: 2).floats!, shape: [4, 6, 3, 3]))
    let w = builder.node(.dequantize(weights), name: "w", inputs: ["w.int8"])
    let steps = Quantization(
      scales: weights.scales.map { $0 * activation.scales[0] }, zeroPoints: weights.zeroPoints.map { _ in 0 },
      axis: weights.axis, type: .int32)
    builder.constant("b.int32", steps.pack(numbers([4], seed: 3).floats!, shape: [4]))
    let b = builder.node(.dequantize(steps), name: "b", inputs: ["b.int32"])
    let y = builder.node(.convolution(Convolution(padding: .all(1))), name: "conv", inputs: [x, w, b])
    builder.output(pair(&builder, y, Quantization(scale: 0.07, zeroPoint: -3, type: .int8)), as: "y")
    return try builder.build()
  }

  private static func pair(_ builder: inout GraphBuilder, _ x: String, _ quantization: Quantization) -> String {
    let integers = builder.node(.quantize(quantization), name: "\(x).q", inputs: [x])
    return builder.node(.dequantize(quantization), name: "\(x).dq", inputs: [integers])
  }

  // MARK: Meaning

  @Test func integersAreRoundedHalfToEvenAndSaturated() {
    let bytes = Quantization(scale: 0.5, zeroPoint: 10, type: .uint8)
    // 0.25 / 0.5 = 0.5 -> 0, 0.75 / 0.5 = 1.5 -> 2
    #expect([0, 0.25, 0.75, -0.25, -0.75, 200, -200].map { bytes.quantize($0) } == [10, 10, 12, 10, 8, 255, 0])
    #expect([0, 10, 255].map { bytes.dequantize($0) } == [-5, 0, 122.5])
    let signed = Quantization(scale: 1, type: .int8)
    #expect([127.4, 128, -128.5, -200].map { signed.quantize($0) } == [127, 127, -128, -128])
    #expect(signed.quantize(.infinity) == 127 && signed.quantize(-.infinity) == -128)
    // A broken picture must not become a number.
    #expect(signed.quantize(.nan).isNaN && signed.dequantize(.nan).isNaN)
  }

  @Test func scalesBelongToThePlacesOfAnAxis() {
    let quantization = Quantization(scales: [1, 10], zeroPoints: [0, 5], axis: -2, type: .int8)
    let values: [Float] = [1, 2, 3, 10, 20, 30, -1, -2, -3, -10, -20, -30]
    #expect(quantization.quantize(values, shape: [2, 2, 3]) == [1, 2, 3, 6, 7, 8, -1, -2, -3, 4, 3, 2])
    let packed = quantization.pack(values, shape: [2, 2, 3])
    #expect(packed.elements == .int8([1, 2, 3, 6, 7, 8, -1, -2, -3, 4, 3, 2]))
    #expect(quantization.dequantize(packed.numbers, shape: [2, 2, 3]) == values)
  }

  /// The kernel against the definition, in every lane and in the rest, beside values beyond all limits.
  @Test(arguments: [
    Quantization(scale: 0.013, zeroPoint: 117, type: .uint8), Quantization(scale: 0.008, zeroPoint: -7, type: .int8),
    Quantization(
      scales: [0.01, 0.02, 0.03, 0.04, 0.05], zeroPoints: [0, 1, 2, 3, 4], axis: 1, type: .uint8),
  ])
  func theKernelIsTheDefinition(_ quantization: Quantization) throws {
    var builder = GraphBuilder(name: "pair")
    builder.input("x", shape: [3, 5, 7])
    let q = builder.node(.quantize(quantization), name: "q", inputs: ["x"])
    builder.output(q)
    builder.output(builder.node(.dequantize(quantization), name: "y", inputs: [q]))
    let graph = try builder.build()
    var values = numbers([3, 5, 7], seed: 1).floats!.map { $0 * 4 }
    for index in 0..<40 { values[index] = quantization.scales[0] * (Float(index) - 0.5) }
    values[50] = 1e30
    values[51] = -.infinity
    values[104] = .nan
    let expected = try graph.evaluate(["x": Constant(values, shape: [3, 5, 7])])
    let compiled = try CompiledGraph(graph, inputShape: [3, 5, 7], threads: 1)
    for _ in 0..<2 {
      try compiled.run(values.span)
      #expect(difference(compiled.output("q"), expected["q"]!.floats!) == 0)
      #expect(difference(compiled.output("y"), expected["y"]!.floats!) == 0)
    }
    #expect(compiled.output("q")[104].isNaN)
  }

  @Test func aQuantisedConvolutionRuns() throws {
    let graph = try Self.convolution()
    let input = numbers([2, 6, 5, 7], seed: 1)
    let expected = try graph.evaluate(["x": input])["y"]!
    let compiled = try CompiledGraph(graph, inputShape: [2, 6, 5, 7], threads: 1)
    let values = input.floats!
    try compiled.run(values.span)
    // Sums in another order may round to the next integer.
    #expect(difference(compiled.output("y"), expected.floats!) <= 0.0701)
    let equal = zip(compiled.output("y"), expected.floats!).count { abs($0 - $1) < 1e-5 }
    #expect(equal >= expected.count * 99 / 100)
  }

  // MARK: Passes

  @Test func weightsOfProductsStayIntegersUntilKernelsAreChosen() throws {
    let graph = try Self.convolution()
    let optimized = try graph.optimized()
    #expect(optimized.constants["w.int8"]?.quantizedType == .int8)
    #expect(optimized.constants["b.int32"]?.quantizedType == .int32)
    #expect(optimized.nodes.count == graph.nodes.count)
    let fused = try graph.fused(for: ["x": [1, 6, 5, 7]])
    #expect(fused.constants["w"]?.floats != nil && fused.constants["w.int8"] == nil)
    #expect(fused.nodes.map(\.name) == ["x.q", "x.dq", "conv", "conv.q", "y"] || fused.nodes.count == 5)
  }

  @Test func otherQuantisedConstantsBecomeFloats() throws {
    var builder = GraphBuilder(name: "other")
    builder.input("x", shape: [1, 3])
    let scale = Quantization(scale: 0.5, type: .int8)
    builder.constant("c.int8", Constant([Int8(2), 4, -6], shape: [1, 3]))
    let c = builder.node(.dequantize(scale), name: "c", inputs: ["c.int8"])
    builder.output(builder.add("x", c, name: "y"))
    let optimized = try builder.build().optimized()
    #expect(optimized.constants["c"]?.floats == [1, 2, -3])
    #expect(optimized.nodes.map(\.name) == ["y"])
  }

  /// Some tools write weights as floats with both steps after them.
  @Test func quantisedFloatWeightsBecomeIntegers() throws {
    var builder = GraphBuilder(name: "both")
    builder.input("x", shape: [1, 6, 5, 7])
    builder.constant("w.float", numbers([4, 6, 1, 1], seed: 2))
    let scale = Quantization(scale: 0.01, type: .int8)
    let integers = builder.node(.quantize(scale), name: "w.q", inputs: ["w.float"])
    let w = builder.node(.dequantize(scale), name: "w", inputs: [integers])
    builder.output(builder.node(.convolution(Convolution()), name: "y", inputs: ["x", w]))
    let optimized = try builder.build().optimized()
    #expect(optimized.constants["w.q"]?.quantizedType == .int8)
    #expect(optimized.nodes.map(\.name) == ["w", "y"])
  }
}
