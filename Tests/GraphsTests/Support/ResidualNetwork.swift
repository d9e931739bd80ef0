import Graphs

/// A small residual network with an image head (softmax over classes) and a pixel head, as classifiers here have.
struct ResidualNetwork {
  var channels: Int
  var widths: [Int]
  var blocks: Int
  var stem: Int
  var classes: Int
  private var seed = 10

  /// With enough channels for every kernel.
  static var small: ResidualNetwork {
    ResidualNetwork(channels: 1, stem: 8, widths: [16, 24, 32], blocks: 2, classes: 5)
  }

  init(channels: Int, stem: Int, widths: [Int], blocks: Int, classes: Int) {
    self.channels = channels
    self.stem = stem
    self.widths = widths
    self.blocks = blocks
    self.classes = classes
  }

  private mutating func weights(_ shape: [Int]) -> Constant {
    seed += 1
    // Keeps the variance about the same from layer to layer.
    let fan = Float(shape.dropFirst().reduce(1, *))
    let values = numbers(shape, seed: seed).floats!
    return Constant(values.map { $0 * (6 / fan).squareRoot() }, shape: shape)
  }

  private mutating func convolutionNorm(
    _ builder: inout GraphBuilder, _ x: String, _ name: String, _ shape: [Int], _ geometry: Convolution
  ) -> String {
    let y = builder.convolution(x, name: name, weights: weights(shape), geometry)
    seed += 1
    let base = numbers([4, shape[0]], seed: seed).floats!
    func part(_ index: Int) -> [Float] { Array(base[index * shape[0]..<(index + 1) * shape[0]]) }
    return builder.batchNormalization(
      y, name: "\(name).norm", scale: part(0).map { 1 + 0.2 * $0 }, shift: part(1).map { 0.1 * $0 },
      mean: part(2).map { 0.1 * $0 }, variance: part(3).map { 1 + 0.5 * $0 })
  }

  mutating func graph() throws -> Graph {
    seed = 10
    var builder = GraphBuilder(name: "residual")
    builder.input("image", shape: ["batch", .fixed(channels), "height", "width"])
    var x = convolutionNorm(
      &builder, "image", "stem", [stem, channels, 5, 5], Convolution(strides: [2, 2], padding: .all(2)))
    x = builder.activation(x, name: "stem.relu", .relu)
    var width = stem
    for (stage, target) in widths.enumerated() {
      for block in 0..<blocks {
        let name = "stage\(stage).block\(block)"
        let stride = block == 0 ? 2 : 1
        var y = convolutionNorm(
          &builder, x, "\(name).a", [target, width, 3, 3], Convolution(strides: [stride, stride], padding: .all(1)))
        y = builder.activation(y, name: "\(name).a.relu", .relu)
        y = convolutionNorm(&builder, y, "\(name).b", [target, target, 3, 3], Convolution(padding: .all(1)))
        if stride != 1 || width != target {
          x = convolutionNorm(
            &builder, x, "\(name).skip", [target, width, 1, 1], Convolution(strides: [stride, stride]))
        }
        x = builder.activation(builder.add(y, x, name: "\(name).sum"), name: "\(name).relu", .relu)
        width = target
      }
    }
    let mask = builder.convolution(
      x, name: "pixel", weights: weights([classes, width, 1, 1]), bias: numbers([classes], seed: 90).floats)
    builder.output(builder.activation(mask, name: "pixel.probability", .sigmoid), as: "mask")
    let pooled = builder.flatten(builder.globalAveragePooling(x, name: "pool"), name: "flat")
    let scores = builder.dense(
      pooled, name: "head", weights: weights([classes, width]), bias: numbers([classes], seed: 91).floats)
    builder.output(builder.softmax(scores, axis: -1, name: "probabilities"), as: "scores")
    return try builder.build()
  }
}
