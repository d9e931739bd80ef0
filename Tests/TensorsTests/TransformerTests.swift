import CKernels
import Tensors
import TensorsTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The operations that a transformer is made of.
struct TransformerTests {
  @Test(arguments: [Shape(3, 11), Shape(2, 5, 16), Shape(3, 67, 8), Shape(1, 1, 33)])
  func layerNormalizationAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let width = Shape(shape.features)
    let samples = [Sample(shape, seed: 1, -2..<5), Sample(width, seed: 2, 0.5..<2), Sample(width, seed: 3)]
    let found = disagreements(samples, on: engine) {
      $0[0].layerNormalized(scale: $0[1], shift: $0[2])
    } twin: {
      Twin.layerNormalization($0[0], scale: $0[1], shift: $0[2])
    }
    #expect(found == [])
  }

  /// A row without variance, and one whose mean is 10,000 times its deviation.
  @Test func layerNormalizationOfHardRows() throws {
    let engine = try Engine(threads: 1)
    let row = numbers(64, seed: 8, -0.01..<0.01).map { $0 + 100 }
    let x = [Float](repeating: 7.3, count: 64) + row
    let samples = [
      Sample(x, Shape(2, 64)), Sample([Float](repeating: 1, count: 64), Shape(64)), Sample(Shape(64), seed: 3),
    ]
    let outcome = outcome(samples, on: engine) { $0[0].layerNormalized(scale: $0[1], shift: $0[2], epsilon: 1e-9) }
    #expect(difference(Array(outcome.value[..<64]), samples[2].elements.map(Double.init), tolerance: 0.05) == nil)
    let expected = Twin.layerNormalization(
      row.map(Double.init), scale: [Double](repeating: 1, count: 64), shift: samples[2].elements.map(Double.init),
      epsilon: 1e-9)
    #expect(difference(Array(outcome.value[64...]), expected, tolerance: 3e-3) == nil)
    #expect(outcome.gradients.allSatisfy { $0!.allSatisfy(\.isFinite) })
  }

  /// More tokens than the kernel holds queries of at a time, sizes that are no whole vectors, one token alone.
  @Test(arguments: [
    (Shape(2, 5, 18), 2), (Shape(3, 16, 96), 2), (Shape(1, 70, 72), 1), (Shape(2, 130, 48), 1), (Shape(2, 1, 24), 2),
  ])
  func attentionAgreesWithTwin(_ test: (shape: Shape, heads: Int)) throws {
    let engine = try Engine(threads: 2)
    let found = disagreements([Sample(test.shape, seed: 1, -2..<2)], on: engine) {
      $0[0].attention(heads: test.heads)
    } twin: {
      Twin.attention($0[0], test.shape, heads: test.heads)
    }
    #expect(found == [])
  }

  /// Both vector widths, whatever this processor would choose.
  @Test(arguments: [8, 16], [(tokens: 5, size: 6), (tokens: 67, size: 16), (tokens: 16, size: 32)])
  func attentionInEveryBlock(block: Int, _ test: (tokens: Int, size: Int)) {
    let shape = Shape(2, test.tokens, 3 * 2 * test.size)
    let count = shape.count / 3
    var settings = ckernels_attention(
      batch: 2, tokens: Int64(test.tokens), heads: 2, size: Int64(test.size), block: Int64(block))
    let x = numbers(shape.count, seed: 1, -2..<2)
    let dy = numbers(count, seed: 2)
    var scratch = [Float](repeating: .nan, count: unsafe Int(ckernels_attention_scratch(&settings)))
    var y = [Float](repeating: .nan, count: count)
    var logsum = [Float](repeating: .nan, count: 4 * test.tokens)
    unsafe ckernels_attend(&settings, x, &y, &logsum, &scratch, 0, 4)
    let points = x.map(Double.init)
    #expect(difference(y, Twin.attention(points, shape, heads: 2), tolerance: 1e-6) == nil)
    var dx = [Float](repeating: .nan, count: shape.count)
    unsafe ckernels_attend_gradient(&settings, x, y, logsum, dy, &dx, &scratch, 0, 4)
    // Along one random direction of all inputs.
    let direction = numbers(shape.count, seed: 3).map(Double.init)
    func loss(_ step: Double) -> Double {
      zip(Twin.attention(zip(points, direction).map { $0 + step * $1 }, shape, heads: 2), dy).reduce(0.0) {
        $0 + $1.0 * Double($1.1)
      }
    }
    let wanted = (loss(1e-4) - loss(-1e-4)) / 2e-4
    let got = zip(dx, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
    #expect(abs(wanted - got) < 1e-4 * dx.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot() + 1e-6)
  }

  /// Scores that a plain exponential would overflow at, and a NaN, which must not vanish.
  @Test func attentionOfLargeScoresAndNaN() throws {
    let engine = try Engine(threads: 1)
    let tape = Tape(on: engine)
    let x = numbers(2 * 20 * 24, seed: 4, -40..<40)
    let y = tape.constant(Tensor(x, shape: Shape(2, 20, 24), on: engine)).attention(heads: 1).value.elements
    // Only values' convex combinations come out.
    #expect(y.allSatisfy { abs($0) <= 40 })
    var broken = x
    broken[30 * 24 + 9] = .nan
    let z = tape.constant(Tensor(broken, shape: Shape(2, 20, 24), on: engine)).attention(heads: 1).value.elements
    #expect(Array(z[..<160]) == Array(y[..<160]))
    #expect(z[160...].allSatisfy { $0.isNaN })
  }

  @Test(arguments: [false, true], [Shape(3, 11), Shape(2, 35, 11)])
  func denseOnRowsAgreesWithTwin(residual: Bool, shape: Shape) throws {
    let engine = try Engine(threads: 2)
    var samples = [Sample(shape, seed: 1), Sample(Shape(5, 11), seed: 2), Sample(Shape(5), seed: 3)]
    if residual { samples.append(Sample(shape.with(features: 5), seed: 4)) }
    let found = disagreements(samples, on: engine) {
      $0[0].dense($0[1], bias: $0[2], residual: residual ? $0[3] : nil)
    } twin: { p in
      let y = Twin.dense(p[0], Shape(shape.rows, 11), p[1], outputs: 5, bias: p[2])
      return residual ? zip(y, p[3]).map(+) : y
    }
    #expect(found == [])
  }

  /// x + layer(x): the gradient of x has two shares, one of which is the result's own.
  @Test func residualMayBeTheInput() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 7, 6)
    let samples = [Sample(shape, seed: 1), Sample(Shape(6, 6), seed: 2), Sample(Shape(6), seed: 3)]
    let found = disagreements(samples, on: engine) {
      let y = $0[0].dense($0[1], bias: $0[2], residual: $0[0])
      return y.dense($0[1], residual: y)
    } twin: { p in
      let y = zip(Twin.dense(p[0], Shape(14, 6), p[1], outputs: 6, bias: p[2]), p[0]).map(+)
      return zip(Twin.dense(y, Shape(14, 6), p[1], outputs: 6, bias: []), y).map(+)
    }
    #expect(found == [])
  }

  @Test(arguments: [Shape(3, 11), Shape(2, 70, 11)])
  func denseGELUAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let samples = [Sample(shape, seed: 1, -2..<2), Sample(Shape(9, 11), seed: 2), Sample(Shape(9), seed: 3)]
    let found = disagreements(samples, on: engine) {
      $0[0].denseGELU($0[1], bias: $0[2])
    } twin: {
      Twin.activated(Twin.dense($0[0], Shape(shape.rows, 11), $0[1], outputs: 9, bias: $0[2]), .gelu)
    }
    #expect(found == [])
  }

  /// The error function's approximation over the whole range, and the derivative that is left in place of the input.
  @Test func geluIsAccurate() {
    let x = (0..<20_000).map { -10 + Float($0) * 1e-3 }
    var h = x
    var y = x
    unsafe ckernels_bias_gelu(&h, [Float](repeating: 0, count: h.count), Int64(h.count), &y, 0, 1)
    for (x, (y, slope)) in zip(x, zip(y, h)) {
      let phi = 0.5 * erfc(-Double(x) / 2.0.squareRoot())
      #expect(abs(Double(y) - Double(x) * phi) <= 5e-7 * max(1, abs(Double(x))))
      let exact = phi + Double(x) * exp(-Double(x * x) / 2) / (2 * Double.pi).squareRoot()
      #expect(abs(Double(slope) - exact) <= 1e-6)
    }
    var edges: [Float] = [.nan, .infinity, 0, -50, 50]
    var results = edges
    unsafe ckernels_bias_gelu(&edges, [0, 0, 0, 0, 0], 5, &results, 0, 1)
    #expect(results[0].isNaN && results[1] == .infinity && results[2] == 0 && abs(results[3]) < 1e-20)
    #expect(results[4] == 50)
    #expect(edges[0].isNaN && edges[2] == 0.5 && edges[3] == 0 && edges[4] == 1)
  }

  @Test(arguments: [16, 5], [1, 67])
  func tokensAndTheirPositionsAgreeWithTwin(channels: Int, batch: Int) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(batch, channels, 3, 5)
    let position = Shape(1, channels, 3, 5)
    let found = disagreements(
      [Sample(shape, seed: 1, blocked: true), Sample(position, seed: 2, blocked: true)], on: engine
    ) {
      $0[0].tokens().addingToEach($0[1].tokens())
    } twin: { p in
      let row = Twin.tokens(p[1], position)
      return Twin.tokens(p[0], shape).enumerated().map { $1 + row[$0 % row.count] }
    }
    #expect(found == [])
    let back = disagreements([Sample(shape, seed: 1, blocked: true)], on: engine) {
      $0[0].tokens().image(height: 3, width: 5)
    } twin: {
      $0[0]
    }
    #expect(back == [])
  }

  @Test func patchesAgreeWithTwin() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 16, 4, 6)
    let kernel = Shape(16, 16, 2, 2)
    let samples = [Sample(shape, seed: 1, blocked: true), Sample(kernel, seed: 2), Sample(Shape(16), seed: 3)]
    let found = disagreements(samples, on: engine) {
      $0[0].convolved(with: $0[1], bias: $0[2], Window(stride: 2)).tokens()
    } twin: {
      Twin.tokens(
        Twin.convolution($0[0], shape, $0[1], kernel, bias: $0[2], Window(stride: 2)), Shape(2, 16, 2, 3))
    }
    #expect(found == [])
  }

  @Test func tokenMeanAgreesWithTwin() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(3, 7, 9)
    let found = disagreements([Sample(shape, seed: 1)], on: engine) {
      $0[0].tokenMean()
    } twin: {
      Twin.tokenMean($0[0], shape)
    }
    #expect(found == [])
  }

  /// The same bits on one thread and on three: sums do not depend on how the work was dealt.
  @Test func threadsDoNotChangeSums() throws {
    func run(_ threads: Int) throws -> [[Float]] {
      let engine = try Engine(threads: threads)
      let shape = Shape(3, 70, 48)
      let samples = [Sample(shape, seed: 1), Sample(Shape(48), seed: 2), Sample(Shape(48), seed: 3)]
      let outcome = outcome(samples, on: engine) {
        $0[0].layerNormalized(scale: $0[1], shift: $0[2]).attention(heads: 2)
      }
      return [outcome.value] + outcome.gradients.map { $0! }
    }
    let (one, three) = (try run(1), try run(3))
    #expect(one == three)
  }

  @Test func stepsTakeNoNewMemory() throws {
    let engine = try Engine(threads: 2)
    let x = Tensor(numbers(2 * 33 * 24, seed: 1), shape: Shape(2, 33, 24), on: engine)
    let shapes = [Shape(24), Shape(24), Shape(72, 24), Shape(24, 24), Shape(24), Shape(48, 24), Shape(48)]
    let parameters = shapes.enumerated().map {
      Parameter(Tensor(numbers($1.count, seed: UInt64($0 + 2)), shape: $1, on: engine))
    }
    var allocations: [Int] = []
    for _ in 0..<4 {
      let tape = Tape(on: engine)
      let p = parameters.map { tape($0) }
      let y = tape.constant(x).layerNormalized(scale: p[0], shift: p[1])
      let z = y.dense(p[2]).attention(heads: 3).dense(p[3], bias: p[4], residual: y).denseGELU(p[5], bias: p[6])
      tape.backward(from: z.tokenMean().sum())
      allocations.append(engine.allocations)
    }
    #expect(allocations[1] == allocations[3])
  }
}
