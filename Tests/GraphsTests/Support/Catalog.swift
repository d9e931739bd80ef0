import Graphs
import Testing

/// A small graph and the shape of its input `x`.
struct Case: Sendable, CustomTestStringConvertible {
  var name: String
  var shape: [Int]
  var graph: Graph
  var testDescription: String { name }

  init(_ name: String, _ shape: [Int], batch: Dimension = "batch", _ build: (inout GraphBuilder) -> String) {
    self.name = name
    self.shape = shape
    var builder = GraphBuilder(name: name)
    builder.input("x", shape: [batch] + shape.dropFirst().map { .fixed($0) })
    let value = build(&builder)
    builder.output(value, as: "y")
    do {
      graph = try builder.build()
    } catch {
      preconditionFailure("\(name): \(error)")
    }
  }

  var input: Constant { numbers(shape, seed: 1) }

  func reference() throws -> Constant { try graph.evaluate(["x": input])["y"]! }

  static func named(_ name: String) -> Case { all.first { $0.name == name }! }
}

extension Case {
  static let all = windows + activations + normalizations + products + shapings + resizes

  private static func convolution(
    _ name: String, _ shape: [Int], _ weights: [Int], bias: Bool = true, _ convolution: Convolution = Convolution()
  ) -> Case {
    Case(name, shape) {
      $0.convolution(
        "x", name: "conv", weights: numbers(weights, seed: 2), bias: bias ? numbers([weights[0]], seed: 3).floats : nil,
        convolution)
    }
  }

  private static func transposed(
    _ name: String, _ shape: [Int], _ weights: [Int], bias: Bool = true, _ convolution: Convolution
  ) -> Case {
    Case(name, shape) {
      $0.transposedConvolution(
        "x", name: "conv", weights: numbers(weights, seed: 2),
        bias: bias ? numbers([weights[1] * convolution.groups], seed: 3).floats : nil, convolution)
    }
  }

