import Testing

@testable import Graphs

/// What a transformer is made of, in the forms that exporters write, against the plain meaning.
@Suite struct TransformerTests {
  private func graph(_ shape: [Int], _ build: (inout GraphBuilder) -> String) throws -> Graph {
    var builder = GraphBuilder(name: "transformer")
    builder.input("x", shape: shape.map { .fixed($0) })
    let value = build(&builder)
    builder.output(value, as: "y")
    return try builder.build()
  }

  /// Compares the compiled graph with the reference, on one thread and on two, and returns the kernels that ran.
  @discardableResult
  private func check(
    _ graph: Graph, _ shape: [Int], location: SourceLocation = #_sourceLocation
  ) throws -> Set<String> {
    let input = numbers(shape, seed: 1)
    let values = input.floats!
    let expected = try graph.evaluate(["x": input])["y"]!.floats!
    let largest = max(1, expected.map(abs).max()!)
    var kernels: Set<String> = []
    for threads in 1...2 {
      let compiled = try CompiledGraph(graph, inputShape: shape, threads: threads)
      compiled.isProfiling = true
      // Twice, since memory is not empty the second time.
      for _ in 0..<2 {
        try compiled.run(values.span)
        #expect(difference(compiled.output("y"), expected) <= 1e-4 * largest, sourceLocation: location)
      }
      kernels.formUnion(compiled.timings.map(\.kernel))
    }
    return kernels
  }

  /// Rows and columns on both sides of the inner kernel's 6 and 16, and sums longer than one block.
  @Test(arguments: [[1, 1, 1], [1, 400, 5], [6, 7, 16], [7, 13, 21], [11, 800, 33], [13, 390, 48]])
  func denseLayersOfAllSizes(_ sizes: [Int]) throws {
    let (rows, inner, columns) = (sizes[0], sizes[1], sizes[2])
    for activation in [Activation.relu, .gelu, .silu, .elu(alpha: 1)] {
      let graph = try graph([1, rows, inner]) {
        let weights = $0.constant("w", numbers([inner, columns], seed: 2))
        let bias = $0.constant("b", numbers([columns], seed: 3))
        let product = $0.node(.matrixProduct, name: "product", inputs: ["x", weights])
        return $0.activation($0.add(bias, product, name: "sum"), name: "y", activation)
      }
      try check(graph, [1, rows, inner])
      let fused = try graph.fused(for: ["x": [1, rows, inner]])
      #expect(fused.nodes.count == (activation.isFusible ? 1 : 2))
    }
  }

  @Test func aResidualIsAddedWithinTheLayer() throws {
    let graph = try graph([2, 5, 24]) {
      let weights = $0.constant("w", numbers([24, 24], seed: 2))
      let before = $0.activation("x", name: "before", .relu)
      let product = $0.node(.matrixProduct, name: "product", inputs: [before, weights])
      let sum = $0.add(before, product, name: "sum")
      // What was added to is read again: it may not have been overwritten.
      return $0.add($0.activation(sum, name: "after", .relu), before, name: "again")
    }
    let fused = try graph.fused(for: ["x": [2, 5, 24]])
    #expect(fused.nodes.map(\.operation) == [.activation(.relu), .dense, .binary(.add)])
    #expect(fused.nodes[1].postOperations == [.sum(input: 3), .activation(.relu)])
    try check(graph, [2, 5, 24])
  }

  /// As torch exports `nn.MultiheadAttention`: one projection, sliced, heads split by reshapes and transposes.
  private func attention(
    tokens: Int, heads: Int, depth: Int, mask: [Int]? = nil, scalesBoth: Bool = false
  ) throws -> Graph {
    let width = heads * depth
    return try graph([2, tokens, width]) { builder in
      let weights = builder.constant("w", numbers([width, 3 * width], seed: 2))
      let packed = builder.node(.matrixProduct, name: "packed", inputs: ["x", weights])
      func part(_ name: String, _ index: Int, _ permutation: [Int]) -> String {
        let range = SliceRange(axis: 2, start: index * width, end: (index + 1) * width)
        let slice = builder.node(.slice([range]), name: "\(name).slice", inputs: [packed])
        let split = builder.node(
          .reshape(shape: [0, 0, heads, depth], allowsZero: false), name: "\(name).split", inputs: [slice])
        return builder.node(.transpose(permutation: permutation), name: name, inputs: [split])
      }
      func scaled(_ value: String, _ factor: Float) -> String {
        let number = builder.constant("\(value).factor", Constant([factor], shape: []))
        return builder.binary(.multiply, value, number, name: "\(value).scaled")
      }
      var (q, k) = (part("q", 0, [0, 2, 1, 3]), part("k", 1, [0, 2, 3, 1]))
      if scalesBoth { (q, k) = (scaled(q, 0.6), scaled(k, 0.6)) }
      var scores = builder.node(.matrixProduct, name: "scores", inputs: [q, k])
      if !scalesBoth { scores = scaled(scores, 0.36) }
      if let mask {
        scores = builder.add(scores, builder.constant("mask", numbers(mask, seed: 4)), name: "masked")
      }
      let share = builder.softmax(scores, axis: -1, name: "share")
      let mixed = builder.node(.matrixProduct, name: "mixed", inputs: [share, part("v", 2, [0, 2, 1, 3])])
      let turned = builder.node(.transpose(permutation: [0, 2, 1, 3]), name: "turned", inputs: [mixed])
      return builder.node(
        .reshape(shape: [0, 0, width], allowsZero: false), name: "merged", inputs: [turned])
    }
  }

