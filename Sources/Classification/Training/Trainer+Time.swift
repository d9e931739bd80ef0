import Layers
import Samples

extension Trainer {
  /// Share of the minutes allowed that steps and validations may take: the rest is for calibration and the report.
  static let usedShare = 0.97

  /// Seconds from now to the last step, from `elapsed` seconds since step `first`.
  func remaining(_ elapsed: Double, from first: Int) -> Double {
    let done = cost(first..<step)
    return done > 0 ? elapsed * cost(step..<steps) / done : 0
  }

  /// Arithmetic of a range of steps, in steps on whole images.
  private func cost(_ range: Range<Int>) -> Double {
    let crops = plan.cropSteps(settings, steps: steps)
    let cheap = range.clamped(to: 0..<crops).count
    return Double(cheap) * plan.cost(isCrop: true) + Double(range.count - cheap)
  }

  /// Measures steps of both kinds and a validation, and cuts the number of steps to what fits into `seconds`.
  ///
  /// The measured steps are undone, so that the number of steps is all that time decides. Should the machine become
  /// slower later on, the deadline ends the training.
  func limitSteps(to seconds: Double) throws {
    let start = now()
    var before = Checkpoint()
    add(to: &before)
    let saved = (random: random, steps: steps)
    let crops = plan.cropSteps(settings, steps: steps)
    var mean = 0.0
    for isCrop in crops > 0 ? [true, false] : [false] {
      let time = try timeOfStep(isCrop: isCrop, step: isCrop ? 0 : crops)
      let share = Double(crops) / Double(steps)
      mean += time * (isCrop ? share : 1 - share)
    }
    let judging = now()
    _ = try validate()
    let looks = Double(steps / validationInterval + 1) * (now() - judging)
    history = TrainingHistory()
    best = nil
    try restore(before)
    (step, random, steps) = (0, saved.random, saved.steps)
    optimizer.step = 0
    let left = seconds * Self.usedShare - (now() - start) - looks
    steps = Swift.min(steps, Swift.max(8, Int(left / mean)))
  }

  /// The middle of some steps' times, in seconds, making of batches included.
  private func timeOfStep(isCrop: Bool, step first: Int) throws -> Double {
    let warmUp = 3
    let batches = prefetcher(from: first)
    defer { batches.cancel() }
    var times: [Double] = []
    var last = now()
    while times.count < warmUp + 7, let batch = try batches.next() {
      _ = try train(on: batch, isCrop: isCrop)
      times.append(now() - last)
      last = now()
    }
    // The first ones wait for oneDNN to make its kernels, and the prefetched batches hide their own making.
    let typical = times.dropFirst(times.count > warmUp ? warmUp : 0).sorted()
    guard !typical.isEmpty else { return 0 }
    return typical[typical.count / 2]
  }
}
