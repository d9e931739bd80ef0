import Glibc
import Graphs
import Imaging
import Inspection
import Layers
import Samples
import Tensors
import Testing

@testable import Classification

@Suite struct VisionTransformerTests {
  static func small(pixelClasses: Int, height: Int, width: Int, channels: Int = 1) -> NetworkConfiguration {
    NetworkConfiguration(
      inputChannels: channels, classes: 3, widths: [16, 16, 16, 32], depths: [2], neck: 16, pixelClasses: pixelClasses,
      transformer: .init(heads: 2, rows: height / 16, columns: width / 16))
  }

  static func random(_ configuration: NetworkConfiguration, seed: UInt64, on engine: Engine) -> VisionTransformer {
    var random = SeededGenerator(seed: seed)
    let network = VisionTransformer(configuration, background: 0, random: &random, on: engine)
    randomize(network, &random)
    return network
  }

  /// The network as judged with, once more from its parameters: normalised convolutions by their running statistics.
  private func inferred(_ network: VisionTransformer, _ x: Tensor, on engine: Engine) -> (
    logits: Variable, heat: Variable?
  ) {
    let tape = Tape(on: engine)
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
    var y = tape.constant(x)
    for convolution in network.stem { y = normalized(convolution, y, relu: true) }
    var tokens = network.patches.forward(y, &pass)
    for block in network.blocks { tokens = block.forward(tokens, &pass) }
    tokens = network.norm.forward(tokens, &pass)
    let deep = tokens.image(height: y.shape.height / 2, width: y.shape.width / 2)
    let up = normalized(network.heads.top, deep, relu: false)
      .resized(height: y.shape.height, width: y.shape.width, linear: false)
    let joined = normalized(network.heads.lateral, y, residual: up, relu: true)
    let neck = normalized(network.heads.fuse, joined, relu: true)
    let evidence = network.heads.pixel.map { $0.forward(neck, &pass).softmax() }
    var all = Variable.concatenated([neck.globalAverage(), neck.globalMaximum(), tokens.tokenMean()])
    if let evidence { all = .concatenated([all, evidence.globalMaximum(), evidence.globalAverage()]) }
    return withExtendedLifetime(tape) {
      (network.heads.image.forward(all, &pass).softmax(), evidence)
    }
  }

  @Test(arguments: [0, 3]) func graphEqualsTape(pixelClasses: Int) throws {
    let engine = try Engine(threads: 1)
    for (channels, height, width) in [(1, 32, 48), (3, 64, 16)] {
      let network = Self.random(
        Self.small(pixelClasses: pixelClasses, height: height, width: width, channels: channels), seed: 11, on: engine)
      let graph = try network.graph(name: "test", temperature: 1) { $0.value.elements }
      // Two pictures at once: the batch is free.
      let input = noise(2 * channels * height * width, seed: 2)
      let shape = [2, channels, height, width]
      let wanted = inferred(network, Tensor(input, shape: Shape(shape), on: engine), on: engine)
      let compiled = try GraphCompiler(graph).compile(inputShape: shape, threads: 1)
      try compiled.run(input.span)
      // The file must hold the same network: standard nodes only.
      let read = try Graph(onnx: graph.onnx())
      let reference = try read.evaluate(["image": Constant(input, shape: shape)])
      let probabilities = wanted.logits.value.elements
      for got in [compiled.output("probabilities"), try #require(reference["probabilities"]?.floats)] {
        #expect(try #require(distance(got, probabilities)) < 2e-5)
      }
      if let heat = wanted.heat?.value.elements {
        for got in [compiled.output("heat"), try #require(reference["heat"]?.floats)] {
          #expect(try #require(distance(got, heat)) < 2e-5)
        }
      }
      #expect(probabilities.max()! - probabilities.min()! > 0.01)
      #expect(compiled.outputs.first { $0.name == "heat" }?.shape == [2, 3, height / 8, width / 8])
    }
  }

