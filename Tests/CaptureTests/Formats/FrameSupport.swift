import Imaging
import Testing

@testable import Capture

/// SplitMix64: the same numbers everywhere.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}

let limited601 = ColorEncoding(matrix: .bt601, range: .limited)
let full601 = ColorEncoding(matrix: .bt601, range: .full)
let everyEncoding = [
  limited601, full601, ColorEncoding(matrix: .bt709, range: .limited), ColorEncoding(matrix: .bt709, range: .full),
  ColorEncoding(matrix: .bt2020, range: .limited), ColorEncoding(matrix: .bt2020, range: .full),
]

/// Sizes around the kernels' blocks of 16 and 32 columns, down to one pixel.
let awkwardSizes = [(1, 1), (2, 2), (3, 1), (5, 4), (16, 3), (31, 5), (32, 2), (33, 7), (47, 3), (66, 6), (100, 9)]

/// The region as a picture: converted at every level, which must agree, and equal to the crop of the whole picture.
func converted(
  _ layout: FrameLayout, _ bytes: [UInt8], wantsGray: Bool = false, region: PixelRect? = nil,
  location: SourceLocation = #_sourceLocation
) throws -> AnyImage {
  let plain = try FrameConverter(layout, wantsGray: wantsGray, region: region, level: 0)
  let image = try plain.convert(bytes)
  for level: Int32 in [1, 2] {
    let other = try FrameConverter(layout, wantsGray: wantsGray, region: region, level: level)
    #expect(try other.convert(bytes) == image, "level \(level), \(layout)", sourceLocation: location)
  }
  if region == nil {
    var generator = Seeded(state: UInt64(layout.width * 1000 + layout.height))
    for _ in 0..<3 {
      let x = Int.random(in: 0..<layout.width, using: &generator)
      let y = Int.random(in: 0..<layout.height, using: &generator)
      let rect = PixelRect(
        x: x, y: y, width: .random(in: 1...layout.width - x, using: &generator),
        height: .random(in: 1...layout.height - y, using: &generator))
      let part = try converted(layout, bytes, wantsGray: wantsGray, region: rect, location: location)
      #expect(part == image.cropped(rect), "region \(rect), \(layout)", sourceLocation: location)
    }
  }
  return image
}

extension AnyImage {
  var rgb: Image<RGB8>? { if case .rgb8(let image) = self { image } else { nil } }
  var gray: Image<Gray8>? { if case .gray8(let image) = self { image } else { nil } }
  var deepGray: Image<Gray16>? { if case .gray16(let image) = self { image } else { nil } }
  var deepRGB: Image<RGB16>? { if case .rgb16(let image) = self { image } else { nil } }
}

/// Y'CbCr to R'G'B' by the definition (ITU-R BT.601, BT.709, BT.2020), 0...255, clamped, not rounded.
func exact(_ y: UInt8, _ u: UInt8, _ v: UInt8, _ encoding: ColorEncoding) -> [Double] {
  let (kr, kb): (Double, Double) =
    switch encoding.matrix {
    case .bt601: (0.299, 0.114)
    case .bt709: (0.2126, 0.0722)
    case .bt2020: (0.2627, 0.0593)
    }
  let isFull = encoding.range == .full
  let luma = isFull ? Double(y) / 255 : (Double(y) - 16) / 219
  let cb = (Double(u) - 128) / (isFull ? 255 : 224), cr = (Double(v) - 128) / (isFull ? 255 : 224)
  let red = luma + 2 * (1 - kr) * cr
  let blue = luma + 2 * (1 - kb) * cb
  let green = (luma - kr * red - kb * blue) / (1 - kr - kb)
  return [red, green, blue].map { min(max($0 * 255, 0), 255) }
}

/// The largest difference of a picture from what `expected` says for each pixel.
func largestDifference(_ image: Image<RGB8>, _ expected: (Int, Int) -> [Double]) -> Double {
  var worst = 0.0
  for y in 0..<image.height {
    for x in 0..<image.width {
      let pixel = image[x, y], wanted = expected(x, y)
      for (value, want) in zip([pixel.red, pixel.green, pixel.blue], wanted) {
        worst = max(worst, abs(Double(value) - want))
      }
    }
  }
  return worst
}
