import FileTestSupport
import Graphs
import Imaging
import Layers
import Samples
import Tensors
import Testing

@testable import Synthesis

/// Small trainings: 16 pixels wide, a dozen steps.
@Suite("Training of generators")
struct GeneratorTrainerTests {
  private func settings(_ method: GeneratorSettings.Method, seed: UInt64 = 1, steps: Int = 12) -> GeneratorSettings {
    GeneratorSettings(method: method, seed: seed, steps: steps, batchSize: 4, side: 16, threads: 1)
  }

  private func bytes(_ trainer: GeneratorTrainer) throws -> [UInt8] {
    try trainer.model(name: "g", version: "0", dataset: "d").graph.onnx()
  }

  @Test("the same seed gives the same bytes, another one does not", arguments: GeneratorSettings.Method.allCases)
  func reproducible(_ method: GeneratorSettings.Method) throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    func train(_ seed: UInt64) throws -> [UInt8] {
      let trainer = try GeneratorTrainer(set, settings: settings(method, seed: seed))
      try trainer.run(checkpoint: nil) { _ in }
      return try bytes(trainer)
    }
    let first = try train(1)
    #expect(try train(1) == first)
    #expect(try train(2) != first)
  }

  @Test("a defect without a trace is changed by no more than there is of it")
  func traceless() throws {
    let folder = try Rendered.set()
    // Spots that are none: what a filled hole looks like at its best.
    for number in 0..<6 { folder.write(try Rendered.good(UInt64(1000 + number)).png(), "train/spot-\(number).png") }
    let trainer = try GeneratorTrainer(try PartSet.load(path: folder.path), settings: settings(.gan, steps: 40))
    try trainer.run(checkpoint: nil) { _ in }
    folder.write(try bytes(trainer), "g.onnx")
    let source = try LearnedSource(path: folder.path + "/g.onnx", name: "g", threads: 1)
    let label = try #require(source.card.classes.firstIndex { $0.name == "spot" })
    let part = PartView(Planes(.gray8(Rendered.good(5))))
    func strength(_ item: GeneratorCard.Model) -> Float {
      let detail = DefectDetail(item.detail, channels: 1, side: 16)!
      return detail.appearance.strength(under: detail.cover)
    }
    let models = source.card.classes[label].models
    for number in 0..<24 {
      var random = SplitMix64(seed: 6, UInt64(number))
      let model = number % models.count
      let drawn = try source.draw(label, like: model, on: part, at: nil, variety: 1, random: &random)
      let effect = drawn.patch.factor.map { $0.map(natural) }
      // Its own and as much again; bending moves what is under the cover a little.
      #expect(effect.strength(under: drawn.patch.cover) < 2.3 * strength(models[model]))
    }
  }

  @Test("a training that was stopped goes on to the very same generator", arguments: GeneratorSettings.Method.allCases)
  func resumption(_ method: GeneratorSettings.Method) throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    let whole = try GeneratorTrainer(set, settings: settings(method, steps: 70))
    try whole.run(checkpoint: nil) { _ in }
    let checkpoint = folder.path + "/c.safetensors"
    // Before and after the look at step 50.
    for stop in [30, 55] {
      var steps = 0
      let part = try GeneratorTrainer(set, settings: settings(method, steps: 70))
      #expect(throws: GeneratorInterruption.self) {
        try part.run(
          checkpoint: checkpoint,
          shouldStop: {
            steps += 1
            return steps == (stop == 30 ? 30 : 25)
          }, onProgress: { _ in })
      }
    }
    var resumed: (Int, Int)?
    let rest = try GeneratorTrainer(set, settings: settings(method, steps: 70))
    try rest.run(checkpoint: checkpoint, onResume: { resumed = ($0, $1) }) { _ in }
    #expect(resumed?.0 == 55 && resumed?.1 == 70)
    #expect(rest.history == whole.history)
    #expect(try bytes(rest) == bytes(whole))
  }

  @Test("a checkpoint of another training, and one that is damaged, are refused by name")
  func foreignCheckpoint() throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    let checkpoint = folder.path + "/c.safetensors"
    let first = try GeneratorTrainer(set, settings: settings(.gan))
    #expect(throws: GeneratorInterruption.self) {
      try first.run(checkpoint: checkpoint, shouldStop: { true }, onProgress: { _ in })
    }
    func refusal() throws -> String {
      let trainer = try GeneratorTrainer(set, settings: settings(.gan, seed: 9))
      return #expect(throws: SynthesisError.self) { try trainer.run(checkpoint: checkpoint) { _ in } }?.description
        ?? ""
    }
    #expect(try refusal().contains("belongs to another training"))
    folder.write(Array(folder.contents("c.safetensors").prefix(1000)), "c.safetensors")
    #expect(try refusal().contains("remove it to start anew"))
  }

  /// The tape normalises by the batch, the graph by running statistics: after many looks at one batch both are nearly the
  /// same. What is left is the unbiased variance.
  @Test("the written network paints what the trained one does")
  func graph() throws {
    let engine = try Engine(threads: 1)
    let configuration = GeneratorConfiguration(side: 16, channels: 3, classes: 2, hasMasks: true)
    var random = SeededGenerator(seed: 3)
    let generator = Generator(configuration, random: &random, on: engine)
    let judge = Discriminator(configuration, random: &random, on: engine)
    let tape = Tape(on: engine)
    let count = 32
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in random.normal() } }
    let mask: [Float] = (0..<count * 256).map { $0 % 256 / 16 > 4 && $0 % 16 > 6 ? 1 : 0 }
    var conditions: [Float] = []
    for n in 0..<count { conditions += Array(mask[n * 256..<(n + 1) * 256]) + numbers(4 * 256) }
    let latent = numbers(count * configuration.latent)
    let labels = (0..<2 * count).map { $0 / 2 % 2 == $0 % 2 ? Float(1) : 0 }
    let input = GeneratorInput(
      latent: Tensor(latent, shape: Shape(count, configuration.latent), on: engine),
      labels: Tensor(labels, shape: Shape(count, 2), on: engine),
      conditions: Tensor(conditions, shape: Shape(count, 5, 16, 16), on: engine))
    var look: [Float] = []
    var cover: [Float] = []
    var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
    for _ in 0..<120 {
      let (a, b) = generator.forward(input, &pass)
      (look, cover) = (a.value.elements, b.value.elements)
      tape.discard()
    }
    let graph = try generator.graph(name: "g", judge: judge, on: tape) { $0.value.elements }
    let compiled = try GraphCompiler(Graph(onnx: try graph.onnx())).compile(
      inputShapes: [
        GeneratorPort.latent: [count, configuration.latent], GeneratorPort.label: [count, 2],
        GeneratorPort.conditions: [count, 5, 16, 16],
      ], threads: 1)
    try compiled.run([latent, labels, conditions])
    func difference(_ a: [Float], _ b: [Float]) -> Float {
      (zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Float(a.count)).squareRoot()
    }
    let painted = compiled.output(GeneratorPort.appearance)
    #expect(difference(painted, look) < 0.02)
    for (index, value) in painted.enumerated() {
      let (n, rest) = index.quotientAndRemainder(dividingBy: 3 * 256)
      #expect(abs(value - conditions[(n * 5 + 1) * 256 + rest]) <= GeneratorConfiguration.bound + 1e-5)
    }
    // The graph's cover is limited to the mask's neighbourhood.
    let reach = (0..<count).flatMap { WindowBank.reach(Array(mask[$0 * 256..<($0 + 1) * 256]), side: 16) }
    let limited = zip(cover, reach).map { $0 * $1 }
    #expect(difference(compiled.output(GeneratorPort.cover), limited) < 0.01)
    // What the discriminator says of the same pictures.
    var shown: [Float] = []
    let covers = compiled.output(GeneratorPort.cover)
    for n in 0..<count {
      for channel in 0..<3 {
        for pixel in 0..<256 {
          let part = conditions[(n * 5 + 1 + channel) * 256 + pixel]
          shown.append(part + (painted[(n * 3 + channel) * 256 + pixel] - part) * covers[n * 256 + pixel])
        }
      }
      shown += covers[n * 256..<(n + 1) * 256]
    }
    let saved = judge.singular
    let scores = judge.forward(
      tape.constant(Tensor(shown, shape: Shape(count, 4, 16, 16), on: engine)), labels: input.labels,
      judge.weights(tape, isFrozen: true)
    ).value.elements
    judge.singular = saved
    #expect(difference(compiled.output(GeneratorPort.score), scores) < 1e-3)
  }

  @Test("an autoencoder's pictures become like the real ones")
  func learns() throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    let trainer = try GeneratorTrainer(set, settings: settings(.vae, steps: 150))
    try trainer.run(checkpoint: nil) { _ in }
    let points = trainer.history.points
    #expect(try #require(points.last).generatorLoss < 0.7 * points[0].generatorLoss)
    #expect(trainer.history.checks.allSatisfy { $0.diversity >= 0 && $0.action == nil })
  }

  @Test("synthetic parts in what is measured, and a set without good parts, are refused")
  func refusals() throws {
    let folder = try Rendered.set()
    let set = try PartSet.load(path: folder.path)
    var held = set
    let test = try #require(held.parts.firstIndex { $0.split == .test })
    held.parts[test].isSynthetic = true
    #expect(throws: PartSetError.self) { try GeneratorTrainer(held, settings: settings(.gan)) }
    var bad = set
    bad.parts.removeAll { $0.label == 0 }
    let text = #expect(throws: SynthesisError.self) { try GeneratorTrainer(bad, settings: settings(.gan)) }?.description
    #expect(text?.contains("has no good part in its train split") == true)
  }
}