  @Test(arguments: [[5, 2, 8], [17, 3, 20], [33, 1, 64], [6, 4, 16]]) func attentionOfAllSizes(_ sizes: [Int]) throws {
    let shape = [2, sizes[0], sizes[1] * sizes[2]]
    for scalesBoth in [true, false] {
      let graph = try attention(tokens: sizes[0], heads: sizes[1], depth: sizes[2], scalesBoth: scalesBoth)
      let fused = try graph.fused(for: ["x": shape])
      let isRecognised = fused.nodes.contains { if case .attention = $0.operation { true } else { false } }
      #expect(isRecognised == Graph.hasAttentionKernel)
      let kernels = try check(graph, shape)
      // Nothing is copied: slices and transposes are views.
      #expect(!Graph.hasAttentionKernel || !kernels.contains("copy"))
    }
  }

  @Test(arguments: [[9, 9], [3, 1, 9], [1, 3, 9, 9], [2, 1, 1, 9]]) func attentionWithAMask(_ mask: [Int]) throws {
    try check(attention(tokens: 9, heads: 3, depth: 8, mask: mask), [2, 9, 24])
  }

  @Test func aScoreThatIsNoNumberStaysNone() throws {
    let graph = try attention(tokens: 9, heads: 3, depth: 8)
    var input = numbers([2, 9, 24], seed: 1).floats!
    input[9 * 24 + 3] = .nan
    let compiled = try CompiledGraph(graph, inputShape: [2, 9, 24], threads: 1)
    try compiled.run(input.span)
    let output = compiled.output("y")
    let (before, after) = (output[..<216].filter(\.isFinite), output[216...].filter(\.isNaN))
    #expect(before.count == 216 && after.count == 216)
  }

  @Test func attentionCanBeWritten() throws {
    let shape = [2, 9, 24]
    let graph = try attention(tokens: 9, heads: 3, depth: 8, mask: [3, 1, 9])
    let fused = try graph.fused(for: ["x": shape])
    let again = try Graph(onnx: try fused.onnx())
    let input = numbers(shape, seed: 1)
    let (first, second) = (try graph.evaluate(["x": input])["y"], try again.evaluate(["x": input])["y"])
    #expect(difference(first, second) < 1e-5)
  }

  /// Layer normalisation as exporters write it before opset 17.
  @Test(arguments: [true, false]) func spelledOutLayerNormIsRecognised(_ squaresByPower: Bool) throws {
    let graph = try graph([2, 7, 19]) { builder in
      func number(_ name: String, _ value: Float) -> String { builder.constant(name, Constant([value], shape: [])) }
      func mean(_ value: String, _ name: String) -> String {
        builder.node(.reduce(.mean, axes: [-1], keepsAxes: true), name: name, inputs: [value])
      }
      let deviation = builder.binary(.subtract, "x", mean("x", "mean"), name: "deviation")
      let square =
        squaresByPower
        ? builder.binary(.power, deviation, number("two", 2), name: "square")
        : builder.multiply(deviation, deviation, name: "square")
      let sum = builder.add(mean(square, "variance"), number("epsilon", 1e-5), name: "sum")
      let root = builder.activation(sum, name: "root", .sqrt)
      let quotient = builder.binary(.divide, deviation, root, name: "quotient")
      let scaled = builder.multiply(quotient, builder.constant("gamma", numbers([19], seed: 2)), name: "scaled")
      return builder.add(scaled, builder.constant("beta", numbers([19], seed: 3)), name: "shifted")
    }
    let fused = try graph.fused(for: ["x": [2, 7, 19]])
    #expect(fused.nodes.map(\.operation) == [.layerNormalization(axis: -1, epsilon: 1e-5)])
    #expect(fused.nodes[0].inputs.count == 3)
    try check(graph, [2, 7, 19])
  }
}
