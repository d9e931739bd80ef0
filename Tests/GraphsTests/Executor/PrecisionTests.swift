import CDNN
import Testing

@testable import Graphs

/// Products in bfloat16, which oneDNN makes where the processor can.
@Suite struct PrecisionTests {
  @Test(arguments: [true, false]) func leaveReachesThePrimitives(_ allowed: Bool) throws {
    let engine = try Engine(allowsBF16: allowed)
    let image = TensorDescription.sized([1, 8, 6, 6], .plain)
    let window = cdnn_window(stride: [1, 1], dilation: [1, 1], before: [1, 1], after: [1, 1], kernel: [3, 3])
    let convolution = try #require(
      engine.convolution(
        transposed: false, image, .sized([8, 8, 3, 3], nil), bias: nil, image, window, []))
    #expect(convolution.allowsBF16 == allowed)
    let product = try #require(
      engine.product(.sized([4, 8], .plain), .sized([8, 4], nil), bias: nil, .sized([4, 4], .plain), []))
    #expect(product.allowsBF16 == allowed)
    // Only products: a function of a number has nothing to gain.
    let function = try #require(engine.elementwise(ElementwiseStep(CDNN_TANH, 0, 0), image))
    #expect(!function.allowsBF16)
  }

  static let hasHalves = EngineInfo.hasBF16 && cdnn_vector_width() == 16

  /// Images stay in bfloat16 from the picture to the last pooling: no more is lost than by rounding each of them.
  @Test(.enabled(if: hasHalves, "this processor does not multiply in bfloat16"), arguments: [1, 2])
  func imagesLieInBfloat16(threads: Int) throws {
    var builder = GraphBuilder(name: "halves")
    builder.input("x", shape: ["n", "c", "h", "w"])
    func weights(_ shape: [Int], _ seed: Int) -> Constant {
      let scale = 1.7 / Float(shape.dropFirst().reduce(1, *)).squareRoot()
      return Constant(numbers(shape, seed: seed).floats!.map { $0 * scale }, shape: shape)
    }
    let bias = numbers([24], seed: 9).floats!
    var y = builder.convolution(
      "x", name: "stem", weights: weights([24, 3, 5, 5], 1), bias: bias,
      Convolution(strides: [2, 2], padding: .all(2)))
    y = builder.maxPooling(y, name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], padding: .all(1)))
    let body = builder.convolution(
      y, name: "body", weights: weights([24, 24, 3, 3], 2), bias: nil, Convolution(padding: .all(1)))
    let relu = builder.activation(builder.add(body, y, name: "sum"), name: "relu", .relu)
    let wide = builder.convolution(
      relu, name: "wide", weights: weights([40, 24, 1, 1], 3), bias: nil, Convolution())
    builder.output(wide)
    builder.output(builder.globalAveragePooling(wide, name: "mean"))
    let graph = try builder.build()
    let shape = [2, 3, 37, 30]
    let input = try #require(numbers(shape, seed: 4).floats)
    let results = try [false, true].map { usesBF16 in
      let compiled = try GraphCompiler(graph, usesBF16: usesBF16).compile(inputShape: shape, threads: threads)
      compiled.isProfiling = true
      for _ in 0..<2 { try compiled.run(input.span) }
      let kernels = compiled.timings.map(\.kernel)
      #expect(kernels.contains { $0.contains("bf16") } == usesBF16, "\(kernels)")
      #expect(kernels.filter { $0.contains("reorder") }.count <= 4, "\(kernels)")
      return [compiled.output(0), compiled.output(1)]
    }
    for (exact, half) in zip(results[0], results[1]) {
      let span = exact.max()! - exact.min()!
      #expect(difference(half, exact) < 0.01 * span)
      #expect(difference(half, exact) > 0)
    }
  }

  /// The same bits where there is no bfloat16; with it, eight bits of each factor are left.
  @Test func resultsAreThoseOfSinglePrecision() throws {
    var network = ResidualNetwork.small
    let graph = try network.graph()
    let shape = [1, 1, 32, 32]
    let input = try #require(numbers(shape, seed: 4).floats)
    let results = try [false, true].map { usesBF16 in
      let compiled = try GraphCompiler(graph, usesBF16: usesBF16).compile(inputShape: shape, threads: 1)
      try compiled.run(input.span)
      return compiled.output(0)
    }
    if !EngineInfo.hasBF16 { #expect(results[0] == results[1]) }
    let span = results[0].max()! - results[0].min()!
    #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) <= 0.05 * span })
  }
}
