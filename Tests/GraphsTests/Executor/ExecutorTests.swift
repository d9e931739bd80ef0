import Glibc
import Testing

@testable import Graphs

@Suite struct ExecutorTests {
  /// Every operation, against the plain meaning.
  @Test(arguments: Case.all) func agreesWithTheReference(_ item: Case) throws {
    let expected = try item.reference()
    let compiled = try CompiledGraph(item.graph, inputShape: item.shape, threads: 1)
    #expect(compiled.outputs.map(\.shape) == [expected.shape])
    let input = item.input.floats!
    let tolerance = 1e-4 * max(1, expected.floats!.map(abs).max()!)
    // Twice, since memory is not empty the second time.
    for _ in 0..<2 {
      try compiled.run(input.span)
      #expect(difference(compiled.output("y"), expected.floats!) <= tolerance)
    }
  }

  /// Every operation on images again, between two convolutions, where values lie in blocks with zeros beside them.
  @Test(arguments: Case.all.filter { $0.shape.count == 4 }) func agreesInBlockedLayouts(_ item: Case) throws {
    var graph = item.graph
    let channels = item.shape[1]
    graph.inputs = [GraphValue(name: "image", shape: nil)]
    graph.constants["before"] = numbers([channels, 3, 3, 3], seed: 21)
    graph.nodes.insert(
      Node(
        name: "before", operation: .convolution(Convolution(padding: .all(1))), inputs: ["image", "before"], output: "x"
      ),
      at: 0)
    let shape = [item.shape[0], 3, item.shape[2], item.shape[3]]
    let input = numbers(shape, seed: 1)
    var result = try graph.inferShapes(["image": shape])["y"]!
    if result.count == 4 {
      graph.constants["after"] = numbers([9, result[1], 1, 1], seed: 22)
      graph.nodes.append(
        Node(name: "after", operation: .convolution(Convolution()), inputs: ["y", "after"], output: "z"))
      graph.outputs = [GraphValue(name: "z", shape: nil), GraphValue(name: "y", shape: nil)]
      result[1] = 9
    }
    let expected = try graph.evaluate(["image": input])
    let compiled = try CompiledGraph(graph, inputShape: shape, threads: 1)
    try compiled.run(input)
    for output in graph.outputs {
      let values = try #require(expected[output.name]?.floats)
      // The square root of a negative number is none in either.
      let largest = values.filter(\.isFinite).map(abs).max() ?? 1
      #expect(difference(compiled.output(output.name), values) <= 1e-4 * max(1, largest), "\(output.name)")
    }
  }

  private func network(_ channels: Int = 1, stem: Int = 6) throws -> Graph {
    var network = ResidualNetwork(channels: channels, stem: stem, widths: [8, 12, 20], blocks: 2, classes: 5)
    return try network.graph()
  }

  @Test(arguments: [[1, 1, 32, 32], [2, 1, 37, 29], [3, 1, 16, 55], [1, 3, 40, 24]])
  func aResidualNetworkAgrees(_ shape: [Int]) throws {
    let graph = try network(shape[1])
    let input = numbers(shape, seed: 1)
    let expected = try graph.evaluate(["image": input])
    // Threads wait for each other by spinning, which takes long where other tests want the cores: one shape must do.
    for threads in 1...(shape[0] == 2 ? 2 : 1) {
      let compiled = try CompiledGraph(graph, inputShape: shape, threads: threads)
      try compiled.run(input)
      try compiled.run(input)
      #expect(difference(compiled.output("scores"), expected["scores"]!.floats!) < 1e-4)
      #expect(difference(compiled.output("mask"), expected["mask"]!.floats!) < 1e-4)
    }
  }

  @Test func aResidualNetworkAgreesWithONNXRuntime() throws {
    var network = ResidualNetwork.small
    let golden = try #require(goldens["residual network"])
    for usesWinograd in [true, false] {
      let compiler = try GraphCompiler(try network.graph(), usesWinograd: usesWinograd)
      let compiled = try compiler.compile(inputShape: [1, 1, 64, 48], threads: 1)
      try compiled.run(numbers([1, 1, 64, 48], seed: 1))
      let scores = compiled.output("scores")
      #expect(difference((0..<8).map { scores[$0 * (scores.count - 1) / 7] }, golden.values) < 1e-5)
    }
  }

