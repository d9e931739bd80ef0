import Tensors
import TensorsTestSupport
import Testing

struct ArithmeticTests {
  static let layouts = [(true, true), (true, false), (false, true)]

  @Test(arguments: layouts)
  func sumsAndProductsAgreeWithTwin(_ left: Bool, _ right: Bool) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 16, 5, 3)
    let samples = [Sample(shape, seed: 1, blocked: left), Sample(shape, seed: 2, blocked: right)]
    #expect(
      disagreements(samples, on: engine) {
        $0[0] + $0[1]
      } twin: {
        zip($0[0], $0[1]).map(+)
      } == [])
    #expect(
      disagreements(samples, on: engine) {
        $0[0] - $0[1]
      } twin: {
        zip($0[0], $0[1]).map(-)
      } == [])
    #expect(
      disagreements(samples, on: engine) {
        $0[0] * $0[1]
      } twin: {
        zip($0[0], $0[1]).map(*)
      } == [])
    #expect(
      disagreements([samples[0]], on: engine) {
        $0[0] * -2.5
      } twin: {
        $0[0].map { $0 * -2.5 }
      } == [])
    #expect(
      disagreements([samples[0]], on: engine) {
        $0[0].sum()
      } twin: {
        [$0[0].reduce(0, +)]
      } == [])
    #expect(
      disagreements([samples[0]], on: engine) {
        $0[0].mean()
      } twin: {
        [$0[0].reduce(0, +) / 480]
      } == [])
  }

  /// Shares of one gradient must not end up in each other's memory.
  @Test func aVariableMayBeUsedTwice() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 16, 5, 3)
    let samples = [Sample(shape, seed: 1, blocked: true), Sample(shape, seed: 2, blocked: true)]
    #expect(
      disagreements([samples[0]], on: engine) {
        $0[0] + $0[0]
      } twin: {
        $0[0].map { 2 * $0 }
      } == [])
    #expect(
      disagreements([samples[0]], on: engine) {
        $0[0] * $0[0]
      } twin: {
        $0[0].map { $0 * $0 }
      } == [])
    let found = disagreements(samples, on: engine) { v in
      let s = v[0] + v[1]
      let t = s + v[0]
      return (t + t) * v[1] + s
    } twin: { p in
      zip(p[0], p[1]).map { a, b in 2 * (2 * a + b) * b + a + b }
    }
    #expect(found == [])
  }

  /// Two residual branches off one sum: its gradient is shared, added to and handed on.
  @Test func gradientsThatShareMemoryStayWhole() throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 16, 3, 3)
    let samples = [Sample(shape, seed: 1, blocked: true), Sample(shape, seed: 2, blocked: true)]
    let found = disagreements(samples, on: engine) { v in
      let sum = v[0] + v[1]
      let reshaped = sum.reshaped(to: Shape(2, 144)).reshaped(to: shape)
      return v[0] + (reshaped + v[0]) + (sum + v[1]).activated(.tanh) + v[1]
    } twin: { p in
      zip(p[0], p[1]).map { a, b in 3 * a + 2 * b + Twin.activated([a + 2 * b], .tanh)[0] }
    }
    #expect(found == [])
  }

  @Test func reshapedAgreesWithTwin() throws {
    let engine = try Engine(threads: 2)
    let sample = Sample(Shape(2, 16, 5, 3), seed: 1, blocked: true)
    #expect(
      disagreements([sample], on: engine) {
        $0[0].flattened()
      } twin: {
        $0[0]
      } == [])
    #expect(
      disagreements([sample], on: engine) {
        $0[0].reshaped(to: Shape(16, 10, 3)) * 3
      } twin: {
        $0[0].map { $0 * 3 }
      }
        == [])
  }

  @Test(arguments: layouts)
  func concatenatedAgreesWithTwin(_ left: Bool, _ right: Bool) throws {
    let engine = try Engine(threads: 2)
    for (a, b) in [(16, 32), (5, 16), (3, 2)] {
      let (one, two) = (Shape(2, a, 4, 3), Shape(2, b, 4, 3))
      let found = disagreements(
        [Sample(one, seed: 1, blocked: left), Sample(two, seed: 2, blocked: right)], on: engine
      ) {
        // One part twice: its gradient has two shares.
        .concatenated([$0[0], $0[1], $0[0]])
      } twin: { p in
        Twin.concatenated([p[0], p[1], p[0]], batch: 2)
      }
      #expect(found == [])
    }
    let rows = [Sample(Shape(3, 4), seed: 1), Sample(Shape(3, 2), seed: 2, differentiable: false)]
    let found = disagreements(rows, on: engine) {
      .concatenated([$0[0], $0[1]])
    } twin: { p in
      Twin.concatenated(p, batch: 3)
    }
    #expect(found == [])
  }

  @Test func detachedStopsTheGradient() throws {
    let engine = try Engine(threads: 1)
    let outcome = outcome([Sample(Shape(6), seed: 1)], on: engine) { $0[0] * $0[0].detached }
    // The derivative of x times a constant that happens to be x.
    #expect(outcome.gradients[0]! == zip(numbers(6, seed: 1), outcome.projection).map { $0 * $1 })
  }

  @Test func dropoutScalesWhatItKeeps() throws {
    let engine = try Engine(threads: 1)
    var random = SeededGenerator(seed: 5)
    let sample = Sample(Shape(4, 500), seed: 1, 1..<2)
    let outcome = outcome([sample], on: engine) { $0[0].dropout(rate: 0.3) { random.uniform() } }
    let zeros = outcome.value.filter { $0 == 0 }.count
    #expect((520...680).contains(zeros))
    for i in outcome.value.indices {
      let keep: Float = outcome.value[i] == 0 ? 0 : 1 / (1 - 0.3)
      #expect(outcome.value[i] == sample.elements[i] * keep)
      #expect(outcome.gradients[0]![i] == outcome.projection[i] * keep)
    }
    let same = TensorsTestSupport.outcome([sample], on: engine) { $0[0].dropout(rate: 0) { 0 } }
    #expect(same.value == sample.elements)
  }

  @Test(arguments: [
    Activation.relu, .leakyReLU(slope: 0.2), .silu, .gelu, .sigmoid, .tanh,
  ])
  func activatedAgreesWithTwin(_ activation: Activation) throws {
    let engine = try Engine(threads: 2)
    let sample = Sample(Shape(2, 16, 5, 3), seed: 1, -6..<6, blocked: true)
    let found = disagreements([sample], on: engine) {
      $0[0].activated(activation)
    } twin: {
      Twin.activated($0[0], activation)
    }
    #expect(found == [])
  }

  @Test(arguments: [true, false])
  func denseAgreesWithTwin(bias: Bool) throws {
    let engine = try Engine(threads: 2)
    let x = Shape(3, 11)
    var samples = [Sample(x, seed: 1), Sample(Shape(5, 11), seed: 2)]
    if bias { samples.append(Sample(Shape(5), seed: 3)) }
    let found = disagreements(samples, on: engine) {
      $0[0].dense($0[1], bias: bias ? $0[2] : nil)
    } twin: {
      Twin.dense($0[0], x, $0[1], outputs: 5, bias: bias ? $0[2] : [])
    }
    #expect(found == [])
  }

  @Test(arguments: [false, true], [false, true])
  func matrixProductAgreesWithTwin(transposed: Bool, otherTransposed: Bool) throws {
    let engine = try Engine(threads: 2)
    func flipped(_ x: [Float], _ rows: Int, _ columns: Int) -> [Float] {
      (0..<columns).flatMap { c in (0..<rows).map { x[$0 * columns + c] } }
    }
    let (a, b) = (numbers(4 * 7, seed: 1), numbers(7 * 5, seed: 2))
    let left = Tensor(
      transposed ? flipped(a, 4, 7) : a, shape: transposed ? Shape(7, 4) : Shape(4, 7), on: engine)
    let right = Tensor(
      otherTransposed ? flipped(b, 7, 5) : b, shape: otherTransposed ? Shape(5, 7) : Shape(7, 5), on: engine)
    let product = left.matrixProduct(right, transposed: transposed, otherTransposed: otherTransposed)
    let expected = Twin.matrixProduct(a.map(Double.init), b.map(Double.init), 4, 7, 5)
    #expect(product.shape == Shape(4, 5))
    #expect(difference(product.elements, expected, tolerance: 1e-6) == nil)
  }

  @Test(arguments: [Shape(4, 6), Shape(2, 16, 3, 4), Shape(2, 3, 3, 4)])
  func softmaxAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let found = disagreements([Sample(shape, seed: 1, -4..<4, blocked: true)], on: engine) {
      $0[0].softmax()
    } twin: {
      Twin.softmax($0[0], shape)
    }
    #expect(found == [])
  }
}
