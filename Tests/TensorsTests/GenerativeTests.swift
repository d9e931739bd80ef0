import Tensors
import TensorsTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The operations that generative networks need, against plain twins and central differences.
@Suite("Generative operations")
struct GenerativeTests {
  @Test("modulation scales and shifts each channel of each image")
  func modulation() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(3, 16, 4, 5)
    let inputs = [
      Sample(shape, seed: 1, blocked: true), Sample(Shape(3, 16), seed: 2), Sample(Shape(3, 16), seed: 3),
    ]
    let found = disagreements(inputs, on: engine) {
      $0[0].modulated(scale: $0[1], shift: $0[2])
    } twin: { values in
      values[0].indices.map { values[0][$0] * values[1][$0 / 20] + values[2][$0 / 20] }
    }
    #expect(found == [])
  }

  @Test("some of the channels")
  func channels() throws {
    let engine = try Engine(threads: 1)
    let inputs = [Sample(Shape(2, 8, 3, 2), seed: 6, blocked: true)]
    let found = disagreements(inputs, on: engine) {
      $0[0].channels(3..<5)
    } twin: { values in
      (0..<2).flatMap { n in values[0][(n * 8 + 3) * 6..<(n * 8 + 5) * 6] }
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
