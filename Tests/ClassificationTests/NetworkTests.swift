import Graphs
import Layers
import Tensors
import Testing

@testable import Classification

@Suite struct NetworkTests {
  /// What the tape makes of the layers when each normalisation uses its running statistics.
  struct Inference {
    let network: ResidualNetwork
    let tape: Tape

    func block(_ block: ResidualBlock, _ x: Variable) -> Variable {
      var rest = x
      if let shortcut = block.shortcut {
        if block.stride == 2 { rest = rest.pooled(.average, size: 2, stride: 2) }
        rest = normalized(shortcut, rest, relu: false)
      }
      return normalized(block.second, normalized(block.first, x, relu: true), residual: rest, relu: true)
    }

    /// The 1/16 map and the neck.
    func features(_ x: Variable) -> (deep: Variable, neck: Variable) {
      var y = normalized(network.stem, x, relu: true)
      var maps: [Variable] = []
      for stage in network.stages {
        for one in stage { y = block(one, y) }
        maps.append(y)
      }
      let up = normalized(network.heads.top, maps[2], relu: false)
        .resized(height: maps[1].shape.height, width: maps[1].shape.width, linear: false)
      let joined = normalized(network.heads.lateral, maps[1], residual: up, relu: true)
      return (maps[2], normalized(network.heads.fuse, joined, relu: true))
    }

    func imageLogits(neck: Variable, deep: Variable, evidence: Variable?) -> Variable {
      var all = Variable.concatenated([
        neck.globalAverage(), neck.globalMaximum(), deep.globalAverage(), deep.globalMaximum(),
      ])
      if let evidence { all = .concatenated([all, evidence.globalMaximum(), evidence.globalAverage()]) }
      return all.dense(
        tape.constant(network.heads.image.weight.value), bias: tape.constant(network.heads.image.bias!.value))
    }

    func callAsFunction(_ x: Tensor) -> (probabilities: [Float], logits: [Float], pixel: [Float]?) {
      let (deep, neck) = features(tape.constant(x))
      let evidence = network.heads.pixel.map { pixel in
        neck.convolved(with: tape.constant(pixel.weight.value), bias: tape.constant(pixel.bias!.value)).softmax()
      }
      let logits = imageLogits(neck: neck, deep: deep, evidence: evidence)
      return (logits.softmax().value.elements, logits.value.elements, evidence?.value.elements)
    }
  }

  static let small = NetworkConfiguration(
    inputChannels: 1, classes: 3, widths: [16, 16, 16, 32], depths: [1, 1, 1], neck: 16, pixelClasses: 3)

  @Test(arguments: [0, 3]) func graphEqualsTape(pixelClasses: Int) throws {
    let engine = try Engine(threads: 1)
    for (channels, height, width) in [(1, 32, 48), (3, 48, 16)] {
      var configuration = Self.small
      configuration.pixelClasses = pixelClasses
      configuration.inputChannels = channels
      let network = randomNetwork(configuration, seed: 11, on: engine)
      let graph = try network.graph(name: "test", temperature: 1) { $0.value.elements }
      let input = noise(channels * height * width, seed: 2)
      let wanted = Inference(network: network, tape: Tape(on: engine))(
        Tensor(input, shape: Shape(1, channels, height, width), on: engine))

      let compiled = try GraphCompiler(graph).compile(inputShape: [1, channels, height, width], threads: 1)
      try compiled.run(input.span)
      let reference = try graph.evaluate(["image": Constant(input, shape: [1, channels, height, width])])
      for got in [compiled.output("probabilities"), try #require(reference["probabilities"]?.floats)] {
        #expect(try #require(distance(got, wanted.probabilities)) < 2e-5)
      }
      if let pixel = wanted.pixel {
        for got in [compiled.output("heat"), try #require(reference["heat"]?.floats)] {
          #expect(try #require(distance(got, pixel)) < 2e-5)
        }
      }
      // The classes must differ for the comparison to mean anything.
      #expect(wanted.probabilities.max()! - wanted.probabilities.min()! > 0.01)
    }
  }

