import Graphs
public import Samples
import Tensors

extension Trainer {
  /// What a finished model's network makes of parts before it decides: the means of its last feature maps, a row a part.
  ///
  /// - Throws: where the architecture has no such maps, or a part cannot be read.
  public func features(of model: TrainedModel, on parts: [Part]) throws -> [[Double]] {
    let name = NetworkPort.features
    var graph = model.graph
    guard graph.nodes.contains(where: { $0.output == name }) else {
      throw TrainingError.setting("this architecture has no feature maps to compare pictures by; use the residual one.")
    }
    graph.outputs = [GraphValue(name: name, shape: nil)]
    let preprocessing = train.preprocessing
    let cache = try SampleCache(parts, preprocessing: preprocessing, threads: engine.threads)
    let compiled = try GraphCompiler(graph).compile(
      inputShape: [1, preprocessing.channels, preprocessing.height, preprocessing.width], threads: engine.threads)
    defer { engine.claimThread() }
    var input = [Float](repeating: 0, count: preprocessing.valueCount)
    return try parts.indices.map { index in
      let planes = try cache.sample(index).planes
      var span = input.mutableSpan
      preprocessing.normalize(planes.span, into: &span)
      try compiled.run(input.span)
      return compiled.output(0).map(Double.init)
    }
  }
}
