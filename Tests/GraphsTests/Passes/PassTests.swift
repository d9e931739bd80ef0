import Testing

@testable import Graphs

/// Each pass: what it leaves, and that the function stays the same.
@Suite struct PassTests {
  private func graph(_ shape: [Dimension] = [1, 6, 5, 4], _ build: (inout GraphBuilder) -> Void) throws -> Graph {
    var builder = GraphBuilder(name: "pass")
    builder.input("x", shape: shape)
    build(&builder)
    return try builder.build()
  }

  private func expectSame(
    _ a: Graph, _ b: Graph, shape: [Int] = [1, 6, 5, 4], location: SourceLocation = #_sourceLocation
  ) throws {
    try b.validate()
    let first = try a.evaluate(["x": numbers(shape, seed: 1)])
    let second = try b.evaluate(["x": numbers(shape, seed: 1)])
    for output in a.outputs {
      #expect(difference(first[output.name], second[output.name]) < 2e-5, sourceLocation: location)
    }
  }

  private func weights(_ shape: [Int]) -> Constant { numbers(shape, seed: 2) }

  @Test func identitiesGo() throws {
    let before = try graph {
      let a = $0.node(.identity, name: "a", inputs: ["x"])
      let b = $0.activation(a, name: "b", .relu)
      $0.output($0.node(.identity, name: "y", inputs: [b]))
      $0.output($0.node(.identity, name: "copy", inputs: ["x"]))
    }
    var after = before
    after.removeIdentities()
    #expect(after.nodes.map(\.operation) == [.activation(.relu), .identity])
    #expect(after.nodes.map(\.output) == ["y", "copy"])
    try expectSame(before, after)
  }

  @Test func deadNodesAndConstantsGo() throws {
    let before = try graph {
      _ = $0.convolution("x", name: "unused", weights: weights([2, 6, 1, 1]))
      $0.output($0.activation("x", name: "y", .relu))
    }
    var after = before
    after.removeDeadNodes()
    #expect(after.nodes.map(\.name) == ["y"])
    #expect(after.constants.isEmpty)
  }

  @Test func duplicatesAreComputedOnce() throws {
    let before = try graph {
      let a = $0.activation($0.activation("x", name: "a", .relu), name: "a2", .tanh)
      let b = $0.activation($0.activation("x", name: "b", .relu), name: "b2", .tanh)
      $0.output($0.add(a, b, name: "y"))
    }
    var after = before
    after.removeDuplicates()
    after.removeDeadNodes()
    #expect(after.nodes.map(\.name) == ["a", "a2", "y"])
    try expectSame(before, after)
  }

  @Test func constantsAreFolded() throws {
    let before = try graph {
      let c = $0.constant("c", numbers([6, 1, 1], seed: 4))
      let turned = $0.activation(c, name: "turned", .tanh)
      $0.output($0.multiply("x", turned, name: "y"))
    }
    var after = before
    try after.foldConstants()
    #expect(after.nodes.map(\.name) == ["y"])
    #expect(after.constants["turned"]?.shape == [6, 1, 1])
    try expectSame(before, after)
  }

  @Test func scalarArithmeticBecomesOneStep() throws {
    let before = try graph { builder in
      func scalar(_ name: String, _ value: Float) -> String { builder.constant(name, Constant([value], shape: [])) }
      let a = builder.binary(.divide, "x", scalar("three", 3), name: "a")
      let b = builder.binary(.subtract, scalar("one", 1), a, name: "b")
      let c = builder.binary(.multiply, b, scalar("two", 2), name: "c")
      builder.output(builder.binary(.add, c, scalar("half", 0.5), name: "y"))
    }
    var after = before
    after.foldScalars()
    #expect(after.nodes.count == 1)
    #expect(after.constants.isEmpty)
    try expectSame(before, after)
  }

  @Test func divisionByZeroIsNotTouched() throws {
    let before = try graph {
      $0.output($0.binary(.divide, "x", $0.constant("zero", Constant([Float(0)], shape: [])), name: "y"))
    }
    var after = before
    after.foldScalars()
    #expect(after == before)
  }

  @Test(arguments: [Activation.silu, .gelu, .hardSwish, .relu])
  func spelledOutActivationsAreRecognised(_ activation: Activation) throws {
    let before = try graph {
      var y = ""
      switch activation {
      case .hardSwish:
        y = $0.multiply($0.activation("x", name: "gate", .hardSigmoid(alpha: 1 / 6, beta: 0.5)), "x", name: "y")
      case .relu: y = $0.activation("x", name: "y", .clip(low: 0, high: .infinity))
      default: y = $0.activation("x", name: "y", activation)
      }
      $0.output(y)
    }
    // SiLU and GELU are spelled out by writing.
    let written = try Graph(onnx: try before.onnx())
    let after = try written.optimized()
    #expect(after.nodes.map(\.operation) == [.activation(activation)])
    #expect(after.constants.isEmpty)
    try expectSame(before, after)
  }

  @Test func onlyTheSameValueGatesItself() throws {
    let before = try graph {
      let other = $0.activation("x", name: "other", .tanh)
      $0.output($0.multiply("x", $0.activation(other, name: "gate", .sigmoid), name: "y"))
    }
    #expect(try before.optimized().nodes.count == 3)
  }

