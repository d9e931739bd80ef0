import Layers
import Tensors

/// The other half of a variational autoencoder (Kingma and Welling 2014, arXiv 1312.6114), whose decoder is a
/// ``Generator``: a real window to mean and logarithm of the variance of its latent numbers.
struct Encoder {
  let stages: [Convolution2D]
  let mean: Dense
  let logVariance: Dense

  init(_ configuration: GeneratorConfiguration, random: inout SeededGenerator, on engine: Engine) {
    stages = configuration.stages(random: &random, on: engine)
    let inputs = configuration.discriminatorWidths.last!
    mean = Dense(inputs * 16, configuration.latent, random: &random, on: engine)
    logVariance = Dense(inputs * 16, configuration.latent, random: &random, on: engine)
    logVariance.weight.value.scale(by: 0.1)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> (mean: Variable, logVariance: Variable) {
    var y = x
    for stage in stages { y = stage.forward(y, &pass).activated(.leakyReLU(slope: 0.2)) }
    let flat = y.flattened()
    return (mean.forward(flat, &pass), logVariance.forward(flat, &pass))
  }

  func visitParameters(_ path: String, _ visit: (String, Parameter) -> Void) {
    for (index, stage) in stages.enumerated() { stage.visitParameters(join(path, "stage\(index)"), visit) }
    mean.visitParameters(join(path, "mean"), visit)
    logVariance.visitParameters(join(path, "log_variance"), visit)
  }

  func parameters() -> [(name: String, parameter: Parameter)] {
    var list: [(String, Parameter)] = []
    visitParameters("") { list.append(($0, $1)) }
    return list
  }
}

extension GeneratorConfiguration {
  /// Convolutions that halve a window down to 4x4, as discriminator and encoder begin.
  func stages(random: inout SeededGenerator, on engine: Engine) -> [Convolution2D] {
    zip([shown] + discriminatorWidths, discriminatorWidths).map { inputs, width in
      Convolution2D(inputs, width, kernel: 4, window: Window(stride: 2, padding: 1), random: &random, on: engine)
    }
  }
}

extension Tensor {
  /// Multiplies the numbers where they are, for what initialisers leave too large.
  func scale(by factor: Float) { fill(from: elements.map { $0 * factor }.span) }
}