  /// Selvaraju et al. 2017, equations 1 and 2, by the tape's gradients: the neck's channels weighted with the mean gradient
  /// of a class's logit, positive evidence only.
  @Test func heatIsGradCAM() throws {
    let engine = try Engine(threads: 1)
    var configuration = Self.small
    configuration.pixelClasses = 0
    let network = randomNetwork(configuration, seed: 4, on: engine)
    let (height, width) = (48, 64)
    let input = noise(height * width, seed: 8)
    let graph = try network.graph(name: "test", temperature: 1.5) { $0.value.elements }
    let compiled = try GraphCompiler(graph).compile(inputShape: [1, 1, height, width], threads: 1)
    try compiled.run(input.span)
    let heat = compiled.output("heat")
    let cells = height / 8 * (width / 8)
    #expect(heat.count == 3 * cells)
    for k in 0..<3 {
      let tape = Tape(on: engine)
      let inference = Inference(network: network, tape: tape)
      let (deep, values) = inference.features(
        tape.constant(Tensor(input, shape: Shape(1, 1, height, width), on: engine)))
      let neck = tape.input(values.value.plain())
      let logits = inference.imageLogits(neck: neck, deep: deep, evidence: nil)
      var oneHot = [Float](repeating: 0, count: 3)
      oneHot[k] = 1
      tape.backward(from: (logits * tape.constant(Tensor(oneHot, shape: Shape(1, 3), on: engine))).sum())
      let gradient = try #require(tape.gradient(of: neck)).elements
      let activation = neck.value.elements
      var map = [Float](repeating: 0, count: cells)
      for channel in 0..<configuration.neck {
        let alpha = gradient[channel * cells..<(channel + 1) * cells].reduce(0, +) / Float(cells)
        for cell in 0..<cells { map[cell] += alpha * activation[channel * cells + cell] }
      }
      map = map.map { max(0, $0) * Float(cells) }
      let plane = Array(heat[k * cells..<(k + 1) * cells])
      let peak = try #require(map.max())
      #expect(peak > 0)
      #expect(try #require(distance(plane, map)) < 1e-4 * max(1, peak))
    }
  }

  @Test(arguments: NetworkConfiguration.Preset.allCases) func anyInputSize(preset: NetworkConfiguration.Preset) throws {
    let engine = try Engine(threads: 1)
    let configuration = NetworkConfiguration(preset: preset, inputChannels: 1, classes: 4, pixelClasses: 4)
    var random = SeededGenerator(seed: 1)
    let network = ResidualNetwork(configuration, background: 0, random: &random, on: engine)
    let graph = try network.graph(name: "test", temperature: 1) { $0.value.elements }
    let compiler = try GraphCompiler(graph)
    for (height, width) in [(16, 16), (32, 80), (112, 16), (64, 48)] {
      let compiled = try compiler.compile(inputShape: [1, 1, height, width], threads: 1)
      try compiled.run(noise(height * width, seed: 3).span)
      let probabilities = compiled.output("probabilities")
      #expect(probabilities.count == 4 && abs(probabilities.reduce(0, +) - 1) < 1e-5)
      let heat = try #require(compiled.outputs.first { $0.name == "heat" })
      #expect(heat.shape == [1, 4, height / 8, width / 8])
      // The tape takes the same sizes, here two pictures at once.
      let tape = Tape(on: engine)
      var pass = Pass(tape: tape, random: random)
      let x = Tensor(noise(2 * height * width, seed: 9), shape: Shape(2, 1, height, width), on: engine)
      let (image, pixel) = network.logits(tape.constant(x), &pass)
      #expect(image.shape == Shape(2, 4) && pixel?.shape == Shape(2, 4, height / 8, width / 8))
    }
  }

  @Test func temperatureDividesLogits() throws {
    let engine = try Engine(threads: 1)
    let network = randomNetwork(Self.small, seed: 21, on: engine)
    let input = noise(32 * 32, seed: 6)
    let wanted = Inference(network: network, tape: Tape(on: engine))(
      Tensor(input, shape: Shape(1, 1, 32, 32), on: engine))
    for temperature in [Float(0.5), 1, 3] {
      let graph = try network.graph(name: "test", temperature: temperature) { $0.value.elements }
      let compiled = try GraphCompiler(graph).compile(inputShape: [1, 1, 32, 32], threads: 1)
      try compiled.run(input.span)
      let tape = Tape(on: engine)
      let scaled = tape.constant(Tensor(wanted.logits.map { $0 / temperature }, shape: Shape(1, 3), on: engine))
      #expect(try #require(distance(compiled.output("probabilities"), scaled.softmax().value.elements)) < 2e-5)
      // Calibration moves no evidence.
      #expect(try #require(distance(compiled.output("heat"), wanted.pixel!)) < 2e-5)
    }
  }

  @Test func impossibleConfigurationsHaveAProblem() {
    #expect(Self.small.problem == nil)
    func problem(_ change: (inout NetworkConfiguration) -> Void) -> String? {
      var configuration = Self.small
      change(&configuration)
      return configuration.problem
    }
    #expect(problem { $0.inputChannels = 2 } != nil)
    #expect(problem { $0.classes = 1 } != nil)
    #expect(problem { $0.pixelClasses = -1 } != nil)
    #expect(problem { $0.widths = [16] } != nil)
    #expect(problem { $0.depths[1] = 0 } != nil)
    #expect(problem { $0.neck = 1 << 20 } != nil)
    #expect(problem { $0.dropout = .nan } != nil)
    #expect(problem { $0.dropout = 1 } != nil)
  }
}
