import Layers
import Tensors
import TensorsTestSupport
import Testing

/// The small network of `Goldens/make_goldens.py`: a stem and one residual block.
private struct SmallNetwork {
  struct Unit {
    let convolution: Convolution2D
    let normalization: BatchNormalization

    init(_ inputs: Int, _ outputs: Int, seed: UInt64, on engine: Engine) {
      var random = SeededGenerator(seed: seed)
      convolution = Convolution2D(
        inputs, outputs, kernel: 3, window: Window(padding: 1), bias: false, initializer: .heUniform, random: &random,
        on: engine)
      normalization = BatchNormalization(outputs, on: engine)
      // The script's numbers, whatever the initialiser draws.
      let bound = (6 / Float(9 * inputs)).squareRoot()
      convolution.weight.value.fill(from: numbers(outputs * inputs * 9, seed: seed, -bound..<bound).span)
    }

    func forward(_ x: Variable, _ pass: inout Pass, residual: Variable? = nil) -> Variable {
      normalization.forward(convolution.forward(x, &pass), &pass, residual: residual, relu: true)
    }

    var parameters: [Parameter] { (convolution.parameters() + normalization.parameters()).map(\.parameter) }
  }

  let stem: Unit
  let first: Unit
  let second: Unit
  let head: Dense

  init(on engine: Engine) {
    stem = Unit(1, 16, seed: 11, on: engine)
    first = Unit(16, 16, seed: 12, on: engine)
    second = Unit(16, 16, seed: 13, on: engine)
    var random = SeededGenerator(seed: 14)
    head = Dense(32, 3, random: &random, on: engine)
    head.weight.value.fill(from: numbers(96, seed: 14, -0.3..<0.3).span)
  }

  func forward(_ x: Variable, _ pass: inout Pass) -> Variable {
    let x = stem.forward(x, &pass).pooled(.max, size: 2, stride: 2)
    let y = second.forward(first.forward(x, &pass), &pass, residual: x)
    return head.forward(.concatenated([y.globalAverage(), y.globalMaximum()]), &pass)
  }

  var parameters: [Parameter] {
    stem.parameters + first.parameters + second.parameters + head.parameters().map(\.parameter)
  }
}

struct TrainingTests {
  struct Run {
    var losses: [Float] = []
    var norms: [Float] = []
    var allocations: [Int] = []
    var primitives: [Int] = []
    var weights: [[Float]] = []
    var runningMean: [Float] = []
    var runningVariance: [Float] = []
  }

  /// - Parameter keepsTape: whether one tape serves all steps.
  static func train(threads: Int, steps: Int = 10, keepsTape: Bool = true) throws -> Run {
    let engine = try Engine(threads: threads)
    let network = SmallNetwork(on: engine)
    var optimizer = Optimizer(.adamW(), weightDecay: 0.05, parameters: network.parameters)
    let average = WeightAverage(of: network.parameters, decay: 0.9)
    let images = Tensor(numbers(8 * 144, seed: 21), shape: Shape(8, 1, 12, 12), on: engine)
    var run = Run()
    let kept = Tape(on: engine)
    for step in 0..<steps {
      let tape = keepsTape ? kept : Tape(on: engine)
      var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
      let loss = network.forward(tape.constant(images), &pass)
        .softmaxCrossEntropy(labels: (0..<8).map { $0 % 3 }, smoothing: 0.1)
      run.losses.append(loss.value.scalar)
      tape.backward(from: loss)
      let rate = 0.01 * Schedule.oneCycle().factor(step: step, of: 12)
      run.norms.append(optimizer.step(rate: rate, clip: 1, average: average))
      run.allocations.append(engine.allocations)
      run.primitives.append(engine.primitiveCount)
    }
    run.weights = network.parameters.map(\.value.elements) + average.values.map(\.elements)
    run.runningMean = network.second.normalization.runningMean.value.elements
    run.runningVariance = network.second.normalization.runningVariance.value.elements
    return run
  }

  @Test func firstLossesAgreeWithPyTorch() throws {
    let goldens = try trainingGoldens()
    let run = try Self.train(threads: 2)
    let pairs = [
      ("losses", run.losses), ("norms", run.norms), ("running mean", run.runningMean),
      ("running variance", run.runningVariance),
    ]
    for (name, got) in pairs {
      let wanted = try #require(goldens.tensors[name])
      #expect(difference(got, wanted.elements.map(Double.init), tolerance: 2e-4) == nil, "\(name)")
    }
  }

  /// All memory and all primitives are there after the second step.
  @Test func stepsSettle() throws {
    let run = try Self.train(threads: 2)
    #expect(Set(run.allocations[1...]).count == 1)
    #expect(Set(run.primitives[1...]).count == 1)
    #expect(run.allocations[1] > 0 && run.primitives[1] > 0)
  }

  /// The same bits from run to run; and for any number of threads where all heavy work is in our own kernels. (oneDNN's
  /// gradients of the weights are summed in an order that depends on the number of threads; this network has none of
  /// those.)
  @Test func trainingIsReproducible() throws {
    let one = try Self.train(threads: 1)
    let again = try Self.train(threads: 1)
    let two = try Self.train(threads: 2)
    #expect(one.losses == again.losses && one.weights == again.weights)
    // Without AVX2 oneDNN does all convolutions.
    if try Engine(threads: 1).vectorWidth >= 8 {
      #expect(one.losses == two.losses && one.weights == two.weights)
    }
  }

  /// A tape that has been used is as good as new.
  @Test func tapeCanBeUsedAgain() throws {
    let one = try Self.train(threads: 1)
    let another = try Self.train(threads: 1, keepsTape: false)
    #expect(one.losses == another.losses && one.weights == another.weights)
  }

  /// A pass that went another way than the one before, with other parameters, gets its own gradients only.
  @Test func passesOfATapeDoNotMix() throws {
    let engine = try Engine(threads: 1)
    let tape = Tape(on: engine)
    let first = Parameter(Tensor(2, on: engine))
    let second = Parameter(Tensor(5, on: engine))
    let x = tape.input(Tensor(3, on: engine))
    tape.backward(from: tape(first) * x)
    #expect(first.gradient?.scalar == 3 && second.gradient == nil)
    #expect(tape.gradient(of: x)?.scalar == 2)
    first.gradient = nil
    tape.backward(from: tape(second) * tape(second) * 7)
    #expect(first.gradient == nil && second.gradient?.scalar == 70)
  }

  /// Forward passes that no backward pass follows give their memory back.
  @Test func droppedTapesAreFreed() throws {
    let engine = try Engine(threads: 1)
    let network = SmallNetwork(on: engine)
    let images = Tensor(numbers(8 * 144, seed: 21), shape: Shape(8, 1, 12, 12), on: engine)
    var allocations: [Int] = []
    for _ in 0..<4 {
      let tape = Tape(on: engine)
      var pass = Pass(tape: tape, random: SeededGenerator(seed: 0))
      let y = network.forward(tape.constant(images), &pass)
      #expect(y.shape == Shape(8, 3))
      allocations.append(engine.allocations)
    }
    #expect(Set(allocations[1...]).count == 1)
  }
}
