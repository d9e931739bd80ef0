import Glibc
import Graphs
import Imaging
import Inspection
import Samples
import Testing

@testable import Classification

@Suite struct TrainerTests {
  @Test func learnsWashers() throws {
    let model = Trained.model
    #expect(model.validation.count >= 15)
    // So few steps on parts this small learn what they saw; that they generalise takes a real training.
    let parts = Trained.fit
    #expect(model.info.labels.first == "good" && model.info.goodIndex == 0 && model.info.pixelLabels.count == 6)
    let good = parts.filter { $0.part.label == 0 }
    let bad = parts.filter { $0.part.label != 0 }
    let pairs = good.flatMap { g in bad.map { b in (g.judged.probabilities[0], b.judged.probabilities[0]) } }
    let auroc = pairs.map { $0 > $1 ? 1.0 : $0 == $1 ? 0.5 : 0 }.reduce(0, +) / Double(pairs.count)
    // Chance is 0.5, give or take 0.06 with so few parts.
    #expect(auroc > 0.8, "AUROC \(auroc)")
    let right = parts.filter { part in
      part.judged.probabilities.indices.max { part.judged.probabilities[$0] < part.judged.probabilities[$1] }
        == part.part.label
    }
    #expect(Double(right.count) / Double(parts.count) > 0.4, "\(right.count) of \(parts.count)")
    for part in parts { #expect(abs(part.judged.probabilities.reduce(0, +) - 1) < 1e-5) }
    let card = try #require(model.info.provenance)
    #expect(card.temperature >= 0.5 && card.temperature <= 4)
    #expect(card.steps == quick.steps && model.history.validations.last?.step == quick.steps)
  }

  /// Few steps: what is compared are bytes, not skill.
  private func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
    var settings = quick
    settings.steps = 8
    settings.batchSize = 4
    change(&settings)
    return settings
  }

  private func bytes(_ trainer: Trainer) throws -> [UInt8] {
    try trainer.model(name: "m", version: "0", dataset: "d").graph.onnx()
  }

  private func train(_ settings: TrainingSettings) throws -> [UInt8] {
    let trainer = try Trainer(Washers.set, settings: settings)
    try trainer.run(checkpoint: nil) { _ in }
    return try bytes(trainer)
  }

  @Test(arguments: [1, 2]) func sameSeedSameBytes(threads: Int) throws {
    let first = try train(settings { $0.threads = threads })
    #expect(try train(settings { $0.threads = threads }) == first)
    #expect(try train(settings { ($0.threads, $0.seed) = (threads, 4) }) != first)
  }

