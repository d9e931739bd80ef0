import Imaging
import Samples

/// Smooth random shifts that move an outline about (Simard et al. 2003, doi 10.1109/ICDAR.2003.1227801), and all that
/// lies within it.
struct Bend {
  /// Pixels of a window, S x S.
  private let x: Image<Float>
  private let y: Image<Float>

  /// - Parameters:
  ///   - side: of the window, S.
  ///   - scale: pixels of the picture for each of the window: straight edges of large defects stay straight.
  ///   - strength: of what is usual.
  init(side: Int, scale: Double, strength share: Float = 1, _ random: inout SplitMix64) {
    let sigma = Double(side) / 8
    let strength = min(Float(side) / 20, 5 / Float(scale)) * random.unit() * share
    func field() -> Image<Float> {
      let noise = Image(width: side, height: side, pixels: (0..<side * side).map { _ in random.normal() })
      let smooth = noise.blurred(sigma: sigma)
      let deviation = (smooth.pixels.reduce(0) { $0 + $1 * $1 } / Float(side * side)).squareRoot()
      return smooth.map { $0 / max(deviation, 1e-6) * strength }
    }
    x = field()
    y = field()
  }

  /// A picture of the window, in its own pixels or some for each of them.
  ///
  /// - Parameter goesOn: whether its edge goes on beside it; else there is 0.
  func callAsFunction(_ image: Image<Float>, goesOn: Bool = false) -> Image<Float> {
    let side = image.width
    let times = Float(side) / Float(x.width)
    let (shiftX, shiftY) = (x.resized(width: side, height: side).pixels, y.resized(width: side, height: side).pixels)
    let from = image.pixels
    var pixels = [Float](repeating: 0, count: side * side)
    func value(_ x: Int, _ y: Int) -> Float {
      if x >= 0 && y >= 0 && x < side && y < side { return from[y * side + x] }
      return !goesOn ? 0 : from[min(max(y, 0), side - 1) * side + min(max(x, 0), side - 1)]
    }
    for row in 0..<side {
      for column in 0..<side {
        let at = row * side + column
        let (u, v) = (Float(column) + shiftX[at] * times, Float(row) + shiftY[at] * times)
        let (left, top) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
        let (a, b) = (u - Float(left), v - Float(top))
        pixels[at] =
          (value(left, top) * (1 - a) + value(left + 1, top) * a) * (1 - b)
          + (value(left, top + 1) * (1 - a) + value(left + 1, top + 1) * a) * b
      }
    }
    return Image(width: side, height: side, pixels: pixels)
  }
}
