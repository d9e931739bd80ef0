internal import Imaging
internal import Layers
public import Samples
internal import Tensors
internal import Threads

#if canImport(Glibc)
  import Glibc
#endif

/// Trains a generator on a part set's few real defects and its good parts, on the CPU, the same way for the same seed.
///
/// Call it from one thread, which becomes the compute thread.
public final class GeneratorTrainer {
  /// The real defects and what was noticed about them.
  public let library: DefectLibrary
  public let settings: GeneratorSettings
  let configuration: GeneratorConfiguration
  /// Indices of the set's classes that are learned, in order.
  let labels: [Int]
  let sampler: WindowSampler
  /// Of the validation split: never learned from.
  let heldOut: [RealWindow]
  let engine: Engine
  let tape: Tape
  let generator: Generator
  let discriminator: Discriminator
  let encoder: Encoder
  let average: WeightAverage
  var generatorOptimizer: Optimizer
  /// Of the discriminator; idle for an autoencoder.
  var discriminatorOptimizer: Optimizer
  var encoderOptimizer: Optimizer
  let bank: WindowBank

  var random: SeededGenerator
  var step = 0
  var steps: Int
  var augmentation = DifferentiableAugmentation(chance: 0.6)
  var rateFactor: Float = 1
  /// Of the discriminator's rate alone.
  var discriminatorFactor: Float = 1
  public internal(set) var history = GeneratorHistory()
  /// The last average whose draws were not alike.
  var healthy: [Tensor]?
  var collapses = 0
  /// Since the last look.
  var sums = GeneratorSums()
  var secondsBefore = 0.0
  let created = seconds()

  /// Reads the set's defects and looks at its good parts.
  ///
  /// - Parameter classes: those to learn; nil for all that are defects.
  /// - Throws: ``SynthesisError``, `PartSetError` or `EngineError`.
  public init(_ set: PartSet, classes: [String]? = nil, settings: GeneratorSettings) throws {
    try set.checkHeldOut()
    self.settings = settings
    let library = try DefectLibrary(set, classes: classes, fewest: DefectLibrary.fewest, takesWhole: true)
    let hasMasks = library.pictures.isEmpty
    guard !hasMasks || !library.good.items.isEmpty else {
      throw SynthesisError(set.root, "has no good part in its train split: there is nothing to paint defects on")
    }
    self.library = library
    labels = (hasMasks ? Array(library.defects.keys) : Array(library.pictures.keys)).sorted()
    let isColor =
      library.defects.values.contains { $0.contains { $0.surroundings.isColor } }
      || library.pictures.values.contains { $0.contains { $0.planes.isColor } }
    configuration = GeneratorConfiguration(
      side: settings.side, channels: isColor ? 3 : 1, classes: labels.count, hasMasks: hasMasks)
    let threads = settings.threads ?? Parallel.processors
    let engine = try Engine(threads: threads)
    self.engine = engine
    tape = Tape(on: engine)
    var random = SeededGenerator(seed: settings.seed)
    generator = Generator(configuration, random: &random, on: engine)
    discriminator = Discriminator(configuration, random: &random, on: engine)
    encoder = Encoder(configuration, random: &random, on: engine)
    self.random = random
    let own = generator.parameters().map(\.parameter)
    average = WeightAverage(of: own, decay: settings.averageDecay)
    // Adversaries go without momentum: what the other network does changes at every step.
    let momentum: Float = settings.method == .gan ? 0 : 0.9
    generatorOptimizer = Optimizer(.adam(beta1: momentum, beta2: 0.99), parameters: own)
    discriminatorOptimizer = Optimizer(
      .adam(beta1: 0, beta2: 0.99), parameters: discriminator.parameters().map(\.parameter))
    encoderOptimizer = Optimizer(.adam(beta1: 0.9, beta2: 0.99), parameters: encoder.parameters().map(\.parameter))
    let defects = labels.map { label in
      (library.defects[label] ?? []).map { $0.with(channels: isColor ? 3 : 1) }
    }
    let pictures = labels.map { label in (library.pictures[label] ?? []).map { $0.with(channels: isColor ? 3 : 1) } }
    sampler = WindowSampler(
      configuration: configuration, defects: defects, pictures: pictures,
      priors: hasMasks ? defects.map { PlacementPrior($0.map(\.site)) } : [], good: library.good,
      parents: ParentCache(channels: configuration.channels), seed: settings.seed)
    bank = WindowBank(sampler, batchSize: settings.batchSize)
    let side = settings.side
    let order = labels
    if hasMasks {
      heldOut = try DefectLibrary.held(set, labels: labels).map { defect in
        let window = DefectWindow(defect.with(channels: isColor ? 3 : 1), side: side)
        return RealWindow(
          label: order.firstIndex(of: defect.patch.label)!,
          planes: window.appearance.planes.flatMap(\.pixels) + window.cover.pixels)
      }
    } else {
      // A look at a few says as much as one at all of them.
      heldOut = try DefectLibrary.heldWhole(set, labels: labels).prefix(48).map { picture in
        RealWindow(
          label: order.firstIndex(of: picture.label)!,
          planes: picture.with(channels: isColor ? 3 : 1).window(side: side).planes.flatMap(\.pixels)
            + [Float](repeating: 1, count: side * side))
      }
    }
    steps = settings.steps
  }

