import Imaging
import Testing

/// Files as they come from broken disks, full cards and cut cables: an error each, never a crash, never half a picture.
@Suite struct DamageTests {
  /// Whole files of each format, small enough to try every cut.
  static let files: [(name: String, bytes: [UInt8])] = [
    ("gray.png", PNGWriter(width: 9, height: 7, depth: 8, type: .gray).file { x, y, _ in x * y }),
    (
      "interlaced.png",
      PNGWriter(width: 9, height: 7, depth: 16, type: .rgba, isInterlaced: true).file { x, y, c in x * y * c }
    ),
    ("gray.jpg", JPEGSamples.gray.bytes),
    ("color.jpg", JPEGSamples.color.bytes),
    ("progressive.jpg", JPEGSamples.progressive.bytes),
    ("cmyk.jpg", JPEGSamples.cmyk.bytes),
    ("gray.bmp", BMPWriter(width: 8, height: 5, bits: 8, palette: (0..<256).map { ($0, $0, $0) }).file { $0 * $1 }),
    ("color.bmp", BMPWriter(width: 8, height: 5, bits: 24).file { $0 * $1 << 8 }),
    (
      "strips.tif",
      TIFFWriter(width: 9, height: 7, bits: 8, samples: 3, photometric: 2, rowsPerStrip: 2).file { x, y, c in x * y + c
      }
    ),
    (
      "tiles.tif",
      TIFFWriter(width: 17, height: 7, bits: 16, samples: 1, photometric: 1, isBigEndian: true, tile: 16).file {
        x, y, _ in x * y
      }
    ),
  ]

  @Test("every shorter length is an error", arguments: files.indices)
  func truncated(_ index: Int) {
    let file = Self.files[index]
    for length in 0..<file.bytes.count {
      if case .success = attempt(Array(file.bytes[..<length])) {
        Issue.record("\(file.name): accepted \(length) of \(file.bytes.count) bytes")
      }
    }
  }

  @Test("flipped bits never crash, and never change the size beyond the limit", arguments: files.indices)
  func flipped(_ index: Int) {
    var random = SplitMix64(seed: UInt64(index))
    let file = Self.files[index].bytes
    let options = DecodeOptions(pixelLimit: 1_000_000)
    for _ in 0..<300 {
      var bytes = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      }
      if case .success(let decoded) = attempt(bytes, options: options) {
        #expect(decoded.image.width * decoded.image.height <= 1_000_000)
      }
    }
  }

  @Test func flippedBitsInCompressedGrayAreNoticedByPNG() {
    // Every chunk carries a checksum, so that any flip but in the signature's neighbours is seen.
    var random = SplitMix64(seed: 7)
    let file = Self.files[0].bytes
    for _ in 0..<300 {
      var bytes = file
      let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      if case .success = attempt(bytes) { Issue.record("accepted a flip of bit \(bit)") }
    }
  }

  @Test func emptyAndUnknown() {
    #expect(throws: ImageError(name: "x", reason: .empty)) { try ImageFile.decode(bytes: [], name: "x") }
    for bytes in [[0], Array("GIF89a".utf8), Array("<html>".utf8), [0x89, 0x50, 0x4E, 0x47]] as [[UInt8]] {
      #expect(throws: ImageError(name: "x", reason: .unknownFormat)) { try ImageFile.decode(bytes: bytes, name: "x") }
    }
  }

  @Test func hugeHeadersAreRefusedBeforeAnythingIsAllocated() {
    let side = 60_000
    var jpeg = JPEGSamples.gray.bytes
    let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }!
    for (offset, value) in [(5, side >> 8), (6, side & 255), (7, side >> 8), (8, side & 255)] {
      jpeg[frame + offset] = UInt8(value)
    }
    var tiff = TIFFWriter(width: 9, height: 7, bits: 8, samples: 1, photometric: 1)
    let small = tiff.file { _, _, _ in 0 }
    (tiff.width, tiff.height) = (side, side)
    // Only the two entries of the directory differ.
    let directory = Int(small[4]) | Int(small[5]) << 8
    var bigTIFF = small
    for entry in 0..<2 {
      for byte in 0..<4 { bigTIFF[directory + 2 + entry * 12 + 8 + byte] = UInt8(side >> (byte * 8) & 255) }
    }
    let headers: [[UInt8]] = [
      PNGWriter.signature + PNGWriter(width: side, height: side, depth: 8, type: .rgb).header()
        + PNGWriter.chunk("IDAT", PNGWriter.stored([0])) + PNGWriter.chunk("IEND", []),
      jpeg, bigTIFF, BMPWriter(width: side, height: side, bits: 24).file(data: [0, 0, 0, 0]),
    ]
    for header in headers {
      #expect(throws: ImageError(name: "x", reason: .tooManyPixels(width: side, height: side, limit: 200_000_000))) {
        try ImageFile.decode(bytes: header, name: "x")
      }
      guard case .failure(let error) = attempt(header, options: DecodeOptions(pixelLimit: .max)),
        case .impossibleSize(side, side, header.count) = error.reason
      else {
        Issue.record("a small file passed for \(side) x \(side) pixels")
        continue
      }
    }
  }

  @Test func limitCountsPixels() throws {
    let file = PNGWriter(width: 10, height: 10, depth: 8, type: .gray).file { _, _, _ in 0 }
    _ = try attempt(file, options: DecodeOptions(pixelLimit: 100)).get()
    #expect(throws: ImageError.self) { try attempt(file, options: DecodeOptions(pixelLimit: 99)).get() }
  }

  /// What the fuzzer found slow or new, and its seeds: read or refused, but never more.
  @Test func corpus() {
    var accepted = 0
    let names = names(in: fuzzCorpus)
    for name in names {
      let result = Result { () throws(ImageError) in
        try ImageFile.load(path: fuzzCorpus + "/" + name, options: DecodeOptions(pixelLimit: 4_000_000))
      }
      if case .success(let decoded) = result {
        #expect(decoded.image.width > 0)
        accepted += 1
      }
    }
    #expect(accepted >= 13 && accepted < names.count)
  }
}

/// `Tests/Fuzz/corpus`, next to this target's folder.
let fuzzCorpus =
  #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/Fuzz/corpus"
