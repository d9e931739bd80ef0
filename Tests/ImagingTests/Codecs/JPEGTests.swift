import Imaging
import Testing

@Suite struct JPEGTests {
  @Test func matchesPillow() throws {
    let gray = try ImageFile.decode(bytes: JPEGSamples.gray.bytes, name: "test").image
    guard case .gray8(let picture) = gray else {
      Issue.record("a grey JPEG did not come out grey")
      return
    }
    #expect(crc32(picture) == JPEGSamples.gray.crc)
    for sample in [JPEGSamples.color, JPEGSamples.progressive, JPEGSamples.cmyk, JPEGSamples.ycck] {
      let decoded = try ImageFile.decode(bytes: sample.bytes, name: "test")
      guard case .rgb8(let picture) = decoded.image else {
        Issue.record("not RGB")
        continue
      }
      #expect(crc32(picture) == sample.crc)
      #expect(decoded.source == ImageSize(width: 17, height: 13))
      #expect(decoded.format == .jpeg)
    }
  }

  @Test func lumaOnlyIsCloseToTheLumaOfTheColors() throws {
    let options = DecodeOptions(wantsGray: true)
    let luma = try ImageFile.decode(bytes: JPEGSamples.color.bytes, name: "test", options: options).image
    let color = try ImageFile.read(bytes: JPEGSamples.color.bytes)
    #expect(luma.isGray)
    // Colors outside RGB are clamped on the way through it, so single pixels may differ by more.
    let differences = zip(luma.gray8().pixels, color.gray8().pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.reduce(0, +) <= 2 * differences.count)
  }

  @Test(
    "decodes smaller, but never below the target",
    arguments: [
      (640, 480, 1), (321, 100, 1), (320, 240, 2), (200, 240, 2), (160, 120, 4), (100, 20, 4), (80, 60, 8), (1, 1, 8),
    ])
  func scaled(_ width: Int, _ height: Int, _ denominator: Int) throws {
    let file = try Image(width: 640, height: 480, repeating: RGB8(9, 200, 80)).jpeg()
    let options = DecodeOptions(target: ImageSize(width: width, height: height))
    let decoded = try ImageFile.decode(bytes: file, name: "test", options: options)
    #expect(decoded.image.width == 640 / denominator)
    #expect(decoded.image.height == 480 / denominator)
    #expect(decoded.source == ImageSize(width: 640, height: 480))
  }

  @Test func scaledSidesAreRoundedUp() throws {
    let file = try sampleGray(101, 67).jpeg()
    let decoded = try ImageFile.decode(
      bytes: file, name: "test", options: DecodeOptions(target: ImageSize(width: 13, height: 9)))
    #expect(decoded.image.width == 13)
    #expect(decoded.image.height == 9)
  }

  @Test func orientationTurnsTargetAndSize() throws {
    let picture = sampleGray(64, 32).blurred(sigma: 2)
    let file = Self.withOrientation(6, try picture.jpeg(quality: 95))
    let upright = try ImageFile.decode(bytes: file, name: "test")
    let stored = try ImageFile.decode(bytes: file, name: "test", options: DecodeOptions(appliesOrientation: false))
    #expect(upright.source == ImageSize(width: 32, height: 64))
    #expect(upright.image.gray8() == stored.image.gray8().rotated(quarterTurns: 1))
    let half = try ImageFile.decode(
      bytes: file, name: "test", options: DecodeOptions(target: ImageSize(width: 16, height: 32)))
    #expect(half.image.width == 16)
    #expect(half.image.height == 32)
  }

  @Test func extraneousBytesOnlyWhenAllowed() throws {
    var file = JPEGSamples.gray.bytes
    // More than the decoder's bit buffer swallows.
    file.insert(contentsOf: [UInt8](repeating: 0, count: 16), at: file.count - 2)
    guard case .failure(let error) = attempt(file), case .corrupt(.jpeg, _) = error.reason else {
      Issue.record("accepted stray bytes")
      return
    }
    let decoded = try attempt(file, options: DecodeOptions(allowsExtraneousBytes: true)).get()
    #expect(crc32(decoded.image.gray8()) == JPEGSamples.gray.crc)
  }

  /// Puts Exif data with an orientation behind the start marker.
  static func withOrientation(_ value: UInt8, _ jpeg: [UInt8]) -> [UInt8] {
    let tiff: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0]
    let data = Array("Exif\0\0".utf8) + tiff
    return jpeg[..<2] + [0xFF, 0xE1, 0, UInt8(data.count + 2)] + data + jpeg[2...]
  }
}

extension ImageFile {
  static func read(bytes: [UInt8]) throws(ImageError) -> AnyImage { try decode(bytes: bytes, name: "test").image }
}
