import Tensors
import TensorsTestSupport
import Testing

struct NormalizationTests {
  @Test(arguments: [16, 5], [false, true])
  func batchNormalizationAgreesWithTwin(channels: Int, relu: Bool) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(3, channels, 5, 3)
    for residual in [false, true] {
      var samples = [
        Sample(shape, seed: 1, -2..<3, blocked: true), Sample(Shape(channels), seed: 2, 0.5..<2),
        Sample(Shape(channels), seed: 3),
      ]
      // The residual's layout is the other one half of the time.
      if residual { samples.append(Sample(shape, seed: 4, blocked: !relu)) }
      let found = disagreements(samples, on: engine) { v in
        let mean = Parameter(Tensor(repeating: 0, shape: Shape(channels), on: engine), isTrained: false)
        let variance = Parameter(Tensor(repeating: 1, shape: Shape(channels), on: engine), isTrained: false)
        return v[0].batchNormalized(
          scale: v[1], shift: v[2], runningMean: mean, runningVariance: variance, residual: residual ? v[3] : nil,
          relu: relu)
      } twin: { p in
        Twin.batchNormalization(p[0], shape, scale: p[1], shift: p[2], residual: residual ? p[3] : [], relu: relu)
      }
      #expect(found == [])
    }
  }

  @Test(arguments: [16, 5])
  func runningStatisticsBlendTheBatch(channels: Int) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(4, channels, 3, 3)
    let x = numbers(shape.count, seed: 8, -1..<4)
    let start = numbers(channels, seed: 9)
    let mean = Parameter(Tensor(start, shape: Shape(channels), on: engine), isTrained: false)
    let variance = Parameter(Tensor(repeating: 1, shape: Shape(channels), on: engine), isTrained: false)
    let tape = Tape(on: engine)
    let ones = tape.constant(Tensor(repeating: 1, shape: Shape(channels), on: engine))
    _ = tape.constant(Tensor(x, shape: shape, on: engine).inLayout(Tensor.layout(forChannels: channels, on: engine)))
      .batchNormalized(scale: ones, shift: ones, runningMean: mean, runningVariance: variance, momentum: 0.25)
    let batch = Twin.moments(x.map(Double.init), shape)
    let expectedMean = zip(start, batch.mean).map { 0.75 * Double($0) + 0.25 * $1 }
    let expectedVariance = batch.variance.map { 0.75 + 0.25 * $0 * 36 / 35 }
    #expect(difference(mean.value.elements, expectedMean, tolerance: 1e-6) == nil)
    #expect(difference(variance.value.elements, expectedVariance, tolerance: 1e-6) == nil)
  }

  /// A mean 10,000 times the deviation must not swallow it.
  @Test(arguments: [16, 5])
  func largeMeanKeepsSmallVariance(channels: Int) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(4, channels, 16, 16)
    let x = numbers(shape.count, seed: 8, -0.01..<0.01).map { $0 + 100 }
    let mean = Parameter(Tensor(repeating: 0, shape: Shape(channels), on: engine), isTrained: false)
    let variance = Parameter(Tensor(repeating: 0, shape: Shape(channels), on: engine), isTrained: false)
    let tape = Tape(on: engine)
    let ones = tape.constant(Tensor(repeating: 1, shape: Shape(channels), on: engine))
    let y = tape.constant(
      Tensor(x, shape: shape, on: engine).inLayout(Tensor.layout(forChannels: channels, on: engine))
    )
    .batchNormalized(
      scale: ones, shift: ones, runningMean: mean, runningVariance: variance, momentum: 1, epsilon: 1e-9)
    let batch = Twin.moments(x.map(Double.init), shape)
    let count = Double(4 * 256)
    #expect(
      difference(variance.value.elements, batch.variance.map { $0 * count / (count - 1) }, tolerance: 1e-4) == nil)
    let expected = Twin.batchNormalization(
      x.map(Double.init), shape, scale: [Double](repeating: 1, count: channels),
      shift: [Double](repeating: 1, count: channels), relu: false, epsilon: 1e-9)
    #expect(difference(y.value.elements, expected, tolerance: 3e-3) == nil)
  }

  @Test func aConstantChannelStaysFinite() throws {
    let engine = try Engine(threads: 2)
    let samples = [
      Sample([Float](repeating: 7.3, count: 2 * 16 * 4), Shape(2, 16, 2, 2), blocked: true),
      Sample(Shape(16), seed: 2), Sample(Shape(16), seed: 3),
    ]
    let outcome = outcome(samples, on: engine) { v in
      let mean = Parameter(Tensor(repeating: 0, shape: Shape(16), on: engine), isTrained: false)
      let variance = Parameter(Tensor(repeating: 1, shape: Shape(16), on: engine), isTrained: false)
      return v[0].batchNormalized(scale: v[1], shift: v[2], runningMean: mean, runningVariance: variance)
    }
    // x scale / deviation and shift - mean scale / deviation are rounded one by one: 7.3 x 316 x 2^-24.
    let shift = (0..<128).map { Double(samples[2].elements[$0 / 4 % 16]) }
    #expect(difference(outcome.value, shift, tolerance: 1e-3) == nil)
    #expect(outcome.gradients.allSatisfy { $0!.allSatisfy(\.isFinite) })
  }

  /// Layer, group and instance normalisation.
  @Test(arguments: [2, 4, 2 * 4, 2 * 16])
  func standardizedAgreesWithTwin(rows: Int) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 16, 5, 3)
    let found = disagreements([Sample(shape, seed: 1, -1..<4, blocked: true)], on: engine) {
      $0[0].standardized(rows: rows)
    } twin: {
      Twin.standardized($0[0], rows: rows)
    }
    #expect(found == [])
  }

  @Test(arguments: [Shape(3, 16, 4, 5), Shape(3, 5, 4, 5), Shape(6, 7)])
  func affineAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let samples = [
      Sample(shape, seed: 1, blocked: true), Sample(Shape(shape[1]), seed: 2), Sample(Shape(shape[1]), seed: 3),
    ]
    let found = disagreements(samples, on: engine) {
      $0[0].affine(scale: $0[1], shift: $0[2])
    } twin: { p in
      p[0].indices.map { p[0][$0] * p[1][$0 / shape.pixels % shape[1]] + p[2][$0 / shape.pixels % shape[1]] }
    }
    #expect(found == [])
  }
}
