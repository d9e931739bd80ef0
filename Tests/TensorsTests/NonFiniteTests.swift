import Tensors
import TensorsTestSupport
import Testing

/// A NaN must arrive at the loss, whatever it passes: a network that broke may not look well.
struct NonFiniteTests {
  static let operations: [(name: String, run: @Sendable (Variable) -> Variable)] = [
    ("relu", { $0.relu() }),
    ("leaky relu", { $0.activated(.leakyReLU(slope: 0.1)) }),
    ("silu", { $0.activated(.silu) }),
    ("gelu", { $0.activated(.gelu) }),
    ("sigmoid", { $0.activated(.sigmoid) }),
    ("tanh", { $0.activated(.tanh) }),
    ("max pooling", { $0.pooled(.max, size: 2, stride: 2) }),
    ("overlapping max pooling", { $0.pooled(.max, size: 3, stride: 1, padding: 1) }),
    ("average pooling", { $0.pooled(.average, size: 2, stride: 2) }),
    ("global maximum", { $0.globalMaximum() }),
    ("global average", { $0.globalAverage() }),
    ("nearest", { $0.resized(height: 8, width: 8, linear: false) }),
    ("linear", { $0.resized(height: 8, width: 8) }),
    ("softmax", { $0.softmax() }),
    ("standardized", { $0.standardized(rows: 2) }),
    (
      "batch norm and relu",
      { x in
        let channels = Shape(x.shape.channels)
        let ones = Tensor(repeating: 1, shape: channels, on: x.tape.engine)
        return x.batchNormalized(
          scale: x.tape.constant(ones), shift: x.tape.constant(ones),
          runningMean: Parameter(ones.copy(), isTrained: false),
          runningVariance: Parameter(ones.copy(), isTrained: false), relu: true)
      }
    ),
    (
      "convolution",
      { x in
        let weights = Tensor(repeating: 0.1, shape: Shape(16, x.shape.channels, 3, 3), on: x.tape.engine)
        return x.convolved(with: x.tape.constant(weights), Window(padding: 1))
      }
    ),
  ]

  @Test(arguments: operations.indices, [16, 3])
  func aNaNPasses(_ index: Int, channels: Int) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, channels, 6, 6)
    for place in [0, 7, 40, shape.count - 1] {
      var elements = numbers(shape.count, seed: 1)
      elements[place] = .nan
      for blocked in [false, true] {
        let tape = Tape(on: engine)
        var x = Tensor(elements, shape: shape, on: engine)
        if blocked { x = x.inLayout(Tensor.layout(forChannels: channels, on: engine)) }
        let y = Self.operations[index].run(tape.constant(x))
        #expect(
          y.value.elements.contains { $0.isNaN },
          "\(Self.operations[index].name) lost the NaN at \(place), blocked \(blocked)")
      }
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func lossesShowWhatIsNotFinite(_ value: Float) throws {
    let engine = try Engine(threads: 1)
    let shape = Shape(2, 3)
    let hard = Tensor([0, 1, 0, 0, 0, 1], shape: shape, on: engine)
    let losses: [(name: String, run: (Variable) -> Variable)] = [
      ("cross entropy", { $0.softmaxCrossEntropy(hard) }),
      ("labels", { $0.softmaxCrossEntropy(labels: [1, 2]) }),
      ("divergence", { $0.softmaxDivergence(hard) }),
      ("squared", { $0.squaredError(hard) }),
      ("absolute", { $0.absoluteError(hard) }),
    ]
    let others: [(name: String, run: (Variable) -> Variable)] = [
      ("binary", { $0.binaryCrossEntropy(hard) }),
      ("focal", { $0.focal(hard) }),
      ("dice", { $0.dice(hard) }),
      ("hinge", { $0.hinge(hard) }),
    ]
    // An infinite logit on the right side is a perfect score for the second kind.
    for loss in value.isNaN ? losses + others : losses where !(loss.name != "squared" && value == -.infinity) {
      let tape = Tape(on: engine)
      let logits = Tensor([0, 1, value, 0, 1, 2], shape: shape, on: engine)
      let result = loss.run(tape.constant(logits)).value.scalar
      #expect(!result.isFinite, "\(loss.name) of \(value) is \(result)")
    }
  }
}
