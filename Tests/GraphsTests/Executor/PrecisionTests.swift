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