  @Test(arguments: NetworkConfiguration.Preset.allCases) func everyPreset(preset: NetworkConfiguration.Preset) throws {
    let engine = try Engine(threads: 1)
    let configuration = NetworkConfiguration.vit(
      preset: preset, inputChannels: 1, classes: 4, pixelClasses: 4, height: 48, width: 64)
    #expect(configuration.problem == nil && configuration.architecture == .vit)
    var random = SeededGenerator(seed: 1)
    let network = configuration.network(background: 0, random: &random, on: engine)
    let compiler = try GraphCompiler(network.graph(name: "test", temperature: 1) { $0.value.elements })
    let compiled = try compiler.compile(inputShape: [1, 1, 48, 64], threads: 1)
    try compiled.run(noise(48 * 64, seed: 3).span)
    #expect(abs(compiled.output("probabilities").reduce(0, +) - 1) < 1e-5)
    // In training crops too, whose positions are resampled.
    for (height, width) in [(48, 64), (32, 32)] {
      let tape = Tape(on: engine)
      var pass = Pass(tape: tape, random: random)
      let x = Tensor(noise(2 * height * width, seed: 9), shape: Shape(2, 1, height, width), on: engine)
      let (image, pixel) = network.logits(tape.constant(x), &pass)
      #expect(image.shape == Shape(2, 4) && pixel?.shape == Shape(2, 4, height / 8, width / 8))
      tape.backward(from: image.sum() + pixel!.sum())
      for (name, parameter) in network.parameters() where parameter.isTrained {
        #expect(parameter.gradient?.shape == parameter.value.shape, "\(name)")
      }
    }
  }

  @Test func stepsTakeNoNewMemory() throws {
    let engine = try Engine(threads: 2)
    var random = SeededGenerator(seed: 1)
    let network = VisionTransformer(
      Self.small(pixelClasses: 0, height: 32, width: 32), background: 0, random: &random, on: engine)
    var optimizer = Optimizer(.adamW(), weightDecay: 0.05, parameters: network.parameters().map(\.parameter))
    let x = Tensor(noise(4 * 1024, seed: 9), shape: Shape(4, 1, 32, 32), on: engine)
    var allocations: [Int] = []
    for _ in 0..<5 {
      let tape = Tape(on: engine)
      var pass = Pass(tape: tape, random: random)
      tape.backward(from: network.logits(tape.constant(x), &pass).image.softmaxCrossEntropy(labels: [0, 1, 2, 0]))
      optimizer.step(rate: 1e-3)
      allocations.append(engine.allocations)
    }
    #expect(allocations[1] == allocations[4], "\(allocations)")
  }

  /// Files written before there was a choice of architecture hold residual networks, and such files stay as they were.
  @Test func olderFilesHoldResidualNetworks() throws {
    let old = """
      {"classes":3,"depths":[1,2,2],"dropout":0.1,"inputChannels":1,"neck":48,"pixelClasses":0,"widths":[16,32,48,96]}
      """
    let configuration = try decoded(NetworkConfiguration.self, old)
    #expect(configuration.architecture == .residual && configuration.problem == nil)
    #expect(configuration == NetworkConfiguration(preset: .balanced, inputChannels: 1, classes: 3, pixelClasses: 0))
    #expect(try encoded(configuration) == old)
    let settings = """
      {"averageDecay":0.995,"cropShare":0.6,"gradientClip":5,"labelSmoothing":0.05,"learningRate":0.003,"patience":6,\
      "preset":"balanced","seed":0,"weightDecay":0.05}
      """
    #expect(try decoded(TrainingSettings.self, settings) == TrainingSettings())
    let vit = TrainingSettings(architecture: .vit)
    #expect(vit.learningRate == 1e-3)
    #expect(try decoded(TrainingSettings.self, encoded(vit)) == vit)
    #expect(try encoded(vit).contains("\"architecture\":\"vit\""))
  }

  @Test func impossibleConfigurationsHaveAProblem() {
    func problem(_ change: (inout NetworkConfiguration) -> Void) -> String? {
      var configuration = Self.small(pixelClasses: 0, height: 32, width: 32)
      change(&configuration)
      return configuration.problem
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0.transformer?.heads = 3 } != nil)
    #expect(problem { $0.transformer?.heads = 0 } != nil)
    #expect(problem { $0.transformer?.rows = 0 } != nil)
    #expect(problem { $0.transformer?.columns = 1 << 40 } != nil)
    #expect(problem { $0.depths = [1, 2, 2] } != nil)
    #expect(problem { $0.transformer = nil } != nil)
  }
}

/// Trainings of a transformer, by the trainer that also trains residual networks.
@Suite struct VisionTransformerTrainerTests {
  /// Fine or coarse stripes of any phase, across or along the part: what tells them apart is no single pixel.
  enum Stripes {
    private static let folder = TestFolder()
    static let set: PartSet = {
      do {
        var random = SplitMix64(seed: 7)
        for label in ["coarse", "fine"] {
          unsafe mkdir(folder.path + "/" + label, 0o755)
          for index in 0..<40 {
            let (phase, isAcross, period) = (random.index(8), random.index(2) == 0, label == "fine" ? 4 : 8)
            let pixels = (0..<1024).map { i -> UInt8 in
              let at = (isAcross ? i / 32 : i % 32) + phase
              return UInt8((at % period < period / 2 ? 170 : 80) + random.index(40))
            }
            try AtomicFile.write(
              Image(width: 32, height: 32, pixels: pixels).png(), to: "\(folder.path)/\(label)/\(index).png")
          }
        }
        return try PartSet.load(path: folder.path)
      } catch {
        preconditionFailure("\(error)")
      }
    }()
  }