  /// Trains to the end, or goes on to the end after a resumption.
  ///
  /// - Parameters:
  ///   - checkpoint: file that the state is saved to now and then, and resumed from if it is there; nil for none.
  ///   - interval: least seconds between two checkpoints.
  ///   - shouldStop: asked after each step; `true` saves the checkpoint and throws ``GeneratorInterruption``.
  ///   - onProgress: called after about every second of training and every check.
  public func run(
    checkpoint: String?, interval: Double = 20, onResume: (Int, Int) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }, onProgress: (GeneratorProgress) -> Void
  ) throws {
    engine.claimThread()
    if let checkpoint, try resume(from: checkpoint) { onResume(step, steps) }
    let start = seconds()
    let first = step
    let deadline = settings.minutes.map { created + $0 * 60 * Self.usedShare - secondsBefore }
    var (lastReport, lastSave) = (start, start)
    // Windows are cut on a thread of their own, while the step before is computed.
    let box = BankBox(bank)
    let batches = Prefetcher(steps: step..<max(step, settings.steps), threads: 1, capacity: 3) { try box.batch($0) }
    defer { batches.cancel() }
    while step < steps, let batch = try batches.next() {
      sums.add(settings.method == .gan ? try adversarialStep(batch) : try autoencoderStep(batch))
      step += 1
      let now = seconds()
      // Kernels are made in the first steps: the speed is known after them.
      if step - first == 30, let deadline {
        let each = (now - start) / 30
        steps = max(step, min(steps, step + Int((deadline - now) / each)))
      }
      if let deadline, now >= deadline, step < steps {
        history.ending = .time
        steps = step
      }
      if step < steps, shouldStop() {
        if let checkpoint { try save(to: checkpoint, seconds: secondsBefore + now - start) }
        throw GeneratorInterruption(step: step)
      }
      let checks = step == steps || step % checkInterval == 0
      guard checks || now - lastReport > 1 else { continue }
      let point = sums.point(step: step)
      var check: GeneratorHistory.Check?
      if checks {
        history.points.append(point)
        check = try look(at: point)
      }
      let elapsed = seconds() - start
      onProgress(
        GeneratorProgress(
          step: step, steps: steps, generatorLoss: point.generatorLoss, otherLoss: point.otherLoss,
          windowsPerSecond: Double((step - first) * settings.batchSize) / elapsed,
          secondsLeft: elapsed / Double(step - first) * Double(steps - step), check: check))
      if checks { sums = GeneratorSums() }
      lastReport = seconds()
      if let checkpoint, lastReport - lastSave > interval, step < steps {
        try save(to: checkpoint, seconds: secondsBefore + elapsed)
        lastSave = seconds()
      }
    }
    secondsBefore += seconds() - start
  }

  /// Share of the minutes allowed that steps may take: the rest is for reading the set and writing the results.
  static let usedShare = 0.96

  /// Seconds that the training took, resumptions included.
  public var duration: Double { secondsBefore }

  /// Steps between two looks at the networks.
  var checkInterval: Int { max(50, settings.steps / 40) }

  /// What the generator paints at the places of a batch: the picture, and what covers it, each with the part around it.
  func paint(_ batch: GeneratorBatch, latent: Variable, _ pass: inout Pass) -> (shown: Variable, cover: Variable) {
    let input = self.input(batch, latent: latent.value)
    let (appearance, raw) = generator.forward(latent: latent, input, &pass)
    let (count, side) = (batch.labels.count, configuration.side)
    let reach = tape.constant(Tensor(batch.reach, shape: Shape(count, 1, side, side), on: engine))
    let cover = raw * reach
    let part = tape.constant(texture(batch))
    let share = configuration.channels == 3 ? Variable.concatenated([cover, cover, cover]) : cover
    let picture = part + (appearance - part) * share
    return (.concatenated([picture, cover]), cover)
  }

  func input(_ batch: GeneratorBatch, latent: Tensor) -> GeneratorInput {
    let (count, side) = (batch.labels.count, configuration.side)
    return GeneratorInput(
      latent: latent, labels: oneHot(batch.labels),
      conditions: Tensor(
        batch.conditions, shape: Shape(count, configuration.conditions, side, side), on: engine))
  }

  /// The part's own texture, out of the conditions.
  func texture(_ batch: GeneratorBatch) -> Tensor {
    planes(1..<1 + configuration.channels, of: batch.conditions, each: configuration.conditions)
  }

  /// Some planes of each window out of N x `each` x S x S numbers.
  func planes(_ chosen: Range<Int>, of numbers: [Float], each: Int) -> Tensor {
    let side = configuration.side
    let area = side * side
    let count = numbers.count / (each * area)
    var result: [Float] = []
    result.reserveCapacity(count * chosen.count * area)
    for n in 0..<count {
      result += numbers[(n * each + chosen.lowerBound) * area..<(n * each + chosen.upperBound) * area]
    }
    return Tensor(result, shape: Shape(count, chosen.count, side, side), on: engine)
  }

  func oneHot(_ labels: [Int]) -> Tensor {
    Tensor(
      Targets.oneHot(labels, classes: configuration.classes), shape: Shape(labels.count, configuration.classes),
      on: engine)
  }

  func noise(_ count: Int) -> Tensor {
    Tensor(
      (0..<count * configuration.latent).map { _ in random.normal() }, shape: Shape(count, configuration.latent),
      on: engine)
  }

  func real(_ windows: [Float], count: Int) -> Tensor {
    Tensor(windows, shape: Shape(count, configuration.shown, configuration.side, configuration.side), on: engine)
  }
}

/// Training was asked to stop; its checkpoint holds all that was learned.
public struct GeneratorInterruption: Error, Sendable, CustomStringConvertible {
  public let step: Int
  public var description: String { "stopped after step \(step)" }
}

/// Hands the bank to the one thread that cuts windows.
private final class BankBox: @unchecked Sendable {
  // Used by the prefetcher's single thread alone, from the first batch to the last.
  private let bank: WindowBank
  init(_ bank: WindowBank) { self.bank = bank }
  func batch(_ step: Int) throws -> GeneratorBatch { try bank.batch(step) }
}

/// Seconds of a clock that never jumps.
func seconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
