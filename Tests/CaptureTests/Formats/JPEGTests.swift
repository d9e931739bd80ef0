import Imaging
import Testing

@testable import Capture

struct JPEGTests {
  static let width = 80, height = 48

  /// Soft colors with hard edges and noise.
  static let picture: Image<RGB8> = {
    var generator = Seeded(state: 7)
    var pixels: [RGB8] = []
    for y in 0..<height {
      for x in 0..<width {
        let noise = Int(generator.next() % 16), box = x > 30 && x < 50 && y > 10 && y < 30 ? 90 : 0
        pixels.append(RGB8(UInt8(x * 2 + noise), UInt8(y * 3 + noise + box), UInt8(200 - x - noise)))
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }()

  static let file: [UInt8] = (try? picture.jpeg(quality: 90)) ?? []

  private func layout(_ count: Int = 1 << 20, format: PixelFormat = .mjpeg) -> FrameLayout {
    FrameLayout(format: format, width: Self.width, height: Self.height, byteCount: count, encoding: full601)
  }

  /// The file without its segments of kind `marker`.
  private func without(_ marker: UInt8, _ file: [UInt8]) -> [UInt8] {
    var kept = Array(file[0..<2])
    var at = 2
    while at + 4 <= file.count, file[at] == 0xFF, file[at + 1] != 0xDA {
      let length = 2 + Int(file[at + 2]) << 8 + Int(file[at + 3])
      if file[at + 1] != marker { kept += file[at..<at + length] }
      at += length
    }
    return kept + file[at...]
  }

  /// Where the entropy-coded data begins.
  private func dataStart(_ file: [UInt8]) -> Int {
    var at = 2
    while file[at + 1] != 0xDA { at += 2 + Int(file[at + 2]) << 8 + Int(file[at + 3]) }
    return at + 2 + Int(file[at + 2]) << 8 + Int(file[at + 3])
  }

  private func fault(_ bytes: [UInt8], _ layout: FrameLayout? = nil) -> FrameError.Reason? {
    do throws(FrameError) {
      _ = try FrameConverter(layout ?? self.layout()).convert(bytes)
      return nil
    } catch {
      return error.reason
    }
  }

  private func isCorrupt(_ bytes: [UInt8]) -> Bool {
    if case .corrupt = fault(bytes) { true } else { false }
  }

  @Test func decodesAsFilesAreDecoded() throws {
    let expected = try ImageFile.decode(bytes: Self.file, name: "file").image
    for format in [PixelFormat.mjpeg, .jpeg] {
      let converter = try FrameConverter(layout(format: format))
      #expect(converter.leastBytes == 0)
      #expect(try converter.convert(Self.file) == expected)
      // Drivers pad; the next frame must not see this one's tables.
      #expect(try converter.convert((Self.file + [UInt8](repeating: 0, count: 999))) == expected)
    }
    let gray = try FrameConverter(layout(), wantsGray: true).convert(Self.file)
    #expect(
      gray == (try ImageFile.decode(bytes: Self.file, name: "file", options: DecodeOptions(wantsGray: true)).image))
    #expect(gray.gray != nil)
  }

  @Test func regionsAndReducedSizes() throws {
    let whole = try FrameConverter(layout()).convert(Self.file)
    let odd = PixelRect(x: 13, y: 7, width: 31, height: 22)
    #expect(try FrameConverter(layout(), region: odd).convert(Self.file) == whole.cropped(odd))
    // No larger scale than whole pixels of the region allow.
    let target = ImageSize(width: 4, height: 4)
    #expect(try FrameConverter(layout(), target: target, region: odd).convert(Self.file) == whole.cropped(odd))
    for (scale, target) in [(1, 60), (2, 40), (2, 21), (4, 20), (4, 11), (8, 10), (8, 1)] {
      let options = DecodeOptions(target: ImageSize(width: 80 / scale, height: 48 / scale))
      let expected = try ImageFile.decode(bytes: Self.file, name: "file", options: options).image
      #expect(expected.width == 80 / scale)
      let converter = try FrameConverter(layout(), target: ImageSize(width: target, height: 1))
      #expect(try converter.convert(Self.file) == expected, "target \(target)")
      if scale == 4 {
        let part = PixelRect(x: 16, y: 8, width: 40, height: 40)
        let small = try FrameConverter(layout(), target: ImageSize(width: 10, height: 10), region: part)
        #expect(
          try small.convert(Self.file) == expected.cropped(PixelRect(x: 4, y: 2, width: 10, height: 10)))
      }
    }
  }