  private func settings(_ steps: Int) -> TrainingSettings {
    TrainingSettings(
      preset: .fast, architecture: .vit, seed: 3, steps: steps, batchSize: 8, inputSize: [32, 32], averageDecay: 0.9,
      cropShare: 0, threads: 1)
  }

  @Test func learnsStripes() throws {
    let trainer = try Trainer(Stripes.set, settings: settings(80))
    try trainer.run(checkpoint: nil) { _ in }
    let model = try trainer.model(name: "stripes", version: "0", dataset: "stripes")
    let judged = try trainer.predictions(of: model, on: Stripes.set.parts)
    let right = judged.count { $0.judged.probabilities[$0.part.label] > 0.5 }
    #expect(right >= judged.count * 95 / 100, "\(right) of \(judged.count)")
    #expect(model.info.provenance?.network.architecture == .vit)
    let losses = model.history.points.map(\.imageLoss)
    #expect(try #require(losses.last) < 0.7 * (try #require(losses.first)) || losses[0] < 0.3)
    // What the training measured is what the line gets from the written file.
    let folder = TestFolder()
    try AtomicFile.write(model.graph.onnx(), to: folder.path + "/m.onnx")
    let classifier = try Classifier(path: folder.path + "/m.onnx")
    #expect(classifier.info == model.info)
    let judge = try classifier.judge(threads: 1)
    let preparer = Preparer(classifier.info.preprocessing)
    var input = [Float](repeating: 0, count: classifier.info.preprocessing.valueCount)
    for part in model.validation {
      let decoded = try ImageFile.load(
        path: part.part.imagePath, options: classifier.info.preprocessing.decodeOptions)
      var span = input.mutableSpan
      preparer.prepare(decoded.image, into: &span)
      let file = try judge.judge(input.span)
      #expect(try #require(distance(file.probabilities, part.judged.probabilities)) <= 1e-6)
      #expect(try #require(distance(file.heat!.values, part.judged.heat!.values)) <= 1e-6)
    }
    let result = try trainer.result(of: model, fold: 2)
    #expect(result.architecture == .vit && result.fold == 2 && result.parameters == trainer.parameterCount)
    #expect(result.parts == Stripes.set.parts(in: .test).count && result.imagesPerSecond > 0)
    #expect(result.macroF1 > 0.8 && result.auroc == nil)
  }

  @Test func resumedIsUninterrupted() throws {
    let folder = TestFolder()
    let checkpoint = folder.path + "/c.safetensors"
    func bytes(_ trainer: Trainer) throws -> [UInt8] {
      try trainer.model(name: "m", version: "0", dataset: "d").graph.onnx()
    }
    let whole = try Trainer(Stripes.set, settings: settings(6))
    try whole.run(checkpoint: nil) { _ in }
    let first = try Trainer(Stripes.set, settings: settings(6))
    #expect(throws: TrainingError.interrupted(step: 3)) {
      try first.run(checkpoint: checkpoint, shouldStop: { first.step == 3 }) { _ in }
    }
    // A residual network's training is another one.
    var residual = settings(6)
    residual.architecture = .residual
    #expect(throws: TrainingError.otherTraining(path: checkpoint)) {
      try Trainer(Stripes.set, settings: residual).run(checkpoint: checkpoint) { _ in }
    }
    let second = try Trainer(Stripes.set, settings: settings(6))
    try second.run(checkpoint: checkpoint) { _ in }
    #expect(try bytes(second) == bytes(whole))
  }

  /// With masks: pixel head, crops and whole images in one training.
  @Test func learnsFromMasks() throws {
    var settings = settings(6)
    settings.inputSize = [64, 64]
    settings.cropShare = 0.5
    let trainer = try Trainer(Washers.set, settings: settings)
    try trainer.run(checkpoint: nil) { _ in }
    let model = try trainer.model(name: "m", version: "0", dataset: "d")
    #expect(model.info.pixelLabels.count == 6)
    let heat = try #require(model.validation.first?.judged.heat)
    #expect(heat.channels == 6 && heat.height == 8 && heat.width == 8)
    for cell in 0..<64 { #expect(abs((0..<6).reduce(0) { $0 + heat.values[$1 * 64 + cell] } - 1) < 1e-4) }
  }
}
