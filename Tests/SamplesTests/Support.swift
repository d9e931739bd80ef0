import Glibc
import Imaging
import Testing

@testable import Samples

/// A folder that exists for one test.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    var template = Array("/tmp/samples-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
      guard let name = unsafe mkdtemp(buffer.baseAddress!) else { return nil }
      return unsafe String(cString: name)
    }
    path = try #require(made)
  }

  func write(_ text: String, _ name: String) throws {
    try write(Array(text.utf8), name)
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    let file = Files.join(path, name)
    try Files.makeFolders(Files.parent(file))
    try Files.write(bytes, to: file)
  }

  /// Files `name-0.png`... with contents that differ by folder and number.
  func fill(_ folder: String, _ count: Int, prefix: String = "part") throws {
    for index in 0..<count { try write("\(folder) \(index)", "\(folder)/\(prefix)-\(index).png") }
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in (try? Files.list(path)) ?? [] { remove(Files.join(path, name)) }
      _ = unsafe rmdir(path)
    } else {
      _ = unsafe unlink(path)
    }
  }
}

/// Real surfaces beside the package, or in the folder that `ASSAY_TEST_DATA` names, where a developer has them.
enum RealData {
  static let folder = unsafe getenv("ASSAY_TEST_DATA").map { unsafe String(cString: $0) } ?? "../shared/data"
  static let neu = folder + "/neu-surface"
  static let tiles = folder + "/magnetic-tile"
  static var hasNEU: Bool { Files.kind(neu) == .directory }
  static var hasTiles: Bool { Files.kind(tiles) == .directory }
}

/// A grey picture as a BMP file, the simplest format there is.
func bmp(_ image: Image<UInt8>) -> [UInt8] {
  func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> (8 * $0) & 255) } }
  let stride = (image.width * 3 + 3) / 4 * 4
  var bytes = Array("BM".utf8) + little(54 + stride * image.height, 4) + little(0, 4) + little(54, 4)
  bytes += little(40, 4) + little(image.width, 4) + little(image.height, 4) + little(1, 2) + little(24, 2)
  bytes += little(0, 4) + little(stride * image.height, 4) + little(2835, 4) + little(2835, 4) + little(0, 8)
  for y in (0..<image.height).reversed() {
    var row: [UInt8] = []
    for x in 0..<image.width { row += Array(repeating: image[x, y], count: 3) }
    bytes += row + [UInt8](repeating: 0, count: stride - row.count)
  }
  return bytes
}

/// A grey picture of smooth random levels.
func picture(_ width: Int, _ height: Int, seed: UInt64) -> Image<UInt8> {
  var random = SplitMix64(seed: seed)
  let noise = LatticeNoise(&random)
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width { pixels.append(UInt8(noise(Float(x) * 0.2, Float(y) * 0.2) * 255)) }
  }
  return Image(width: width, height: height, pixels: pixels)
}

/// A mask with one rectangle.
func rectangle(_ width: Int, _ height: Int, x: Range<Int>, y: Range<Int>) -> Image<UInt8> {
  var pixels: [UInt8] = []
  for row in 0..<height {
    for column in 0..<width { pixels.append(x.contains(column) && y.contains(row) ? 255 : 0) }
  }
  return Image(width: width, height: height, pixels: pixels)
}
