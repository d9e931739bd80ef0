import Imaging
import Testing

@Suite struct BMPTests {
  @Test("indexed colors, bottom-up and top-down", arguments: [1, 2, 4, 8], [1, -1])
  func indexed(_ bits: Int, _ direction: Int) throws {
    let palette = (0..<1 << bits).map { ($0 * 3 % 256, 255 - $0, $0 * 7 % 256) }
    for (width, height) in [(1, 1), (7, 3), (9, 5), (33, 2)] {
      func index(_ x: Int, _ y: Int) -> Int { (x * 31 + y * 17) & (1 << bits - 1) }
      let writer = BMPWriter(width: width, height: height * direction, bits: bits, palette: palette)
      let image = try ImageFile.read(bytes: writer.file(index))
      let expected: Image<RGB8> = makeImage(width, height) { x, y in
        let (red, green, blue) = palette[index(x, y)]
        return RGB8(UInt8(red), UInt8(green), UInt8(blue))
      }
      #expect(image == .rgb8(expected))
    }
  }

  @Test func greyPaletteComesOutGrey() throws {
    let writer = BMPWriter(width: 5, height: 4, bits: 8, palette: (0..<256).map { ($0, $0, $0) })
    let image = try ImageFile.read(bytes: writer.file { x, y in x * 50 + y })
    #expect(image == .gray8(makeImage(5, 4) { UInt8($0 * 50 + $1) }))
  }

  @Test("direct colors", arguments: [24, 32])
  func direct(_ bits: Int) throws {
    for headerSize in [12, 40, 108, 124] where headerSize > 12 || bits == 24 {
      let writer = BMPWriter(width: 5, height: 3, bits: bits, headerSize: headerSize)
      let image = try ImageFile.read(bytes: writer.file { x, y in (x << 16) | (y << 8) | 200 })
      #expect(image == .rgb8(makeImage(5, 3) { RGB8(UInt8($0), UInt8($1), 200) }))
    }
  }

  @Test func sixteenBitsWithAndWithoutFields() throws {
    let plain = BMPWriter(width: 2, height: 1, bits: 16)
    let five = try ImageFile.read(bytes: plain.file { x, _ in x == 0 ? 31 << 10 | 16 << 5 | 1 : 0x7FFF })
    #expect(five == .rgb8(Image(width: 2, height: 1, pixels: [RGB8(255, 132, 8), RGB8(255, 255, 255)])))

    let fields = BMPWriter(
      width: 2, height: 1, bits: 16, compression: 3, headerSize: 40, masks: [0xF800, 0x07E0, 0x001F])
    let six = try ImageFile.read(bytes: fields.file { x, _ in x == 0 ? 31 << 11 | 32 << 5 | 1 : 0 })
    #expect(six == .rgb8(Image(width: 2, height: 1, pixels: [RGB8(255, 130, 8), RGB8(0, 0, 0)])))
  }

  @Test func thirtyTwoBitsWithAlpha() throws {
    let writer = BMPWriter(
      width: 2, height: 1, bits: 32, compression: 3, headerSize: 108,
      masks: [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0xFF00_0000])
    let image = try ImageFile.read(bytes: writer.file { x, _ in x == 0 ? 0x8001_0203 : 0xFF0A_0B0C })
    #expect(image == .rgba8(Image(width: 2, height: 1, pixels: [RGBA8(1, 2, 3, 128), RGBA8(10, 11, 12, 255)])))
  }

  @Test func runLengths() throws {
    let palette = (0..<256).map { ($0, $0, $0) }
    let eight = BMPWriter(width: 6, height: 3, bits: 8, compression: 1, palette: palette)
    // A run, a literal of three with padding, the end of the row; a jump; a run; the end.
    let data: [UInt8] = [3, 9, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 1, 4, 7, 0, 1]
    let image = try ImageFile.read(bytes: eight.file(data: data))
    #expect(
      image == .gray8(Image(width: 6, height: 3, pixels: [0, 0, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 9, 9, 9, 1, 2, 3])))

    let four = BMPWriter(width: 5, height: 2, bits: 4, compression: 2, palette: Array(palette[..<16]))
    let nibbles = try ImageFile.read(bytes: four.file(data: [5, 0x12, 0, 0, 0, 5, 0x34, 0x56, 0x70, 0, 0, 1]))
    #expect(nibbles == .gray8(Image(width: 5, height: 2, pixels: [3, 4, 5, 6, 7, 1, 2, 1, 2, 1])))
  }

  @Test(
    "run lengths that go wrong",
    arguments: [
      [7, 9, 0, 1], [0, 7, 1, 2, 3, 4, 5, 6, 7, 0, 0, 1], [3, 9], [0, 2, 7, 0, 0, 1], [0, 2, 0, 4, 0, 1], [0, 5, 1, 2],
      [0, 0, 0, 0, 0, 0, 1, 1, 0, 1],
    ] as [[UInt8]])
  func badRunLengths(_ data: [UInt8]) {
    let writer = BMPWriter(width: 6, height: 3, bits: 8, compression: 1, palette: (0..<256).map { ($0, $0, $0) })
    guard case .failure(let error) = attempt(writer.file(data: data)), case .corrupt(.bmp, _) = error.reason else {
      Issue.record("accepted \(data)")
      return
    }
  }

  @Test func colorsOutsideThePaletteAreRefused() {
    let writer = BMPWriter(width: 2, height: 1, bits: 8, palette: [(0, 0, 0), (255, 255, 255)])
    guard case .failure(let error) = attempt(writer.file { x, _ in x * 2 }) else {
      Issue.record("accepted")
      return
    }
    #expect(error.reason == .corrupt(.bmp, detail: "color 2 of a palette of 2"))
  }
}
