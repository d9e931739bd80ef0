import CKernels
import Tensors
import TensorsTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

struct KernelTests {
  /// Every 97th float of the whole range, against the double-precision function.
  @Test func exponentialIsWithinTwoUlp() {
    var x: [Float] = []
    var bits = Float(-87.3).bitPattern
    while bits >= Float(1e-30).bitPattern | 0x8000_0000 {
      x.append(Float(bitPattern: bits))
      bits -= 9973
    }
    bits = 0
    while bits < Float(88.7228).bitPattern {
      x.append(Float(bitPattern: bits))
      bits += 9973
    }
    var y = [Float](repeating: 0, count: x.count)
    unsafe ckernels_exp(x, &y, 0, Int64(x.count))
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let exact = exp(Double(x))
      worst = max(worst, abs(Double(y) - exact) / Double(Float(exact).ulp))
    }
    #expect(worst <= 2)
    #expect(x.count > 100_000)
  }

  @Test func exponentialKeepsTheEdges() {
    let x: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, 89, 1e30, -88, -1e30, 88.7228]
    var y = [Float](repeating: 7, count: x.count)
    unsafe ckernels_exp(x, &y, 0, Int64(x.count))
    #expect(y[0].isNaN)
    #expect(Array(y[1..<9]) == [.infinity, 0, 1, 1, .infinity, .infinity, 0, 0])
    #expect(y[9] > 3.3e38)
  }

  /// Both block sizes, more rows than are taken at once, ranges that are no whole tiles.
  @Test(arguments: [(8, 56), (8, 40), (16, 48), (16, 16)], [3, 300])
  func transposedProduct(_ widths: (block: Int, columns: Int), depth: Int) {
    let (block, columns, rows) = (widths.block, widths.columns, 27)
    let a = Sample(Shape(depth, rows), seed: 1).elements
    let b = Sample(Shape(depth, columns), seed: 2).elements
    var c = [Float](repeating: .nan, count: rows * columns)
    for (begin, end) in [(0, 11), (11, rows)] {
      unsafe ckernels_transposed_product(
        Int64(block), a, Int64(rows), b, &c, Int64(columns), Int64(depth), Int64(begin), Int64(end))
    }
    for row in 0..<rows {
      for column in 0..<columns {
        let exact = (0..<depth).reduce(0.0) { $0 + Double(a[$1 * rows + row]) * Double(b[$1 * columns + column]) }
        #expect(abs(Double(c[row * columns + column]) - exact) < 1e-5 * Double(depth).squareRoot())
      }
    }
  }

  /// Both block sizes everywhere, whatever this processor would choose: x as [N][C / block][H W][block].
  static func blocked(_ x: [Float], _ shape: Shape, _ block: Int) -> [Float] {
    var y = x
    for i in x.indices {
      let (p, c, n) = (i % shape.pixels, i / shape.pixels % shape[1], i / shape.pixels / shape[1])
      y[((n * shape[1] / block + c / block) * shape.pixels + p) * block + c % block] = x[i]
    }
    return y
  }

  static func plain(_ x: [Float], _ shape: Shape, _ block: Int) -> [Float] {
    x.indices.map { i in
      let (p, c, n) = (i % shape.pixels, i / shape.pixels % shape[1], i / shape.pixels / shape[1])
      return x[((n * shape[1] / block + c / block) * shape.pixels + p) * block + c % block]
    }
  }

  @Test(arguments: [1, 8, 16])
  func normalizationInEveryBlock(block: Int) {
    let shape = Shape(3, 32, 5, 3)
    var activation = ckernels_activation(batch: 3, channels: 32, pixels: 15, block: Int64(block))
    let plainX = numbers(shape.count, seed: 1, -1..<5)
    let plainMore = numbers(shape.count, seed: 2)
    let x = Self.blocked(plainX, shape, block)
    let more = Self.blocked(plainMore, shape, block)
    let dy = Self.blocked(numbers(shape.count, seed: 3), shape, block)
    var (mean, variance) = ([Float](repeating: 0, count: 32), [Float](repeating: 0, count: 32))
    unsafe ckernels_moments(&activation, x, &mean, &variance, 0, Int64(32 / block))
    let moments = Twin.moments(plainX.map(Double.init), shape)
    #expect(difference(mean, moments.mean, tolerance: 1e-6) == nil)
    #expect(difference(variance, moments.variance, tolerance: 1e-6) == nil)

    let (a, b) = (numbers(32, seed: 4), numbers(32, seed: 5))
    var y = x
    unsafe ckernels_scale_shift(&activation, x, a, b, more, 1, &y, 0, Int64(32 / block))
    let expected = plainX.indices.map { i in
      max(0, Double(plainX[i]) * Double(a[i / 15 % 32]) + Double(b[i / 15 % 32]) + Double(plainMore[i]))
    }
    #expect(difference(Self.plain(y, shape, block), expected, tolerance: 1e-6) == nil)

    var sums = [Float](repeating: 0, count: 32)
    unsafe ckernels_channel_sums(&activation, dy, &sums, 0, Int64(32 / block))
    let plainDy = Self.plain(dy, shape, block)
    let channel = (0..<32).map { c in
      plainDy.indices.filter { $0 / 15 % 32 == c }.reduce(0.0) { $0 + Double(plainDy[$1]) }
    }
    #expect(difference(sums, channel, tolerance: 1e-6) == nil)
  }

  @Test(
    arguments: [8, 16],
    [
      (Shape(3, 32, 9, 6), 48, 1), (Shape(5, 16, 8, 8), 32, 0), (Shape(1, 48, 5, 4), 16, 2),
      (Shape(40, 16, 9, 8), 16, 1),
    ])
  func winogradInEveryBlock(block: Int, _ test: (x: Shape, outputs: Int, padding: Int)) {
    let x = test.x
    let w = Shape(test.outputs, x[1], 3, 3)
    let y = Shape(x[0], test.outputs, x[2] + 2 * test.padding - 2, x[3] + 2 * test.padding - 2)
    var shape = ckernels_winograd(
      batch: Int64(x[0]), in_channels: Int64(x[1]), out_channels: Int64(y[1]), height: Int64(x[2]),
      width: Int64(x[3]), out_height: Int64(y[2]), out_width: Int64(y[3]), padding: Int64(test.padding),
      block: Int64(block))
    let image = numbers(x.count, seed: 1)
    let weights = numbers(w.count, seed: 2)
    let dy = numbers(y.count, seed: 3)
    var scratch = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_scratch(&shape)))
    var transformed = [Float](repeating: .nan, count: 36 * x[1] * y[1])
    unsafe ckernels_winograd_weights(&shape, weights, 0, &transformed, 0, Int64(y[1] / block))
    var result = [Float](repeating: .nan, count: y.count)
    unsafe ckernels_winograd_forward(
      &shape, Self.blocked(image, x, block), transformed, nil, &result, &scratch, 0, ckernels_winograd_groups(&shape))
    let window = Window(padding: test.padding)
    let expected = Twin.convolution(image.map(Double.init), x, weights.map(Double.init), w, window)
    #expect(difference(Self.plain(result, y, block), expected, tolerance: 1e-5) == nil)

    let parts = unsafe Int(ckernels_winograd_parts(&shape))
    var sums = [Float](repeating: .nan, count: parts * 36 * x[1] * y[1])
    unsafe ckernels_winograd_weight_gradient_sums(
      &shape, Self.blocked(image, x, block), Self.blocked(dy, y, block), &sums, &scratch, 0, Int64(parts))
    var gradient = [Float](repeating: .nan, count: w.count)
    unsafe ckernels_winograd_weight_gradient(&shape, sums, &gradient, 0, Int64(y[1] / block))
    // dw[o][i] is the convolution of channel i with the gradient of channel o, summed over the batch.
    let wanted = Twin.convolution(
      Self.swapped(image, x).map(Double.init), Shape(x[1], x[0], x[2], x[3]), Self.swapped(dy, y).map(Double.init),
      Shape(y[1], x[0], y[2], y[3]), window)
    let turned = Self.swapped(gradient, w).map { $0 }
    #expect(difference(turned, wanted, tolerance: 1e-5) == nil)
  }

  /// Batch and channels in each other's place.
  static func swapped(_ x: [Float], _ shape: Shape) -> [Float] {
    var y: [Float] = []
    for c in 0..<shape[1] {
      for n in 0..<shape[0] {
        let start = (n * shape[1] + c) * shape.pixels
        y += x[start..<start + shape.pixels]
      }
    }
    return y
  }
}
