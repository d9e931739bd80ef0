public import Graphs
import Layers
import Metrics
public import Samples
import Tensors
import Threads

/// A finished training.
public struct TrainedModel: Sendable {
  /// The network with all of its metadata, ready to be written.
  public var graph: Graph
  public var info: ModelInfo
  public var history: TrainingHistory
  /// Seconds of training. Not in the model file, whose bytes the seed and the parts decide.
  public var seconds: Double
  /// The validation parts and what the finished model says of them.
  public var validation: [JudgedPart]
}

/// A part of a set and its scores.
public struct JudgedPart: Sendable {
  public var part: Part
  public var judged: Judged

  public init(part: Part, judged: Judged) {
    self.part = part
    self.judged = judged
  }
}

extension Trainer {
  /// Judges the validation split with the averaged weights, and keeps these if they are the best so far.
  func validate() throws -> TrainingHistory.Validation {
    let classifier = try classifier(temperature: 1, values: average.values)
    let probabilities = try Self.judge(validation, with: classifier, threads: engine.threads).flatMap(\.probabilities)
    // One of the judges ran on this thread with a single compute thread.
    engine.claimThread()
    let scores = scores(probabilities)
    let validation = TrainingHistory.Validation(
      step: step, accuracy: scores.accuracy.value, macroF1: scores.macroF1, auroc: scores.auroc,
      negativeLogLikelihood: scores.negativeLogLikelihood)
    history.validations.append(validation)
    // Before the learning rate has come down, a lucky score on few parts says little.
    if step * 10 >= steps * 7 && TrainingHistory.isBetter(validation, than: best?.validation)
      || step == steps && best == nil
    {
      best = (validation, average.values.map { $0.copy() })
      history.chosenStep = step
    }
    return validation
  }

  private func scores(_ probabilities: [Float]) -> Evaluation {
    Evaluation(
      probabilities: probabilities, truth: validation.parts.map(\.label), labels: set.classes, good: set.goodIndex,
      judgedGood: validation.parts.map { _ in false })
  }

  private func classifier(temperature: Double, values: [Tensor]) throws -> Classifier {
    let info = info(thresholds: .usual, provenance: nil)
    return try Classifier(
      try graph(temperature: temperature, values: values), info: info, path: "the network in training")
  }

  private func graph(temperature: Double, values: [Tensor]) throws -> Graph {
    var numbers: [ObjectIdentifier: Tensor] = [:]
    for ((_, parameter), value) in zip(names, values) { numbers[ObjectIdentifier(parameter)] = value }
    return try network.graph(name: "assay", temperature: Float(temperature)) {
      numbers[ObjectIdentifier($0)]!.elements
    }
  }

  private func info(
    name: String = "", thresholds: ModelInfo.Thresholds, provenance: ModelInfo.Provenance?
  ) -> ModelInfo {
    ModelInfo(
      name: name, labels: set.classes, goodIndex: set.goodIndex, pixelLabels: plan.pixelLabels,
      preprocessing: train.preprocessing, thresholds: thresholds, provenance: provenance)
  }

  /// The probabilities of all of a cache's parts, in order, each picture judged on one of `threads` threads: the path
  /// that inspection takes.
  static func judge(_ cache: SampleCache, with classifier: Classifier, threads: Int, wantsHeat: Bool = false) throws
    -> [Judged]
  {
    let run = 8
    let runs = (cache.parts.count + run - 1) / run
    let slices = Parallel.map(runs, threads: threads) { index in
      let range = index * run..<min(cache.parts.count, (index + 1) * run)
      return Result<[Judged], any Error> { try judge(range, of: cache, with: classifier, wantsHeat: wantsHeat) }
    }
    return try slices.flatMap { try $0.get() }
  }

  private static func judge(
    _ range: Range<Int>, of cache: SampleCache, with classifier: Classifier, wantsHeat: Bool
  ) throws -> [Judged] {
    let judge = try classifier.judge(threads: 1)
    let preprocessing = cache.preprocessing
    var input = [Float](repeating: 0, count: preprocessing.valueCount)
    var all: [Judged] = []
    for part in range {
      let planes = try cache.sample(part).planes
      var span = input.mutableSpan
      preprocessing.normalize(planes.span, into: &span)
      all.append(try judge.judge(input.span, wantsHeat: wantsHeat))
    }
    return all
  }

  /// What a finished model's network says of parts of the set, by way of the training's own image cache: to be compared
  /// with what the written file says of them on the line.
  public func predictions(of model: TrainedModel, on parts: [Part]) throws -> [JudgedPart] {
    let cache = try SampleCache(parts, preprocessing: train.preprocessing, threads: engine.threads)
    let classifier = try Classifier(model.graph, info: model.info, path: "the trained network")
    return zip(parts, try Self.judge(cache, with: classifier, threads: engine.threads)).map {
      JudgedPart(part: $0, judged: $1)
    }
  }

  /// The model of a finished training: calibrated on the validation split, with its card.
  public func model(name: String, version: String, dataset: String) throws -> TrainedModel {
    let values = best?.values ?? average.values
    let plain = try Self.judge(
      validation, with: classifier(temperature: 1, values: values), threads: engine.threads
    ).flatMap(\.probabilities)
    // The logarithms of probabilities are logits, but for a constant that does not matter.
    let logits = plain.map { max($0, 1e-30) }.map { Float(logarithm(Double($0))) }
    let truth = validation.parts.map(\.label)
    let fitted = TemperatureScaling(logits: logits, classes: set.classes.count, labels: truth).temperature
    // A small split judged without a mistake would make the model as good as certain of everything.
    let temperature = min(max(fitted, 0.5), 4)
    let judged = try Self.judge(
      validation, with: classifier(temperature: temperature, values: values), threads: engine.threads,
      wantsHeat: true)
    let scores = scores(judged.flatMap(\.probabilities))
    var invented = set
    invented.parts.removeAll { !$0.isSynthetic }
    let synthetic =
      invented.parts.isEmpty
      ? nil : ModelInfo.Synthetic(counts: invented.counts(in: .train), share: settings.syntheticShare)
    let provenance = ModelInfo.Provenance(
      assayVersion: version, dataset: dataset, settings: settings, network: plan.network, steps: steps,
      trainCounts: set.counts(in: .train),
      validationCounts: set.counts(in: .val), testCounts: set.counts(in: .test), trainDigest: digest,
      temperature: temperature,
      validation: ModelInfo.Scores(
        accuracy: scores.accuracy.value, macroF1: scores.macroF1, auroc: scores.auroc,
        expectedCalibrationError: scores.expectedCalibrationError),
      augmentation: plan.augmentation.card, synthetic: synthetic)
    let info = info(name: name, thresholds: .usual, provenance: provenance)
    var graph = try graph(temperature: temperature, values: values)
    graph.name = name
    graph.metadata = info.metadata()
    return TrainedModel(
      graph: graph, info: info, history: history, seconds: secondsBefore,
      validation: zip(validation.parts, judged).map { JudgedPart(part: $0, judged: $1) })
  }
}

extension ModelInfo.Thresholds {
  /// Reject from even odds, show what is not clearly good to a person.
  public static let usual = ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5)
}

#if canImport(Glibc)
  import Glibc
#endif

private func logarithm(_ x: Double) -> Double { log(x) }
