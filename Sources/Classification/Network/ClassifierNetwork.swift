import Graphs
import Layers
import Tensors

/// What a trainer needs of a network, whatever its architecture.
protocol ClassifierNetwork: Layer {
  /// Logits of the image head [N, K], and of the pixel head [N, P, H / 8, W / 8].
  func logits(_ x: Variable, _ pass: inout Pass) -> (image: Variable, pixel: Variable?)

  /// The network as a static graph, with the inputs and outputs of ``NetworkPort``.
  ///
  /// - Parameters:
  ///   - temperature: what the image head's logits are divided by (calibration), above 0.
  ///   - values: the numbers to use for a parameter: its own, or its moving average.
  func graph(name: String, temperature: Float, values: @escaping (Parameter) -> [Float]) throws(GraphError) -> Graph
}

extension ClassifierNetwork {
  func forward(_ x: Variable, _ pass: inout Pass) -> Variable { logits(x, &pass).image }
}

/// Names of a graph's input and outputs.
enum NetworkPort {
  static let image = "image"
  /// Class probabilities [N, K].
  static let probabilities = "probabilities"
  /// Where the evidence lies, [N, C, H / 8, W / 8]: the pixel head's probabilities, or else each class's activation map.
  static let heat = "heat"
  /// Means of the deepest maps, [N, C]: a value inside the residual network's graph, not an output.
  static let features = "deep.mean.flat"
}

extension NetworkConfiguration {
  /// A network that is still to be trained.
  ///
  /// - Parameter background: index of the pixel head's background channel, which starts as the likely one.
  func network(background: Int, random: inout SeededGenerator, on engine: Engine) -> any ClassifierNetwork {
    switch architecture {
    case .residual: ResidualNetwork(self, background: background, random: &random, on: engine)
    case .vit: VisionTransformer(self, background: background, random: &random, on: engine)
    }
  }
}