/// Sets without masks: whole pictures are learned and painted.
@Suite("Generators of whole pictures")
struct WholePictureTests {
  /// - Parameter fine: how bright the fine ones are beside the coarse ones.
  private func surfaces(_ count: Int = 6, fine: Float = 1) throws -> TestFolder {
    let folder = TestFolder()
    for split in ["train", "test"] {
      for number in 0..<count {
        var random = SplitMix64(seed: UInt64(number), split == "train" ? 1 : 2)
        for (name, period) in [("coarse", 12), ("fine", 3)] {
          let phase = random.index(period)
          let image = Image<Gray8>(
            width: 40, height: 30,
            pixels: (0..<40 * 30).map {
              let level = Float(100 + 60 * (($0 % 40 + phase) / period % 2)) + 5 * random.normal()
              return UInt8(level * (name == "fine" ? fine : 1))
            })
          folder.write(try image.png(), "\(split)/\(name)/\(number).png")
        }
      }
    }
    return folder
  }

  private let settings = GeneratorSettings(seed: 2, steps: 8, batchSize: 4, side: 16, threads: 1)

  @Test("pictures of each class come out in the size of the real ones, without masks or parents")
  func whole() throws {
    let folder = try surfaces()
    let set = try PartSet.load(path: folder.path)
    let trainer = try GeneratorTrainer(set, settings: settings)
    #expect(trainer.library.pictures.mapValues(\.count) == [0: 5, 1: 5] && trainer.library.defects.isEmpty)
    try trainer.run(checkpoint: nil) { _ in }
    let model = try trainer.model(name: "g", version: "0", dataset: "d")
    folder.write(try model.graph.onnx(), "g.onnx")
    let source = try LearnedSource(path: folder.path + "/g.onnx", name: "g.onnx", threads: 1)
    #expect(source.paintsWhole && source.card.classes.map(\.name) == ["coarse", "fine"])
    let sampler = SyntheticSampler(classes: ["coarse", "fine"], good: GoodParts([]), source: source)
    let draw = try sampler.draw(1, number: 3)
    #expect(draw.part.mask == nil && draw.parent == nil)
    #expect(draw.part.image.width == 40 && draw.part.image.height == 30)
    let same = try sampler.draw(1, number: 3)
    #expect(same.part.image.gray8().pixels == draw.part.image.gray8().pixels)
    let out = TestFolder()
    for name in ["images/x", "masks/x"] { out.write([], name) }
    var written = SyntheticSet(folder: out.path, maker: .init(name: "g.onnx", sha256: "ab", version: "1"))
    try written.add(draw, label: "fine", seed: 0)
    out.write(written.manifest, "manifest.csv")
    let read = try PartSet.load(path: out.path)
    #expect(read.parts.count == 1 && read.parts[0].maskPath == nil && read.parts[0].isSynthetic)
    // Its own files are not told apart from what it was trained on by where they lie.
    #expect(throws: Never.self) { try set.adding(syntheticAt: out.path) }
  }

