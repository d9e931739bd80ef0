import Layers
import Tensors

/// What a generator is told about a batch of draws.
struct GeneratorInput {
  /// [N, Z], standard normal.
  var latent: Tensor
  /// [N, K], one-hot.
  var labels: Tensor
  /// [N, conditions, S, S]: mask, the part's factor (its logarithm), noise.
  var conditions: Tensor
}

/// Paints a defect's appearance and its cover into a window: from noise and a class, told at every scale where the mask
/// is and what the part looks like there.
///
/// Upwards from 4x4, each level enlarges, convolves, adds what a convolution makes of the place, normalises over the batch
/// and is scaled and shifted by the latent numbers and the class (conditional batch normalisation: de Vries et al. 2017,
/// arXiv 1707.00683; as in Brock et al. 2019, arXiv 1809.11096).
struct Generator {
  struct Level {
    let convolution: Convolution2D
    let condition: Convolution2D
    let normalization: BatchNormalization
    let scale: Dense
    let shift: Dense
  }

  let configuration: GeneratorConfiguration
  /// Classes to `embedding` numbers.
  let embedding: Dense
  /// To [N, widths[0], 4, 4].
  let start: Dense
  let levels: [Level]
  /// Channels of the heads: the appearance's, the cover's, and some that nobody looks at: convolutions are several times
  /// quicker with a vector of outputs (16 numbers on some processors) than with one.
  static let headWidth = 16
  let head: Convolution2D
  let headCondition: Convolution2D

  init(_ configuration: GeneratorConfiguration, random: inout SeededGenerator, on engine: Engine) {
    self.configuration = configuration
    let style = configuration.latent + configuration.embedding
    let widths = configuration.widths
    let window = Window(padding: 1)
    embedding = Dense(
      configuration.classes, configuration.embedding, bias: false, initializer: .heNormal, random: &random, on: engine)
    start = Dense(style, widths[0] * 16, random: &random, on: engine)
    var levels: [Level] = []
    for (index, width) in widths.enumerated() {
      let scale = Dense(style, width, random: &random, on: engine)
      scale.weight.value.scale(by: 0.25)
      scale.bias!.value.fill(from: [Float](repeating: 1, count: width).span)
      let shift = Dense(style, width, random: &random, on: engine)
      shift.weight.value.scale(by: 0.25)
      levels.append(
        Level(
          convolution: Convolution2D(
            widths[max(0, index - 1)], width, kernel: 3, window: window, bias: false, random: &random, on: engine),
          condition: Convolution2D(
            configuration.conditions, width, kernel: 3, window: window, bias: false, random: &random, on: engine),
          normalization: BatchNormalization(width, on: engine), scale: scale, shift: shift))
    }
    self.levels = levels
    head = Convolution2D(
      widths.last!, Self.headWidth, kernel: 3, window: window, initializer: .glorotUniform, random: &random, on: engine)
    headCondition = Convolution2D(
      configuration.conditions, Self.headWidth, kernel: 3, window: window, bias: false, initializer: .glorotUniform,
      random: &random, on: engine)
  }

  /// The appearance [N, channels, S, S], within ±``GeneratorConfiguration/bound`` of the part's own, and the cover [N, 1, S, S] in 0...1.
  func forward(_ input: GeneratorInput, _ pass: inout Pass) -> (appearance: Variable, cover: Variable) {
    forward(latent: pass.tape.constant(input.latent), input, &pass)
  }

  /// The same with latent numbers that were learned from, as an autoencoder's are.
  func forward(latent: Variable, _ input: GeneratorInput, _ pass: inout Pass) -> (
    appearance: Variable, cover: Variable
  ) {
    let tape = pass.tape
    let side = configuration.side
    let batch = input.latent.shape[0]
    let place = tape.constant(input.conditions)
    let style = Variable.concatenated([latent, embedding.forward(tape.constant(input.labels), &pass)])
    var y = start.forward(style, &pass).reshaped(to: Shape(batch, configuration.widths[0], 4, 4))
    var size = 4
    for (index, level) in levels.enumerated() {
      if index > 0 {
        size *= 2
        y = y.resized(height: size, width: size, linear: false)
      }
      let small = size == side ? place : place.pooled(.average, size: side / size, stride: side / size)
      y = level.convolution.forward(y, plus: level.condition, of: small, &pass)
      y = level.normalization.forward(
        y, &pass, factor: level.scale.forward(style, &pass), offset: level.shift.forward(style, &pass), slope: 0.2)
    }
    let channels = configuration.channels
    let heads = head.forward(y, plus: headCondition, of: place, &pass).channels(0..<channels + 1)
    // What is learned is how the part is changed: left alone, its own texture goes on under a defect.
    let look =
      heads.channels(0..<channels).activated(.tanh) * GeneratorConfiguration.bound + place.channels(1..<1 + channels)
    let logits = heads.channels(channels..<channels + 1)
    return (look, (logits + tape.constant(maskLogits(input))).activated(.sigmoid))
  }

  /// What the cover is before anything is learned: the mask.
  private func maskLogits(_ input: GeneratorInput) -> Tensor {
    let (count, side) = (input.latent.shape[0], configuration.side)
    let conditions = input.conditions.elements
    let (area, planes) = (side * side, configuration.conditions)
    var logits: [Float] = []
    logits.reserveCapacity(count * area)
    for n in 0..<count {
      for at in n * planes * area..<(n * planes + 1) * area {
        logits.append(GeneratorConfiguration.coverGain * (conditions[at] - 0.5))
      }
    }
    return Tensor(logits, shape: Shape(count, 1, side, side), on: input.latent.engine)
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    embedding.visitParameters(join(path, "embedding"), visit)
    start.visitParameters(join(path, "start"), visit)
    for (index, level) in levels.enumerated() {
      let name = join(path, "level\(index)")
      level.convolution.visitParameters(join(name, "conv"), visit)
      level.condition.visitParameters(join(name, "condition"), visit)
      level.normalization.visitParameters(join(name, "norm"), visit)
      level.scale.visitParameters(join(name, "scale"), visit)
      level.shift.visitParameters(join(name, "shift"), visit)
    }
    head.visitParameters(join(path, "head"), visit)
    headCondition.visitParameters(join(path, "head_condition"), visit)
  }

  func parameters() -> [(name: String, parameter: Parameter)] {
    var list: [(String, Parameter)] = []
    visitParameters("") { list.append(($0, $1)) }
    return list
  }
}
