import Imaging
import Testing

@Suite struct PNGTests {
  static let kinds: [(PNGWriter.ColorType, Int)] = [
    (.gray, 1), (.gray, 2), (.gray, 4), (.gray, 8), (.gray, 16), (.rgb, 8), (.rgb, 16), (.palette, 1), (.palette, 2),
    (.palette, 4), (.palette, 8), (.grayAlpha, 8), (.grayAlpha, 16), (.rgba, 8), (.rgba, 16),
  ]
  /// Sizes where passes of the interlaced form are empty or end in the middle of a byte.
  static let sizes = [(1, 1), (2, 3), (5, 5), (8, 8), (9, 4), (33, 17)]

  /// A raw sample below `1 << depth`.
  static func raw(_ x: Int, _ y: Int, _ channel: Int, _ depth: Int) -> Int {
    (x * 2731 + y * 977 + channel * 4099 + x * y * 13) & (1 << depth - 1)
  }

  static func scaled(_ value: Int, _ depth: Int) -> Int {
    depth == 16 ? value : value * 255 / (1 << depth - 1)
  }

  @Test("every depth, color type and interlacing", arguments: kinds, [false, true])
  func reads(_ kind: (PNGWriter.ColorType, Int), interlaced: Bool) throws {
    let (type, depth) = kind
    let palette = (0..<1 << min(depth, 8)).flatMap { (index: Int) -> [UInt8] in
      [UInt8(index), UInt8(255 - index), UInt8(index * 7 & 255)]
    }
    for (width, height) in Self.sizes {
      let writer = PNGWriter(
        width: width, height: height, depth: depth, type: type, isInterlaced: interlaced,
        palette: type == .palette ? palette : [])
      let file = writer.file { Self.raw($0, $1, $2, depth) }
      let decoded = try ImageFile.decode(bytes: file, name: "test")
      func value(_ x: Int, _ y: Int, _ channel: Int) -> Int { Self.scaled(Self.raw(x, y, channel, depth), depth) }
      func rgb(_ x: Int, _ y: Int) -> RGB8 {
        let index = Self.raw(x, y, 0, depth)
        return RGB8(palette[index * 3], palette[index * 3 + 1], palette[index * 3 + 2])
      }
      let expected: AnyImage =
        switch (type, depth) {
        case (.gray, 16): .gray16(makeImage(width, height) { UInt16(value($0, $1, 0)) })
        case (.gray, _): .gray8(makeImage(width, height) { UInt8(value($0, $1, 0)) })
        case (.palette, _): .rgb8(makeImage(width, height) { rgb($0, $1) })
        case (.rgb, 16):
          .rgb16(
            makeImage(width, height) { x, y in
              RGB16(UInt16(value(x, y, 0)), UInt16(value(x, y, 1)), UInt16(value(x, y, 2)))
            })
        case (.rgb, _):
          .rgb8(
            makeImage(width, height) { x, y in
              RGB8(UInt8(value(x, y, 0)), UInt8(value(x, y, 1)), UInt8(value(x, y, 2)))
            })
        case (.grayAlpha, 16), (.rgba, 16):
          .rgba16(
            makeImage(width, height) { x, y in
              let c = (0..<4).map { UInt16(value(x, y, type == .rgba ? $0 : $0 / 3)) }
              return RGBA16(c[0], c[1], c[2], c[3])
            })
        case (.grayAlpha, _), (.rgba, _):
          .rgba8(
            makeImage(width, height) { x, y in
              let c = (0..<4).map { UInt8(value(x, y, type == .rgba ? $0 : $0 / 3)) }
              return RGBA8(c[0], c[1], c[2], c[3])
            })
        }
      #expect(decoded.image == expected, "\(width) x \(height)")
      #expect(decoded.format == .png)
      #expect(decoded.source == ImageSize(width: width, height: height))
    }
  }

  @Test func transparentColorOfGrayAndRGB() throws {
    var writer = PNGWriter(width: 5, height: 4, depth: 4, type: .gray, transparency: [0, 7])
    let gray = try ImageFile.decode(bytes: writer.file { x, y, _ in (x + y * 3) & 15 }, name: "test").image
    let expected: Image<RGBA8> = makeImage(5, 4) { x, y in
      let value = (x + y * 3) & 15
      return RGBA8(UInt8(value * 17), UInt8(value * 17), UInt8(value * 17), value == 7 ? 0 : 255)
    }
    #expect(gray == .rgba8(expected))

    writer = PNGWriter(width: 3, height: 3, depth: 16, type: .rgb, transparency: [0, 1, 0, 2, 0, 3])
    let color = try ImageFile.decode(bytes: writer.file { x, y, c in x == y ? c + 1 : 500 + x }, name: "test").image
    guard case .rgba16(let image) = color else {
      Issue.record("not 16-bit RGBA")
      return
    }
    #expect(image[1, 1] == RGBA16(1, 2, 3, 0))
    #expect(image[2, 1] == RGBA16(502, 502, 502, 65535))
  }

  @Test func transparentPaletteEntries() throws {
    let writer = PNGWriter(
      width: 4, height: 1, depth: 2, type: .palette, palette: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      transparency: [0, 128])
    let image = try ImageFile.decode(bytes: writer.file { x, _, _ in x }, name: "test").image
    let expected = [RGBA8(1, 2, 3, 0), RGBA8(4, 5, 6, 128), RGBA8(7, 8, 9, 255), RGBA8(10, 11, 12, 255)]
    #expect(image == .rgba8(Image(width: 4, height: 1, pixels: expected)))
  }

  @Test("the orientation in an eXIf chunk", arguments: 1...8)
  func orientation(_ value: Int) throws {
    let picture = sampleGray(3, 2)
    let exif: [UInt8] = [
      0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(value), 0, 0, 0, 0, 0, 0,
    ]
    let file = PNGWriter(width: 3, height: 2, depth: 8, type: .gray, exif: exif)
      .file { x, y, _ in Int(picture[x, y]) }
    // Exif 2.32: where row 0 and column 0 of the stored picture are when it is upright.
    let expected: Image<UInt8> =
      switch value {
      case 1: picture
      case 2: makeImage(3, 2) { picture[2 - $0, $1] }
      case 3: makeImage(3, 2) { picture[2 - $0, 1 - $1] }
      case 4: makeImage(3, 2) { picture[$0, 1 - $1] }
      case 5: makeImage(2, 3) { picture[$1, $0] }
      case 6: makeImage(2, 3) { picture[$1, 1 - $0] }
      case 7: makeImage(2, 3) { picture[2 - $1, 1 - $0] }
      default: makeImage(2, 3) { picture[2 - $1, $0] }
      }
    let decoded = try ImageFile.decode(bytes: file, name: "test")
    #expect(decoded.image == .gray8(expected))
    #expect(decoded.source == ImageSize(width: expected.width, height: expected.height))
    let stored = try ImageFile.decode(bytes: file, name: "test", options: DecodeOptions(appliesOrientation: false))
    #expect(stored.image == .gray8(picture))
    #expect(stored.source == ImageSize(width: 3, height: 2))
  }

  @Test func wrongChecksumIsAnError() {
    var file = PNGWriter(width: 4, height: 4, depth: 8, type: .gray).file { x, y, _ in x * y }
    file[50] ^= 1
    guard case .failure(let error) = attempt(file), case .corrupt(.png, _) = error.reason else {
      Issue.record("accepted a file with a wrong checksum")
      return
    }
  }
}
