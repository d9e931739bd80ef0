import Tensors
import TensorsTestSupport
import Testing

/// A convolution that is compared with its twin.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var batch = 2
  var inputs: Int
  var outputs: Int
  var size = (7, 6)
  var kernel = (3, 3)
  var window = Window(padding: 1)
  var bias = true

  var testDescription: String {
    "\(inputs) to \(outputs) channels, \(kernel.0)x\(kernel.1), \(window), \(bias ? "bias" : "no bias")"
  }
}

struct ConvolutionTests {
  /// Thin (1 to 3 inputs, outputs in blocks), blocked (both in blocks of 8 or 16) and plain ones.
  static let cases = [
    ConvolutionCase(inputs: 1, outputs: 16),
    ConvolutionCase(inputs: 1, outputs: 16, size: (11, 12), kernel: (5, 5), window: Window(stride: 2, padding: 2)),
    ConvolutionCase(inputs: 3, outputs: 32, size: (9, 12), kernel: (7, 7), window: Window(stride: 2, padding: 3)),
    ConvolutionCase(inputs: 2, outputs: 16, kernel: (1, 1), window: Window(), bias: false),
    ConvolutionCase(inputs: 2, outputs: 16, size: (5, 3), kernel: (3, 8), window: Window(padding: 4), bias: false),
    ConvolutionCase(inputs: 3, outputs: 16, kernel: (3, 3), window: Window(stride: 3, padding: 0)),
    ConvolutionCase(inputs: 1, outputs: 16, size: (4, 4), kernel: (5, 5), window: Window(padding: 6)),
    ConvolutionCase(inputs: 16, outputs: 16),
    ConvolutionCase(inputs: 16, outputs: 32, window: Window(stride: 2, padding: 1), bias: false),
    ConvolutionCase(inputs: 48, outputs: 16, kernel: (1, 1), window: Window()),
    ConvolutionCase(inputs: 16, outputs: 16, size: (8, 8), kernel: (1, 1), window: Window(stride: 2), bias: false),
    ConvolutionCase(inputs: 16, outputs: 16, size: (9, 9), window: Window(padding: 2, dilation: 2)),
    ConvolutionCase(inputs: 16, outputs: 16, size: (9, 9), window: Window(stride: 2, padding: 3, dilation: 3)),
    ConvolutionCase(inputs: 16, outputs: 16, kernel: (5, 5), window: Window(padding: 2)),
    ConvolutionCase(inputs: 16, outputs: 16, size: (9, 9), kernel: (7, 7), window: Window(padding: 3)),
    ConvolutionCase(inputs: 32, outputs: 32, window: Window(padding: 1, groups: 2)),
    ConvolutionCase(inputs: 16, outputs: 16, window: Window(padding: 1, groups: 16), bias: false),
    // Stride 1 and 3x3 kernels: by tiles of 4x4.
    ConvolutionCase(inputs: 16, outputs: 16, bias: false),
    ConvolutionCase(inputs: 48, outputs: 32, size: (8, 12), window: Window(padding: 1), bias: false),
    ConvolutionCase(inputs: 32, outputs: 80, size: (10, 9), window: Window(padding: 0), bias: false),
    ConvolutionCase(batch: 9, inputs: 16, outputs: 16, size: (6, 7), window: Window(padding: 2), bias: false),
    ConvolutionCase(inputs: 24, outputs: 40, bias: false),
    ConvolutionCase(inputs: 24, outputs: 40),
    ConvolutionCase(inputs: 8, outputs: 16),
    ConvolutionCase(inputs: 5, outputs: 7),
    ConvolutionCase(inputs: 4, outputs: 16, window: Window(stride: 2, padding: 1)),
    ConvolutionCase(inputs: 16, outputs: 6, kernel: (1, 1), window: Window()),
    ConvolutionCase(inputs: 1, outputs: 1, kernel: (5, 3), window: Window(padding: 2)),
    ConvolutionCase(inputs: 6, outputs: 9, window: Window(stride: 2, padding: 1, dilation: 2, groups: 3)),
    ConvolutionCase(inputs: 7, outputs: 7, window: Window(padding: 1, groups: 7)),
    ConvolutionCase(batch: 1, inputs: 16, outputs: 16, size: (1, 1), kernel: (1, 1), window: Window()),
    ConvolutionCase(batch: 1, inputs: 3, outputs: 16, size: (3, 3), window: Window()),
  ]

