import Imaging
import Testing

@testable import Capture

struct YUVTests {
  /// Y, Cb and Cr of a pixel, by the layouts' definitions in the kernel's documentation.
  private func sample(
    _ bytes: [UInt8], _ layout: FrameLayout, _ x: Int, _ y: Int
  ) -> (UInt8, UInt8, UInt8) {
    let width = layout.width, height = layout.height, half = (width + 1) / 2
    let stride: (Int) -> Int = { layout.bytesPerLine == 0 ? $0 : layout.bytesPerLine }
    switch "\(layout.format)" {
    case "YUYV", "YVYU", "UYVY", "VYUY":
      let group = y * stride(4 * half) + x / 2 * 4
      let name = Array("\(layout.format)")
      let first = name.firstIndex(of: "Y")!, u = name.firstIndex(of: "U")!, v = name.firstIndex(of: "V")!
      return (bytes[group + first + x % 2 * 2], bytes[group + u], bytes[group + v])
    case "NV12", "NV21", "NV16", "NV61":
      let shift = layout.format == .nv12 || layout.format == .nv21 ? 1 : 0
      let isSwapped = layout.format == .nv21 || layout.format == .nv61
      let line = stride(width), chroma = line * height + (y >> shift) * max(line, 2 * half) + x / 2 * 2
      return (bytes[y * line + x], bytes[chroma + (isSwapped ? 1 : 0)], bytes[chroma + (isSwapped ? 0 : 1)])
    default:
      let shift = layout.format == .yuv422p ? 0 : 1
      let line = stride(width), chromaLine = (line + 1) / 2, rows = (height + (1 << shift) - 1) >> shift
      let place = (y >> shift) * chromaLine + x / 2
      let first = bytes[line * height + place], second = bytes[line * height + chromaLine * rows + place]
      return layout.format == .yvu420
        ? (bytes[y * line + x], second, first) : (bytes[y * line + x], first, second)
    }
  }

  static let formats: [PixelFormat] = [
    .yuyv, .uyvy, .yvyu, .vyuy, .nv12, .nv21, .nv16, .nv61, .yuv420, .yvu420, .yuv422p,
  ]

  @Test(arguments: formats) func everySizeAgreesWithTheDefinition(_ format: PixelFormat) throws {
    var generator = Seeded(state: 1)
    for (index, (width, height)) in awkwardSizes.enumerated() {
      for padding in [0, 1, 12] {
        let encoding = everyEncoding[(index + padding) % everyEncoding.count]
        let isPacked = [.yuyv, .uyvy, .yvyu, .vyuy].contains(format)
        let tight = isPacked ? (width + 1) / 2 * 4 : width
        var layout = FrameLayout(
          format: format, width: width, height: height, bytesPerLine: padding == 0 ? 0 : tight + padding,
          encoding: encoding)
        let least = try FrameConverter(layout).leastBytes
        layout.byteCount = least + 100
        let bytes = generator.bytes(least)
        let image = try #require(try converted(layout, bytes).rgb)
        #expect(image.width == width && image.height == height)
        let error = largestDifference(image) { x, y in
          let (luma, u, v) = sample(bytes, layout, x, y)
          return exact(luma, u, v, encoding)
        }
        #expect(error <= 0.56, "\(layout)")

        let gray = try #require(try converted(layout, bytes, wantsGray: true).gray)
        for y in 0..<height {
          for x in 0..<width {
            let luma = exact(sample(bytes, layout, x, y).0, 128, 128, encoding)[0]
            #expect(abs(Double(gray[x, y]) - luma) <= 0.52)
          }
        }
        // One byte less is no whole frame; padding up to the announced size is none of its business.
        #expect(throws: FrameError(.short(bytes: least - 1, needed: least))) {
          try FrameConverter(layout).convert(bytes.dropLast())
        }
        #expect(try FrameConverter(layout).convert((bytes + generator.bytes(100))) == .rgb8(image))
        #expect(throws: FrameError(.overlong(bytes: least + 101, limit: least + 100))) {
          try FrameConverter(layout).convert((bytes + generator.bytes(101)))
        }
      }
    }
  }

  /// Every luma with every Cb and Cr of a grid, through all encodings: extremes and clamping included.
  @Test(arguments: everyEncoding) func wholeRange(_ encoding: ColorEncoding) throws {
    var bytes: [UInt8] = []
    let grid = (0...17).map { UInt8($0 * 15) }
    for u in grid {
      for v in grid {
        for y in 0..<128 { bytes += [UInt8(2 * y), u, UInt8(2 * y + 1), v] }
      }
    }
    let layout = FrameLayout(format: .yuyv, width: 256, height: grid.count * grid.count, encoding: encoding)
    let image = try #require(try converted(layout, bytes).rgb)
    let error = largestDifference(image) { x, y in exact(UInt8(x), grid[y / grid.count], grid[y % grid.count], encoding)
    }
    #expect(error <= 0.56)
  }

  // The Y'CbCr of the eight bars at 75 % and 100 % (limited range), by the definition:
  //   import cv2, numpy as np
  //   yuyv = np.array([[[235,128],[235,128],[162,44],[162,142],[131,156],[131,44],[112,72],[112,58]]], np.uint8)
  //   cv2.cvtColor(yuyv, cv2.COLOR_YUV2RGB_YUY2)                                        # OpenCV 5.0.0
  @Test func barsAsOpenCVHasThem() throws {
    let bytes: [UInt8] = [235, 128, 235, 128, 162, 44, 162, 142, 131, 156, 131, 44, 112, 72, 112, 58]
    let expected: [[Double]] = [
      [255, 255, 255], [255, 255, 255], [192, 191, 0], [192, 191, 0], [0, 191, 190], [0, 191, 190], [0, 191, 0],
      [0, 191, 0],
    ]
    let layout = FrameLayout(format: .yuyv, width: 8, height: 1, encoding: limited601)
    let image = try #require(try converted(layout, bytes).rgb)
    #expect(largestDifference(image) { x, _ in expected[x] } <= 1)
  }
}

struct ColorEncodingTests {
  private func encoding(
    _ format: PixelFormat, _ colorspace: UInt32, _ encoding: UInt32 = 0, _ range: UInt32 = 0
  ) -> ColorEncoding {
    ColorEncoding(format: format, colorspace: colorspace, ycbcrEncoding: encoding, quantization: range)
  }

  @Test func defaultsAreThoseOfTheKernel() {
    // sRGB, SMPTE 170M, and no word at all.
    for space: UInt32 in [0, 1, 8, 9, 11] { #expect(encoding(.yuyv, space) == limited601) }
    #expect(encoding(.yuyv, 3) == ColorEncoding(matrix: .bt709, range: .limited))
    #expect(encoding(.yuyv, 12) == ColorEncoding(matrix: .bt709, range: .limited))
    #expect(encoding(.nv12, 10) == ColorEncoding(matrix: .bt2020, range: .limited))
    #expect(encoding(.yuyv, 7) == full601)
    #expect(encoding(.yuyv, 3, 1, 1) == full601)
    #expect(encoding(.yuyv, 8, 2) == ColorEncoding(matrix: .bt709, range: .limited))
    #expect(encoding(.yuyv, 8, 6, 1) == ColorEncoding(matrix: .bt2020, range: .full))
    #expect(encoding(.rgb24, 8).range == .full)
    #expect(encoding(.rgb24, 8, 0, 2).range == .limited)
    #expect(encoding(.srggb10, 11).range == .full)
    #expect(encoding(.grey, 8).range == .full)
    #expect(encoding(.y12, 8, 0, 2).range == .limited)
  }
}
