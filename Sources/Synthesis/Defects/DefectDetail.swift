import Imaging

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A real defect in its window, with as many pixels as it has itself: what draws that are like it start from.
struct DefectDetail: Sendable {
  /// Logarithm of the defect's factor, (times x S) x (times x S).
  var appearance: Planes
  /// 0...1, of the same size.
  var cover: Image<Float>
  /// Pixels for each of the window's.
  var times: Int

  /// - Parameters:
  ///   - side: of the window.
  ///   - most: pixels for each of the window's at most; then large defects lose some detail.
  init(_ defect: RealDefect, side: Int, most: Int = 4) {
    // Twice as many pixels as the defect has: it is turned, bent and put on a part, and each time resampled.
    let scale = DefectWindow(defect, side: side).scale
    times = 2
    while times < most && scale > Double(times) { times *= 2 }
    let window = DefectWindow(defect, side: side, times: times)
    appearance = window.appearance
    cover = window.cover
  }

  /// As a card keeps it: planes and then the cover, a byte a pixel.
  var data: Data {
    var data = Data()
    for plane in appearance.planes { data += plane.pixels.map(Self.byte) }
    return data + cover.pixels.map { UInt8(min(max($0 * 255, 0), 255).rounded()) }
  }

  /// - Returns: nil for data of no fitting size.
  init?(_ data: Data, channels: Int, side: Int) {
    guard let times = Self.times(data, channels: channels, side: side) else { return nil }
    let bytes = Array(data)
    let fine = side * times
    func plane(_ index: Int, _ value: (UInt8) -> Float) -> Image<Float> {
      Image(width: fine, height: fine, pixels: bytes[index * fine * fine..<(index + 1) * fine * fine].map(value))
    }
    appearance = Planes((0..<channels).map { plane($0, Self.level) })
    cover = plane(channels) { Float($0) / 255 }
    self.times = times
  }

  /// What ``times`` was of ``data``; nil where that has no fitting size.
  static func times(_ data: Data, channels: Int, side: Int) -> Int? {
    [2, 4].first { data.count == (channels + 1) * side * side * $0 * $0 }
  }

  /// A logarithm of a factor as a byte, finer near 0, where eyes are.
  static func byte(_ value: Float) -> UInt8 {
    let share = min(max(value / GeneratorConfiguration.bound, -1), 1)
    let root = share.magnitude.squareRoot()
    return UInt8((128 + (share < 0 ? -root : root) * 127).rounded())
  }

  static func level(_ byte: UInt8) -> Float {
    let root = (Float(byte) - 128) / 127
    return root * root.magnitude * GeneratorConfiguration.bound
  }
}
