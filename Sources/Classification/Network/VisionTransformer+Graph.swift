import Graphs
import Layers
import Tensors

extension VisionTransformer {
  /// The network as a static graph, for pictures of the one size that its positions were learned for.
  func graph(name: String, temperature: Float, values: @escaping (Parameter) -> [Float]) throws(GraphError) -> Graph {
    var writer = GraphWriter(builder: GraphBuilder(name: name), values: values)
    let places = patches.positions.value.shape
    let side = NetworkConfiguration.multiple
    var y = writer.builder.input(
      NetworkPort.image,
      shape: [
        "batch", .fixed(configuration.inputChannels), .fixed(places.height * side), .fixed(places.width * side),
      ])
    for (s, convolution) in stem.enumerated() { y = writer.add(convolution, to: y, name: "stem.\(s)", relu: true) }
    let shallow = y
    let positions = writer.builder.constant(
      "patches.positions", Constant(values(patches.positions), shape: places.sizes))
    y = writer.builder.add(writer.add(patches.projection, to: y, name: "patches"), positions, name: "patches.placed")
    // A token in each row; the batch is whatever the number of rows makes it.
    let (tokens, features) = (places.pixels, places.channels)
    y = writer.reshape(y, [-1, features, tokens], name: "patches.flat")
    y = writer.reshape(writer.transpose(y, [0, 2, 1], name: "patches.turned"), [-1, features], name: "tokens")
    for (b, block) in blocks.enumerated() { y = writer.add(block, to: y, tokens: tokens, name: "blocks.\(b)") }
    y = writer.add(norm, to: y, name: "norm")
    y = writer.reshape(y, [-1, tokens, features], name: "norm.tokens")
    y = writer.transpose(y, [0, 2, 1], name: "norm.turned")
    let deep = writer.reshape(y, [-1, features, places.height, places.width], name: "deep")
    let mean = writer.builder.flatten(
      writer.builder.globalAveragePooling(deep, name: "deep.mean"), name: "deep.mean.flat")
    heads.add(to: &writer, shallow: shallow, deep: deep, pooled: [mean], temperature: temperature)
    return try writer.builder.build()
  }
}

extension GraphWriter {
  mutating func reshape(_ x: String, _ shape: [Int], name: String) -> String {
    builder.node(.reshape(shape: shape, allowsZero: false), name: name, inputs: [x])
  }

  mutating func transpose(_ x: String, _ permutation: [Int], name: String) -> String {
    builder.node(.transpose(permutation: permutation), name: name, inputs: [x])
  }

  /// Over the rows of [rows, F].
  mutating func add(_ layer: LayerNormalization, to x: String, name: String) -> String {
    let parameters = [("scale", layer.scale), ("shift", layer.shift)].map { name, parameter in
      (name, Constant(values(parameter), shape: parameter.value.shape.sizes))
    }
    let names = parameters.map { builder.constant("\(name).\($0.0)", $0.1) }
    return builder.node(.layerNormalization(axis: -1, epsilon: layer.epsilon), name: name, inputs: [x] + names)
  }

  /// On the rows of [rows, I].
  mutating func add(_ layer: Dense, to x: String, name: String) -> String {
    builder.dense(
      x, name: name, weights: Constant(values(layer.weight), shape: layer.weight.value.shape.sizes),
      bias: layer.bias.map(values))
  }

  /// On rows [batch x tokens, D].
  mutating func add(_ block: TransformerBlock, to x: String, tokens: Int, name: String) -> String {
    let first = add(block.firstNorm, to: x, name: name + ".norm1")
    let attended = add(block.attention, to: first, tokens: tokens, name: name + ".attn")
    let y = builder.add(attended, x, name: name + ".add1")
    let hidden = builder.activation(
      add(block.first, to: add(block.secondNorm, to: y, name: name + ".norm2"), name: name + ".fc1"),
      name: name + ".gelu", .gelu)
    return builder.add(add(block.second, to: hidden, name: name + ".fc2"), y, name: name + ".add2")
  }

  /// On rows [batch x tokens, D]. The factor 1 / sqrt(d) of the scores is in the queries' weights.
  mutating func add(_ attention: MultiHeadAttention, to x: String, tokens: Int, name: String) -> String {
    let features = attention.output.weight.value.shape[0]
    let size = features / attention.heads
    let weights = values(attention.projection.weight)
    let bias = attention.projection.bias.map(values)
    /// The projection's part `index`, as [batch, heads, ...].
    func part(_ index: Int, _ name: String, factor: Float, _ permutation: [Int], _ writer: inout GraphWriter)
      -> String
    {
      let rows = index * features..<(index + 1) * features
      let flat = writer.builder.dense(
        x, name: name,
        weights: Constant(
          weights[rows.lowerBound * features..<rows.upperBound * features].map { $0 * factor },
          shape: [features, features]),
        bias: bias.map { $0[rows].map { $0 * factor } })
      let heads = writer.reshape(flat, [-1, tokens, attention.heads, size], name: name + ".heads")
      return writer.transpose(heads, permutation, name: name + ".turned")
    }
    let queries = part(0, name + ".q", factor: 1 / Float(size).squareRoot(), [0, 2, 1, 3], &self)
    let keys = part(1, name + ".k", factor: 1, [0, 2, 3, 1], &self)
    let content = part(2, name + ".v", factor: 1, [0, 2, 1, 3], &self)
    let scores = builder.node(.matrixProduct, name: name + ".scores", inputs: [queries, keys])
    let shares = builder.softmax(scores, axis: 3, name: name + ".shares")
    let mixed = builder.node(.matrixProduct, name: name + ".mixed", inputs: [shares, content])
    let rows = reshape(transpose(mixed, [0, 2, 1, 3], name: name + ".joined"), [-1, features], name: name + ".rows")
    return add(attention.output, to: rows, name: name + ".proj")
  }
}
