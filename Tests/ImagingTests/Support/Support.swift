import Glibc
import Imaging
import Testing

/// Steele, Lea and Flood 2014: a seeded generator, since the system's cannot be.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
}

/// CRC-32 as in PNG and `zlib.crc32`.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
}

/// An image's memory, row by row.
func bytes<Pixel>(of image: Image<Pixel>) -> [UInt8] {
  unsafe image.pixels.withUnsafeBytes { unsafe Array($0) }
}

func crc32<Pixel>(_ image: Image<Pixel>) -> UInt32 { crc32(bytes(of: image)) }

/// The test picture of the reference recipes: `(x * 7 + y * 13 + x * y * 3 + channel * 50) % 256`.
func sampleValue(_ x: Int, _ y: Int, _ channel: Int) -> UInt8 {
  UInt8((x * 7 + y * 13 + x * y * 3 + channel * 50) % 256)
}

func makeImage<Pixel>(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> Pixel) -> Image<Pixel> {
  Image(
    width: width, height: height,
    pixels: (0..<width * height).map { pixel($0 % width, $0 / width) })
}

func sampleGray(_ width: Int, _ height: Int) -> Image<Gray8> {
  makeImage(width, height) { sampleValue($0, $1, 0) }
}

func sampleRGB(_ width: Int, _ height: Int) -> Image<RGB8> {
  makeImage(width, height) { RGB8(sampleValue($0, $1, 0), sampleValue($0, $1, 1), sampleValue($0, $1, 2)) }
}

func sampleRGBA(_ width: Int, _ height: Int) -> Image<RGBA8> {
  makeImage(width, height) {
    RGBA8(sampleValue($0, $1, 0), sampleValue($0, $1, 1), sampleValue($0, $1, 2), sampleValue($0, $1, 3))
  }
}

/// A folder that goes away with its contents.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/assay-imaging-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "no temporary folder")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { unsafe unlink(path + "/" + name) }
    unsafe rmdir(path)
  }

  /// The names in the folder, sorted.
  var names: [String] { ImagingTests.names(in: path) }

  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = path + "/" + name
    try ImageFile.write(bytes, to: file)
    return file
  }
}

/// Decodes what may be anything: the picture, or the error. Crashing or hanging is what the caller tests against.
func attempt(_ bytes: [UInt8], options: DecodeOptions = .init()) -> Result<DecodedImage, ImageError> {
  Result { () throws(ImageError) in try ImageFile.decode(bytes: bytes, name: "test", options: options) }
}

func base64(_ text: String) -> [UInt8] {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var bytes: [UInt8] = [], bits: UInt32 = 0, count = 0
  for character in text.utf8 {
    guard let value = alphabet.firstIndex(of: character) else { continue }
    bits = bits << 6 | UInt32(value)
    count += 6
    if count >= 8 {
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
  }
  return bytes
}

/// The names in a folder, sorted.
func names(in path: String) -> [String] {
  guard let handle = unsafe opendir(path) else { return [] }
  defer { unsafe closedir(handle) }
  var names: [String] = []
  while let entry = unsafe readdir(handle) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}
