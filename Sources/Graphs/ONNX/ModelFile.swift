import Glibc

/// Whole files in and out, without Foundation.
enum ModelFile {
  /// Protocol buffers end at 2 GiB.
  static let largest = Int(Int32.max)

  static func read(_ path: String) throws(GraphError) -> [UInt8] {
    let descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .file(path: path, code: 0, reason: "it is not a regular file")
    }
    guard status.st_size > 0 else { throw .file(path: path, code: 0, reason: "it is empty") }
    guard status.st_size <= largest else {
      throw .file(path: path, code: 0, reason: "it is larger than the 2 GiB that ONNX files may have")
    }
    var failed = false
    let size = status.st_size
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = unsafe Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got <= 0 {
          failed = got < 0
          break
        }
        count += got
      }
    }
    if failed { throw failure(path) }
    guard bytes.count == size else {
      throw .file(path: path, code: 0, reason: "it became shorter while it was read")
    }
    return bytes
  }

  /// Writes beside the target and renames, so that a reader sees the old file or the whole new one.
  static func write(_ bytes: [UInt8], to path: String) throws(GraphError) {
    let temporary = path + ".partial"
    let descriptor = unsafe temporary.withCString { unsafe open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw failure(path) }
    var done = 0
    while done < bytes.count {
      let put = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      if put < 0 && errno == EINTR { continue }
      if put <= 0 { break }
      done += put
    }
    let whole = done == bytes.count && fsync(descriptor) == 0
    let error = failure(path)
    close(descriptor)
    guard whole else {
      unsafe unlink(temporary)
      throw error
    }
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