  @Test func aResidualThatIsReadLaterSurvives() throws {
    var builder = GraphBuilder(name: "later")
    builder.input("x", shape: [1, 8, 6, 6])
    let a = builder.convolution("x", name: "a", weights: numbers([8, 8, 3, 3], seed: 2), Convolution(padding: .all(1)))
    let b = builder.convolution(a, name: "b", weights: numbers([8, 8, 3, 3], seed: 3), Convolution(padding: .all(1)))
    let sum = builder.add(b, a, name: "sum")
    let c = builder.convolution(sum, name: "c", weights: numbers([8, 8, 1, 1], seed: 4))
    // `a` is read again after the addition, `sum` is an output, and `x` belongs to the caller.
    builder.output(builder.add(c, a, name: "again"))
    builder.output(sum)
    let d = builder.convolution("x", name: "d", weights: numbers([8, 8, 1, 1], seed: 5))
    builder.output(builder.add(d, "x", name: "onInput"))
    let graph = try builder.build()
    let input = numbers([1, 8, 6, 6], seed: 1)
    let expected = try graph.evaluate(["x": input])
    let compiled = try CompiledGraph(graph, inputShape: [1, 8, 6, 6], threads: 1)
    try compiled.run(input)
    for output in graph.outputs {
      #expect(difference(compiled.output(output.name), expected[output.name]!.floats!) < 1e-4, "\(output.name)")
    }
    #expect(input == numbers([1, 8, 6, 6], seed: 1))
  }

  @Test func inputsAndConstantsCanBeOutputs() throws {
    var builder = GraphBuilder(name: "through")
    builder.input("x", shape: [2, 3])
    builder.constant("c", Constant([Float(1), 2], shape: [2]))
    builder.output("x")
    builder.output("c")
    builder.output(builder.node(.identity, name: "copy", inputs: ["x"]))
    builder.output(builder.flatten("x", axis: 0, name: "flat"))
    let compiled = try CompiledGraph(try builder.build(), inputShape: [2, 3], threads: 1)
    let input: [Float] = [1, 2, 3, 4, 5, 6]
    try compiled.run(input.span)
    #expect(compiled.output("x") == input)
    #expect(compiled.output("c") == [1, 2])
    #expect(compiled.output("copy") == input)
    #expect(compiled.output("flat") == input)
    #expect(compiled.outputs.map(\.shape) == [[2, 3], [2], [2, 3], [1, 6]])
  }

  @Test func severalInputs() throws {
    var builder = GraphBuilder(name: "two")
    builder.input("a", shape: [2, 3])
    builder.input("b", shape: [3])
    builder.output(builder.add("a", "b", name: "y"))
    let compiler = try GraphCompiler(try builder.build())
    let compiled = try compiler.compile(inputShapes: ["a": [2, 3], "b": [3]], threads: 1)
    try compiled.run([[1, 2, 3, 4, 5, 6], [10, 20, 30]])
    #expect(compiled.output("y") == [11, 22, 33, 14, 25, 36])
  }

  @Test func notANumberComesThrough() throws {
    let graph = try network()
    var input = numbers([1, 1, 32, 32], seed: 1).floats!
    input[500] = .nan
    let compiled = try CompiledGraph(graph, inputShape: [1, 1, 32, 32], threads: 1)
    try compiled.run(input.span)
    // ReLU may swallow a NaN inside; what matters is that nothing crashes and a NaN score is not hidden by softmax.
    let scores = compiled.output("scores")
    #expect(scores.allSatisfy(\.isNaN) || scores.allSatisfy(\.isFinite))
  }

  // MARK: Resources

  @Test func weightsAreSharedBetweenThreadsAndSizes() throws {
    let compiler = try GraphCompiler(try network())
    let first = try compiler.compile(inputShape: [1, 1, 32, 32], threads: 1)
    let bytes = compiler.weightBytes
    let second = try compiler.compile(inputShape: [1, 1, 32, 32], threads: 1)
    let third = try compiler.compile(inputShape: [2, 1, 48, 64], threads: 1)
    #expect(compiler.weightBytes == bytes)
    let input = numbers([1, 1, 32, 32], seed: 1).floats!
    try first.run(input.span)
    try second.run(input.span)
    #expect(first.output("scores") == second.output("scores"))
    #expect(third.outputs.map(\.shape) == [[2, 5, 3, 4], [2, 5]])
  }

  @Test func twoThreadsAtOnce() throws {
    let compiler = try GraphCompiler(try network())
    let input = numbers([1, 1, 48, 48], seed: 1).floats!
    let alone = try compiler.compile(inputShape: [1, 1, 48, 48], threads: 1)
    try alone.run(input.span)
    let expected = alone.output("scores")
    let results = inParallel(2) { _ in
      guard let own = try? compiler.compile(inputShape: [1, 1, 48, 48], threads: 1) else { return false }
      for _ in 0..<50 {
        guard (try? own.run(input.span)) != nil, own.output("scores") == expected else { return false }
      }
      return true
    }
    #expect(results == [true, true])
  }