  @Test(arguments: cases)
  func agreesWithTwin(_ test: ConvolutionCase) throws {
    let engine = try Engine(threads: 2)
    let x = Shape(test.batch, test.inputs, test.size.0, test.size.1)
    let w = Shape(test.outputs, test.inputs / test.window.groups, test.kernel.0, test.kernel.1)
    var samples = [Sample(x, seed: 1, blocked: true), Sample(w, seed: 2)]
    if test.bias { samples.append(Sample(Shape(test.outputs), seed: 3)) }
    let found = disagreements(samples, on: engine) { v in
      v[0].convolved(with: v[1], bias: test.bias ? v[2] : nil, test.window)
    } twin: { p in
      Twin.convolution(p[0], x, p[1], w, bias: test.bias ? p[2] : [], test.window)
    }
    #expect(found == [])
  }

  static let transposedCases: [(test: ConvolutionCase, extra: Int)] = [
    (ConvolutionCase(inputs: 16, outputs: 16, window: Window(stride: 2, padding: 1)), 1),
    (ConvolutionCase(inputs: 32, outputs: 16, kernel: (2, 2), window: Window(stride: 2), bias: false), 0),
    (ConvolutionCase(inputs: 16, outputs: 32, kernel: (4, 4), window: Window(stride: 2, padding: 1)), 0),
    (ConvolutionCase(inputs: 16, outputs: 3, kernel: (4, 4), window: Window(stride: 2, padding: 1)), 0),
    (ConvolutionCase(inputs: 16, outputs: 1, window: Window(padding: 1)), 0),
    (ConvolutionCase(inputs: 5, outputs: 7, window: Window(stride: 2, padding: 1)), 0),
    (ConvolutionCase(inputs: 3, outputs: 16, window: Window(stride: 2, padding: 1)), 1),
    (ConvolutionCase(inputs: 32, outputs: 32, window: Window(stride: 2, padding: 1, groups: 2)), 1),
    (ConvolutionCase(inputs: 6, outputs: 4, window: Window(stride: 3, padding: 0, dilation: 2, groups: 2)), 2),
  ]

  @Test(arguments: transposedCases)
  func transposedAgreesWithTwin(_ test: ConvolutionCase, extra: Int) throws {
    let engine = try Engine(threads: 2)
    let x = Shape(2, test.inputs, 5, 4)
    let w = Shape(test.inputs, test.outputs / test.window.groups, test.kernel.0, test.kernel.1)
    var samples = [Sample(x, seed: 4, blocked: true), Sample(w, seed: 5)]
    if test.bias { samples.append(Sample(Shape(test.outputs), seed: 6)) }
    let found = disagreements(samples, on: engine) { v in
      v[0].transposeConvolved(with: v[1], bias: test.bias ? v[2] : nil, test.window, extra: extra)
    } twin: { p in
      Twin.transposedConvolution(p[0], x, p[1], w, bias: test.bias ? p[2] : [], test.window, extra: extra)
    }
    #expect(found == [])
  }

  /// With leave to multiply in bfloat16: the same bits where the processor cannot, 8 bits of each factor where it can.
  @Test func leaveForBF16ChangesAtMostRounding() throws {
    let results = try [false, true].map { usesBF16 in
      let engine = try Engine(threads: 1, usesBF16: usesBF16)
      var random = SeededGenerator(seed: 3)
      func tensor(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.count).map { _ in random.normal() }, shape: shape, on: engine)
      }
      let tape = Tape(on: engine)
      let weights = Parameter(tensor(Shape(16, 16, 3, 3)))
      let result = tape.constant(tensor(Shape(2, 16, 9, 9)))
        .convolved(with: tape(weights), Window(stride: 2, padding: 1))
      tape.backward(from: result.sum())
      return (result.value.elements, weights.gradient!.sumOfSquares())
    }
    let largest = results[0].0.map(abs).max()!
    #expect(zip(results[0].0, results[1].0).allSatisfy { abs($0 - $1) <= 0.02 * largest })
    #expect(abs(results[0].1 - results[1].1) <= 0.02 * results[0].1)
  }

  /// Where oneDNN does the work, the same bits come from run to run with the same number of threads.
  @Test func directConvolutionsRepeat() throws {
    let samples = [Sample(Shape(4, 16, 17, 17), seed: 1, blocked: true), Sample(Shape(32, 16, 3, 3), seed: 2)]
    let outcomes = try (0..<2).map { _ in
      let engine = try Engine(threads: 2)
      return outcome(samples, on: engine) { $0[0].convolved(with: $0[1], Window(stride: 2, padding: 1)) }
    }
    #expect(outcomes[0].value == outcomes[1].value)
    #expect(outcomes[0].gradients == outcomes[1].gradients)
  }
}