  static let windows: [Case] = [
    convolution("conv 3x3 grey", [2, 1, 13, 17], [8, 1, 3, 3], Convolution(padding: .all(1))),
    convolution(
      "conv 5x5 stride 2 colour", [1, 3, 19, 22], [16, 3, 5, 5], Convolution(strides: [2, 2], padding: .all(2))),
    convolution("conv 3x3", [1, 16, 9, 7], [24, 16, 3, 3], Convolution(padding: .all(1))),
    convolution("conv 3x3 odd channels", [2, 5, 8, 8], [7, 5, 3, 3], bias: false, Convolution(padding: .all(1))),
    convolution("conv 1x1", [1, 12, 5, 6], [6, 12, 1, 1]),
    convolution("conv dilated", [1, 8, 11, 12], [8, 8, 3, 3], Convolution(dilations: [2, 3], padding: .all(2))),
    convolution("conv groups", [1, 12, 7, 7], [18, 4, 3, 3], Convolution(padding: .all(1), groups: 3)),
    convolution(
      "conv depthwise", [2, 16, 9, 9], [16, 1, 3, 3], Convolution(strides: [2, 2], padding: .all(1), groups: 16)),
    convolution(
      "conv uneven padding", [1, 4, 8, 9], [5, 4, 4, 2],
      Convolution(strides: [1, 2], padding: .explicit(before: [2, 0], after: [1, 1]))),
    convolution("conv same upper", [1, 3, 10, 11], [4, 3, 4, 3], Convolution(strides: [2, 3], padding: .sameUpper)),
    convolution("conv same lower", [1, 3, 10, 11], [4, 3, 4, 3], Convolution(strides: [2, 3], padding: .sameLower)),
    transposed("deconv 2x2 stride 2", [1, 8, 5, 6], [8, 4, 2, 2], Convolution(strides: [2, 2])),
    transposed("deconv 4x4 stride 2", [2, 6, 5, 4], [6, 5, 4, 4], Convolution(strides: [2, 2], padding: .all(1))),
    transposed(
      "deconv output padding", [1, 4, 5, 4], [4, 3, 3, 3], bias: false,
      Convolution(strides: [2, 2], padding: .all(1), outputPadding: [1, 1])),
    transposed(
      "deconv groups dilated", [1, 6, 5, 4], [6, 2, 3, 3], Convolution(dilations: [2, 2], padding: .all(2), groups: 2)),
    Case("max pool 2x2", [1, 16, 9, 8]) { $0.maxPooling("x", name: "pool", Pooling(kernel: [2, 2])) },
    Case("max pool 3x3 stride 2", [2, 3, 9, 8]) {
      $0.maxPooling("x", name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], padding: .all(1)))
    },
    Case("max pool ceil", [1, 4, 8, 8]) {
      $0.maxPooling("x", name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], ceilMode: true))
    },
    Case("max pool dilated", [1, 4, 9, 10]) {
      $0.maxPooling("x", name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], dilations: [2, 2], padding: .all(1)))
    },
    Case("average pool", [1, 8, 9, 8]) {
      $0.averagePooling("x", name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], padding: .all(1)))
    },
    Case("average pool counts padding", [1, 5, 9, 8]) {
      $0.averagePooling(
        "x", name: "pool", Pooling(kernel: [3, 2], strides: [2, 2], padding: .all(1), includesPadding: true))
    },
    Case("average pool ceil", [1, 3, 9, 8]) {
      $0.averagePooling("x", name: "pool", Pooling(kernel: [3, 3], strides: [2, 2], ceilMode: true))
    },
    Case("average pool same", [1, 3, 9, 8]) {
      $0.averagePooling("x", name: "pool", Pooling(kernel: [2, 2], strides: [2, 2], padding: .sameUpper))
    },
    Case("global average pool", [2, 11, 5, 7]) { $0.globalAveragePooling("x", name: "pool") },
    Case("global max pool", [2, 11, 5, 7]) { $0.globalMaxPooling("x", name: "pool") },
  ]

  static let activations: [Case] =
    [
      ("relu", .relu), ("leaky relu", .leakyRelu(slope: 0.2)), ("elu", .elu(alpha: 0.7)), ("sigmoid", .sigmoid),
      ("tanh", .tanh), ("silu", .silu), ("gelu", .gelu), ("gelu tanh", .geluTanh), ("hard swish", .hardSwish),
      ("hard sigmoid", .hardSigmoid(alpha: 0.3, beta: 0.4)), ("clip", .clip(low: -0.25, high: 0.5)),
      ("linear", .linear(scale: -1.5, shift: 0.25)), ("erf", .erf), ("exp", .exp), ("abs", .abs),
    ].map { (name: String, activation: Activation) in
      Case(name, [1, 5, 6, 3]) {
        // Wider than -1...1, so that every branch is taken.
        let wide = $0.activation("x", name: "wide", .linear(scale: 5, shift: 0))
        return $0.activation(wide, name: "activation", activation)
      }
    }

  static let normalizations: [Case] = [
    Case("batch norm", [2, 5, 4, 3]) {
      $0.batchNormalization(
        "x", name: "norm", scale: numbers([5], seed: 2).floats!, shift: numbers([5], seed: 3).floats!,
        mean: numbers([5], seed: 4).floats!, variance: numbers([5], seed: 5).floats!.map { $0 * $0 + 0.1 })
    },
    Case("instance norm", [2, 5, 4, 3]) {
      $0.instanceNormalization(
        "x", name: "norm", scale: numbers([5], seed: 2).floats!, shift: numbers([5], seed: 3).floats!)
    },
    Case("layer norm", [3, 4, 10]) {
      let scale = $0.constant("scale", numbers([10], seed: 2))
      let shift = $0.constant("shift", numbers([10], seed: 3))
      return $0.node(.layerNormalization(axis: -1, epsilon: 1e-5), name: "norm", inputs: ["x", scale, shift])
    },
    Case("softmax", [3, 6]) { $0.softmax("x", axis: -1, name: "softmax") },
    Case("softmax channels", [2, 6, 4, 5]) { $0.softmax("x", axis: 1, name: "softmax") },
  ]

  static let products: [Case] = [
    Case("dense", [3, 20]) {
      $0.dense("x", name: "fc", weights: numbers([6, 20], seed: 2), bias: numbers([6], seed: 3).floats)
    },
    Case("dense wide", [2, 160]) { $0.dense("x", name: "fc", weights: numbers([130, 160], seed: 2)) },
    Case("gemm scaled", [3, 4], batch: 3) {
      let b = $0.constant("b", numbers([4, 5], seed: 2))
      let c = $0.constant("c", numbers([3, 1], seed: 3))
      return $0.node(.gemm(Gemm(alpha: 0.5, beta: 2)), name: "gemm", inputs: ["x", b, c])
    },
    Case("gemm transposed", [4, 3], batch: 4) {
      let b = $0.constant("b", numbers([4, 5], seed: 2))
      return $0.node(.gemm(Gemm(transposesA: true)), name: "gemm", inputs: ["x", b])
    },
    Case("matrix product", [2, 3, 4, 5]) {
      let b = $0.constant("b", numbers([3, 5, 6], seed: 2))
      return $0.node(.matrixProduct, name: "product", inputs: ["x", b])
    },
    Case("attention", [2, 6, 8]) {
      let turned = $0.node(.transpose(permutation: [0, 2, 1]), name: "turned", inputs: ["x"])
      let scores = $0.node(.matrixProduct, name: "scores", inputs: ["x", turned])
      return $0.node(.matrixProduct, name: "mixed", inputs: [$0.softmax(scores, axis: -1, name: "share"), "x"])
    },
  ]
}
