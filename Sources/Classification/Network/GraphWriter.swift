import Graphs
import Layers
import Tensors

/// Adds layers to a graph under construction.
struct GraphWriter {
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
