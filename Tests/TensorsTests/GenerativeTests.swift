import Tensors
import TensorsTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The operations that generative networks need, against plain twins and central differences.
@Suite("Generative operations")
struct GenerativeTests {
  /// Vectors of 8 or 16 channels, and channels that fill none.
  @Test("conditional normalisation is a normalisation, then a modulation, then a leaky ReLU", arguments: [16, 24, 5])
  func conditionalNormalization(channels: Int) throws {
    let engine = try Engine(threads: 2)
    let (images, height, width) = (3, 3, 5)
    let pixels = height * width
    let each = Shape(images, channels)
    let inputs = [
      Sample(Shape(images, channels, height, width), seed: 1, blocked: true), Sample(Shape(channels), seed: 2, 0.5..<2),
      Sample(Shape(channels), seed: 3), Sample(each, seed: 4), Sample(each, seed: 5),
    ]
    func zeros() -> Parameter {
      Parameter(Tensor(repeating: 0, shape: Shape(channels), on: engine), isTrained: false)
    }
    let found = disagreements(inputs, on: engine) {
      $0[0].batchNormalized(
        scale: $0[1], shift: $0[2], runningMean: zeros(), runningVariance: zeros(), factor: $0[3], offset: $0[4],
        slope: 0.2)
    } twin: { values in
      func index(_ n: Int, _ c: Int, _ p: Int) -> Int { (n * channels + c) * pixels + p }
      var y = values[0]
      for c in 0..<channels {
        let all = (0..<images).flatMap { n in (0..<pixels).map { values[0][index(n, c, $0)] } }
        let mean = all.reduce(0, +) / Double(all.count)
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)
        for n in 0..<images {
          let (factor, offset) = (values[3][n * channels + c], values[4][n * channels + c])
          for p in 0..<pixels {
            let normalized = (values[0][index(n, c, p)] - mean) / (variance + 1e-5).squareRoot()
            let v = (normalized * values[1][c] + values[2][c]) * factor + offset
            y[index(n, c, p)] = v < 0 ? 0.2 * v : v
          }
        }
      }
      return y
    }
    #expect(found == [])
  }

  @Test("conditional normalisation blends the batch's statistics as batch normalisation does")
  func runningStatistics() throws {
    let engine = try Engine(threads: 2)
    let tape = Tape(on: engine)
    let x = tape.constant(Tensor(numbers(2 * 8 * 6, seed: 9), shape: Shape(2, 8, 2, 3), on: engine))
    let ones = tape.constant(Tensor(repeating: 1, shape: Shape(8), on: engine))
    let each = tape.constant(Tensor(repeating: 1, shape: Shape(2, 8), on: engine))
    func parameter() -> Parameter { Parameter(Tensor(repeating: 0.5, shape: Shape(8), on: engine), isTrained: false) }
    let (plain, conditional) = ((parameter(), parameter()), (parameter(), parameter()))
    _ = x.batchNormalized(scale: ones, shift: ones, runningMean: plain.0, runningVariance: plain.1)
    _ = x.batchNormalized(
      scale: ones, shift: ones, runningMean: conditional.0, runningVariance: conditional.1, factor: each, offset: each,
      slope: 1)
    #expect(plain.0.value.elements == conditional.0.value.elements)
    #expect(plain.1.value.elements == conditional.1.value.elements)
    #expect(plain.0.value.elements != [Float](repeating: 0.5, count: 8))
  }

  /// Thin, as many as a vector, and neither: each way in which the second is added.
  @Test("a sum of two convolutions", arguments: [(16, 3), (16, 16), (16, 5), (5, 3), (3, 3)])
  func sumOfConvolutions(channels: (Int, Int)) throws {
    let engine = try Engine(threads: 2)
    let outputs = 16
    let inputs = [
      Sample(Shape(2, channels.0, 6, 5), seed: 1, blocked: true), Sample(Shape(outputs, channels.0, 3, 3), seed: 2),
      Sample(Shape(outputs), seed: 3), Sample(Shape(2, channels.1, 6, 5), seed: 4, blocked: true),
      Sample(Shape(outputs, channels.1, 3, 3), seed: 5),
    ]
    let window = Window(padding: 1)
    func results(_ operation: ([Variable]) -> Variable) -> Outcome { outcome(inputs, on: engine, operation) }
    let one = results { $0[0].convolved(with: $0[1], bias: $0[2], window, plus: $0[3], with: $0[4]) }
    let two = results {
      $0[0].convolved(with: $0[1], bias: $0[2], window) + $0[3].convolved(with: $0[4], window)
    }
    func largest(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0 }
    #expect(largest(one.value, two.value) < 1e-5)
    for (a, b) in zip(one.gradients, two.gradients) { #expect(a != nil && a == b) }
  }

  @Test("some of the channels", arguments: [8, 32])
  func channels(count: Int) throws {
    let engine = try Engine(threads: 2)
    let inputs = [Sample(Shape(2, count, 3, 2), seed: 6, blocked: true)]
    let found = disagreements(inputs, on: engine) {
      $0[0].channels(count - 5..<count - 3)
    } twin: { values in
      (0..<2).flatMap { n in
        let first = (n * count + count - 5) * 6
        return values[0][first..<first + 12]
      }
    }
    #expect(found == [])
  }

  @Test("relocation mirrors, then moves, and fills with 0")
  func relocation() throws {
    let engine = try Engine(threads: 1)
    let moves = [
      Relocation(x: 2, y: -1), Relocation(x: -3, y: 1, isMirrored: true), Relocation(isFlipped: true),
      Relocation(x: 9, y: 0),
    ]
    let found = disagreements([Sample(Shape(4, 2, 3, 5), seed: 4)], on: engine) {
      $0[0].relocated(moves)
    } twin: {
      values in
      var result = [Double](repeating: 0, count: 4 * 2 * 3 * 5)
      for (n, move) in moves.enumerated() {
        for c in 0..<2 {
          for y in 0..<3 {
            for x in 0..<5 {
              let (toX, toY) = ((move.isMirrored ? 4 - x : x) + move.x, (move.isFlipped ? 2 - y : y) + move.y)
              guard (0..<5).contains(toX) && (0..<3).contains(toY) else { continue }
              result[((n * 2 + c) * 3 + toY) * 5 + toX] = values[0][((n * 2 + c) * 3 + y) * 5 + x]
            }
          }
        }
      }
      return result
    }
    #expect(found == [])
  }

  /// Singular vectors as constants, as the operation takes them.
  @Test("spectral normalisation divides by u' W v")
  func spectralNormalization() throws {
    let engine = try Engine(threads: 1)
    let start = numbers(6, seed: 8).map { $0 }
    var vectors: (u: [Double], v: [Double]) = ([], [])
    let sample = Sample(Shape(6, 2, 3, 3), seed: 7)
    do {
      let w = sample.elements.map(Double.init)
      func unit(_ x: [Double]) -> [Double] {
        let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return x.map { $0 / length }
      }
      let u = start.map(Double.init)
      vectors.v = unit((0..<18).map { j in (0..<6).reduce(0) { $0 + u[$1] * w[$1 * 18 + j] } })
      vectors.u = unit((0..<6).map { i in (0..<18).reduce(0) { $0 + w[i * 18 + $1] * vectors.v[$1] } })
    }
    let found = disagreements([sample], on: engine) {
      var left = start
      return $0[0].spectrallyNormalized(&left)
    } twin: { values in
      var sigma = 0.0
      for i in 0..<6 { for j in 0..<18 { sigma += vectors.u[i] * values[0][i * 18 + j] * vectors.v[j] } }
      return values[0].map { $0 / sigma }
    }
    #expect(found == [])
  }

  @Test("repeated steps find the largest singular value")
  func singularValue() throws {
    let engine = try Engine(threads: 1)
    let tape = Tape(on: engine)
    // diag(3, 1, 2) has 3.
    let weights = Tensor([3, 0, 0, 0, 1, 0, 0, 0, 2], shape: Shape(3, 3), on: engine)
    var left: [Float] = [0.3, 0.9, 0.3]
    var result: [Float] = []
    for _ in 0..<40 { result = tape.constant(weights).spectrallyNormalized(&left).value.elements }
    #expect(abs(result[0] - 1) < 1e-5)
    #expect(abs(result[8] - 2.0 / 3) < 1e-5)
  }

  @Test("a sample of a normal distribution, and its divergence from the standard one")
  func latent() throws {
    let engine = try Engine(threads: 1)
    let shape = Shape(3, 4)
    let noise = numbers(12, seed: 5)
    let inputs = [Sample(shape, seed: 1), Sample(shape, seed: 2)]
    let sampled = disagreements(inputs, on: engine) {
      $0[0].sampled(logVariance: $0[1], noise: Tensor(noise, shape: shape, on: engine))
    } twin: { values in
      values[0].indices.map { values[0][$0] + exp(values[1][$0] / 2) * Double(noise[$0]) }
    }
    #expect(sampled == [])
    let divergence = disagreements(inputs, on: engine) {
      $0[0].divergenceFromNormal(logVariance: $0[1])
    } twin: {
      values in
      var total = 0.0
      for (mean, variance) in zip(values[0], values[1]) { total += (mean * mean + exp(variance) - variance - 1) / 2 }
      return [total / 3]
    }
    #expect(divergence == [])
  }
}