  @Test(arguments: ["convolution", "grouped", "transposed", "transposed grouped", "dense"])
  func arithmeticMovesIntoWeights(_ kind: String) throws {
    let isDense = kind == "dense"
    let before = try graph(isDense ? [2, 6] : [1, 6, 5, 4]) {
      var y: String
      var count = 4
      switch kind {
      case "convolution": y = $0.convolution("x", name: "w", weights: weights([4, 6, 3, 3]))
      case "grouped":
        y = $0.convolution("x", name: "w", weights: weights([4, 3, 3, 3]), bias: [1, 2, 3, 4], Convolution(groups: 2))
      case "transposed":
        y = $0.transposedConvolution("x", name: "w", weights: weights([6, 4, 2, 2]), Convolution(strides: [2, 2]))
      case "transposed grouped":
        y = $0.transposedConvolution("x", name: "w", weights: weights([6, 4, 2, 2]), Convolution(groups: 2))
        count = 8
      default: y = $0.dense("x", name: "w", weights: weights([4, 6]), bias: [1, 2, 3, 4])
      }
      func some(_ seed: Int) -> [Float] { numbers([count], seed: seed).floats! }
      let shape = isDense ? [count] : [1, count, 1, 1]
      y = $0.batchNormalization(
        y, name: "norm", scale: some(3), shift: some(4), mean: some(5), variance: some(6).map { $0 + 1.5 })
      y = $0.multiply($0.constant("factor", numbers(shape, seed: 7)), y, name: "scaled")
      y = $0.binary(.subtract, $0.constant("offset", numbers(shape, seed: 8)), y, name: "moved")
      y = $0.binary(.multiply, y, $0.constant("two", Constant([Float(2)], shape: [])), name: "doubled")
      $0.output(y)
    }
    let after = try before.optimized()
    #expect(after.nodes.map(\.name) == ["w"])
    #expect(after.nodes[0].output == "doubled")
    #expect(after.constants.count == 2)
    try expectSame(before, after, shape: isDense ? [2, 6] : [1, 6, 5, 4])
  }

  @Test func aValueThatOthersReadKeepsItsNorm() throws {
    let before = try graph {
      let y = $0.convolution("x", name: "w", weights: weights([4, 6, 3, 3]))
      $0.output($0.multiply(y, $0.constant("factor", numbers([4, 1, 1], seed: 7)), name: "scaled"))
      $0.output(y)
    }
    #expect(try before.optimized().nodes.count == 2)
  }

  @Test func sharedWeightsAreFoldedSeparately() throws {
    let before = try graph {
      let w = $0.constant("shared", weights([4, 6, 3, 3]))
      let a = $0.node(.convolution(Convolution()), name: "a", inputs: ["x", w])
      let scaled = $0.multiply(a, $0.constant("factor", numbers([4, 1, 1], seed: 7)), name: "scaled")
      $0.output(scaled)
      $0.output($0.node(.convolution(Convolution(padding: .all(1))), name: "b", inputs: ["x", w]))
    }
    let after = try before.optimized()
    #expect(after.nodes.count == 2)
    try expectSame(before, after)
  }

  @Test func activationsAreFused() throws {
    let before = try graph {
      let y = $0.convolution("x", name: "w", weights: weights([4, 6, 3, 3]))
      let z = $0.activation($0.activation(y, name: "a", .leakyRelu(slope: 0.1)), name: "b", .tanh)
      $0.output($0.activation(z, name: "c", .elu(alpha: 1)))
    }
    var after = before
    after.fuseActivations()
    #expect(after.nodes.map(\.output) == ["b", "c"])
    #expect(after.nodes[0].postOperations == [.activation(.leakyRelu(slope: 0.1)), .activation(.tanh)])
    try expectSame(before, after)
  }

  @Test func residualAdditionsAreFused() throws {
    var network = ResidualNetwork(channels: 1, stem: 4, widths: [6, 8], blocks: 2, classes: 3)
    let before = try network.graph()
    let shape = [1, 1, 17, 21]
    let after = try before.fused(for: ["image": shape])
    try after.validate()
    // Stem, four blocks of two convolutions and two shortcuts, pixel head, pooling, flattening, matrix product, softmax.
    #expect(after.nodes.count == 1 + 4 * 2 + 2 + 1 + 4)
    #expect(after.nodes.filter { $0.postOperations == [.sum(input: 3), .activation(.relu)] }.count == 4)
    let input = numbers(shape, seed: 1)
    let first = try before.evaluate(["image": input])
    let second = try after.evaluate(["image": input])
    #expect(difference(first["mask"], second["mask"]) < 1e-5)
    #expect(difference(first["scores"], second["scores"]) < 1e-5)
  }

  @Test func broadcastAdditionsAreNot() throws {
    let before = try graph {
      let y = $0.convolution("x", name: "w", weights: weights([6, 6, 3, 3]), Convolution(padding: .all(1)))
      $0.output($0.add(y, $0.globalAveragePooling("x", name: "pool"), name: "y"))
    }
    let after = try before.fused(for: ["x": [1, 6, 5, 4]])
    #expect(after.nodes.count == 3)
    try expectSame(before, after)
  }

  /// Everything at once on every case.
  @Test(arguments: Case.all) func optimisingChangesNothing(_ item: Case) throws {
    let after = try item.graph.fused(for: ["x": item.shape])
    try after.validate()
    let expected = try item.reference()
    let result = try after.evaluate(["x": item.input])["y"]
    #expect(difference(result, expected) < 1e-5 * max(1, expected.floats!.map(abs).max()!))
  }
}
