import Testing

@testable import Imaging

@Suite struct ResamplerTests {
  /// Channels, source size, target size, filter, CRC-32 of Pillow 13's bytes:
  ///
  /// ```python
  /// import zlib, numpy as np
  /// from PIL import Image
  /// def sample(w, h, c):
  ///     x, y, k = np.meshgrid(np.arange(w), np.arange(h), np.arange(c))
  ///     a = ((x*7 + y*13 + x*y*3 + k*50) % 256).astype(np.uint8)
  ///     return Image.fromarray(a[:, :, 0] if c == 1 else a)
  /// F = {"nearest": Image.NEAREST, "box": Image.BOX, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC,
  ///      "lanczos3": Image.LANCZOS}
  /// print(f"{zlib.crc32(np.asarray(sample(w, h, c).resize((W, H), F[name])).tobytes()):08X}")
  /// ```
  static let pillow: [(Int, Int, Int, Int, Int, ResampleFilter, UInt32)] = [
    (1, 37, 23, 16, 9, .nearest, 0x8152C50F), (1, 37, 23, 16, 9, .box, 0xE73FD4CB),
    (1, 37, 23, 16, 9, .bilinear, 0x1BDDDB8C), (1, 37, 23, 16, 9, .bicubic, 0x5C1559DD),
    (1, 37, 23, 16, 9, .lanczos3, 0x77D8F809), (1, 37, 23, 80, 61, .nearest, 0x47B0A741),
    (1, 37, 23, 80, 61, .box, 0x47B0A741), (1, 37, 23, 80, 61, .bilinear, 0xD1F51B33),
    (1, 37, 23, 80, 61, .bicubic, 0x207B1A75), (1, 37, 23, 80, 61, .lanczos3, 0xE0438AD3),
    (1, 200, 200, 128, 128, .nearest, 0x619D8943), (1, 200, 200, 128, 128, .box, 0x3AA6799B),
    (1, 200, 200, 128, 128, .bilinear, 0x99361573), (1, 200, 200, 128, 128, .bicubic, 0xD61353A0),
    (1, 200, 200, 128, 128, .lanczos3, 0xE1B71AC4), (1, 5, 3, 11, 7, .nearest, 0x557B3094),
    (1, 5, 3, 11, 7, .box, 0x557B3094), (1, 5, 3, 11, 7, .bilinear, 0xC3CA5481),
    (1, 5, 3, 11, 7, .bicubic, 0x8C1888F4), (1, 5, 3, 11, 7, .lanczos3, 0x41DBEA9C),
    (1, 61, 40, 90, 12, .nearest, 0x192C9309), (1, 61, 40, 90, 12, .box, 0x28907C64),
    (1, 61, 40, 90, 12, .bilinear, 0xE45FC5FF), (1, 61, 40, 90, 12, .bicubic, 0x45CE2481),
    (1, 61, 40, 90, 12, .lanczos3, 0x0128A774), (1, 100, 7, 33, 20, .nearest, 0xF367ABB4),
    (1, 100, 7, 33, 20, .box, 0xBB817D13), (1, 100, 7, 33, 20, .bilinear, 0x0F265A55),
    (1, 100, 7, 33, 20, .bicubic, 0xF4D08503), (1, 100, 7, 33, 20, .lanczos3, 0x1C7A0456),
    (1, 1, 1, 5, 4, .nearest, 0x0FD59B8D), (1, 1, 1, 5, 4, .box, 0x0FD59B8D), (1, 1, 1, 5, 4, .bilinear, 0x0FD59B8D),
    (1, 1, 1, 5, 4, .bicubic, 0x0FD59B8D), (1, 1, 1, 5, 4, .lanczos3, 0x0FD59B8D),
    (3, 37, 23, 16, 9, .nearest, 0x696C869D), (3, 37, 23, 16, 9, .box, 0x69B40A8B),
    (3, 37, 23, 16, 9, .bilinear, 0x8A66863E), (3, 37, 23, 16, 9, .bicubic, 0x3706583B),
    (3, 37, 23, 16, 9, .lanczos3, 0xA5AF77F4), (3, 37, 23, 80, 61, .nearest, 0xAEB844FE),
    (3, 37, 23, 80, 61, .box, 0xAEB844FE), (3, 37, 23, 80, 61, .bilinear, 0x3267D2E4),
    (3, 37, 23, 80, 61, .bicubic, 0xF3DB8228), (3, 37, 23, 80, 61, .lanczos3, 0xB80CDD9F),
    (3, 200, 200, 128, 128, .nearest, 0xEEDF2F90), (3, 200, 200, 128, 128, .box, 0x5F2FC6CA),
    (3, 200, 200, 128, 128, .bilinear, 0xD3267CE5), (3, 200, 200, 128, 128, .bicubic, 0x3363815E),
    (3, 200, 200, 128, 128, .lanczos3, 0xD6AF7B42), (3, 5, 3, 11, 7, .nearest, 0xB9C91D76),
    (3, 5, 3, 11, 7, .box, 0xB9C91D76), (3, 5, 3, 11, 7, .bilinear, 0xBD42A9B0),
    (3, 5, 3, 11, 7, .bicubic, 0xE76C4E42), (3, 5, 3, 11, 7, .lanczos3, 0x1EC8E269),
    (3, 61, 40, 90, 12, .nearest, 0x43E755DC), (3, 61, 40, 90, 12, .box, 0x226BDA66),
    (3, 61, 40, 90, 12, .bilinear, 0xB24AC7F0), (3, 61, 40, 90, 12, .bicubic, 0xD03CA354),
    (3, 61, 40, 90, 12, .lanczos3, 0x3D2BA085), (3, 100, 7, 33, 20, .nearest, 0xC0CA3051),
    (3, 100, 7, 33, 20, .box, 0xCAB30C16), (3, 100, 7, 33, 20, .bilinear, 0x6E737E5C),
    (3, 100, 7, 33, 20, .bicubic, 0x3ABA962E), (3, 100, 7, 33, 20, .lanczos3, 0x3290D5E1),
    (3, 1, 1, 5, 4, .nearest, 0xF23B8FAB), (3, 1, 1, 5, 4, .box, 0xF23B8FAB), (3, 1, 1, 5, 4, .bilinear, 0xF23B8FAB),
    (3, 1, 1, 5, 4, .bicubic, 0xF23B8FAB), (3, 1, 1, 5, 4, .lanczos3, 0xF23B8FAB),
    (4, 37, 23, 16, 9, .bilinear, 0x351F6257), (4, 37, 23, 16, 9, .lanczos3, 0x6B87EBE3),
    (4, 37, 23, 80, 61, .bilinear, 0x0302E81F), (4, 37, 23, 80, 61, .lanczos3, 0x7AAB96BC),
    (4, 200, 200, 128, 128, .bilinear, 0x6AB3907F), (4, 200, 200, 128, 128, .lanczos3, 0x101B7F6E),
    (4, 5, 3, 11, 7, .bilinear, 0x32A942FC), (4, 5, 3, 11, 7, .lanczos3, 0xB8CA527B),
    (4, 61, 40, 90, 12, .bilinear, 0x88F572F3), (4, 61, 40, 90, 12, .lanczos3, 0xD0215E9B),
    (4, 100, 7, 33, 20, .bilinear, 0x0EFA3BA1), (4, 100, 7, 33, 20, .lanczos3, 0x1227E258),
    (4, 1, 1, 5, 4, .bilinear, 0x0E08FC01), (4, 1, 1, 5, 4, .lanczos3, 0x0E08FC01),
  ]

