import Layers
import Samples
import Tensors

extension GeneratorTrainer {
  /// A step of both networks with the hinge loss (Lim and Ye 2017, arXiv 1705.02894).
  func adversarialStep(_ batch: GeneratorBatch) throws(SynthesisError) -> GeneratorSums.Step {
    let count = batch.labels.count
    let labels = oneHot(batch.labels)
    let looks = looks(of: batch.models, count: count)
    var changes = SplitMix64(seed: settings.seed, 4, UInt64(step))
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))

    // The discriminator: the generator's share of the tape leads nowhere.
    let painted = paint(batch, latent: tape.constant(latent(looks)), &pass).shown.detached
    let weights = discriminator.weights(tape, isFrozen: false)
    let channels = configuration.channels
    let real = tape.constant(real(batch.real, count: count))
    let realScores = discriminator.forward(
      augmentation.apply(real, channels: channels, &changes), labels: labels, weights)
    let paintedScores = discriminator.forward(
      augmentation.apply(painted, channels: channels, &changes), labels: labels, weights)
    func target(_ value: Float) -> Tensor { Tensor(repeating: value, shape: Shape(count, 1), on: engine) }
    let loss = realScores.hinge(target(1)) + paintedScores.hinge(target(-1))
    let scores = (real: realScores.value.elements, painted: paintedScores.value.elements)
    let otherLoss = loss.value.scalar
    tape.backward(from: loss)
    try check(
      otherLoss,
      discriminatorOptimizer.step(rate: settings.discriminatorRate * rateFactor * discriminatorFactor, clip: 10))

    // The generator.
    let (shown, cover) = paint(batch, latent: tape.constant(latent(looks)), &pass)
    let frozen = discriminator.weights(tape, isFrozen: true)
    let score =
      discriminator.forward(
        augmentation.apply(shown, channels: channels, &changes), labels: labels, frozen
      ).mean() * -1
    // The cover may leave the mask that it was asked for, but not by much: the mask is the label.
    var total = score + cover.squaredError(mask(batch)) * Self.coverWeight
    let value = score.value.scalar
    // Every other step it also paints real windows again from a few numbers: that teaches it what defects look like long
    // before the discriminator could (Larsen et al. 2016, arXiv 1512.09300).
    let repaints = step % 2 == 0
    if repaints {
      let repaint = repaint(batch, &pass)
      total =
        total + repaint.likeness * Self.likenessWeight
        + repaint.divergence * (Self.likenessWeight * settings.divergenceWeight)
    }
    tape.backward(from: total)
    try check(
      value, generatorOptimizer.step(rate: settings.generatorRate * rateFactor, clip: 10, average: average))
    if repaints { try check(value, encoderOptimizer.step(rate: settings.discriminatorRate * rateFactor, clip: 10)) }
    return GeneratorSums.Step(
      generatorLoss: value, otherLoss: otherLoss, realScores: scores.real, paintedScores: scores.painted)
  }

  static let coverWeight: Float = 4
  static let likenessWeight: Float = 5

  /// A step of encoder and generator alone.
  func autoencoderStep(_ batch: GeneratorBatch) throws(SynthesisError) -> GeneratorSums.Step {
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
    let (likeness, divergence) = repaint(batch, &pass)
    let (value, other) = (likeness.value.scalar, divergence.value.scalar)
    tape.backward(from: likeness + divergence * settings.divergenceWeight)
    // Five times the rates of the adversarial game: nothing plays against it.
    try check(value, encoderOptimizer.step(rate: 5 * settings.generatorRate, clip: 5))
    try check(other, generatorOptimizer.step(rate: 5 * settings.generatorRate, clip: 5, average: average))
    return GeneratorSums.Step(generatorLoss: value, otherLoss: other, realScores: [], paintedScores: [])
  }

  /// Real windows painted again from what the encoder makes of them, under their own masks: how unlike they are, and how
  /// far the latent numbers are from a normal distribution.
  private func repaint(_ batch: GeneratorBatch, _ pass: inout Pass) -> (likeness: Variable, divergence: Variable) {
    let count = batch.labels.count
    let (side, shown, channels) = (configuration.side, configuration.shown, configuration.channels)
    let area = side * side
    // The place is the real window's own, and what the part looks like under the defect is not known: nothing.
    var own = batch
    own.conditions = []
    own.reach = []
    for n in 0..<count {
      let mask = Array(batch.real[(n * shown + channels) * area..<(n * shown + shown) * area])
      let reach = WindowBank.reach(mask, side: side)
      own.conditions += mask
      for channel in 0..<channels {
        let first = (n * shown + channel) * area
        own.conditions += (0..<area).map { reach[$0] > 0 ? 0 : batch.real[first + $0] }
      }
      let noise = ((n + 1) * configuration.conditions - 1) * area
      own.conditions += batch.conditions[noise..<noise + area]
      own.reach += reach
    }
    let real = real(batch.real, count: count)
    let (mean, logVariance) = encoder.forward(tape.constant(real), &pass)
    let latent = mean.sampled(logVariance: logVariance, noise: noise(count))
    let (appearance, raw) = generator.forward(latent: latent, input(own, latent: latent.value), &pass)
    let target = planes(0..<channels, of: batch.real, each: shown)
    // Only what the cover shows will ever be seen.
    let weights = Tensor(
      (0..<count).flatMap { n in
        let reach = own.reach[n * area..<(n + 1) * area].map { $0 + 0.01 }
        return (0..<channels).flatMap { _ in reach }
      }, shape: appearance.shape, on: engine)
    let cover = raw * tape.constant(Tensor(own.reach, shape: Shape(count, 1, side, side), on: engine))
    let likeness =
      appearance.absoluteError(target, weights: weights) + cover.squaredError(mask(own)) * Self.coverWeight
    return (likeness, mean.divergenceFromNormal(logVariance: logVariance))
  }

  /// The masks that were asked for, N x 1 x S x S.
  private func mask(_ batch: GeneratorBatch) -> Tensor {
    planes(0..<1, of: batch.conditions, each: configuration.conditions)
  }

  private func check(_ loss: Float, _ norm: Float) throws(SynthesisError) {
    guard loss.isFinite && norm.isFinite else {
      throw SynthesisError(
        "the training has come apart at step \(step + 1): its numbers are no longer finite; take another seed")
    }
  }
}

