import Glibc

/// Reads a file line by line in bounded memory.
public enum LineReader {
  /// All of a file.
  public static func bytes(_ path: String) throws(DecisionLogError) -> [UInt8] {
    var bytes: [UInt8] = []
    try read(path: path) { line, isWhole in bytes += isWhole ? line + [0x0A] : line }
    return bytes
  }

  /// Calls `body` with each line, without its line feed, and whether it had one.
  ///
  /// - Throws: ``DecisionLogError``
  static func read(path: String, _ body: ([UInt8], Bool) -> Void) throws(DecisionLogError) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    defer { close(file) }
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(operation: "read", path: path, code: errno) }
      guard count > 0 else { break }
      var rest = chunk[..<count]
      while let end = rest.firstIndex(of: 0x0A) {
        line.append(contentsOf: rest[..<end])
        rest = rest[(end + 1)...]
        body(line, true)
        line.removeAll(keepingCapacity: true)
      }
      line.append(contentsOf: rest)
    }
    if !line.isEmpty { body(line, false) }
  }
}