  @Test("the bytes of Pillow", arguments: pillow.indices)
  func matchesPillow(_ index: Int) {
    let (channels, width, height, newWidth, newHeight, filter, crc) = Self.pillow[index]
    let result =
      switch channels {
      case 1: crc32(sampleGray(width, height).resized(width: newWidth, height: newHeight, filter: filter))
      case 3: crc32(sampleRGB(width, height).resized(width: newWidth, height: newHeight, filter: filter))
      default: crc32(sampleRGBA(width, height).resized(width: newWidth, height: newHeight, filter: filter))
      }
    #expect(result == crc, "\(Self.pillow[index])")
  }

  @Test("every kernel gives the bytes of plain C", arguments: ResampleFilter.allCases)
  func kernelsAgree(_ filter: ResampleFilter) {
    var random = SplitMix64(seed: 3)
    func byte() -> UInt8 { UInt8.random(in: 0...255, using: &random) }
    for (width, height) in [(1, 1), (2, 2), (3, 9), (8, 4), (17, 5), (33, 13), (64, 21)] {
      let gray = makeImage(width, height) { _, _ in byte() }
      let rgb = makeImage(width, height) { _, _ in RGB8(byte(), byte(), byte()) }
      let rgba = makeImage(width, height) { _, _ in RGBA8(byte(), byte(), byte(), 255) }
      for (newWidth, newHeight) in [(1, 1), (2, 7), (5, 5), (16, 3), (40, 40), (65, 12)] {
        func resampler(_ level: Int32) -> Resampler {
          Resampler(
            source: ImageSize(width: width, height: height), target: ImageSize(width: newWidth, height: newHeight),
            filter: filter, region: nil, level: level)
        }
        let plain = resampler(0)
        for level: Int32 in 1...2 {
          let wide = resampler(level)
          #expect(wide.resized(gray) == plain.resized(gray))
          #expect(wide.resized(rgb) == plain.resized(rgb))
          #expect(wide.resized(rgba) == plain.resized(rgba))
        }
      }
    }
  }

