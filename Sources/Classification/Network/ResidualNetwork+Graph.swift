import Graphs
import Layers
import Tensors

extension ResidualNetwork {
  /// Names of the graph's input and outputs.
  enum Port {
    static let image = "image"
    /// Class probabilities [N, K].
    static let probabilities = "probabilities"
    /// Where the evidence lies, [N, C, H / 8, W / 8]: the pixel head's probabilities, or else each class's activation map.
    static let heat = "heat"
  }

  /// The network as a static graph.
  ///
  /// - Parameters:
  ///   - temperature: what the image head's logits are divided by (calibration), above 0.
  ///   - values: the numbers to use for a parameter: its own, or its moving average.
  func graph(name: String, temperature: Float, values: @escaping (Parameter) -> [Float]) throws(GraphError) -> Graph {
    var writer = GraphWriter(builder: GraphBuilder(name: name), values: values)
    var y = writer.builder.input(
      Port.image, shape: ["batch", Dimension.fixed(configuration.inputChannels), "height", "width"])
    y = writer.add(stem, to: y, name: "stem", relu: true)
    var maps: [String] = []
    for (s, stage) in stages.enumerated() {
      for (b, block) in stage.enumerated() { y = writer.add(block, to: y, name: "stage\(s + 1).\(b)") }
      maps.append(y)
    }
    let deep = maps[2]
    let enlarged = writer.builder.resize(
      writer.add(top, to: deep, name: "top", relu: false), name: "top.up",
      Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor, target: .scales([2, 2])))
    let joined = writer.add(lateral, to: maps[1], name: "lateral", residual: enlarged, relu: true)
    let neck = writer.add(fuse, to: joined, name: "fuse", relu: true)
    var features = writer.pooled(neck, name: "neck") + writer.pooled(deep, name: "deep")
    let heat: String
    if let pixel {
      let logits = writer.add(pixel, to: neck, name: "pixel.logits")
      heat = writer.builder.softmax(logits, axis: 1, name: "pixel.probabilities")
      features += writer.pooled(heat, name: "pixel", maximumFirst: true)
    } else {
      heat = activationMap(neck, &writer)
    }
    let all = writer.builder.concatenate(features, axis: 1, name: "features")
    let weights = values(image.weight).map { $0 / temperature }
    let logits = writer.builder.dense(
      all, name: "logits", weights: Constant(weights, shape: image.weight.value.shape.sizes),
      bias: image.bias.map { values($0).map { $0 / temperature } })
    let probabilities = writer.builder.softmax(logits, axis: 1, name: "softmax")
    writer.builder.output(probabilities, as: Port.probabilities)
    writer.builder.output(heat, as: Port.heat)
    return try writer.builder.build()
  }

  /// Grad-CAM of every class on the neck (Selvaraju et al. 2017, arXiv 1610.02391): the neck's channels weighted with the
  /// mean gradient of the class's logit, positive evidence only. For a linear head on mean and maximum that gradient is
  /// the sum of the two weights over the number of pixels; the number of pixels is left out, as only ratios matter.
  private func activationMap(_ neck: String, _ writer: inout GraphWriter) -> String {
    let channels = configuration.neck
    let weights = writer.values(image.weight)
    let columns = image.weight.value.shape[1]
    var kernel = [Float](repeating: 0, count: configuration.classes * channels)
    for k in 0..<configuration.classes {
      for c in 0..<channels {
        kernel[k * channels + c] = weights[k * columns + c] + weights[k * columns + channels + c]
      }
    }
    let map = writer.builder.convolution(
      neck, name: "activation.map", weights: Constant(kernel, shape: [configuration.classes, channels, 1, 1]))
    return writer.builder.activation(map, name: "activation.relu", .relu)
  }
}

/// Adds layers to a graph under construction.
private struct GraphWriter {
  var builder: GraphBuilder
  let values: (Parameter) -> [Float]

  mutating func add(_ layer: Convolution2D, to x: String, name: String) -> String {
    let window = layer.window
    return builder.convolution(
      x, name: name, weights: Constant(values(layer.weight), shape: layer.weight.value.shape.sizes),
      bias: layer.bias.map(values),
      Graphs.Convolution(
        strides: [window.stride, window.stride], dilations: [window.dilation, window.dilation],
        padding: .all(window.padding), groups: window.groups))
  }

  mutating func add(
    _ layer: NormalizedConvolution, to x: String, name: String, residual: String? = nil, relu: Bool
  ) -> String {
    var y = add(layer.convolution, to: x, name: name + ".conv")
    let norm = layer.normalization
    y = builder.batchNormalization(
      y, name: name + ".norm", scale: values(norm.scale), shift: values(norm.shift), mean: values(norm.runningMean),
      variance: values(norm.runningVariance), epsilon: norm.epsilon)
    if let residual { y = builder.add(y, residual, name: name + ".add") }
    return relu ? builder.activation(y, name: name + ".relu", .relu) : y
  }

  mutating func add(_ block: ResidualBlock, to x: String, name: String) -> String {
    var rest = x
    if let shortcut = block.shortcut {
      if block.stride == 2 {
        rest = builder.averagePooling(rest, name: name + ".pool", Graphs.Pooling(kernel: [2, 2]))
      }
      rest = add(shortcut, to: rest, name: name + ".shortcut", relu: false)
    }
    let middle = add(block.first, to: x, name: name + ".first", relu: true)
    return add(block.second, to: middle, name: name + ".second", residual: rest, relu: true)
  }

  /// Mean and maximum over the pixels, as [N, C] each.
  mutating func pooled(_ x: String, name: String, maximumFirst: Bool = false) -> [String] {
    let mean = builder.flatten(
      builder.globalAveragePooling(x, name: name + ".mean"), name: name + ".mean.flat")
    let maximum = builder.flatten(
      builder.globalMaxPooling(x, name: name + ".max"), name: name + ".max.flat")
    return maximumFirst ? [maximum, mean] : [mean, maximum]
  }
}