  @Test(arguments: [1, 3, 6]) func resumedIsUninterrupted(stop: Int) throws {
    let folder = TestFolder()
    let checkpoint = folder.path + "/c.safetensors"
    let whole = try train(settings())
    // Stopped at a step, and once more on the way.
    for extra in [0, 1] {
      let trainer = try Trainer(Washers.set, settings: settings())
      var left = stop - 1 + extra * 2
      let error = #expect(throws: TrainingError.self) {
        try trainer.run(
          checkpoint: checkpoint,
          shouldStop: {
            left -= 1
            return trainer.step >= stop + extra
          }
        ) { _ in }
      }
      #expect(error == .interrupted(step: stop + extra))
    }
    let trainer = try Trainer(Washers.set, settings: settings())
    var steps: [Int] = []
    try trainer.run(checkpoint: checkpoint) { steps.append($0.step) }
    #expect(steps.last == 8 && (steps.first ?? 0) > stop)
    #expect(try bytes(trainer) == whole)
  }

  /// Judging the validation split in between must not change how the steps behind it are computed: their primitives, some
  /// of which are made only then, are for the training's number of threads.
  @Test func resumedBehindAValidation() throws {
    let folder = TestFolder()
    let checkpoint = folder.path + "/c.safetensors"
    // Crops up to step 28, a validation at 25.
    let settings = settings { ($0.steps, $0.threads, $0.cropShare) = (30, 2, 0.93) }
    let whole = try train(settings)
    let first = try Trainer(Washers.set, settings: settings)
    #expect(throws: TrainingError.interrupted(step: 26)) {
      try first.run(checkpoint: checkpoint, shouldStop: { first.step == 26 }) { _ in }
    }
    let second = try Trainer(Washers.set, settings: settings)
    try second.run(checkpoint: checkpoint) { _ in }
    #expect(try bytes(second) == whole)
  }

  @Test func foreignAndDamagedCheckpointsAreRefused() throws {
    let folder = TestFolder()
    let checkpoint = folder.path + "/c.safetensors"
    let trainer = try Trainer(Washers.set, settings: settings())
    #expect(throws: TrainingError.interrupted(step: 2)) {
      try trainer.run(checkpoint: checkpoint, shouldStop: { trainer.step == 2 }) { _ in }
    }
    for other in [settings { $0.seed = 9 }, settings { $0.steps = 9 }, settings { $0.learningRate = 1e-3 }] {
      #expect(throws: TrainingError.otherTraining(path: checkpoint)) {
        try Trainer(Washers.set, settings: other).run(checkpoint: checkpoint) { _ in }
      }
    }
    var fewer = Washers.set
    fewer.parts.removeFirst()
    #expect(throws: TrainingError.otherTraining(path: checkpoint)) {
      try Trainer(fewer, settings: settings()).run(checkpoint: checkpoint) { _ in }
    }
    let size = try #require(fileSize(checkpoint))
    for length in [size - 1, size / 2, 9, 1, 0] {
      #expect(unsafe truncate(checkpoint, length) == 0)
      let error = #expect(throws: TrainingError.self) {
        try Trainer(Washers.set, settings: settings()).run(checkpoint: checkpoint) { _ in }
      }
      #expect(error?.description.contains(checkpoint) == true)
    }
  }

  private func fileSize(_ path: String) -> Int? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  @Test func setsThatCannotBeLearned() throws {
    var oneClass = Washers.set
    oneClass.parts.removeAll { $0.label != 0 }
    #expect(throws: TrainingError.self) { _ = try Trainer(oneClass, settings: self.settings()) }
    var noValidation = Washers.set
    noValidation.parts.removeAll { $0.split == .val }
    #expect(throws: TrainingError.noValidation(root: noValidation.root)) {
      _ = try Trainer(noValidation, settings: self.settings())
    }
    var missing = Washers.set
    missing.parts[3].imagePath += ".gone"
    let path = missing.parts[3].imagePath
    let error = #expect(throws: (any Error).self) { _ = try Trainer(missing, settings: self.settings()) }
    #expect("\(try #require(error))".contains(path))
  }

  /// One inference path: what training measured is what the line gets.
  @Test func trainingFileAndLineAgree() throws {
    let folder = TestFolder()
    let path = folder.path + "/m.onnx"
    let model = Trained.model
    try write(model.graph.onnx(), to: path)
    let classifier = try Classifier(path: path)
    #expect(classifier.info == model.info)
    let judge = try classifier.judge(threads: 1)
    let preparer = Preparer(classifier.info.preprocessing)
    let policy = try Policy(thresholds: Policy.Thresholds(reject: 0.5, review: 0.25))
    let inspector = try PartInspector(
      classifier, policy: policy, model: ModelIdentity(name: "m", sha256: "00"), threads: 2)
    var input = [Float](repeating: 0, count: classifier.info.preprocessing.valueCount)
    for part in model.validation {
      let decoded = try ImageFile.load(
        path: part.part.imagePath, options: classifier.info.preprocessing.decodeOptions)
      var span = input.mutableSpan
      preparer.prepare(decoded.image, into: &span)
      let file = try judge.judge(input.span)
      #expect(try #require(distance(file.probabilities, part.judged.probabilities)) <= 1e-6)
      #expect(try #require(distance(file.heat!.values, part.judged.heat!.values)) <= 1e-6)
      let decision = inspector.inspect(
        InspectionInput.Item(id: part.part.id, path: part.part.imagePath), sequence: 0
      ).decision
      #expect(decision.scores.map(\.label) == model.info.labels)
      #expect(try #require(distance(decision.scores.map(\.score), part.judged.probabilities)) <= 1e-6)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    try AtomicFile.write(bytes, to: path)
  }
}
