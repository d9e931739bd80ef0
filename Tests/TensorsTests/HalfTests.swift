import CKernels
import TensorsTestSupport
import Testing

@testable import Tensors

/// Numbers of bfloat16 and products of them.
struct HalfTests {
  /// Rounded by the definition: the nearer of the two neighbours, the even one of equally near ones.
  static func rounded(_ x: Float) -> Float {
    guard x.isFinite else { return x }
    let low = Float(bitPattern: x.bitPattern & 0xffff_0000)
    let high = Float(bitPattern: (x.bitPattern & 0xffff_0000) &+ 0x1_0000)
    let (down, up) = (abs(Double(x) - Double(low)), abs(Double(x) - Double(high.isFinite ? high : .infinity)))
    let reach = high.isFinite ? up : Double(high.ulp)
    if !high.isFinite { return x.bitPattern & 0xffff >= 0x8000 ? high : low }
    return down < reach || down == reach && low.bitPattern & 0x1_0000 == 0 ? low : high
  }

  static let awkward: [Float] = [
    0, -0.0, 1, -1, 1.00390625, 1.01171875, 1.003906, 3.4e38, -3.4e38, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    .infinity, -.infinity, .leastNormalMagnitude, 0.1, 2.0 / 3, 65504,
  ]

  @Test func roundsToTheNearest() {
    let x = Self.awkward + numbers(1001, seed: 1, -3..<3)
    var y = [UInt16](repeating: 7, count: x.count)
    unsafe ckernels_to_half(x, &y, 0, Int64(x.count))
    for (x, y) in zip(x, y) {
      #expect(Float(bitPattern: UInt32(y) << 16).bitPattern == Self.rounded(x).bitPattern, "\(x)")
    }
  }

  /// Also those whose payload lies in the bits that go.
  @Test func keepsNaN() {
    let x = [Float.nan, Float(bitPattern: 0x7f80_0001), Float(bitPattern: 0xff80_ffff), Float(bitPattern: 0x7fff_ffff)]
    var y = [UInt16](repeating: 0, count: 4)
    unsafe ckernels_to_half(x, &y, 0, 4)
    #expect(y.allSatisfy { Float(bitPattern: UInt32($0) << 16).isNaN })
  }

