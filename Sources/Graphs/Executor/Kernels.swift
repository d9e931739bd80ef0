import Glibc

/// An image tensor in any layout as `[batch][blocks][rows * columns][block]`.
struct ImageGeometry: Sendable {
  let batch: Int
  let channels: Int
  let rows: Int
  let columns: Int
  /// Channels side by side; the last block may be filled up with zeros.
  let block: Int

  init(_ shape: [Int], _ layout: Layout) {
    (batch, channels, rows, columns) = (shape[0], shape[1], shape[2], shape[3])
    block = layout.block(channels: shape[1])
  }

  var blocks: Int { (channels + block - 1) / block }
  var area: Int { rows * columns }

  /// One number for each channel and zeros up to the end of the last block.
  func padded(_ numbers: [Float]) -> [Float] {
    numbers + [Float](repeating: 0, count: blocks * block - channels)
  }
}

/// Kernels of our own, for what is too small for a library or missing there. Single-threaded.
enum Kernels {
  static func map(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, _ activation: Activation
  ) {
    for index in 0..<count { unsafe y[index] = activation(x[index]) }
  }

  /// `y = x wᵀ + b` for row-major x `[rows, inner]`, w `[columns, inner]`.
  static func dense(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    rows: Int, inner: Int, columns: Int
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        let left = unsafe UnsafeRawPointer(x + row * inner)
        let right = unsafe UnsafeRawPointer(w + column * inner)
        // Several sums side by side, since one alone waits for itself.
        var first = SIMD8<Float>.zero
        var second = SIMD8<Float>.zero
        var k = 0
        while k &+ 16 <= inner {
          let offset = k &* 4
          unsafe first.addProduct(
            left.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self),
            right.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self))
          unsafe second.addProduct(
            left.loadUnaligned(fromByteOffset: offset &+ 32, as: SIMD8<Float>.self),
            right.loadUnaligned(fromByteOffset: offset &+ 32, as: SIMD8<Float>.self))
          k &+= 16
        }
        var sum = (first + second).sum()
        while k < inner {
          unsafe sum += x[row &* inner &+ k] * w[column &* inner &+ k]
          k &+= 1
        }
        unsafe y[row &* columns &+ column] = sum + b[column]
      }
    }
  }

  static func combine(
    _ operation: BinaryOperation, _ a: UnsafePointer<Float>, _ aStep: Int, _ b: UnsafePointer<Float>, _ bStep: Int,
    _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch operation {
    case .add: for i in 0..<count { unsafe y[i] = a[i &* aStep] + b[i &* bStep] }
    case .subtract: for i in 0..<count { unsafe y[i] = a[i &* aStep] - b[i &* bStep] }
    case .multiply: for i in 0..<count { unsafe y[i] = a[i &* aStep] * b[i &* bStep] }
    case .divide: for i in 0..<count { unsafe y[i] = a[i &* aStep] / b[i &* bStep] }
    case .power:
      for i in 0..<count {
        let (base, exponent) = unsafe (a[i &* aStep], b[i &* bStep])
        unsafe y[i] = exponent == 2 ? base * base : powf(base, exponent)
      }
    }
  }

  /// An image with one number for each channel (of each image or of all). Zeros beside the channels stay zeros.
  static func channels(
    _ operation: BinaryOperation, _ x: UnsafePointer<Float>, _ numbers: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry, count: (batch: Int, channels: Int), isReversed: Bool
  ) {
    let (block, area) = (geometry.block, geometry.area)
    if block == 8,
      unsafe channels8(operation, x, numbers, y, geometry, count: count, isReversed: isReversed)
    {
      return
    }
    for image in 0..<geometry.batch {
      let own = unsafe numbers + (count.batch == 1 ? 0 : image * count.channels)
      for index in 0..<geometry.blocks {
        let base = (image * geometry.blocks + index) * area * block
        let used = min(block, geometry.channels - index * block)
        if block == 1 {
          let number = unsafe own + (count.channels == 1 ? 0 : index)
          if isReversed {
            unsafe combine(operation, number, 0, x + base, 1, y + base, count: area)
          } else {
            unsafe combine(operation, x + base, 1, number, 0, y + base, count: area)
          }
          continue
        }
        let number = unsafe own + (count.channels == 1 ? 0 : index * block)
        let step = count.channels == 1 ? 0 : 1
        for position in 0..<area {
          let offset = base &+ position &* block
          if isReversed {
            unsafe combine(operation, number, step, x + offset, 1, y + offset, count: used)
          } else {
            unsafe combine(operation, x + offset, 1, number, step, y + offset, count: used)
          }
          for lane in used..<block { unsafe y[offset &+ lane] = 0 }
        }
      }
    }
  }

  /// `scale x + shift` by channel; both padded to whole blocks.
  static func scale(
    _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ geometry: ImageGeometry
  ) {
    let (block, area) = (geometry.block, geometry.area)
    for index in 0..<geometry.batch * geometry.blocks {
      let base = index * area * block
      let (a, b) = unsafe (scale + index % geometry.blocks * block, shift + index % geometry.blocks * block)
      if block == 1 {
        let (factor, offset) = unsafe (a[0], b[0])
        for position in 0..<area { unsafe y[base &+ position] = x[base &+ position] * factor + offset }
      } else {
        for position in 0..<area {
          let row = base &+ position &* block
          for lane in 0..<block { unsafe y[row &+ lane] = x[row &+ lane] * a[lane] + b[lane] }
        }
      }
    }
  }

  /// Zero mean and unit variance, then scaled; `step` 0 takes one scale and shift for the whole row.
  static func normalize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, epsilon: Float,
    _ scale: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, step: Int
  ) {
    let mean = unsafe sum(x, count) / Float(count)
    for i in 0..<count { unsafe y[i] = x[i] - mean }
    let variance = unsafe sumOfSquares(y, count) / Float(count)
    let factor = 1 / (variance + epsilon).squareRoot()
    if step == 0 {
      let (a, b) = unsafe (factor * scale[0], shift[0])
      for i in 0..<count { unsafe y[i] = y[i] * a + b }
    } else {
      for i in 0..<count { unsafe y[i] = y[i] * factor * scale[i] + shift[i] }
    }
  }

  static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    let raw = unsafe UnsafeRawPointer(x)
    var sums = SIMD8<Float>.zero
    var i = 0
    while i &+ 8 <= count {
      unsafe sums += raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
      i &+= 8
    }
    var total = sums.sum()
    while i < count {
      unsafe total += x[i]
      i &+= 1
    }
    return total
  }

  private static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    let raw = unsafe UnsafeRawPointer(x)
    var sums = SIMD8<Float>.zero
    var i = 0
    while i &+ 8 <= count {
      let values = unsafe raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
      sums.addProduct(values, values)
      i &+= 8
    }
    var total = sums.sum()
    while i < count {
      unsafe total += x[i] * x[i]
      i &+= 1
    }
    return total
  }
}