/// Sums over the steps since the last report.
struct GeneratorSums: Codable {
  struct Step {
    var generatorLoss: Float
    var otherLoss: Float
    var realScores: [Float]
    var paintedScores: [Float]
  }

  private var count: Float = 0
  private var total = GeneratorHistory.Point(
    step: 0, generatorLoss: 0, otherLoss: 0, realScore: 0, paintedScore: 0, realSign: 0)

  mutating func add(_ step: Step) {
    func mean(_ values: [Float], _ value: (Float) -> Float = { $0 }) -> Float {
      values.isEmpty ? 0 : values.reduce(0) { $0 + value($1) } / Float(values.count)
    }
    count += 1
    total.generatorLoss += step.generatorLoss
    total.otherLoss += step.otherLoss
    total.realScore += mean(step.realScores)
    total.paintedScore += mean(step.paintedScores)
    total.realSign += mean(step.realScores) { $0 > 0 ? 1 : -1 }
  }

  func point(step: Int) -> GeneratorHistory.Point {
    let scale = 1 / max(count, 1)
    return GeneratorHistory.Point(
      step: step, generatorLoss: total.generatorLoss * scale, otherLoss: total.otherLoss * scale,
      realScore: total.realScore * scale, paintedScore: total.paintedScore * scale, realSign: total.realSign * scale)
  }
}

extension GeneratorTrainer {
  /// Numbers that each network holds for training (generator, discriminator, encoder), planes and classes.
  public var sizes: [Int] {
    func count(_ list: [(name: String, parameter: Parameter)]) -> Int {
      list.filter { $0.parameter.isTrained }.reduce(0) { $0 + $1.parameter.value.count }
    }
    return [
      count(generator.parameters()), count(discriminator.parameters()), count(encoder.parameters()),
      configuration.channels, configuration.classes,
    ]
  }

  /// Seconds of some steps on one and the same batch, for comparisons with other software; the networks are changed by
  /// them. The first ones wait for kernels to be made.
  public func timeSteps(_ count: Int) throws -> [Double] {
    engine.claimThread()
    let batch = try bank.batch(0)
    return try (0..<count).map { _ in
      let start = seconds()
      _ = settings.method == .gan ? try adversarialStep(batch) : try autoencoderStep(batch)
      step += 1
      return seconds() - start
    }
  }
}
