import Imaging
import Testing

@Suite struct TIFFTests {
  static func raw(_ x: Int, _ y: Int, _ channel: Int, _ bits: Int) -> Int {
    (x * 2731 + y * 977 + channel * 4099 + x * y * 13) & (1 << bits - 1)
  }

  /// How blocks are laid out.
  static func layouts(_ writer: TIFFWriter) -> [TIFFWriter] {
    var all: [TIFFWriter] = []
    for isBigEndian in [false, true] {
      for isPlanar in [false, true] {
        for block in 0..<3 {
          var layout = writer
          layout.isBigEndian = isBigEndian
          layout.isPlanar = isPlanar
          if block == 1 { layout.rowsPerStrip = 5 }
          if block == 2 { layout.tile = 16 }
          all.append(layout)
        }
      }
    }
    return all
  }

  @Test("grey of every depth, both ways round", arguments: [1, 2, 4, 8, 10, 12, 14, 16], [0, 1])
  func gray(_ bits: Int, _ photometric: Int) throws {
    for writer in Self.layouts(TIFFWriter(width: 21, height: 19, bits: bits, samples: 1, photometric: photometric)) {
      let decoded = try ImageFile.decode(bytes: writer.file { Self.raw($0, $1, $2, bits) }, name: "test")
      let top = bits > 8 ? 65535 : 255, most = 1 << bits - 1
      func value(_ x: Int, _ y: Int) -> Int {
        let value = (Self.raw(x, y, 0, bits) * top + most / 2) / most
        return photometric == 0 ? top - value : value
      }
      let expected: AnyImage =
        bits > 8
        ? .gray16(makeImage(21, 19) { UInt16(value($0, $1)) }) : .gray8(makeImage(21, 19) { UInt8(value($0, $1)) })
      #expect(decoded.image == expected)
      #expect(decoded.format == .tiff)
    }
  }

  @Test("RGB and RGBA", arguments: [8, 16], [3, 4])
  func color(_ bits: Int, _ samples: Int) throws {
    var base = TIFFWriter(width: 21, height: 19, bits: bits, samples: samples, photometric: 2)
    if samples == 4 { base.extraSample = 2 }
    for writer in Self.layouts(base) {
      let image = try ImageFile.read(bytes: writer.file { Self.raw($0, $1, $2, bits) })
      func pixel<C: FixedWidthInteger>(_ x: Int, _ y: Int) -> [C] { (0..<4).map { C(Self.raw(x, y, $0, bits)) } }
      let expected: AnyImage =
        switch (bits, samples) {
        case (8, 3):
          .rgb8(
            makeImage(21, 19) { x, y in
              let c: [UInt8] = pixel(x, y)
              return RGB8(c[0], c[1], c[2])
            })
        case (8, _):
          .rgba8(
            makeImage(21, 19) { x, y in
              let c: [UInt8] = pixel(x, y)
              return RGBA8(c[0], c[1], c[2], c[3])
            })
        case (_, 3):
          .rgb16(
            makeImage(21, 19) { x, y in
              let c: [UInt16] = pixel(x, y)
              return RGB16(c[0], c[1], c[2])
            })
        default:
          .rgba16(
            makeImage(21, 19) { x, y in
              let c: [UInt16] = pixel(x, y)
              return RGBA16(c[0], c[1], c[2], c[3])
            })
        }
      #expect(image == expected)
    }
  }

  @Test("palettes", arguments: [1, 2, 4, 8])
  func palette(_ bits: Int) throws {
    let count = 1 << bits
    let palette = (0..<3).flatMap { channel in (0..<count).map { ($0 * 77 + channel * 50) % 256 * 257 } }
    for writer in Self.layouts(
      TIFFWriter(width: 21, height: 19, bits: bits, samples: 1, photometric: 3, palette: palette))
    {
      let image = try ImageFile.read(bytes: writer.file { Self.raw($0, $1, $2, bits) })
      let expected: Image<RGB8> = makeImage(21, 19) { x, y in
        let index = Self.raw(x, y, 0, bits)
        return RGB8(
          UInt8(palette[index] >> 8), UInt8(palette[count + index] >> 8), UInt8(palette[2 * count + index] >> 8))
      }
      #expect(image == .rgb8(expected))
    }
  }