  @Test func reuseGivesTheSameAsFresh() {
    let resampler = Resampler(
      source: ImageSize(width: 20, height: 14), target: ImageSize(width: 9, height: 11), filter: .bilinear)
    for _ in 0..<2 {
      #expect(resampler.resized(sampleGray(20, 14)) == sampleGray(20, 14).resized(width: 9, height: 11))
      #expect(resampler.resized(sampleRGB(20, 14)) == sampleRGB(20, 14).resized(width: 9, height: 11))
      let plane = sampleGray(20, 14).plane()
      #expect(resampler.resized(plane) == plane.resized(width: 9, height: 11))
    }
  }

  @Test("a region at its own size is a crop", arguments: [(0, 0), (3, 0), (0, 2), (5, 6)])
  func region(_ x: Int, _ y: Int) {
    let picture = sampleRGB(20, 14)
    let rect = PixelRect(x: x, y: y, width: 11, height: 7)
    let crop = Resampler(
      source: ImageSize(width: 20, height: 14), target: ImageSize(width: 11, height: 7), filter: .lanczos3, region: rect
    )
    #expect(crop.resized(picture) == picture.cropped(rect))
    let enlarged = Resampler(
      source: ImageSize(width: 20, height: 14), target: ImageSize(width: 33, height: 21), filter: .nearest, region: rect
    )
    #expect(enlarged.resized(picture) == picture.cropped(rect).resized(width: 33, height: 21, filter: .nearest))
  }

  /// With `sample` from above: `f = np.asarray(sample(37, 23, 1)).astype(np.float32) * 257`, then
  /// `o = np.asarray(Image.fromarray(f).resize((W, H), F[name]))` at (0, 0), (W-1, 0), (W//2, H//2), (3, H-1), (W-1, H-1).
  @Test(
    "floating point and 16 bits against Pillow's floating point",
    arguments: [
      (16, 9, ResampleFilter.bilinear, [5680.09, 45502.45, 34981.39, 33939.06, 34435.45]),
      (16, 9, .lanczos3, [4210.83, 47381.71, 35324.96, 35186.8, 35045.64]),
      (50, 31, .bilinear, [0.0, 64764.0, 28218.6, 46920.49, 25186.0]),
      (50, 31, .lanczos3, [-255.79, 68110.45, 28080.52, 48259.08, 24554.71]),
    ])
  func floatingPoint(_ width: Int, _ height: Int, _ filter: ResampleFilter, _ expected: [Double]) {
    let source = sampleGray(37, 23).map { Float($0) * 257 }
    let plane = source.resized(width: width, height: height, filter: filter)
    let deep = source.map { UInt16($0) }.resized(width: width, height: height, filter: filter)
    let places = [
      (0, 0), (width - 1, 0), (width / 2, height / 2), (3, height - 1), (width - 1, height - 1),
    ]
    for ((x, y), value) in zip(places, expected) {
      #expect(abs(Double(plane[x, y]) - value) < 0.05)
      #expect(abs(Double(deep[x, y]) - min(max(value, 0), 65535)) <= 0.55)
    }
  }

  @Test func flatImagesStayFlat() {
    for filter in ResampleFilter.allCases {
      for value: UInt8 in [0, 1, 127, 254, 255] {
        let result = Image(width: 31, height: 29, repeating: value).resized(width: 77, height: 13, filter: filter)
        #expect(result.pixels.allSatisfy { $0 == value })
      }
    }
  }
}