  @Test("pictures are as bright as their class's, or as another's")
  func brightness() throws {
    let folder = try surfaces(fine: 0.4)
    let trainer = try GeneratorTrainer(try PartSet.load(path: folder.path), settings: settings)
    try trainer.run(checkpoint: nil) { _ in }
    folder.write(try trainer.model(name: "g", version: "0", dataset: "d").graph.onnx(), "g.onnx")
    let source = try LearnedSource(path: folder.path + "/g.onnx", name: "g.onnx", threads: 1)
    var random = SplitMix64(seed: 1)
    for label in 0..<2 {
      let means = try (0..<24).map { _ -> Float in
        let pixels = try source.picture(label, random: &random).image.gray8().pixels
        return Float(pixels.reduce(0) { $0 + Int($1) }) / Float(pixels.count)
      }
      // Means are 130 and 52; the network has learned next to nothing of light in so few steps.
      let bright = means.count { $0 > 85 }
      #expect(label == 0 ? (12..<24).contains(bright) : (1...12).contains(bright), "\(label): \(means)")
    }
  }

  @Test("too few pictures of a class are refused")
  func few() throws {
    let folder = try surfaces(3)
    let set = try PartSet.load(path: folder.path)
    let text = #expect(throws: SynthesisError.self) { try GeneratorTrainer(set, settings: settings) }?.description
    #expect(text?.contains("coarse has 3 training images, and a generator needs 5") == true)
  }

  @Test("a window of a picture and back is the picture")
  func levels() {
    let image = Rendered.good(3)
    let picture = WholePicture(source: "a", label: 0, picture: .gray8(image))
    let back = WholePicture.picture(
      picture.window(side: 64), size: ImageSize(width: Rendered.width, height: Rendered.height)
    ).gray8()
    let difference = zip(image.pixels, back.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    // Resampled twice, its noise is a little weaker.
    #expect(difference < 6 * image.pixels.count)
  }
}
