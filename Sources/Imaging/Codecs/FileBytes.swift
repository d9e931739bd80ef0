#if canImport(Glibc)
  import Glibc
#endif

/// An open file descriptor of a regular file; closed at the end of its life.
struct RegularFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  /// Bytes at the time of opening.
  let size: Int

  /// Opens a file for reading, and nothing else: a FIFO, a device or a directory is refused before it is opened,
  /// because opening some of them hangs or has effects.
  init(path: String) throws(ImageError) {
    try self.init(bytes: Array(path.utf8), path: path)
  }

  /// - Parameters:
  ///   - bytes: the path as the file system has it, which need not be UTF-8.
  ///   - path: what errors call it.
  init(bytes: [UInt8], path: String) throws(ImageError) {
    // A path with a zero byte would be opened as its beginning: another file.
    guard !bytes.contains(0) else { throw ImageError(name: path, reason: .missing) }
    let name = bytes.map { CChar(bitPattern: $0) } + [0]
    var info = stat()
    guard unsafe stat(name, &info) == 0 else { throw ImageError(name: path, reason: openingFailure(name, errno)) }
    try Self.check(info.st_mode, path)
    let descriptor = unsafe open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw ImageError(name: path, reason: openingFailure(name, errno)) }
    // The name may have been given to something else in between.
    let failure: ImageError?
    if unsafe fstat(descriptor, &info) != 0 {
      failure = ImageError(name: path, reason: .system(call: "fstat", code: errno))
    } else {
      failure = Self.refusal(info.st_mode, path)
    }
    if let failure {
      close(descriptor)
      throw failure
    }
    self.descriptor = descriptor
    self.path = path
    self.size = Int(info.st_size)
  }

  deinit { close(descriptor) }

  private static func check(_ mode: mode_t, _ path: String) throws(ImageError) {
    if let refusal = refusal(mode, path) { throw refusal }
  }

  private static func refusal(_ mode: mode_t, _ path: String) -> ImageError? {
    let kind: String
    switch mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: kind = "a directory"
    case S_IFIFO: kind = "a FIFO (named pipe)"
    case S_IFSOCK: kind = "a socket"
    case S_IFCHR, S_IFBLK: kind = "a device"
    default: kind = "a special file"
    }
    return ImageError(name: path, reason: .notRegular(kind: kind))
  }

  /// Up to `limit` bytes from the start.
  func read(limit: Int) throws(ImageError) -> [UInt8] {
    let wanted = min(size, limit)
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      while count < wanted {
        let got = unsafe pread(descriptor, buffer.baseAddress! + count, wanted - count, off_t(count))
        if got > 0 {
          count += got
        } else if got == 0 {
          break  // shortened meanwhile; the decoder sees what there is
        } else if errno != EINTR {
          failure = errno
          break
        }
      }
    }
    guard failure == 0 else { throw ImageError(name: path, reason: .system(call: "read", code: failure)) }
    return bytes
  }
}

private func openingFailure(_ path: [CChar], _ code: Int32) -> ImageError.Reason {
  switch code {
  case ENOENT, ENOTDIR:
    var target = [UInt8](repeating: 0, count: 4096)
    let length = unsafe target.withUnsafeMutableBytes { buffer in
      unsafe readlink(path, buffer.baseAddress!, buffer.count)
    }
    return length > 0 ? .brokenLink(target: String(decoding: target[..<length], as: UTF8.self)) : .missing
  case EACCES, EPERM: return .permissionDenied
  default: return .system(call: "open", code: code)
  }
}
