import Glibc

/// A folder of its own that is gone, with all that is in it, after the test.
public final class TestFolder {
  public let path: String

  public init() {
    var template = Array("/tmp/assay-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "cannot make a folder in /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(Array(path.utf8)) }

  /// Writes a file whose name need not be UTF-8, with the folders above it.
  public func write(_ bytes: [UInt8], _ name: [UInt8]) {
    var folder = Array(path.utf8)
    for part in name.split(separator: UInt8(ascii: "/")).dropLast() {
      folder += [UInt8(ascii: "/")] + part
      unsafe mkdir(Self.cString(folder), 0o755)
    }
    let file = unsafe open(Self.cString(Array((path + "/").utf8) + name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(file >= 0, "cannot write \(name)")
    unsafe bytes.withUnsafeBytes { _ = unsafe Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  public func write(_ bytes: [UInt8], _ name: String) { write(bytes, Array(name.utf8)) }

  /// All bytes of a file in the folder; none where there is none.
  public func contents(_ name: String) -> [UInt8] { Self.contents(path + "/" + name) }

  public func exists(_ name: String) -> Bool { unsafe access(path + "/" + name, F_OK) == 0 }

  public static func contents(_ path: String) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count <= 0 { return all }
      all += chunk[..<count]
    }
  }

  public static func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

  private static func remove(_ path: [UInt8]) {
    guard let folder = unsafe opendir(cString(path)) else {
      _ = unsafe unlink(cString(path))
      return
    }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(folder) {
      names.append(unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) })
    }
    _ = unsafe closedir(folder)
    for name in names where name != Array(".".utf8) && name != Array("..".utf8) {
      let child = path + [UInt8(ascii: "/")] + name
      var status = stat()
      let isFolder = unsafe lstat(cString(child), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      if isFolder { remove(child) } else { _ = unsafe unlink(cString(child)) }
    }
    _ = unsafe rmdir(cString(path))
  }
}