  @Test(arguments: [(1, 5), (4, 16), (7, 33), (75, 40)]) func pairsLieSideBySide(_ size: (rows: Int, width: Int)) {
    let (rows, width) = size
    let x = numbers(rows * width, seed: 2)
    func half(_ row: Int, _ column: Int) -> UInt32 {
      row < rows && column < width ? Self.rounded(x[row * width + column]).bitPattern >> 16 : 0
    }
    var byRows = [UInt32](repeating: 9, count: (rows + 1) / 2 * width)
    unsafe ckernels_to_half_pairs(x, Int64(rows), Int64(width), &byRows, 0, Int64((rows + 1) / 2))
    var byColumns = [UInt32](repeating: 9, count: (width + 1) / 2 * rows)
    unsafe ckernels_to_half_columns(x, Int64(rows), Int64(width), &byColumns, 0, Int64((width + 1) / 2))
    let pairs = (rows + 1) / 2
    var turned = [UInt32](repeating: 9, count: width * pairs)
    unsafe ckernels_to_half_rows(x, Int64(rows), Int64(width), &turned, 0, Int64((width + 15) / 16))
    for j in 0..<width {
      for pair in 0..<pairs { #expect(turned[j * pairs + pair] == half(2 * pair, j) | half(2 * pair + 1, j) << 16) }
    }
    for pair in 0..<(rows + 1) / 2 {
      for j in 0..<width { #expect(byRows[pair * width + j] == half(2 * pair, j) | half(2 * pair + 1, j) << 16) }
    }
    for pair in 0..<(width + 1) / 2 {
      for r in 0..<rows { #expect(byColumns[pair * rows + r] == half(r, 2 * pair) | half(r, 2 * pair + 1) << 16) }
    }
  }

  /// Rows that are no whole tiles, one vector of columns and several, runs of the inner dimension.
  @Test(
    .enabled(if: ckernels_has_half() == 1, "this processor does not multiply in bfloat16"),
    arguments: [(1, 16, 2), (5, 48, 30), (27, 64, 401), (16, 32, 768), (103, 80, 64)], [false, true])
  func productAgreesWithPlainLoops(_ size: (rows: Int, columns: Int, inner: Int), adds: Bool) {
    let (rows, columns, inner) = size
    let a = numbers(rows * inner, seed: 3)
    let b = numbers(inner * columns, seed: 4)
    let before = numbers(rows * columns, seed: 5)
    let pairs = (inner + 1) / 2
    var right = [UInt32](repeating: 0, count: pairs * columns)
    unsafe ckernels_to_half_pairs(b, Int64(inner), Int64(columns), &right, 0, Int64(pairs))
    /// Of a matrix of pairs, in parts of its rows.
    func multiplied(_ left: [UInt32], rowStride: Int, pairStride: Int, tiles: Bool) -> [Float] {
      var c = adds ? before : [Float](repeating: .nan, count: rows * columns)
      var product = ckernels_half_product(
        columns: Int64(columns), pairs: Int64(pairs), a_row: Int64(rowStride), a_pair: Int64(pairStride),
        adds: adds ? 1 : 0)
      for (begin, end) in [(0, rows / 3), (rows / 3, rows)] {
        if tiles {
          unsafe ckernels_half_multiply_tiles(&product, left, right, &c, Int64(begin), Int64(end))
        } else {
          unsafe ckernels_half_multiply(&product, left, right, &c, Int64(begin), Int64(end))
        }
      }
      return c
    }
    var left = [UInt32](repeating: 0, count: pairs * rows)
    unsafe ckernels_to_half_columns(a, Int64(rows), Int64(inner), &left, 0, Int64(pairs))
    var results = [multiplied(left, rowStride: 1, pairStride: rows, tiles: false)]
    if ckernels_has_tiles() == 1 {
      let byRow = (0..<rows).flatMap { row in (0..<pairs).map { left[$0 * rows + row] } }
      results.append(multiplied(byRow, rowStride: pairs, pairStride: 1, tiles: true))
    }
    let expected = (0..<rows * columns).map { index in
      (0..<inner).reduce(adds ? Double(before[index]) : 0) { sum, k in
        sum + Double(Self.rounded(a[index / columns * inner + k]))
          * Double(Self.rounded(b[k * columns + index % columns]))
      }
    }
    for c in results { #expect(difference(c, expected, tolerance: 1e-5) == nil) }
  }

  /// From blocks to pixels and back, and channels in rows.
  @Test(.enabled(if: ckernels_has_half() == 1, "this processor does not multiply in bfloat16"))
  func imagesTurn() throws {
    let engine = try Engine(threads: 2)
    let (shape, values) = (Shape(3, 32, 4, 5), numbers(3 * 32 * 20, seed: 6, -2..<2).map(Self.rounded))
    let image = Tensor(values, shape: shape, on: engine).inLayout(.blocked)
    func value(_ n: Int, _ channel: Int, _ pixel: Int) -> Float { values[(n * 32 + channel) * 20 + pixel] }
    let halves = image.halvesByPixel()
    let byPixel = (0..<values.count).map { index in
      let bits = unsafe UnsafeRawPointer(halves.pointer).load(fromByteOffset: index * 2, as: UInt16.self)
      return Float(bitPattern: UInt32(bits) << 16)
    }
    #expect(byPixel == (0..<60).flatMap { p in (0..<32).map { value(p / 20, $0, p % 20) } })

    let floats = engine.pool.storage(count: values.count)
    for (index, number) in byPixel.enumerated() { unsafe floats.pointer[index] = number }
    let back = Tensor(repeating: 1, shape: shape, on: engine).inLayout(.blocked)
    back.setByPixel(floats, adds: true)
    #expect(back.elements == values.map { $0 + 1 })
    back.setByPixel(floats, adds: false)
    #expect(back.elements == values)

    var rows = [UInt32](repeating: 9, count: 32 * 30)
    unsafe ckernels_columns_channels(image.pointer, 3, 32, 20, &rows, 0, 2)
    for channel in 0..<32 {
      for pair in 0..<30 {
        let (low, high) = (value(pair / 10, channel, pair % 10 * 2), value(pair / 10, channel, pair % 10 * 2 + 1))
        #expect(rows[channel * 30 + pair] == low.bitPattern >> 16 | high.bitPattern & 0xffff_0000)
      }
    }
  }

  /// Dense layers and convolutions with their gradients: products of rounded factors, and nothing worse than that.
  @Test(.enabled(if: ckernels_has_half() == 1, "this processor does not multiply in bfloat16"))
  func layersRoundFactorsAlone() throws {
    func values(_ usesBF16: Bool) throws -> [[Float]] {
      let engine = try Engine(threads: 2, usesBF16: usesBF16)
      let tape = Tape(on: engine)
      func parameter(_ shape: Shape, _ seed: UInt64) -> Parameter {
        Parameter(Tensor(numbers(shape.count, seed: seed).map(Self.rounded), shape: shape, on: engine))
      }
      let x = parameter(Shape(3, 16, 9, 7), 1)
      let w = parameter(Shape(32, 16, 3, 3), 2)
      let stem = parameter(Shape(16, 3, 5, 5), 3)
      let picture = parameter(Shape(2, 3, 12, 11), 4)
      let rows = parameter(Shape(5, 4, 32), 5)
      let (dense, bias) = (parameter(Shape(48, 32), 6), parameter(Shape(48), 7))
      // Of many channels on small images.
      let (deep, deepWeights) = (parameter(Shape(2, 128, 5, 8), 8), parameter(Shape(144, 128, 3, 3), 9))
      let first = tape(x).convolved(with: tape(w), Window(stride: 2, padding: 1))
      let fourth = tape(deep).convolved(with: tape(deepWeights), Window(padding: 1))
      let fifth = tape(deep).convolved(with: tape(deepWeights), Window(stride: 2, padding: 2, dilation: 2))
      let second = tape(picture).convolved(with: tape(stem), Window(stride: 2, padding: 2))
      let third = tape(rows).dense(tape(dense), bias: tape(bias))
      let results = [first.value, second.value, third.value, fourth.value, fifth.value].map(\.elements)
      tape.backward(from: ((first.sum() + second.sum()) + third.sum()) + (fourth.sum() + fifth.sum()))
      return results + [x, w, stem, picture, rows, dense, bias, deep, deepWeights].map { $0.gradient!.elements }
    }
    for (index, (exact, half)) in zip(try values(false), try values(true)).enumerated() {
      // All factors are numbers of bfloat16 already, so that both differ by the order of sums at the most.
      #expect(difference(half, exact.map(Double.init), tolerance: 1e-5) == nil, "\(index)")
    }
  }

  /// Every kind of convolution, twice on one engine, so that the second time all memory was somebody's before.
  @Test(
    .enabled(if: ckernels_has_half() == 1, "this processor does not multiply in bfloat16"),
    arguments: ConvolutionTests.cases)
  func convolutionsRoundFactorsAlone(_ test: ConvolutionCase) throws {
    func values(_ usesBF16: Bool) throws -> [[[Float]]] {
      let engine = try Engine(threads: 2, usesBF16: usesBF16)
      return (0..<2).map { round in
        let tape = Tape(on: engine)
        func tensor(_ shape: Shape, _ seed: Int) -> Tensor {
          Tensor(numbers(shape.count, seed: UInt64(10 * round + seed)).map(Self.rounded), shape: shape, on: engine)
        }
        let x = Parameter(tensor(Shape(test.batch, test.inputs, test.size.0, test.size.1), 1))
        let w = Parameter(
          tensor(Shape(test.outputs, test.inputs / test.window.groups, test.kernel.0, test.kernel.1), 2))
        let result = tape(x).convolved(with: tape(w), test.window)
        tape.backward(from: (result * tape.constant(tensor(result.shape, 3))).sum())
        return [result.value.elements, x.gradient!.elements, w.gradient!.elements]
      }
    }
    for (exact, half) in zip(try values(false).joined(), try values(true).joined()) {
      #expect(difference(half, exact.map(Double.init), tolerance: 1e-5) == nil)
    }
  }
}
