internal import Imaging

/// A picture halved again and again; level 0 is the picture itself.
///
/// A position at level 0 over 2^k is the position at level k, in half-integer pixel centres.
struct Pyramid: Sendable {
  let base: Image<Gray8>
  /// Level k is `halves[k - 1]`.
  private(set) var halves: [Image<Float>] = []

  init(_ base: Image<Gray8>, levels: Int) {
    self.base = base
    guard levels > 0 else { return }
    halves.append(Pyramid.halved(base))
    while halves.count < levels { halves.append(Pyramid.halved(halves[halves.count - 1])) }
  }

  /// A level as floating point.
  func plane(_ level: Int) -> Image<Float> { level == 0 ? base.map { Float($0) } : halves[level - 1] }

  /// Means of 2 x 2 pixels; an odd last row or column is left out.
  private static func halved(_ image: Image<Gray8>) -> Image<Float> {
    let width = image.width / 2, height = image.height / 2
    let pixels = unsafe [Float](unsafeUninitializedCapacity: width * height) { to, count in
      unsafe image.pixels.withUnsafeBufferPointer { from in
        for y in 0..<height {
          let upper = unsafe from.baseAddress! + 2 * y * image.width, lower = unsafe upper + image.width
          let row = unsafe to.baseAddress! + y * width
          for x in 0..<width {
            let sum =
              unsafe UInt16(upper[2 &* x]) &+ UInt16(upper[2 &* x &+ 1]) &+ UInt16(lower[2 &* x])
              &+ UInt16(lower[2 &* x &+ 1])
            unsafe row[x] = Float(sum) * 0.25
          }
        }
      }
      count = width * height
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  static func halved(_ image: Image<Float>) -> Image<Float> {
    let width = image.width / 2, height = image.height / 2
    let pixels = unsafe [Float](unsafeUninitializedCapacity: width * height) { to, count in
      unsafe image.pixels.withUnsafeBufferPointer { from in
        for y in 0..<height {
          let upper = unsafe from.baseAddress! + 2 * y * image.width, lower = unsafe upper + image.width
          let row = unsafe to.baseAddress! + y * width
          for x in 0..<width {
            let top = unsafe upper[2 &* x] + upper[2 &* x &+ 1], bottom = unsafe lower[2 &* x] + lower[2 &* x &+ 1]
            unsafe row[x] = (top + bottom) * 0.25
          }
        }
      }
      count = width * height
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