  @Test func aRunTakesNoMemory() throws {
    let compiled = try CompiledGraph(try network(), inputShape: [1, 1, 64, 64], threads: 1)
    let input = numbers([1, 1, 64, 64], seed: 1).floats!
    for _ in 0..<3 { try compiled.run(input.span) }
    // Blocks that were taken and not given back. Other tests run beside this one, so the best of a few counts.
    var growth = Int.max
    for _ in 0..<20 {
      let before = try #require(bytesInUse())
      for _ in 0..<10 { try compiled.run(input.span) }
      growth = min(growth, try #require(bytesInUse()) - before)
    }
    #expect(growth <= 0)
  }

  @Test func memoryIsShared() throws {
    let shapes = ["image": [1, 1, 128, 128]]
    let graph = try network(stem: 8).fused(for: shapes)
    let all = try graph.inferShapes(shapes)
    let sum = graph.nodes.reduce(0) { $0 + Layout.blocked(8).bytes(all[$1.output]!) }
    let compiled = try CompiledGraph(try network(stem: 8), inputShape: [1, 1, 128, 128], threads: 1)
    #expect(compiled.workingBytes < sum / 2)
  }

  /// Two images live at once; a third place for either result would be more than there is to do.
  @Test func elementwiseStepsWriteInPlace() throws {
    let shape = [1, 8, 32, 32]
    var builder = GraphBuilder(name: "gates")
    builder.input("x", shape: shape.map { .fixed($0) })
    // Nothing that oneDNN takes scratch memory for.
    let a = builder.activation("x", name: "a", .sigmoid)
    let b = builder.activation(a, name: "b", .tanh)
    let gated = builder.multiply(a, builder.globalAveragePooling(b, name: "gate"), name: "gated")
    builder.output(builder.binary(.subtract, gated, b, name: "y"))
    let graph = try builder.build()
    let input = numbers(shape, seed: 1)
    let compiled = try CompiledGraph(graph, inputShape: shape, threads: 1)
    #expect(compiled.workingBytes < Int(2.5 * Double(8 * 32 * 32 * 4)))
    let values = input.floats!
    for _ in 0..<2 {
      try compiled.run(values.span)
      #expect(difference(compiled.output("y"), try graph.evaluate(["x": input])["y"]!.floats!) < 1e-5)
    }
  }

  @Test func theProfileNamesEveryNode() throws {
    let compiled = try CompiledGraph(try network(), inputShape: [1, 1, 64, 64], threads: 1)
    compiled.isProfiling = true
    let input = numbers([1, 1, 64, 64], seed: 1).floats!
    for _ in 0..<3 { try compiled.run(input.span) }
    // oneDNN's generated code, in either of its two kinds.
    #expect(
      compiled.timings.contains {
        $0.node == "stem" && ($0.kernel.contains("jit") || $0.kernel.contains("brg")) && $0.microseconds > 0
      })
    #expect(compiled.timings.contains { $0.node == "head" && $0.kernel == "dense" })
  }

  @Test func theCacheKeepsTheLatestShapes() throws {
    let cache = CompiledGraphCache(try GraphCompiler(try network()), threads: 1, capacity: 2)
    let a = try cache.compiled(for: [1, 1, 32, 32])
    let b = try cache.compiled(for: [1, 1, 40, 32])
    #expect(try cache.compiled(for: [1, 1, 32, 32]) === a)
    _ = try cache.compiled(for: [1, 1, 32, 40])
    #expect(try cache.compiled(for: [1, 1, 32, 32]) === a)
    #expect(try cache.compiled(for: [1, 1, 40, 32]) !== b)
  }

  @Test func wrongShapesAreRefused() throws {
    let compiler = try GraphCompiler(try network())
    #expect(throws: GraphError.shape("axis 1 of 'image' is 1, not 3")) {
      try compiler.compile(inputShape: [1, 3, 32, 32], threads: 1)
    }
    #expect(throws: GraphError.shape("'image' has 4 axes, not 3")) {
      try compiler.compile(inputShape: [1, 32, 32], threads: 1)
    }
    #expect(throws: GraphError.shape("'image' would have the shape [1, 1, 0, 32]")) {
      try compiler.compile(inputShape: [1, 1, 0, 32], threads: 1)
    }
    #expect(throws: GraphError.self) { try compiler.compile(inputShape: [1000, 1, 1 << 20, 1 << 20], threads: 1) }
  }
}

extension Layout {
  fileprivate func bytes(_ shape: [Int]) -> Int { shape.count == 4 ? count(shape) * 4 : shape.reduce(4, *) }
}

extension CompiledGraph {
  fileprivate func run(_ input: Constant) throws {
    let values = input.floats!
    try run(values.span)
  }
}
