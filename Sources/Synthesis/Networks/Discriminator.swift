import Layers
import Tensors

/// Tells real windows from painted ones: picture and cover together, and the class by projection (Miyato and Koyama 2018,
/// arXiv 1802.05637): score = w' f(x) + class' f(x). All weights are spectrally normalised (Miyato et al. 2018, arXiv
/// 1802.05957).
final class Discriminator {
  let configuration: GeneratorConfiguration
  /// Stride 2, kernel 4.
  let stages: [Convolution2D]
  /// On 4x4.
  let last: Convolution2D
  let score: Dense
  /// Classes to features.
  let projection: Dense
  /// Estimates of the weights' left singular vectors, in the order of ``weights``.
  var singular: [[Float]]

  init(_ configuration: GeneratorConfiguration, random: inout SeededGenerator, on engine: Engine) {
    self.configuration = configuration
    stages = configuration.stages(random: &random, on: engine)
    let inputs = configuration.discriminatorWidths.last!
    last = Convolution2D(inputs, inputs, kernel: 3, window: Window(padding: 1), random: &random, on: engine)
    score = Dense(inputs, 1, random: &random, on: engine)
    projection = Dense(configuration.classes, inputs, bias: false, random: &random, on: engine)
    singular = []
    singular = weights.map { weight in
      let draw = (0..<weight.value.shape[0]).map { _ in random.normal() }
      let length = draw.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return draw.map { $0 / max(length, 1e-6) }
    }
  }

  /// What is spectrally normalised.
  private var weights: [Parameter] { stages.map(\.weight) + [last.weight, score.weight, projection.weight] }

  /// Normalised weights of one pass: made once, used for all that it judges.
  struct Weights {
    let values: [Variable]
    fileprivate let isFrozen: Bool
  }

  /// - Parameter isFrozen: gradients flow through the discriminator, and not into it.
  func weights(_ tape: Tape, isFrozen: Bool) -> Weights {
    let values = weights.enumerated().map { index, parameter in
      (isFrozen ? tape.constant(parameter.value) : tape(parameter)).spectrallyNormalized(&singular[index])
    }
    return Weights(values: values, isFrozen: isFrozen)
  }

  /// Scores [N, 1] of windows [N, shown, S, S] under classes [N, K], one-hot.
  func forward(_ x: Variable, labels: Tensor, _ weights: Weights) -> Variable {
    let tape = x.tape
    func bias(_ parameter: Parameter?) -> Variable? {
      parameter.map { weights.isFrozen ? tape.constant($0.value) : tape($0) }
    }
    var y = x
    for (index, stage) in stages.enumerated() {
      y = y.convolved(with: weights.values[index], bias: bias(stage.bias), stage.window).activated(
        .leakyReLU(slope: 0.2))
    }
    let count = stages.count
    y = y.convolved(with: weights.values[count], bias: bias(last.bias), last.window).activated(.leakyReLU(slope: 0.2))
    // The sum over the 16 places.
    let features = y.globalAverage().flattened() * 16
    let plain = features.dense(weights.values[count + 1], bias: bias(score.bias))
    let classes = tape.constant(labels).dense(weights.values[count + 2])
    let ones = Tensor(repeating: 1, shape: Shape(1, features.shape[1]), on: tape.engine)
    return plain + (features * classes).dense(tape.constant(ones))
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    for (index, stage) in stages.enumerated() { stage.visitParameters(join(path, "stage\(index)"), visit) }
    last.visitParameters(join(path, "last"), visit)
    score.visitParameters(join(path, "score"), visit)
    projection.visitParameters(join(path, "projection"), visit)
  }

  func parameters() -> [(name: String, parameter: Parameter)] {
    var list: [(String, Parameter)] = []
    visitParameters("") { list.append(($0, $1)) }
    return list
  }
}
