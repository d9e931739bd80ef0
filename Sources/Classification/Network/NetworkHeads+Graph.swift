import Graphs
import Layers
import Tensors

extension NetworkHeads {
  /// Adds the neck, both heads and the graph's outputs.
  ///
  /// - Parameters:
  ///   - shallow: the value of the 1/8 map.
  ///   - deep: that of the 1/16 map.
  ///   - pooled: what is known of the deep map as a whole, [N, C] each.
  ///   - temperature: what the image head's logits are divided by.
  func add(
    to writer: inout GraphWriter, shallow: String, deep: String, pooled: [String], temperature: Float
  ) {
    let enlarged = writer.builder.resize(
      writer.add(top, to: deep, name: "top", relu: false), name: "top.up",
      Resize(mode: .nearest, coordinates: .asymmetric, rounding: .floor, target: .scales([2, 2])))
    let joined = writer.add(lateral, to: shallow, name: "lateral", residual: enlarged, relu: true)
    let neck = writer.add(fuse, to: joined, name: "fuse", relu: true)
    var features = writer.pooled(neck, name: "neck") + pooled
    let heat: String
    if let pixel {
      let logits = writer.add(pixel, to: neck, name: "pixel.logits")
      heat = writer.builder.softmax(logits, axis: 1, name: "pixel.probabilities")
      features += writer.pooled(heat, name: "pixel", maximumFirst: true)
    } else {
      heat = activationMap(neck, &writer)
    }
    let all = writer.builder.concatenate(features, axis: 1, name: "features")
    let weights = writer.values(image.weight).map { $0 / temperature }
    let bias = image.bias.map { writer.values($0).map { $0 / temperature } }
    let logits = writer.builder.dense(
      all, name: "logits", weights: Constant(weights, shape: image.weight.value.shape.sizes), bias: bias)
    let probabilities = writer.builder.softmax(logits, axis: 1, name: "softmax")
    writer.builder.output(probabilities, as: NetworkPort.probabilities)
    writer.builder.output(heat, as: NetworkPort.heat)
  }

  /// Grad-CAM of every class on the neck (Selvaraju et al. 2017, arXiv 1610.02391): the neck's channels weighted with the
  /// mean gradient of the class's logit, positive evidence only. For a linear head on mean and maximum that gradient is
  /// the sum of the two weights over the number of pixels; the number of pixels is left out, as only ratios matter.
  private func activationMap(_ neck: String, _ writer: inout GraphWriter) -> String {
    let channels = fuse.normalization.scale.value.count
    let classes = image.weight.value.shape[0]
    let weights = writer.values(image.weight)
    let columns = image.weight.value.shape[1]
    var kernel = [Float](repeating: 0, count: classes * channels)
    for k in 0..<classes {
      for c in 0..<channels {
        kernel[k * channels + c] = weights[k * columns + c] + weights[k * columns + channels + c]
      }
    }
    let map = writer.builder.convolution(
      neck, name: "activation.map", weights: Constant(kernel, shape: [classes, channels, 1, 1]))
    return writer.builder.activation(map, name: "activation.relu", .relu)
  }
}
