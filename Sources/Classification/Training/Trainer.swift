import Graphs
import Imaging
import Layers
import Metrics
public import Samples
import Tensors
import Threads

#if canImport(Glibc)
  import Glibc
#endif

/// Trains a defect classifier on a part set: from scratch, on the CPU, the same way for the same seed.
///
/// Call it from one thread, which becomes the compute thread.
public final class Trainer {
  let set: PartSet
  let settings: TrainingSettings
  let plan: TrainingPlan
  let engine: Engine
  /// One for all steps, so that they need no more memory than the first.
  private let tape: Tape
  private var supervision: PixelSupervision
  let network: any ClassifierNetwork
  let names: [(name: String, parameter: Parameter)]
  let average: WeightAverage
  var optimizer: Optimizer
  let train: SampleCache
  let validation: SampleCache
  /// Digest of the training parts' contents.
  let digest: String
  /// When the training's images began to be read, for ``TrainingSettings/minutes``.
  let created = now()
  let schedule = Schedule.oneCycle(warmUp: 0.1, start: 0.1, end: 0.01)

  var random: SeededGenerator
  var step = 0
  /// 0 until it is decided.
  var steps = 0
  var history = TrainingHistory()
  var best: (validation: TrainingHistory.Validation, values: [Tensor])?
  /// Seconds of training before a resumption.
  var secondsBefore = 0.0

  /// Reads the set's training and validation images.
  ///
  /// - Throws: ``TrainingError``, `PartSetError` or `EngineError`.
  public init(_ set: PartSet, settings: TrainingSettings, onLoad: (@Sendable (Int) -> Void)? = nil) throws {
    try set.checkHeldOut()
    self.set = set
    self.settings = settings
    let trainParts = set.parts(in: .train)
    let counts = set.counts(in: .train)
    let present = set.classes.indices.filter { counts[$0] > 0 }
    guard present.count >= 2 else {
      throw TrainingError.tooFewClasses(root: set.root, classes: present.map { set.classes[$0] })
    }
    let validationParts = set.parts(in: .val)
    guard !validationParts.isEmpty else { throw TrainingError.noValidation(root: set.root) }
    plan = try TrainingPlan(set, settings, looks: Self.look(at: trainParts.filter { !$0.isSynthetic }))
    let threads = settings.threads ?? Parallel.processors
    let raw = try SampleCache(trainParts, preprocessing: plan.preprocessing, threads: threads, progress: onLoad)
    let (mean, std) = try raw.statistics()
    train = raw.with(mean: mean, std: std)
    validation = try SampleCache(validationParts, preprocessing: train.preprocessing, threads: threads)
    digest = Self.digest(trainParts)
    engine = try Engine(threads: threads, usesBF16: settings.usesBF16)
    tape = Tape(on: engine)
    supervision = PixelSupervision(
      classes: set.classes.count, pixelClasses: plan.network.pixelClasses, background: plan.background)
    random = SeededGenerator(seed: settings.seed)
    network = plan.network.network(background: plan.background, random: &random, on: engine)
    names = network.parameters()
    let parameters = names.map(\.parameter)
    average = WeightAverage(of: parameters, decay: settings.averageDecay)
    optimizer = Optimizer(
      .adamW(beta1: 0.9, beta2: 0.99), weightDecay: settings.weightDecay, parameters: parameters)
  }

  /// Images a part set's input is chosen by: at most 200, evenly spread.
  private static func look(at parts: [Part]) throws -> (sizes: [ImageSize], isColor: Bool) {
    var sizes: [ImageSize] = []
    var isColor = false
    let stride = Swift.max(1, parts.count / 200)
    for index in Swift.stride(from: 0, to: parts.count, by: stride) {
      let path = parts[index].imagePath
      sizes.append(try ImageFile.size(path: path))
      if sizes.count <= 12, !isColor { isColor = try showsColor(ImageFile.read(path: path)) }
    }
    return (sizes, isColor)
  }

  /// Whether more than one pixel in a hundred has a hue: grey pictures are often stored as colour ones.
  private static func showsColor(_ image: AnyImage) -> Bool {
    guard !image.isGray else { return false }
    let pixels = image.rgb8().pixels
    var colored = 0
    for pixel in pixels {
      let low = Swift.min(pixel.red, pixel.green, pixel.blue)
      if Swift.max(pixel.red, pixel.green, pixel.blue) - low > 12 { colored += 1 }
    }
    return colored * 100 > pixels.count
  }

  private static func digest(_ parts: [Part]) -> String {
    var bytes: [UInt8] = []
    for part in parts { bytes += Array("\(part.contentHash) \(part.label)\n".utf8) }
    return ContentHash(of: bytes).description
  }