  @Test func huffmanTablesOfTheStandardAreAssumed() throws {
    let bare = without(0xC4, Self.file)
    #expect(bare.count < Self.file.count - 400)
    let converter = try FrameConverter(layout())
    #expect(try converter.convert(bare) == converter.convert(Self.file))
    // No quantisation tables: nothing to assume, also after a frame that had them.
    #expect(isCorrupt(without(0xDB, Self.file)))
    #expect(throws: FrameError.self) { try converter.convert(without(0xDB, Self.file)) }
  }

  @Test func cutOffAnywhereIsAnError() {
    for count in Array(stride(from: 1, to: Self.file.count, by: 97)) + [Self.file.count - 1, Self.file.count - 2] {
      let short = Array(Self.file.prefix(count))
      #expect(isCorrupt(short), "\(count) of \(Self.file.count) bytes")
      // The rest of the buffer may hold zeros, or what the last frame left there.
      #expect(isCorrupt(short + [UInt8](repeating: 0, count: Self.file.count - count)), "\(count) bytes, then zeros")
      #expect(isCorrupt(short + Self.file), "\(count) bytes, then a whole frame")
    }
    #expect(fault([]) == .short(bytes: 0, needed: 1))
  }

  @Test func damageIsAnError() {
    let start = dataStart(Self.file), count = Self.file.count
    // 200 bytes in the middle written over, as the emulated USB camera does.
    for shift in 0..<16 {
      var bytes = Self.file
      for at in count / 2 + shift..<min(count / 2 + shift + 200, count - 2) {
        bytes[at] = UInt8(truncatingIfNeeded: at * 37)
      }
      #expect(isCorrupt(bytes), "shift \(shift)")
    }
    // A block of the transfer lost.
    for at in stride(from: start + 10, to: count - 600, by: 97) {
      #expect(isCorrupt(Array(Self.file[..<at] + Self.file[(at + 512)...])), "512 bytes lost at \(at)")
    }
    // Not what was agreed.
    #expect(isCorrupt(Array("no picture at all, but text".utf8)))
    #expect(isCorrupt((try? Self.picture.png()) ?? []))
    var other = layout()
    other.width = 64
    #expect(
      fault(Self.file, other) == .corrupt(reason: "the JPEG has 80 x 48 pixels, not 64 x 48"))
    #expect(fault(Self.file, layout(100)) == .overlong(bytes: Self.file.count, limit: 100))
  }

  /// Some cameras fill the data up before the end marker; more than a few bytes are damage.
  @Test func fewStrayBytesBeforeTheEndAreAccepted() throws {
    let converter = try FrameConverter(layout())
    let whole = try converter.convert(Self.file)
    for count in [1, 2, 7, 16, 30, 100] {
      let bytes = Array(Self.file.dropLast(2)) + [UInt8](repeating: 0, count: count) + [0xFF, 0xD9]
      if count <= 16 {
        #expect(try converter.convert(bytes) == whole)
      } else {
        #expect(isCorrupt(bytes))
      }
    }
  }

  @Test func randomBytesNeverCrash() {
    var generator = Seeded(state: 8)
    for _ in 0..<400 {
      var bytes = Self.file
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8(truncatingIfNeeded: generator.next())
      }
      _ = fault(bytes)
      #expect(fault(Array(bytes.prefix(20)) + generator.bytes(300)) != nil)
    }
  }
}
