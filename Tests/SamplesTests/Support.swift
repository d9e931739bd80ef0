import Glibc
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
