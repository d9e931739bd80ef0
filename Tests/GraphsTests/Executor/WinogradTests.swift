import CDNN
import CWinograd
import Testing

@testable import Graphs

/// The quick 3x3 convolution against the direct one.
@Suite struct WinogradTests {
  struct Setting: Sendable {
    var shape: [Int]
    var outputs: Int
    var padding: Padding = .all(1)
    var posts: [PostOperation] = []
  }

  static let settings: [Setting] = [
    Setting(shape: [4, 16, 4, 4], outputs: 16),
    Setting(shape: [5, 16, 3, 4], outputs: 16),
    Setting(shape: [2, 24, 9, 7], outputs: 40, posts: [.activation(.relu)]),
    Setting(shape: [1, 32, 13, 18], outputs: 24, posts: [.activation(.leakyRelu(slope: 0.1))]),
    Setting(shape: [1, 17, 8, 5], outputs: 21, posts: [.activation(.sigmoid)]),
    Setting(shape: [3, 16, 6, 11], outputs: 16, padding: .explicit(before: [0, 2], after: [1, 0])),
    Setting(shape: [1, 16, 7, 7], outputs: 72, padding: .none, posts: [.activation(.silu)]),
    Setting(shape: [1, 16, 12, 12], outputs: 16, posts: [.sum(input: 3), .activation(.relu)]),
    Setting(shape: [2, 20, 10, 9], outputs: 20, posts: [.sum(input: 3)]),
    Setting(shape: [1, 64, 8, 8], outputs: 128, posts: [.activation(.relu), .activation(.tanh)]),
    Setting(shape: [1, 40, 37, 41], outputs: 48),
  ]

  private func graph(_ setting: Setting) throws -> Graph {
    var builder = GraphBuilder(name: "winograd")
    builder.input("x", shape: ["n", "c", "h", "w"])
    let inputs = setting.shape[1]
    // Sums of about one.
    let scale = 1.7 / Float(9 * inputs).squareRoot()
    let weights = Constant(
      numbers([setting.outputs, inputs, 3, 3], seed: 2).floats!.map { $0 * scale },
      shape: [setting.outputs, inputs, 3, 3])
    builder.output(
      builder.convolution(
        "x", name: "y", weights: weights, bias: numbers([setting.outputs], seed: 3).floats,
        Convolution(padding: setting.padding)))
    var graph = try builder.build()
    graph.nodes[0].postOperations = setting.posts
    if setting.posts.contains(.sum(input: 3)) {
      // A residual of its own, that may be overwritten.
      graph.nodes.insert(
        Node(name: "r", operation: .activation(.tanh), inputs: ["x"], output: "r"), at: 0)
      graph.nodes[1].inputs.append("r")
    }
    return graph
  }

  @Test(.enabled(if: cwinograd_supports(cdnn_vector_width()) == 1), arguments: settings)
  func agreesWithTheDirectSum(_ setting: Setting) throws {
    let graph = try graph(setting)
    let input = numbers(setting.shape, seed: 1)
    let expected = try #require(try graph.evaluate(["x": input])["y"]?.floats)
    let values = try #require(input.floats)
    let tolerance = 3e-5 * max(1, expected.map(abs).max()!)
    for threads in 1...2 {
      let compiled = try GraphCompiler(graph).compile(inputShape: setting.shape, threads: threads)
      compiled.isProfiling = true
      for _ in 0..<2 {
        try compiled.run(values.span)
        #expect(difference(compiled.output("y"), expected) < tolerance, "\(threads) threads")
      }
      #expect(compiled.timings.contains { $0.kernel == "winograd" })
      let direct = try GraphCompiler(graph, usesWinograd: false).compile(inputShape: setting.shape, threads: 1)
      try direct.run(values.span)
      #expect(!direct.timings.contains { $0.kernel == "winograd" })
      #expect(difference(direct.output("y"), expected) < tolerance)
    }
  }

  /// The same numbers whichever way the work is split.
  @Test func threadsDoNotChangeBits() throws {
    let graph = try graph(Setting(shape: [1, 40, 37, 41], outputs: 48))
    let values = numbers([1, 40, 37, 41], seed: 1).floats!
    var outputs: [[Float]] = []
    for threads in 1...3 {
      let compiled = try GraphCompiler(graph).compile(inputShape: [1, 40, 37, 41], threads: threads)
      try compiled.run(values.span)
      outputs.append(compiled.output("y"))
    }
    #expect(outputs[0] == outputs[1])
    #expect(outputs[0] == outputs[2])
  }

  /// A bias that the network is given, or computes, counts like one that is constant.
  @Test func aComputedBiasCounts() throws {
    var graph = try graph(Setting(shape: [1, 32, 9, 8], outputs: 24))
    let name = try #require(graph.nodes[0].input(2))
    let removed = graph.constants.removeValue(forKey: name)
    let bias = try #require(removed)
    graph.inputs.append(GraphValue(name: name, shape: bias.shape.map { .fixed($0) }))
    let input = numbers([1, 32, 9, 8], seed: 1)
    let expected = try #require(try graph.evaluate(["x": input, name: bias])["y"]?.floats)
    let compiled = try GraphCompiler(graph).compile(
      inputShapes: ["x": input.shape, name: bias.shape], threads: 1)
    let (x, b) = (input.floats!, bias.floats!)
    try compiled.run([x, b])
    #expect(difference(compiled.output("y"), expected) < 3e-5 * max(1, expected.map(abs).max()!))
  }

  @Test func brokenNumbersStayBroken() throws {
    let setting = Setting(shape: [1, 16, 8, 8], outputs: 16, posts: [.activation(.relu)])
    var values = numbers(setting.shape, seed: 1).floats!
    values[70] = .nan
    let compiled = try GraphCompiler(try graph(setting)).compile(inputShape: setting.shape, threads: 1)
    try compiled.run(values.span)
    #expect(compiled.output("y").contains { $0.isNaN })
  }
}
