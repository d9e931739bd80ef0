import Glibc

/// Files written whole or not at all, without Foundation.
enum ModelFile {
  /// Protocol buffers end at 2 GiB.
  static let largest = Int(Int32.max)

  static func write(_ bytes: [UInt8], to path: String) throws(GraphError) {
    try write(to: path) { (put: ([UInt8]) throws(GraphError) -> Void) throws(GraphError) in try put(bytes) }
  }

  /// Writes what `body` gives it beside the target and renames, so that a reader sees the old file or the whole new one.
  static func write(
    to path: String, _ body: (_ put: ([UInt8]) throws(GraphError) -> Void) throws(GraphError) -> Void
  ) throws(GraphError) {
    let temporary = path + ".partial"
    let descriptor = unsafe temporary.withCString { unsafe open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw failure(path) }
    do throws(GraphError) {
      try body { (bytes: [UInt8]) throws(GraphError) in
        var done = 0
        while done < bytes.count {
          let put = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done)
          }
          if put < 0 && errno == EINTR { continue }
          guard put > 0 else { throw failure(path) }
          done += put
        }
      }
      guard fsync(descriptor) == 0 else { throw failure(path) }
    } catch {
      close(descriptor)
      unsafe unlink(temporary)
      throw error
    }
    close(descriptor)
    guard unsafe rename(temporary, path) == 0 else {
      let error = failure(path)
      unsafe unlink(temporary)
      throw error
    }
  }

  static func failure(_ path: String) -> GraphError {
    let code = errno
    return .file(path: path, code: code, reason: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "unknown")
  }
}
