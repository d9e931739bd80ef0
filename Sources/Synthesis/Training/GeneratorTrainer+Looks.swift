import Layers
import Samples
import Tensors

/// What the encoder makes of a real defect: where draws that are like it lie.
///
/// A class's few defects leave most of a latent space that is drawn from at random to chance. Draws around what real ones
/// are encoded as keep together what belongs together: the look and the shape of one kind of defect.
public struct DefectLook: Codable, Sendable, Hashable {
  /// Mean of the latent numbers.
  public var mean: [Float]
  /// Their standard deviations.
  public var spread: [Float]

  /// Latent numbers of a draw that is like the defect.
  func draw(_ normal: () -> Float) -> [Float] { zip(mean, spread).map { $0 + $1 * normal() } }
}

extension GeneratorTrainer {
  /// What the encoder makes of windows, N x (channels + 1) x S x S. The tape must be empty.
  func looks(of windows: [Float], count: Int) -> [DefectLook] {
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
    let (mean, logVariance) = encoder.forward(tape.constant(real(windows, count: count)), &pass)
    let (means, variances) = (mean.value.elements, logVariance.value.elements)
    tape.discard()
    let latent = configuration.latent
    return (0..<count).map { n in
      let range = n * latent..<(n + 1) * latent
      return DefectLook(mean: Array(means[range]), spread: variances[range].map { exponential(min($0, 4) / 2) })
    }
  }

  /// Latent numbers for a step: every other draw is like the defect whose shape it has, the others are like none.
  func latent(_ looks: [DefectLook]) -> Tensor {
    let values = looks.enumerated().flatMap { n, look in
      n % 2 == 0
        ? look.draw { random.normal() } : (0..<configuration.latent).map { _ in random.normal() }
    }
    return Tensor(values, shape: Shape(looks.count, configuration.latent), on: engine)
  }

  /// What the encoder makes of a class's real defects, each seen in a few ways.
  func classLooks(_ label: Int) -> [[DefectLook]] {
    (0..<sampler.count(of: label)).map { model in
      var random = SplitMix64(seed: settings.seed, 10, UInt64(label * 100_000 + model))
      let windows = (0..<Self.views).flatMap { _ in sampler.real(model, of: label, &random).planes }
      return looks(of: windows, count: Self.views).map { look in
        // Three digits are more than draws can tell apart.
        func short(_ values: [Float]) -> [Float] { values.map { ($0 * 1000).rounded() / 1000 } }
        return DefectLook(mean: short(look.mean), spread: short(look.spread))
      }
    }
  }

  /// Ways that a real defect is seen in.
  private static let views = 4
}
