import Graphs
import Layers
import Tensors

/// Names of a generator's inputs and outputs in a model file.
enum GeneratorPort {
  static let latent = "latent"
  static let label = "class"
  static let conditions = "conditions"
  static let appearance = "appearance"
  static let cover = "cover"
  static let score = "score"
}

extension Generator {
  /// The generator as a static graph.
  ///
  /// - Parameters:
  ///   - judge: gives each draw a score, the higher the more real it looks.
  ///   - values: the numbers of a parameter, such as their average over the training.
  func graph(
    name: String, judge: Discriminator?, on tape: Tape, values: (Parameter) -> [Float]
  ) throws(GraphError) -> Graph {
    var builder = GraphBuilder(name: name)
    let side = configuration.side
    func constant(_ parameter: Parameter) -> Constant {
      Constant(values(parameter), shape: parameter.value.shape.sizes)
    }
    func dense(_ layer: Dense, _ x: String, _ name: String) -> String {
      builder.dense(x, name: name, weights: constant(layer.weight), bias: layer.bias.map(values))
    }
    func convolution(_ layer: Convolution2D, _ x: String, _ name: String) -> String {
      builder.convolution(
        x, name: name, weights: constant(layer.weight), bias: layer.bias.map(values),
        Graphs.Convolution(padding: .all(layer.window.padding)))
    }
    let latent = builder.input(GeneratorPort.latent, shape: ["batch", .fixed(configuration.latent)])
    let label = builder.input(GeneratorPort.label, shape: ["batch", .fixed(configuration.classes)])
    let place = builder.input(
      GeneratorPort.conditions, shape: ["batch", .fixed(configuration.conditions), .fixed(side), .fixed(side)])
    let style = builder.concatenate([latent, dense(embedding, label, "embedding")], axis: 1, name: "style")
    var y = builder.node(
      .reshape(shape: [-1, configuration.widths[0], 4, 4], allowsZero: false), name: "start.map",
      inputs: [dense(start, style, "start")])
    var size = 4
    for (index, level) in levels.enumerated() {
      let at = "level\(index)"
      if index > 0 {
        size *= 2
        y = builder.resize(
          y, name: at + ".up",
          Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor, target: .scales([2, 2])))
      }
      let small =
        size == side
        ? place
        : builder.averagePooling(
          place, name: at + ".place", Graphs.Pooling(kernel: [side / size, side / size]))
      y = builder.add(
        convolution(level.convolution, y, at + ".conv"), convolution(level.condition, small, at + ".condition"),
        name: at + ".sum")
      let norm = level.normalization
      y = builder.batchNormalization(
        y, name: at + ".norm", scale: values(norm.scale), shift: values(norm.shift), mean: values(norm.runningMean),
        variance: values(norm.runningVariance), epsilon: norm.epsilon)
      func spread(_ layer: Dense, _ name: String) -> String {
        builder.node(.unsqueeze(axes: [2, 3]), name: name + ".map", inputs: [dense(layer, style, name)])
      }
      y = builder.multiply(y, spread(level.scale, at + ".scale"), name: at + ".scaled")
      y = builder.add(y, spread(level.shift, at + ".shift"), name: at + ".shifted")
      y = builder.activation(y, name: at + ".relu", .leakyRelu(slope: 0.2))
    }
    let heads = builder.add(
      convolution(head, y, "head.conv"), convolution(headCondition, place, "head.condition"), name: "head.sum")
    func channels(_ range: Range<Int>, of value: String, _ name: String) -> String {
      builder.node(
        .slice([SliceRange(axis: 1, start: range.lowerBound, end: range.upperBound)]), name: name, inputs: [value])
    }
    let look = builder.activation(
      channels(0..<configuration.channels, of: heads, "appearance.head"), name: "appearance.tanh", .tanh)
    let part = channels(1..<1 + configuration.channels, of: place, "part")
    let appearance = builder.add(
      builder.activation(
        look, name: "appearance.bound", .linear(scale: GeneratorConfiguration.bound, shift: 0)), part,
      name: "appearance.look")
    let mask = channels(0..<1, of: place, "cover.mask")
    let prior = builder.activation(
      mask, name: "cover.prior",
      .linear(scale: GeneratorConfiguration.coverGain, shift: -GeneratorConfiguration.coverGain / 2))
    let logits = channels(configuration.channels..<configuration.channels + 1, of: heads, "cover.head")
    let soft = builder.activation(
      builder.add(logits, prior, name: "cover.logits"), name: "cover.sigmoid", .sigmoid)
    // Within two pixels of the mask.
    let near = builder.activation(
      builder.maxPooling(
        mask, name: "cover.near", Graphs.Pooling(kernel: [5, 5], strides: [1, 1], padding: .all(2))),
      name: "cover.reach", .linear(scale: 1e6, shift: -0.05e6))
    let reach = builder.activation(near, name: "cover.within", .clip(low: 0, high: 1))
    let covered = builder.multiply(soft, reach, name: "cover.limited")
    var outputs = [(appearance, GeneratorPort.appearance), (covered, GeneratorPort.cover)]
    let picture = builder.add(
      part,
      builder.multiply(
        builder.binary(.subtract, appearance, part, name: "shown.difference"), covered, name: "shown.change"),
      name: "shown.picture")
    let shown = builder.concatenate([picture, covered], axis: 1, name: "shown")
    if let judge {
      outputs.append((judge.add(to: &builder, shown: shown, label: label, on: tape), GeneratorPort.score))
    }
    for (value, name) in outputs { builder.output(value, as: name) }
    return try builder.build()
  }
}

extension Discriminator {
  /// Adds the nodes that give a score [N, 1].
  fileprivate func add(to builder: inout GraphBuilder, shown: String, label: String, on tape: Tape) -> String {
    let saved = singular
    defer { singular = saved }
    let values = weights(tape, isFrozen: true).values.map(\.value)
    func convolution(_ layer: Convolution2D, _ index: Int, _ x: String, _ name: String) -> String {
      let y = builder.convolution(
        x, name: name, weights: Constant(values[index].elements, shape: values[index].shape.sizes),
        bias: layer.bias?.value.elements,
        Graphs.Convolution(
          strides: [layer.window.stride, layer.window.stride], padding: .all(layer.window.padding)))
      return builder.activation(y, name: name + ".relu", .leakyRelu(slope: 0.2))
    }
    func dense(_ index: Int, _ bias: [Float]?, _ x: String, _ name: String) -> String {
      builder.dense(
        x, name: name, weights: Constant(values[index].elements, shape: values[index].shape.sizes), bias: bias)
    }
    var y = shown
    for (index, stage) in stages.enumerated() { y = convolution(stage, index, y, "judge\(index)") }
    y = convolution(last, stages.count, y, "judge.last")
    let mean = builder.flatten(builder.globalAveragePooling(y, name: "judge.mean"), name: "judge.flat")
    let features = builder.activation(mean, name: "judge.features", .linear(scale: 16, shift: 0))
    let plain = dense(stages.count + 1, score.bias?.value.elements, features, "judge.score")
    let classes = builder.multiply(
      features, dense(stages.count + 2, nil, label, "judge.class"), name: "judge.product")
    return builder.add(
      plain, builder.reduce(.sum, classes, axes: [1], name: "judge.fit"), name: "judge.sum")
  }
}
