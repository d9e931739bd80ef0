import Foundation
import Layers
import Tensors
import TensorsTestSupport
import Testing

/// PyTorch's values and gradients, as `Goldens/make_goldens.py` wrote them.
struct GoldenTests {
  typealias Case = (name: String, inputs: [Sample], operation: (Engine, [Variable]) -> Variable)

  let goldens: Checkpoint

  init() throws {
    let path = try #require(
      Bundle.module.path(forResource: "operations", ofType: "safetensors", inDirectory: "Goldens"))
    goldens = try Checkpoint(path: path)
  }

  /// Every case, in plain layout and, where the channels allow it, blocked.
  func check(_ cases: [Case]) throws {
    let engine = try Engine(threads: 2)
    for test in cases {
      let value = try #require(goldens.tensors[test.name], "\(test.name)")
      for blocked in [false, true] {
        var inputs = test.inputs
        for i in inputs.indices { inputs[i].isBlocked = blocked }
        let outcome = outcome(inputs, on: engine) { test.operation(engine, $0) }
        #expect(outcome.shape.sizes == value.shape, "\(test.name)")
        let wrong = difference(outcome.value, value.elements.map(Double.init), tolerance: 1e-5)
        #expect(wrong == nil, "\(test.name)")
        for i in inputs.indices {
          let wanted = try #require(goldens.tensors["\(test.name).gradient\(i)"], "\(test.name)")
          let gradient = try #require(outcome.gradients[i], "\(test.name)")
          let wrong = difference(gradient, wanted.elements.map(Double.init), tolerance: 2e-5)
          #expect(wrong == nil, "\(test.name), gradient \(i)")
        }
      }
    }
  }

  static let image = Sample(Shape(2, 16, 7, 6), seed: 1)
  static let small = Sample(Shape(2, 5, 7, 6), seed: 1)
  static let wide = Sample(Shape(2, 5, 3, 4), seed: 1, -6..<6)
  static let logits = Sample(Shape(2, 5, 3, 4), seed: 1, -4..<4)

  @Test func convolutions() throws {
    try check([
      (
        "convolution", [Self.image, Sample(Shape(16, 16, 3, 3), seed: 2), Sample(Shape(16), seed: 3)],
        { $1[0].convolved(with: $1[1], bias: $1[2], Window(padding: 1)) }
      ),
      (
        "convolution without bias", [Self.image, Sample(Shape(16, 16, 3, 3), seed: 2)],
        { $1[0].convolved(with: $1[1], Window(padding: 1)) }
      ),
      (
        "thin convolution", [Sample(Shape(2, 1, 11, 12), seed: 1), Sample(Shape(16, 1, 5, 5), seed: 2)],
        { $1[0].convolved(with: $1[1], Window(stride: 2, padding: 2)) }
      ),
      (
        "grouped convolution",
        [Sample(Shape(2, 6, 7, 6), seed: 1), Sample(Shape(9, 2, 3, 3), seed: 2), Sample(Shape(9), seed: 3)],
        { $1[0].convolved(with: $1[1], bias: $1[2], Window(stride: 2, padding: 1, dilation: 2, groups: 3)) }
      ),
      (
        "transposed convolution",
        [Sample(Shape(2, 16, 4, 3), seed: 1), Sample(Shape(16, 16, 3, 3), seed: 2), Sample(Shape(16), seed: 3)],
        { $1[0].transposeConvolved(with: $1[1], bias: $1[2], Window(stride: 2, padding: 1), extra: 1) }
      ),
      (
        "grouped transposed convolution",
        [Sample(Shape(2, 6, 4, 3), seed: 1), Sample(Shape(6, 2, 3, 3), seed: 2), Sample(Shape(4), seed: 3)],
        { $1[0].transposeConvolved(with: $1[1], bias: $1[2], Window(stride: 3, dilation: 2, groups: 2), extra: 2) }
      ),
      (
        "dense", [Sample(Shape(3, 11), seed: 1), Sample(Shape(5, 11), seed: 2), Sample(Shape(5), seed: 3)],
        { $1[0].dense($1[1], bias: $1[2]) }
      ),
    ])
  }

  @Test func normalizations() throws {
    let channels = Shape(16)
    var mean: Parameter?
    var variance: Parameter?
    try check([
      (
        "batch normalization",
        [
          Self.image, Sample(channels, seed: 2, 0.5..<2), Sample(channels, seed: 3),
          Sample(Shape(2, 16, 7, 6), seed: 4),
        ],
        { engine, v in
          mean = Parameter(Tensor(numbers(16, seed: 5), shape: channels, on: engine), isTrained: false)
          variance = Parameter(Tensor(numbers(16, seed: 6, 0.5..<2), shape: channels, on: engine), isTrained: false)
          return v[0].batchNormalized(
            scale: v[1], shift: v[2], runningMean: mean!, runningVariance: variance!, residual: v[3], relu: true)
        }
      ),
      (
        "layer normalization",
        [Sample(Shape(3, 11), seed: 1), Sample(Shape(11), seed: 2), Sample(Shape(11), seed: 3)],
        { $1[0].standardized(rows: 3).affine(scale: $1[1], shift: $1[2]) }
      ),
      (
        "group normalization", [Self.image, Sample(channels, seed: 2), Sample(channels, seed: 3)],
        { $1[0].standardized(rows: 8).affine(scale: $1[1], shift: $1[2]) }
      ),
      (
        "instance normalization", [Self.image, Sample(channels, seed: 2), Sample(channels, seed: 3)],
        { $1[0].standardized(rows: 32).affine(scale: $1[1], shift: $1[2]) }
      ),
    ])
    for (parameter, name) in [(mean, "mean"), (variance, "variance")] {
      let wanted = try #require(goldens.tensors["batch normalization.\(name)"])
      let got = try #require(parameter).value.elements
      #expect(difference(got, wanted.elements.map(Double.init), tolerance: 1e-6) == nil)
    }
  }

  @Test func transformers() throws {
    let row = Sample(Shape(2, 9, 16), seed: 1)
    try check([
      (
        "layer normalization of tokens", [row, Sample(Shape(16), seed: 2), Sample(Shape(16), seed: 3)],
        { $1[0].layerNormalized(scale: $1[1], shift: $1[2]) }
      ),
      ("attention", [Sample(Shape(2, 9, 48), seed: 1, -2..<2)], { $1[0].attention(heads: 2) }),
      ("long attention", [Sample(Shape(1, 70, 24), seed: 1, -2..<2)], { $1[0].attention(heads: 1) }),
      (
        "attention module",
        [
          row, Sample(Shape(48, 16), seed: 2), Sample(Shape(48), seed: 3), Sample(Shape(16, 16), seed: 4),
          Sample(Shape(16), seed: 5),
        ],
        { $1[0].dense($1[1], bias: $1[2]).attention(heads: 4).dense($1[3], bias: $1[4]) }
      ),
      (
        "dense gelu", [row, Sample(Shape(24, 16), seed: 2), Sample(Shape(24), seed: 3)],
        { $1[0].denseGELU($1[1], bias: $1[2]) }
      ),
      (
        "dense residual",
        [row, Sample(Shape(24, 16), seed: 2), Sample(Shape(24), seed: 3), Sample(Shape(2, 9, 24), seed: 4)],
        { $1[0].dense($1[1], bias: $1[2], residual: $1[3]) }
      ),
      (
        "patches",
        [
          Sample(Shape(2, 16, 4, 6), seed: 1), Sample(Shape(16, 16, 2, 2), seed: 2), Sample(Shape(16), seed: 3),
          Sample(Shape(1, 6, 16), seed: 4),
        ],
        { $1[0].convolved(with: $1[1], bias: $1[2], Window(stride: 2)).tokens().addingToEach($1[3]) }
      ),
      ("token mean", [row], { $1[0].tokenMean() }),
    ])
  }

  @Test func poolingAndResizing() throws {
    try check([
      ("maximum pooling", [Self.small], { $1[0].pooled(.max, size: 3, stride: 2, padding: 1) }),
      ("average pooling", [Self.small], { $1[0].pooled(.average, size: 3, stride: 2, padding: 1) }),
      ("global average", [Self.small], { $1[0].globalAverage() }),
      ("global maximum", [Self.small], { $1[0].globalMaximum() }),
      ("nearest 14x12", [Self.small], { $1[0].resized(height: 14, width: 12, linear: false) }),
      ("nearest 4x9", [Self.small], { $1[0].resized(height: 4, width: 9, linear: false) }),
      ("linear 14x12", [Self.small], { $1[0].resized(height: 14, width: 12) }),
      ("linear 4x9", [Self.small], { $1[0].resized(height: 4, width: 9) }),
    ])
  }

  @Test func activations() throws {
    try check([
      ("relu", [Self.wide], { $1[0].relu() }),
      ("leaky relu", [Self.wide], { $1[0].activated(.leakyReLU(slope: 0.2)) }),
      ("silu", [Self.wide], { $1[0].activated(.silu) }),
      ("gelu", [Self.wide], { $1[0].activated(.gelu) }),
      ("sigmoid", [Self.wide], { $1[0].activated(.sigmoid) }),
      ("tanh", [Self.wide], { $1[0].activated(.tanh) }),
      ("softmax", [Self.wide], { $1[0].softmax() }),
    ])
  }

  @Test func losses() throws {
    let shape = Self.logits.shape
    let soft = try #require(goldens.tensors["soft targets"]).elements
    let classWeights = numbers(5, seed: 3, 0.2..<2)
    let labels = [0, 4, -1, 2, 2, 1, 3, 0, 4, 4, -1, 1, 0, 0, 1, 2, -1, 3, 3, 4, 2, 1, 0, 2]
    let unit = numbers(shape.count, seed: 2, 0..<1)
    let hard = unit.map { $0 > 0.6 ? Float(1) : 0 }
    let signs = hard.map { 2 * $0 - 1 }
    try check([
      (
        "cross entropy of probabilities", [Self.logits],
        { $1[0].softmaxCrossEntropy(Tensor(soft, shape: shape, on: $0), classWeights: classWeights) }
      ),
      (
        "cross entropy of labels 0", [Self.logits],
        { $1[0].softmaxCrossEntropy(labels: labels, classWeights: classWeights) }
      ),
      (
        "cross entropy of labels 0.1", [Self.logits],
        { $1[0].softmaxCrossEntropy(labels: labels, smoothing: 0.1, classWeights: classWeights) }
      ),
      (
        "binary cross entropy", [Self.logits],
        { $1[0].binaryCrossEntropy(Tensor(unit, shape: shape, on: $0), positiveWeight: 3) }
      ),
      ("focal", [Self.logits], { $1[0].focal(Tensor(hard, shape: shape, on: $0)) }),
      ("dice", [Self.logits], { $1[0].dice(Tensor(hard, shape: shape, on: $0)) }),
      ("hinge", [Self.logits], { $1[0].hinge(Tensor(signs, shape: shape, on: $0)) }),
      ("absolute error", [Self.logits], { $1[0].absoluteError(Tensor(unit, shape: shape, on: $0)) }),
      ("squared error", [Self.logits], { $1[0].squaredError(Tensor(unit, shape: shape, on: $0)) }),
      ("divergence", [Self.logits], { $1[0].softmaxDivergence(Tensor(soft, shape: shape, on: $0)) }),
    ])
  }
}
