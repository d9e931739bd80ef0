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

extension GeneratorTrainer {
  /// What a checkpoint says beside the arrays.
  private struct State: Codable {
    var settings: GeneratorSettings
    /// Of the parts that are learned from, and of the good ones.
    var digest: String
    var classes: [String]
    var step: Int
    var steps: Int
    var generatorStep: Int
    var discriminatorStep: Int
    var encoderStep: Int
    /// A string, because JSON numbers do not hold 64 bits everywhere.
    var random: String
    var chance: Float
    var rateFactor: Float
    var discriminatorFactor: Float
    var collapses: Int
    var hasHealthy: Bool
    var singular: [[Float]]
    var history: GeneratorHistory
    var sums: GeneratorSums
    var seconds: Double
  }

  private static let key = "assay.synth.training"

  private var names: [(name: String, parameter: Parameter)] {
    generator.parameters().map { ("generator." + $0.name, $0.parameter) }
      + discriminator.parameters().map { ("discriminator." + $0.name, $0.parameter) }
      + encoder.parameters().map { ("encoder." + $0.name, $0.parameter) }
  }

  private func moments() -> [(String, Tensor)] {
    var list: [(String, Tensor)] = []
    let optimizers = [
      ("generator", generatorOptimizer), ("discriminator", discriminatorOptimizer), ("encoder", encoderOptimizer),
    ]
    for (kind, optimizer) in optimizers {
      for index in optimizer.first.indices {
        list.append(("first.\(kind).\(index)", optimizer.first[index]))
        list.append(("second.\(kind).\(index)", optimizer.second[index]))
      }
    }
    return list
  }

  var digest: String {
    let hashes = library.sources + library.good.items.map(\.contentHash)
    return ContentHash(of: Array(hashes.map(\.description).joined(separator: "\n").utf8)).description
  }

  var classNames: [String] { labels.map { library.classes[$0] } }

  /// Saves the whole state, so that a resumed training takes the very same steps.
  func save(to path: String, seconds: Double) throws {
    let state = State(
      settings: settings, digest: digest, classes: classNames, step: step, steps: steps,
      generatorStep: generatorOptimizer.step, discriminatorStep: discriminatorOptimizer.step,
      encoderStep: encoderOptimizer.step, random: String(random.state, radix: 16),
      chance: augmentation.chance, rateFactor: rateFactor, discriminatorFactor: discriminatorFactor,
      collapses: collapses, hasHealthy: healthy != nil,
      singular: discriminator.singular, history: history, sums: sums, seconds: seconds)
    var checkpoint = Checkpoint()
    checkpoint.add(names, prefix: "model")
    for (index, value) in average.values.enumerated() { checkpoint.add(value, "average.\(index)") }
    for (index, value) in (healthy ?? []).enumerated() { checkpoint.add(value, "healthy.\(index)") }
    for (name, tensor) in moments() { checkpoint.add(tensor, name) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    checkpoint.metadata[Self.key] = String(decoding: try encoder.encode(state), as: UTF8.self)
    do { try checkpoint.write(to: path) } catch { throw SynthesisError("\(error)") }
  }

  /// Goes on from a checkpoint.
  ///
  /// - Returns: whether there was one.
  func resume(from path: String) throws -> Bool {
    guard unsafe access(path, F_OK) == 0 else { return false }
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(path: path) } catch {
      throw SynthesisError("\(error); remove it to start anew")
    }
    guard let text = checkpoint.metadata[Self.key],
      let state = try? JSONDecoder().decode(State.self, from: Data(text.utf8)),
      let bits = UInt64(state.random, radix: 16)
    else { throw SynthesisError(path, "is no checkpoint of a generator; remove it to start anew") }
    guard state.settings == settings, state.digest == digest, state.classes == classNames else {
      throw SynthesisError(
        path, "belongs to another training (other settings, classes or parts); remove it, or choose another --out")
    }
    do {
      try checkpoint.restore(names, prefix: "model")
      for (index, value) in average.values.enumerated() { try checkpoint.restore(value, "average.\(index)") }
      if state.hasHealthy {
        let values = average.values.map { $0.copy() }
        for (index, value) in values.enumerated() { try checkpoint.restore(value, "healthy.\(index)") }
        healthy = values
      }
      for (name, tensor) in moments() { try checkpoint.restore(tensor, name) }
    } catch {
      throw SynthesisError("\(error); remove \(path) to start anew")
    }
    step = state.step
    steps = state.steps
    generatorOptimizer.step = state.generatorStep
    discriminatorOptimizer.step = state.discriminatorStep
    encoderOptimizer.step = state.encoderStep
    random.state = bits
    augmentation.chance = state.chance
    rateFactor = state.rateFactor
    discriminatorFactor = state.discriminatorFactor
    collapses = state.collapses
    discriminator.singular = state.singular
    history = state.history
    sums = state.sums
    secondsBefore = state.seconds
    return true
  }
}
