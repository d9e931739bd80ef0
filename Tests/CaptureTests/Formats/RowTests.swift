import Imaging
import Testing

@testable import Capture

/// RGB of all widths, and grey.
struct RowTests {
  /// Which byte of a pixel is red, green and blue.
  private static let byteOrders: [(PixelFormat, Int, [Int])] = [
    (.rgb24, 3, [0, 1, 2]), (.bgr24, 3, [2, 1, 0]),
    (.bgr32, 4, [2, 1, 0]), (.xbgr32, 4, [2, 1, 0]), (.abgr32, 4, [2, 1, 0]),
    (.rgb32, 4, [1, 2, 3]), (.xrgb32, 4, [1, 2, 3]), (.argb32, 4, [1, 2, 3]),
    (.rgbx32, 4, [0, 1, 2]), (.rgba32, 4, [0, 1, 2]), (.bgrx32, 4, [3, 2, 1]), (.bgra32, 4, [3, 2, 1]),
  ]

  @Test func bytesOfRGB() throws {
    var generator = Seeded(state: 2)
    for (format, size, places) in Self.byteOrders {
      for (width, height) in awkwardSizes {
        for (padding, range) in [(0, ColorEncoding.Range.full), (5, .full), (3, .limited)] {
          let stride = width * size + padding
          let layout = FrameLayout(
            format: format, width: width, height: height, bytesPerLine: padding == 0 ? 0 : stride,
            encoding: ColorEncoding(matrix: .bt601, range: range))
          let bytes = generator.bytes(stride * height - padding)
          let image = try #require(try converted(layout, bytes).rgb)
          let error = largestDifference(image) { x, y in
            places.map { place in
              let value = Double(bytes[y * stride + x * size + place])
              return range == .full ? value : min(max((value - 16) * 255 / 219, 0), 255)
            }
          }
          #expect(range == .full ? error == 0 : error <= 0.5, "\(layout)")
        }
      }
    }
  }

  /// Shift and bits of red, green and blue, and whether the bytes are swapped.
  private static let wordLayouts: [(String, [(Int, Int)], Bool)] = [
    ("RGBP", [(11, 5), (5, 6), (0, 5)], false), ("RGBR", [(11, 5), (5, 6), (0, 5)], true),
    ("RGBO", [(10, 5), (5, 5), (0, 5)], false), ("RGBQ", [(10, 5), (5, 5), (0, 5)], true),
    ("XR15", [(10, 5), (5, 5), (0, 5)], false), ("AR15", [(10, 5), (5, 5), (0, 5)], false),
    ("RX15", [(11, 5), (6, 5), (1, 5)], false), ("RA15", [(11, 5), (6, 5), (1, 5)], false),
    ("XB15", [(0, 5), (5, 5), (10, 5)], false), ("AB15", [(0, 5), (5, 5), (10, 5)], false),
    ("BX15", [(1, 5), (6, 5), (11, 5)], false), ("BA15", [(1, 5), (6, 5), (11, 5)], false),
    ("XR15-BE", [(10, 5), (5, 5), (0, 5)], true), ("AR15-BE", [(10, 5), (5, 5), (0, 5)], true),
  ]

  @Test func wordsOfRGB() throws {
    for (name, places, isSwapped) in Self.wordLayouts {
      let format = try #require(PixelFormat(name))
      // All 65536 words.
      let bytes = (0..<65536).flatMap { word -> [UInt8] in
        let pair = [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
        return isSwapped ? pair.reversed() : pair
      }
      let layout = FrameLayout(format: format, width: 256, height: 256, encoding: full601)
      let image = try #require(try converted(layout, bytes).rgb)
      let error = largestDifference(image) { x, y in
        places.map { shift, bits in
          let largest = 1 << bits - 1
          return Double((y << 8 | x) >> shift & largest) * 255 / Double(largest)
        }
      }
      #expect(error < 0.5, "\(name)")
    }
  }

  @Test func grayIsTakenAsItIs() throws {
    var generator = Seeded(state: 3)
    for (width, height) in awkwardSizes {
      let bytes = generator.bytes((width + 3) * height)
      var layout = FrameLayout(
        format: .grey, width: width, height: height, bytesPerLine: width + 3, encoding: full601)
      let image = try #require(try converted(layout, bytes).gray)
      for y in 0..<height {
        for x in 0..<width { #expect(image[x, y] == bytes[y * (width + 3) + x]) }
      }
      layout.encoding.range = .limited
      let wide = try #require(try converted(layout, bytes).gray)
      for y in 0..<height {
        for x in 0..<width {
          let exact = min(max((Double(bytes[y * (width + 3) + x]) - 16) * 255 / 219, 0), 255)
          #expect(abs(Double(wide[x, y]) - exact) <= 0.52)
        }
      }
    }
  }

  @Test(arguments: [("Y10", 10), ("Y12", 12), ("Y14", 14), ("Y16", 16), ("Y16-BE", 16)])
  func deepGraySpansTheFullRange(_ name: String, _ bits: Int) throws {
    let format = try #require(PixelFormat(name))
    let bytes = (0..<65536).flatMap { word -> [UInt8] in
      let pair = [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
      return format.isBigEndian ? pair.reversed() : pair
    }
    var layout = FrameLayout(format: format, width: 256, height: 256, encoding: full601)
    let image = try #require(try converted(layout, bytes).deepGray)
    let largest = 1 << bits - 1
    for (word, value) in image.pixels.enumerated() {
      let exact = Double(min(word, largest)) * 65535 / Double(largest)
      // The lower bits repeat the upper ones: within one step of the camera's.
      #expect(abs(Double(value) - exact) < Double(1 << (16 - bits)))
    }
    #expect(image.pixels[0] == 0)
    #expect(image.pixels[largest] == 65535)
    layout.encoding.range = .limited
    let wide = try #require(try converted(layout, bytes).deepGray)
    for (full, value) in zip(image.pixels, wide.pixels) {
      let exact = min(max((Double(full) - 16 * 257) * 255 / 219, 0), 65535)
      #expect(abs(Double(value) - exact) <= 0.6)
    }
  }

  @Test func packedDeepGray() throws {
    // 4 samples: their upper 8 bits, then the lower two bits of each, the first lowest.
    let samples = [0, 1023, 0b10_0100_1101, 0b01_1011_0010, 512, 3]
    let bytes: [UInt8] = [0, 255, 0b1001_0011, 0b0110_1100, 0b1001_1100, 128, 0, 0, 0, 0b0000_1100]
    let layout = FrameLayout(format: .y10p, width: 6, height: 1, encoding: full601)
    let image = try #require(try converted(layout, bytes).deepGray)
    #expect(image.pixels.map(Int.init) == samples.map { $0 << 6 | $0 >> 4 })
  }
}
