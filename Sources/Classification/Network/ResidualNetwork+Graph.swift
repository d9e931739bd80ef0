import Graphs
import Layers
import Tensors

extension ResidualNetwork {
  /// The network as a static graph, for any picture whose sides are multiples of 16.
  func graph(name: String, temperature: Float, values: @escaping (Parameter) -> [Float]) throws(GraphError) -> Graph {
    var writer = GraphWriter(builder: GraphBuilder(name: name), values: values)
    var y = writer.builder.input(
      NetworkPort.image, shape: ["batch", Dimension.fixed(configuration.inputChannels), "height", "width"])
    y = writer.add(stem, to: y, name: "stem", relu: true)
    var maps: [String] = []
    for (s, stage) in stages.enumerated() {
      for (b, block) in stage.enumerated() { y = writer.add(block, to: y, name: "stage\(s + 1).\(b)") }
      maps.append(y)
    }
    let deep = maps[2]
    heads.add(
      to: &writer, shallow: maps[1], deep: deep, pooled: writer.pooled(deep, name: "deep"), temperature: temperature)
    return try writer.builder.build()
  }
}