  /// Trains to the end, or goes on to the end after a resumption.
  ///
  /// - Parameters:
  ///   - checkpoint: file that the state is saved to now and then, and resumed from if it is there; nil for none.
  ///   - interval: least seconds between two checkpoints.
  ///   - onResume: called with the step that a resumed training goes on from and the number of all steps.
  ///   - shouldStop: asked after each step; `true` saves the checkpoint and throws ``TrainingError/interrupted(step:)``.
  ///   - onProgress: called after about every second of training and every validation.
  public func run(
    checkpoint: String?, interval: Double = 20, onResume: (Int, Int) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false },
    onProgress: (TrainingProgress) -> Void
  ) throws {
    engine.claimThread()
    if let checkpoint { try resume(from: checkpoint) }
    let start = now()
    let firstStep = step
    if steps == 0 {
      // Synthetic parts take places of real ones; they do not make a training longer.
      steps = plan.steps(settings, count: train.parts.count { !$0.isSynthetic })
      if let minutes = settings.minutes { try limitSteps(to: minutes * 60 - (now() - created)) }
    } else if step > 0 {
      onResume(step, steps)
    }
    let deadline = settings.minutes.map { created + $0 * 60 * Self.usedShare - secondsBefore }
    let batches = prefetcher(from: step)
    defer { batches.cancel() }
    var sums = StepSums()
    var lastReport = now()
    var lastSave = now()
    var images = 0
    while step < steps, let batch = try batches.next() {
      let isCrop = step < plan.cropSteps(settings, steps: steps)
      try sums.add(train(on: batch, isCrop: isCrop))
      step += 1
      images += batch.count
      if let deadline, now() >= deadline { end(.time) }
      let validates = step == steps || step % validationInterval == 0
      if step < steps, !validates, shouldStop() {
        if let checkpoint { try save(to: checkpoint, seconds: secondsBefore + now() - start) }
        throw TrainingError.interrupted(step: step)
      }
      guard validates || now() - lastReport > 1 else { continue }
      history.points.append(sums.point(step: step))
      let judged = validates ? try validate() : nil
      if judged != nil, step < steps, history.isStale(patience: settings.patience, from: steps * 7 / 10) {
        end(.patience)
      }
      let elapsed = now() - start
      onProgress(
        TrainingProgress(
          step: step, steps: steps, imageLoss: sums.imageLoss, pixelLoss: sums.pixelLoss,
          learningRate: sums.learningRate, imagesPerSecond: Double(images) / elapsed,
          secondsLeft: remaining(elapsed, from: firstStep), validation: judged))
      sums = StepSums()
      lastReport = now()
      if let checkpoint, now() - lastSave > interval, step < steps {
        try save(to: checkpoint, seconds: secondsBefore + elapsed)
        lastSave = now()
      }
    }
    secondsBefore += now() - start
  }

  /// Makes the step just taken the last one.
  private func end(_ reason: TrainingHistory.Ending) {
    history.ending = reason
    steps = step
  }

  /// Steps between two looks at the validation split.
  var validationInterval: Int { Swift.max(25, steps / 16) }

  /// The batches of the steps from `first` on, made ahead on a thread of their own.
  func prefetcher(from first: Int) -> Prefetcher<Batch> {
    let labels = train.parts.map(\.label)
    let synthetic = Set(train.parts.indices.filter { train.parts[$0].isSynthetic })
    let mode: BatchSampler.Mode = set.goodIndex == nil ? .classBalanced : .halfGood
    func maker(_ size: Int, _ crop: Crop?, _ salt: UInt64) -> BatchMaker {
      BatchMaker(
        cache: train,
        sampler: BatchSampler(
          labels: labels, goodIndex: set.goodIndex, mode: mode, batchSize: size, seed: settings.seed &+ salt,
          synthetic: synthetic, syntheticShare: settings.syntheticShare),
        augmentation: plan.augmentation, classes: set.classes.count, goodIndex: set.goodIndex,
        cell: NetworkConfiguration.cell, crop: crop)
    }
    let whole = maker(plan.batchSize, nil, 0)
    let crops = maker(plan.batchSize * 2, plan.crop, 0x6372_6F70)
    let cropSteps = plan.cropSteps(settings, steps: steps)
    return Prefetcher(steps: first..<steps, threads: 1, capacity: 4) { step in
      try step < cropSteps ? crops.batch(step: step) : whole.batch(step: step)
    }
  }

  /// One step of the optimiser.
  func train(on batch: Batch, isCrop: Bool) throws -> StepSums.Step {
    var pass = Pass(tape: tape, random: random)
    let shape = Shape(batch.count, batch.channels, batch.height, batch.width)
    let (logits, pixelLogits) = network.logits(tape.constant(Tensor(batch.images, shape: shape, on: engine)), &pass)
    random = pass.random
    let classes = set.classes.count
    let share = Float(step) / Float(steps)
    let targets = Tensor(shape: Shape(batch.count, classes), on: engine) {
      Targets.smoothed(batch.targets[$0], classes: classes, smoothing: settings.labelSmoothing)
    }
    let imageLoss = logits.softmaxCrossEntropy(targets)
    var loss = imageLoss
    var pixelLoss: Variable?
    if let pixelLogits, supervision.read(batch) {
      let pixel = self.loss(of: pixelLogits, supervision)
      pixelLoss = pixel
      // First see the defects, then name the part (Bozic et al. 2021, section 3.3).
      loss = imageLoss * (0.3 + 0.7 * share) + pixel * (1 - 0.5 * share)
    }
    let value = loss.value.scalar
    guard value.isFinite else { throw TrainingError.diverged(step: step) }
    tape.backward(from: loss)
    let rate = settings.learningRate * schedule.factor(step: step, of: steps)
    let norm = optimizer.step(rate: rate, clip: settings.gradientClip, average: average)
    guard norm.isFinite else { throw TrainingError.diverged(step: step) }
    return StepSums.Step(
      imageLoss: imageLoss.value.scalar, pixelLoss: pixelLoss?.value.scalar, learningRate: rate, gradientNorm: norm)
  }

  private func loss(of logits: Variable, _ wanted: PixelSupervision) -> Variable {
    let targets = Tensor(wanted.targets, shape: logits.shape, on: engine)
    let weights = Tensor(
      wanted.weights, shape: Shape(logits.shape.batch, 1, logits.shape.height, logits.shape.width), on: engine)
    let crossEntropy = logits.softmaxCrossEntropy(targets, weights: weights) * wanted.meanWeight
    guard wanted.planes.contains(where: { $0 > 0 }) else { return crossEntropy }
    return crossEntropy + logits.softmax().softOverlapLoss(targets, weights: wanted.planes) * 0.5
  }
}

/// Seconds of a clock that never jumps.
func now() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
