import Layers
import Tensors
import TensorsTestSupport
import Testing

struct LayerTests {
  /// Each with its variance for 200 outputs of 10 inputs of 3x3 taps.
  static let initializers: [(Initializer, Double)] = [
    (.heNormal, 0.0222222), (.heUniform, 0.0222222), (.glorotNormal, 0.00105820), (.glorotUniform, 0.00105820),
    (.truncatedNormal(0.02), 0.000309480), (.orthogonal(gain: 3), 0.045), (.zeros, 0), (.ones, 0), (.constant(3), 0),
  ]

  @Test(arguments: initializers)
  func initializersHaveTheirMoments(_ initializer: Initializer, variance: Double) throws {
    let engine = try Engine(threads: 1)
    var random = SeededGenerator(seed: 1)
    let x = initializer(Shape(200, 10, 3, 3), random: &random, on: engine).elements.map(Double.init)
    let mean = x.reduce(0, +) / Double(x.count)
    let spread = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let center: Double = initializer == .ones ? 1 : (initializer == .constant(3) ? 3 : 0)
    // Five standard errors of 18,000 numbers.
    #expect(abs(mean - center) <= 5 * (variance / Double(x.count)).squareRoot() + 1e-12)
    #expect(abs(spread - variance) <= 0.05 * variance)
    let largest = x.map { abs($0) }.max()!
    switch initializer {
    case .heUniform: #expect(largest <= (6.0 / 90).squareRoot() && largest > 0.99 * (6.0 / 90).squareRoot())
    case .glorotUniform: #expect(largest <= (6.0 / 1890).squareRoot() * 1.0001)
    case .truncatedNormal: #expect(largest <= 0.04 * 1.0001 && largest > 0.039)
    default: break
    }
    var again = SeededGenerator(seed: 1)
    #expect(initializer(Shape(200, 10, 3, 3), random: &again, on: engine).elements.map(Double.init) == x)
  }

  /// Every layer: its parameters by name and shape, and that its forward pass uses them.
  @Test func layersNameTheirParameters() throws {
    let engine = try Engine(threads: 2)
    var random = SeededGenerator(seed: 1)
    let layers: [(layer: any Layer, x: Shape, y: Shape, names: [String])] = [
      (
        Convolution2D(16, 32, kernel: 3, window: Window(stride: 2, padding: 1), random: &random, on: engine),
        Shape(2, 16, 8, 8), Shape(2, 32, 4, 4), ["a.weight 32x16x3x3", "a.bias 32"]
      ),
      (
        Convolution2D(16, 32, kernel: 1, window: Window(groups: 2), bias: false, random: &random, on: engine),
        Shape(2, 16, 8, 8), Shape(2, 32, 8, 8), ["a.weight 32x8x1x1"]
      ),
      (
        TransposedConvolution2D(
          16, 8, kernel: 3, window: Window(stride: 2, padding: 1), extra: 1, random: &random, on: engine),
        Shape(2, 16, 4, 4), Shape(2, 8, 8, 8), ["a.weight 16x8x3x3", "a.bias 8"]
      ),
      (Dense(12, 5, random: &random, on: engine), Shape(3, 12), Shape(3, 5), ["a.weight 5x12", "a.bias 5"]),
      (
        BatchNormalization(16, on: engine), Shape(2, 16, 4, 4), Shape(2, 16, 4, 4),
        ["a.weight 16", "a.bias 16", "a.running_mean 16", "a.running_var 16"]
      ),
      (
        GroupNormalization(16, groups: 4, on: engine), Shape(2, 16, 4, 4), Shape(2, 16, 4, 4),
        ["a.weight 16", "a.bias 16"]
      ),
      (LayerNormalization(12, on: engine), Shape(3, 12), Shape(3, 12), ["a.weight 12", "a.bias 12"]),
      (LayerNormalization(12, on: engine), Shape(2, 5, 12), Shape(2, 5, 12), ["a.weight 12", "a.bias 12"]),
      (
        MultiHeadAttention(12, heads: 3, random: &random, on: engine), Shape(2, 5, 12), Shape(2, 5, 12),
        ["a.qkv.weight 36x12", "a.qkv.bias 36", "a.proj.weight 12x12", "a.proj.bias 12"]
      ),
      (
        TransformerBlock(12, heads: 2, expansion: 3, random: &random, on: engine), Shape(2, 5, 12), Shape(2, 5, 12),
        [
          "a.norm1.weight 12", "a.norm1.bias 12", "a.attn.qkv.weight 36x12", "a.attn.qkv.bias 36",
          "a.attn.proj.weight 12x12", "a.attn.proj.bias 12", "a.norm2.weight 12", "a.norm2.bias 12",
          "a.fc1.weight 36x12", "a.fc1.bias 36", "a.fc2.weight 12x36", "a.fc2.bias 12",
        ]
      ),
      // Another size than the positions were made for.
      (
        PatchEmbedding(16, 24, size: 2, rows: 3, columns: 3, random: &random, on: engine), Shape(2, 16, 4, 8),
        Shape(2, 8, 24), ["a.proj.weight 24x16x2x2", "a.proj.bias 24", "a.positions 1x24x3x3"]
      ),
      (Dropout(rate: 0.5), Shape(3, 12), Shape(3, 12), []),
    ]
    for (layer, x, y, names) in layers {
      let parameters = layer.parameters("a")
      #expect(parameters.map { "\($0.name) \($0.parameter.value.shape)" } == names)
      let tape = Tape(on: engine)
      var pass = Pass(tape: tape, random: SeededGenerator(seed: 4))
      let before = pass.random
      let input = tape.input(Tensor(numbers(x.count, seed: 2), shape: x, on: engine))
      let result = layer.forward(input, &pass)
      #expect(result.shape == y)
      #expect((pass.random != before) == (layer is Dropout))
      tape.backward(from: (result * result).sum())
      for (name, parameter) in parameters {
        #expect((parameter.gradient != nil) == parameter.isTrained, "\(type(of: layer)) \(name)")
        let isMatrix = parameter.value.shape.rank > 1 && name != "a.positions"
        #expect(parameter.decays == isMatrix || !parameter.isTrained)
        #expect(parameter.gradient?.shape ?? parameter.value.shape == parameter.value.shape)
      }
    }
  }

