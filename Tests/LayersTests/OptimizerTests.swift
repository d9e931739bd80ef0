import Foundation
import Layers
import Tensors
import TensorsTestSupport
import Testing

/// PyTorch's numbers for steps and schedules, as `Goldens/make_goldens.py` wrote them.
func trainingGoldens() throws -> Checkpoint {
  let path = try #require(
    Bundle.module.path(forResource: "training", ofType: "safetensors", inDirectory: "Goldens"))
  return try Checkpoint(path: path)
}

struct OptimizerTests {
  static let methods: [(name: String, method: Optimizer.Method, decay: Float)] = [
    ("sgd", .sgd(momentum: 0.9), 0.1), ("nesterov", .sgd(momentum: 0.9, nesterov: true), 0.1),
    ("plain sgd", .sgd(momentum: 0), 0), ("rmsprop", .rmsProp(), 0.1), ("adam", .adam(), 0.1),
    ("adamw", .adamW(), 0.1),
  ]

  @Test(arguments: methods.indices)
  func tenStepsAgreeWithPyTorch(_ index: Int) throws {
    let (name, method, decay) = Self.methods[index]
    let golden = try #require(try trainingGoldens().tensors[name])
    let engine = try Engine(threads: 1)
    let shape = Shape(3, 4)
    let weight = Parameter(Tensor(numbers(12, seed: 1), shape: shape, on: engine))
    var optimizer = Optimizer(method, weightDecay: decay, parameters: [weight])
    for step in 0..<10 {
      weight.gradient = Tensor(numbers(12, seed: UInt64(100 + step)), shape: shape, on: engine)
      optimizer.step(rate: 0.05, clip: 2)
      let wanted = golden.elements[step * 12..<step * 12 + 12].map(Double.init)
      #expect(difference(weight.value.elements, wanted, tolerance: 1e-6) == nil, "\(name), step \(step)")
    }
    #expect(optimizer.step == 10)
  }

  @Test func parametersThatDoNotDecayKeepTheirSize() throws {
    let engine = try Engine(threads: 1)
    for (_, method, _) in Self.methods {
      let ones = Tensor(repeating: 1, shape: Shape(4), on: engine)
      let fixed = Parameter(ones.copy(), decays: false)
      let shrinking = Parameter(ones.copy())
      var optimizer = Optimizer(method, weightDecay: 0.5, parameters: [fixed, shrinking])
      for parameter in [fixed, shrinking] { parameter.gradient = Tensor(repeating: 0, shape: Shape(4), on: engine) }
      optimizer.step(rate: 0.1)
      #expect(fixed.value.elements == [1, 1, 1, 1])
      #expect(shrinking.value.elements[0] < 1)
    }
  }

  @Test func clippingScalesAllGradientsTogether() throws {
    let engine = try Engine(threads: 1)
    let parameters = [3, 4].map { _ in Parameter(Tensor(repeating: 0, shape: Shape(1), on: engine)) }
    var optimizer = Optimizer(.sgd(momentum: 0), parameters: parameters)
    func step(clip: Float?) -> Float {
      for (parameter, g) in zip(parameters, [Float(3), 4]) {
        parameter.gradient = Tensor([g], shape: Shape(1), on: engine)
      }
      return optimizer.step(rate: 1, clip: clip)
    }
    #expect(step(clip: 1) == 5)
    #expect(abs(parameters[0].value.elements[0] + 0.6) < 1e-6 && abs(parameters[1].value.elements[0] + 0.8) < 1e-6)
    #expect(step(clip: 10) == 5)
    #expect(abs(parameters[0].value.elements[0] + 3.6) < 1e-6)
    #expect(step(clip: nil) == 5)
  }

  @Test(arguments: [Float.nan, .infinity])
  func aStepThatIsNotFiniteIsLeftOut(_ bad: Float) throws {
    let engine = try Engine(threads: 1)
    let parameter = Parameter(Tensor([1, 2], shape: Shape(2), on: engine))
    var optimizer = Optimizer(.adamW(), weightDecay: 0.1, parameters: [parameter])
    parameter.gradient = Tensor([bad, 0], shape: Shape(2), on: engine)
    #expect(!optimizer.step(rate: 0.1).isFinite)
    #expect(parameter.value.elements == [1, 2])
    #expect(optimizer.step == 0 && optimizer.first[0].elements == [0, 0])
    #expect(parameter.gradient == nil)
  }

  @Test func schedulesAgreeWithPyTorch() throws {
    let goldens = try trainingGoldens()
    let schedules: [(String, Schedule)] = [
      ("one cycle", .oneCycle()), ("one cycle 10", .oneCycle(warmUp: 0.2)), ("cosine", .cosine(floor: 0.1)),
      ("step", .step(every: 4, factor: 0.3)), ("warm-up", .warmUp(steps: 5, then: .cosine())),
    ]
    for (name, schedule) in schedules {
      let golden = try #require(goldens.tensors[name])
      let steps = golden.elements.count
      let factors = (0..<steps).map { schedule.factor(step: $0, of: steps) }
      #expect(difference(factors, golden.elements.map(Double.init), tolerance: 2e-6) == nil, "\(name)")
    }
    #expect(Schedule.constant.factor(step: 7, of: 9) == 1)
    // Past the end and for the shortest trainings the factor stays in range.
    for (_, schedule) in schedules {
      for steps in 1..<5 {
        for step in 0..<steps + 3 {
          let factor = schedule.factor(step: step, of: steps)
          #expect(factor >= 0 && factor <= 1, "\(schedule) at \(step) of \(steps)")
        }
      }
    }
  }

  @Test func weightAverageFollows() throws {
    let engine = try Engine(threads: 1)
    let parameter = Parameter(Tensor([1, 10], shape: Shape(2), on: engine))
    let running = Parameter(Tensor([5], shape: Shape(1), on: engine), isTrained: false)
    let average = WeightAverage(of: [parameter, running], decay: 0.5)
    var expected = [1.0, 10.0]
    for step in 1...40 {
      let value = [Float(step), Float(-step)]
      parameter.value.fill(from: value.span)
      average.update(after: step)
      let keep = min(0.5, Double(step) / Double(step + 10))
      for i in 0..<2 { expected[i] = keep * expected[i] + (1 - keep) * Double(value[i]) }
      #expect(difference(average.values[0].elements, expected, tolerance: 1e-6) == nil)
    }
    #expect(parameter.value.elements == [40, -40])
    #expect(average.values[1].elements == [5])
  }
}
