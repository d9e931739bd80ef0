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

  /// Both block sizes, one vector of columns and several, rows and depths beyond what is taken at once; weights as they
  /// lie and transposed, on nothing, on a row and on what is there.
  @Test(arguments: [(8, 40, 300), (16, 16, 5), (16, 48, 300), (16, 64, 257)], [0, 1, 2])
  func denseProduct(_ size: (block: Int, columns: Int, depth: Int), start: Int) {
    let (block, columns, depth) = size
    let rows = 131
    let a = numbers(rows * depth, seed: 1)
    let w = numbers(depth * columns, seed: 2)
    let row = numbers(columns, seed: 3)
    let before = numbers(rows * columns, seed: 4)
    let isTransposed = start == 1
    var packed = [Float](
      repeating: .nan, count: Int(ckernels_dense_packed(Int64(block), Int64(depth), Int64(columns))))
    unsafe ckernels_dense_pack(
      Int64(block), w, isTransposed ? 1 : Int64(columns), isTransposed ? Int64(depth) : 1, Int64(depth),
      Int64(columns), &packed, 0, Int64((columns + 2 * block - 1) / (2 * block)))
    var product = ckernels_dense(
      block: Int64(block), columns: Int64(columns), depth: Int64(depth), adds: start == 2 ? 1 : 0)
    var c = start == 2 ? before : [Float](repeating: .nan, count: rows * columns)
    for (begin, end) in [(0, 17), (17, rows)] {
      unsafe ckernels_dense_multiply(
        &product, a, packed, start == 1 ? row : nil, &c, Int64(begin), Int64(end))
    }
    let expected = (0..<rows * columns).map { index in
      let (i, j) = (index / columns, index % columns)
      let first = start == 0 ? 0 : start == 1 ? Double(row[j]) : Double(before[index])
      return (0..<depth).reduce(first) { sum, k in
        sum + Double(a[i * depth + k]) * Double(isTransposed ? w[j * depth + k] : w[k * columns + j])
      }
    }
    #expect(difference(c, expected, tolerance: 1e-5) == nil)
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
    unsafe ckernels_winograd_weights(&shape, weights, 0, &transformed, 0, ckernels_winograd_panels(&shape))
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
    #expect(difference(Self.swapped(gradient, w), wanted, tolerance: 1e-5) == nil)

    // The order for many channels and few tiles must give the same, whether or not it would be chosen here.
    var entered = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_entered(&shape)))
    var gradients = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_entered_gradients(&shape)))
    unsafe ckernels_winograd_enter(
      &shape, Self.blocked(image, x, block), Self.blocked(dy, y, block), &entered, &gradients, 0,
      ckernels_winograd_rows(&shape))
    var near = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_gather_scratch(&shape)))
    var gathered = [Float](repeating: .nan, count: y.count)
    unsafe ckernels_winograd_gather_forward(
      &shape, entered, weights, 0, nil, &gathered, &near, 0, ckernels_winograd_panels(&shape))
    #expect(difference(Self.plain(gathered, y, block), expected, tolerance: 1e-5) == nil)
    var other = [Float](repeating: .nan, count: w.count)
    unsafe ckernels_winograd_gather_gradient(
      &shape, entered, gradients, &other, &near, 0, ckernels_winograd_gather_units(&shape))
    #expect(difference(Self.swapped(other, w), wanted, tolerance: 1e-5) == nil)
  }

  /// The data gradient is a convolution with the filters turned around, inputs and outputs in each other's place.
  @Test(arguments: [8, 16]) func winogradTurnsFilters(block: Int) {
    let (x, w) = (Shape(2, 32, 5, 6), Shape(32, 112, 3, 3))
    let y = Shape(2, 112, 5, 6)
    var shape = ckernels_winograd(
      batch: 2, in_channels: 32, out_channels: 112, height: 5, width: 6, out_height: 5, out_width: 6, padding: 1,
      block: Int64(block))
    let image = numbers(x.count, seed: 1)
    let weights = numbers(w.count, seed: 2)
    let turned = Self.swapped(weights, w).indices.map { i in
      let filter = Self.swapped(weights, w)
      return Double(filter[i / 9 * 9 + 8 - i % 9])
    }
    let expected = Twin.convolution(image.map(Double.init), x, turned, Shape(112, 32, 3, 3), Window(padding: 1))
    var transformed = [Float](repeating: .nan, count: 36 * 32 * 112)
    unsafe ckernels_winograd_weights(&shape, weights, 1, &transformed, 0, ckernels_winograd_panels(&shape))
    var scratch = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_scratch(&shape)))
    var result = [Float](repeating: .nan, count: y.count)
    unsafe ckernels_winograd_forward(
      &shape, Self.blocked(image, x, block), transformed, nil, &result, &scratch, 0, ckernels_winograd_groups(&shape))
    #expect(difference(Self.plain(result, y, block), expected, tolerance: 1e-5) == nil)

    var entered = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_entered(&shape)))
    unsafe ckernels_winograd_enter(
      &shape, Self.blocked(image, x, block), nil, &entered, nil, 0, ckernels_winograd_rows(&shape))
    var near = [Float](repeating: .nan, count: Int(unsafe ckernels_winograd_gather_scratch(&shape)))
    let bias = numbers(112, seed: 3)
    unsafe ckernels_winograd_gather_forward(
      &shape, entered, weights, 1, bias, &result, &near, 0, ckernels_winograd_panels(&shape))
    let shifted = expected.indices.map { expected[$0] + Double(bias[$0 / 30 % 112]) }
    #expect(difference(Self.plain(result, y, block), shifted, tolerance: 1e-5) == nil)
  }

  /// A stem's weight gradient: few channels in, all windows, also those that hang over the edge on both sides.
  @Test(
    arguments: [1, 8, 16],
    [(1, 5, 2, 2, 17, 13), (3, 7, 2, 3, 19, 24), (2, 3, 1, 1, 6, 5), (3, 8, 3, 7, 9, 2), (1, 1, 1, 0, 4, 4)])
  func thinWeightGradientInEveryBlock(
    block: Int, _ test: (channels: Int, kernel: Int, stride: Int, padding: Int, height: Int, width: Int)
  ) {
    let window = Window(stride: test.stride, padding: test.padding)
    let x = Shape(2, test.channels, test.height, test.width)
    let w = Shape(32, test.channels, test.kernel, test.kernel)
    let y = Shape(
      2, 32, window.outputSize(test.height, kernel: test.kernel), window.outputSize(test.width, kernel: test.kernel))
    var shape = ckernels_thin_convolution(
      batch: 2, in_channels: Int64(test.channels), in_height: Int64(test.height), in_width: Int64(test.width),
      out_channels: 32, out_height: Int64(y.height), out_width: Int64(y.width), kernel_height: Int64(test.kernel),
      kernel_width: Int64(test.kernel), stride: Int64(test.stride), padding: Int64(test.padding), block: Int64(block))
    let image = numbers(x.count, seed: 1)
    let dy = numbers(y.count, seed: 2)
    var found = [Float](repeating: .nan, count: w.count)
    unsafe ckernels_thin_weight_gradient(
      &shape, image, Self.blocked(dy, y, block), &found, 0, Int64(32 / block * test.channels * test.kernel))
    var expected = [Double](repeating: 0, count: w.count)
    for index in expected.indices {
      let (column, row) = (index % test.kernel, index / test.kernel % test.kernel)
      let (c, o) = (
        index / test.kernel / test.kernel % test.channels, index / test.kernel / test.kernel / test.channels
      )
      for n in 0..<2 {
        for p in 0..<y.pixels {
          let i = p / y.width * test.stride + row - test.padding
          let j = p % y.width * test.stride + column - test.padding
          guard (0..<test.height).contains(i), (0..<test.width).contains(j) else { continue }
          let pixel = image[((n * test.channels + c) * test.height + i) * test.width + j]
          expected[index] += Double(dy[(n * 32 + o) * y.pixels + p]) * Double(pixel)
        }
      }
    }
    #expect(difference(found, expected, tolerance: 1e-5) == nil)
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