  /// PyTorch's `TransformerEncoderLayer`, as `Goldens/make_goldens.py` wrote it: its value and all of its gradients.
  @Test func transformerBlockIsPyTorchs() throws {
    let goldens = try trainingGoldens()
    let engine = try Engine(threads: 2)
    var random = SeededGenerator(seed: 1)
    let block = TransformerBlock(24, heads: 3, expansion: 2, random: &random, on: engine)
    let parameters = block.parameters().map(\.parameter)
    for (index, parameter) in parameters.enumerated() {
      parameter.value.fill(from: numbers(parameter.value.count, seed: UInt64(40 + index), -0.5..<0.5).span)
    }
    let outcome = outcome([Sample(Shape(2, 7, 24), seed: 30)], on: engine) { v in
      var pass = Pass(tape: v[0].tape, random: random)
      return block.forward(v[0], &pass)
    }
    func check(_ got: [Float]?, _ name: String) throws {
      let wanted = try #require(goldens.tensors[name]).elements.map(Double.init)
      #expect(difference(try #require(got), wanted, tolerance: 1e-5) == nil, "\(name)")
    }
    try check(outcome.value, "block")
    try check(outcome.gradients[0], "block.gradient")
    for (index, parameter) in parameters.enumerated() {
      try check(parameter.gradient?.elements, "block.gradient.\(index)")
    }
  }

  @Test func targetsAreSmoothedAsPyTorchDoes() {
    #expect(Targets.oneHot([2, 0], classes: 3) == [0, 0, 1, 1, 0, 0])
    let rows = Targets.oneHot([1], classes: 4, smoothing: 0.2)
    #expect(difference(rows, [0.05, 0.85, 0.05, 0.05], tolerance: 1e-6) == nil)
    #expect(
      difference(Targets.smoothed([0, 1, 0, 0], classes: 4, smoothing: 0.2), rows.map(Double.init), tolerance: 1e-6)
        == nil)
  }
}
