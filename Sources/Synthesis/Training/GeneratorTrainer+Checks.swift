import Layers
import Samples
import Tensors

extension GeneratorTrainer {
  /// Looks at both networks, and acts: more augmentation where the discriminator learns its windows by heart, back to the
  /// last good state where draws have become alike.
  func look(at point: GeneratorHistory.Point) throws -> GeneratorHistory.Check {
    let batch = try sampleBatch(4)
    let diversity = try self.diversity(batch)
    var check = GeneratorHistory.Check(
      step: step, train: 0, heldOut: nil, painted: 0, diversity: diversity, chance: augmentation.chance, action: nil)
    if settings.method == .gan {
      check.train = scores(of: batch.real, labels: batch.labels)
      if !heldOut.isEmpty { check.heldOut = scores(of: heldOut.flatMap(\.planes), labels: heldOut.map(\.label)) }
      check.painted = paintedScore(batch)
      adapt(&check, point)
    }
    // Before much is learned, all draws are alike.
    if step > settings.steps / 10 { guardAgainstCollapse(&check) }
    history.checks.append(check)
    return check
  }

  /// Windows that every look takes, so that looks can be compared: some of each class.
  func sampleBatch(_ each: Int) throws(SynthesisError) -> GeneratorBatch {
    let count = each * configuration.classes
    var random = SplitMix64(seed: settings.seed, 5)
    var batch = GeneratorBatch()
    for number in 0..<count {
      // Numbers that no step reaches.
      let far = 1 << 30 + number
      let slot = far - far % configuration.classes + number % configuration.classes
      batch.add(sampler.real(slot), try sampler.place(slot), side: configuration.side, &random)
    }
    return batch
  }

  /// The mean score without augmentation.
  private func scores(of windows: [Float], labels: [Int]) -> Float {
    let saved = discriminator.singular
    defer { discriminator.singular = saved }
    let weights = discriminator.weights(tape, isFrozen: true)
    let values = discriminator.forward(
      tape.constant(real(windows, count: labels.count)), labels: oneHot(labels), weights
    ).value.elements
    tape.discard()
    return values.reduce(0, +) / Float(values.count)
  }

  /// What the averaged weights paint. Each row of a batch is normalised by the whole of it: all classes should be in it.
  func painted(_ batch: GeneratorBatch) -> [Float] {
    let saved = average.parameters.map { $0.value.copy() }
    for (parameter, value) in zip(average.parameters, average.values) {
      parameter.value.fill(from: value.elements.span)
    }
    let shown = drawn(batch, seed: 9)
    for (parameter, value) in zip(average.parameters, saved) { parameter.value.fill(from: value.elements.span) }
    return shown
  }

  private func paintedScore(_ batch: GeneratorBatch) -> Float {
    let shown = drawn(batch, seed: 6)
    return scores(of: shown, labels: batch.labels)
  }

  /// What the generator of this step paints, without a trace in its running statistics or in the training's noise.
  private func drawn(_ batch: GeneratorBatch, seed: UInt64) -> [Float] {
    let parameters = generator.parameters().map(\.parameter)
    let statistics = parameters.filter { !$0.isTrained }.map { ($0, $0.value.copy()) }
    let saved = random
    random = SeededGenerator(seed: seed)
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
    let looks = looks(of: batch.models, count: batch.labels.count)
    let shown = paint(batch, latent: tape.constant(latent(looks)), &pass).shown.value.elements
    tape.discard()
    random = saved
    for (parameter, value) in statistics { parameter.value.fill(from: value.elements.span) }
    return shown
  }

  /// How much draws of one place differ inside its mask, over how much real defects of the class differ inside theirs.
  private func diversity(_ batch: GeneratorBatch) throws -> Float {
    let draws = (0..<4).map { drawn(batch, seed: 7 + UInt64($0)) }
    let (area, channels, shown) = (
      configuration.side * configuration.side, configuration.channels, configuration.shown
    )
    var (painted, real) = (0.0, 0.0)
    for label in 0..<configuration.classes {
      var (sum, square, count) = (0.0, 0.0, 0.0)
      for n in batch.labels.indices where batch.labels[n] == label {
        for pixel in 0..<area {
          if batch.reach[n * area + pixel] > 0 {
            for channel in 0..<channels {
              let at = (n * shown + channel) * area + pixel
              let values = draws.map { Double($0[at]) }
              let mean = values.reduce(0, +) / Double(values.count)
              painted += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
            }
          }
          if batch.real[(n * shown + channels) * area + pixel] >= 0.5 {
            for channel in 0..<channels {
              let value = Double(batch.real[(n * shown + channel) * area + pixel])
              sum += value
              square += value * value
              count += 1
            }
          }
        }
      }
      if count > 1 { real += square - sum * sum / count }
    }
    return Float((painted / max(real, 1e-9)).squareRoot())
  }

  /// Keeps the discriminator from being sure of its training windows (r_t of Karras et al. 2020, arXiv 2006.06676), and
  /// from knowing them by heart (r_v).
  private func adapt(_ check: inout GeneratorHistory.Check, _ point: GeneratorHistory.Point) {
    let old = augmentation.chance
    let knows = point.realSign > 0.6 || check.overfitting ?? 0 > 0.5
    augmentation.chance = min(max(old + (knows ? 0.05 : -0.05), 0.3), 0.9)
    check.chance = augmentation.chance
    guard let overfitting = check.overfitting, overfitting > 0.5 else { return }
    if augmentation.chance > old {
      check.action = "more augmentation: the discriminator knows its training windows by heart"
    } else if discriminatorFactor > 0.1 {
      // What can be changed in front of it is: it learns more slowly from here on.
      discriminatorFactor = max(0.1, discriminatorFactor * 0.8)
      check.action = "a slower discriminator: it knows its training windows by heart"
    }
  }

  /// Draws that differ by less than a fiftieth of what real defects differ by, three looks in a row, are a collapse.
  private func guardAgainstCollapse(_ check: inout GeneratorHistory.Check) {
    let limit: Float = 0.02
    if check.diversity >= limit {
      healthy = average.values.map { $0.copy() }
      return
    }
    let last = history.checks.suffix(2)
    guard last.count == 2, last.allSatisfy({ $0.diversity < limit && $0.action == nil }), let healthy else { return }
    for (parameter, (value, good)) in zip(average.parameters, zip(average.values, healthy)) {
      value.fill(from: good.elements.span)
      parameter.value.fill(from: good.elements.span)
    }
    collapses += 1
    if collapses == 1 {
      rateFactor = 0.5
      check.action = "back to the last good state, at half the rates: draws had become alike"
    } else {
      check.action = "ended with the last good state: draws became alike again"
      history.ending = .collapse
      steps = step
    }
  }
}
