import Layers
import Samples
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#endif

extension Trainer {
  /// What a checkpoint says beside the arrays.
  private struct State: Codable {
    var settings: TrainingSettings
    var digest: String
    var classes: [String]
    var step: Int
    var steps: Int
    var optimizerStep: Int
    /// A string, because JSON numbers do not hold 64 bits everywhere.
    var random: String
    var history: TrainingHistory
    var best: TrainingHistory.Validation?
    var seconds: Double
  }

  private static let key = "assay.training"

  /// Adds weights, averages and moments.
  func add(to checkpoint: inout Checkpoint) {
    checkpoint.add(names, prefix: "model")
    for ((name, _), value) in zip(names, average.values) { checkpoint.add(value, "average." + name) }
    for (index, name) in trainedNames.enumerated() {
      checkpoint.add(optimizer.first[index], "first." + name)
      checkpoint.add(optimizer.second[index], "second." + name)
    }
  }

  /// Puts back what ``add(to:)`` saved.
  func restore(_ checkpoint: Checkpoint) throws {
    try checkpoint.restore(names, prefix: "model")
    for ((name, _), value) in zip(names, average.values) { try checkpoint.restore(value, "average." + name) }
    for (index, name) in trainedNames.enumerated() {
      try checkpoint.restore(optimizer.first[index], "first." + name)
      try checkpoint.restore(optimizer.second[index], "second." + name)
    }
  }

  private var trainedNames: [String] { names.filter { $0.parameter.isTrained }.map(\.name) }

  /// Saves the whole state, so that a resumed training takes the very same steps.
  func save(to path: String, seconds: Double) throws {
    let state = State(
      settings: settings, digest: digest, classes: set.classes, step: step, steps: steps,
      optimizerStep: optimizer.step, random: String(random.state, radix: 16), history: history,
      best: best?.validation, seconds: seconds)
    var checkpoint = Checkpoint()
    add(to: &checkpoint)
    if let best {
      for ((name, _), value) in zip(names, best.values) { checkpoint.add(value, "best." + name) }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    checkpoint.metadata[Self.key] = String(decoding: try encoder.encode(state), as: UTF8.self)
    do {
      try checkpoint.write(to: path)
    } catch {
      throw TrainingError.checkpoint(path: path, reason: error.reason)
    }
  }

  /// Goes on from a checkpoint, if there is one.
  func resume(from path: String) throws {
    guard unsafe access(path, F_OK) == 0 else { return }
    let checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint(path: path)
    } catch {
      throw TrainingError.checkpoint(path: path, reason: error.reason + "; remove it to start anew")
    }
    guard let text = checkpoint.metadata[Self.key],
      let state = try? JSONDecoder().decode(State.self, from: Data(text.utf8)),
      let random = UInt64(state.random, radix: 16)
    else {
      throw TrainingError.checkpoint(path: path, reason: "it is not one of Assay's; remove it to start anew")
    }
    guard state.settings == settings, state.digest == digest, state.classes == set.classes else {
      throw TrainingError.otherTraining(path: path)
    }
    do {
      try restore(checkpoint)
      if let validation = state.best {
        let values = average.values.map { $0.copy() }
        for ((name, _), value) in zip(names, values) { try checkpoint.restore(value, "best." + name) }
        best = (validation, values)
      }
    } catch let error as CheckpointError {
      throw TrainingError.checkpoint(path: path, reason: "\(error.subject) \(error.reason); remove it to start anew")
    }
    step = state.step
    steps = state.steps
    optimizer.step = state.optimizerStep
    self.random.state = random
    history = state.history
    secondsBefore = state.seconds
  }

  /// Step that the next call of ``run(checkpoint:interval:onProgress:)`` begins with, after it has resumed.
  public var resumedStep: Int { step }
}
