import Glibc

extension Image where Pixel: InterleavedPixel {
  /// The image under a Gaussian blur, mirrored at its edges (`dcba|abcd|dcba`), cut off at 4 sigma; the numbers of
  /// SciPy's `gaussian_filter`. A sigma of 0 changes nothing.
  @specialized(where Pixel == UInt8)
  @specialized(where Pixel == UInt16)
  @specialized(where Pixel == Float)
  @specialized(where Pixel == RGB8)
  public func blurred(sigma: Double) -> Image {
    precondition(sigma >= 0 && sigma.isFinite, "sigma \(sigma) is not a blur")
    let radius = Int(4 * sigma + 0.5)
    guard radius > 0, width > 0, height > 0 else { return self }
    let kernel = gaussian(sigma, radius)
    let channels = Pixel.componentCount, rowLength = width * channels
    let height = height, width = width

    // Across: each row, extended by the mirrored edges, is added up shifted and weighed.
    var middle = [Float](repeating: 0, count: rowLength * height)
    var extended = [Float](repeating: 0, count: (width + 2 * radius) * channels)
    unsafe storage.withUnsafeBytes { bytes in
      let from = unsafe bytes.baseAddress!.assumingMemoryBound(to: Pixel.Component.self)
      unsafe middle.withUnsafeMutableBufferPointer { middle in
        unsafe extended.withUnsafeMutableBufferPointer { extended in
          for y in 0..<height {
            let row = unsafe from + y * rowLength
            for x in 0..<width + 2 * radius {
              let source = reflected(x - radius, width)
              for c in 0..<channels { unsafe extended[x * channels + c] = row[source * channels + c].asFloat }
            }
            unsafe add(
              kernel, extended.baseAddress!, step: channels, to: middle.baseAddress! + y * rowLength, rowLength)
          }
        }
      }
    }
    // Down: whole rows are added up the same way.
    var result = self
    var sum = [Float](repeating: 0, count: rowLength)
    unsafe result.storage.withUnsafeMutableBytes { bytes in
      let to = unsafe bytes.baseAddress!.assumingMemoryBound(to: Pixel.Component.self)
      unsafe middle.withUnsafeBufferPointer { middle in
        unsafe sum.withUnsafeMutableBufferPointer { sum in
          for y in 0..<height {
            unsafe sum.update(repeating: 0)
            for (tap, weight) in kernel.enumerated() {
              let row = unsafe middle.baseAddress! + reflected(y + tap - radius, height) * rowLength
              for x in 0..<rowLength { unsafe sum[x] += row[x] * weight }
            }
            let out = unsafe to + y * rowLength
            for x in 0..<rowLength { unsafe out[x] = Pixel.Component(nearest: sum[x]) }
          }
        }
      }
    }
    return result
  }
}

/// Weights of a Gaussian at -radius...radius, adding up to 1.
private func gaussian(_ sigma: Double, _ radius: Int) -> [Float] {
  let raw = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
  let sum = raw.reduce(0, +)
  return raw.map { Float($0 / sum) }
}

private func add(
  _ kernel: [Float], _ from: UnsafePointer<Float>, step: Int, to: UnsafeMutablePointer<Float>, _ count: Int
) {
  for (tap, weight) in kernel.enumerated() {
    let shifted = unsafe from + tap * step
    for x in 0..<count { unsafe to[x] += shifted[x] * weight }
  }
}

/// Folds an index into `0 ..< count`, mirroring with the edge repeated.
func reflected(_ index: Int, _ count: Int) -> Int {
  if index >= 0 && index < count { return index }
  var position = index % (2 * count)
  if position < 0 { position += 2 * count }
  return position < count ? position : 2 * count - 1 - position
}