  @Test func greyWithAlphaAndPremultipliedColor() throws {
    var writer = TIFFWriter(width: 2, height: 1, bits: 8, samples: 2, photometric: 1, extraSample: 2)
    let gray = try ImageFile.read(bytes: writer.file { x, _, c in 100 + x * 10 + c })
    #expect(
      gray == .rgba8(Image(width: 2, height: 1, pixels: [RGBA8(100, 100, 100, 101), RGBA8(110, 110, 110, 111)])))

    writer = TIFFWriter(width: 2, height: 1, bits: 8, samples: 4, photometric: 2, extraSample: 1)
    let color = try ImageFile.read(bytes: writer.file { x, _, c in x == 0 ? [50, 100, 20, 100][c] : 0 })
    #expect(color == .rgba8(Image(width: 2, height: 1, pixels: [RGBA8(128, 255, 51, 100), RGBA8(0, 0, 0, 0)])))
  }

  @Test func orientationTag() throws {
    let writer = TIFFWriter(width: 3, height: 2, bits: 8, samples: 1, photometric: 1, orientation: 6)
    let decoded = try ImageFile.decode(bytes: writer.file { x, y, _ in x + 10 * y }, name: "test")
    #expect(decoded.image == .gray8(Image(width: 2, height: 3, pixels: [10, 0, 11, 1, 12, 2])))
    #expect(decoded.source == ImageSize(width: 2, height: 3))
  }

  /// Files of 17 x 13 pixels by Pillow 13, and the CRC-32 of what it reads back:
  ///
  /// ```python
  /// a = (np.add.outer(np.arange(13) * 7, np.arange(17) * 5) % 256).astype(np.uint8)
  /// C = Image.fromarray(np.stack([a, a[::-1], a[:, ::-1]], -1)); G = Image.fromarray(a); B = G.convert("1")
  /// for c in ("raw", "tiff_lzw", "packbits", "tiff_deflate"): C.save(c + ".tif", compression=c)
  /// for c in ("group3", "group4", "tiff_ccitt"): B.save(c + ".tif", compression=c)
  /// C.save("j.tif", compression="jpeg"); C.convert("CMYK").save("k.tif"); C.convert("RGBA").save("a.tif")
  /// G.save("g.tif"); C.convert("P").save("p.tif"); Image.fromarray(a.astype(np.uint16) * 200).save("16.tif")
  /// print(zlib.crc32(np.asarray(im).tobytes()))  # CMYK and P as RGB, 1 as L
  /// ```
  @Test(
    "compressions and color spaces",
    arguments: [
      ("raw", 0x444F_A14D), ("tiff_lzw", 0x444F_A14D), ("packbits", 0x444F_A14D), ("tiff_deflate", 0x444F_A14D),
      ("group3", 0x3BE3_8B13), ("group4", 0x3BE3_8B13), ("tiff_ccitt", 0x3BE3_8B13), ("j", 0xD651_9DC3),
      ("k", 0x444F_A14D), ("a", 0x37F9_CE2F), ("g", 0xB8F2_B291), ("p", 0x04D2_FB85), ("16", 0x20B2_2020),
    ] as [(String, UInt32)])
  func matchesPillow(_ name: String, _ crc: UInt32) throws {
    let found =
      switch try ImageFile.read(path: fuzzCorpus + "/" + name + ".tif") {
      case .gray8(let image): crc32(image)
      case .gray16(let image): crc32(image)
      case .rgb8(let image): crc32(image)
      case .rgba8(let image): crc32(image)
      case .rgb16(let image): crc32(image)
      case .rgba16(let image): crc32(image)
      }
    #expect(found == crc)
  }

  @Test func floatingPointSamplesAreRefused() {
    let writer = TIFFWriter(width: 2, height: 2, bits: 32, samples: 1, photometric: 1, sampleFormat: 3)
    guard case .failure(let error) = attempt(writer.file { _, _, _ in 0 }) else {
      Issue.record("accepted")
      return
    }
    #expect(
      error.description
        == "test: this kind of TIFF is not supported (32-bit samples that are not unsigned integers); "
        + "save it as 8-bit or 16-bit grey or RGB")
  }
}
