import Glibc

extension ImageFile {
  /// Writes a file so that it appears whole or not at all: to a hidden neighbour first, which is then renamed.
  ///
  /// Devices (such as `/dev/stdout`) are written to directly.
  ///
  /// - Parameter isSynced: wait until the data is on the disk before renaming, so that it outlives a power cut.
  public static func write(_ bytes: [UInt8], to path: String, isSynced: Bool = false) throws(ImageError) {
    var info = stat()
    if unsafe stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG {
      guard info.st_mode & S_IFMT != S_IFDIR else {
        throw ImageError(name: path, reason: .notRegular(kind: "a directory"))
      }
      let descriptor = unsafe open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
      guard descriptor >= 0 else { throw ImageError(name: path, reason: .system(call: "open", code: errno)) }
      try finish(writeAll(bytes, descriptor), descriptor, path)
      return
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
    let folder = String(path[..<(slash ?? path.startIndex)])
    let file = String(path[(slash ?? path.startIndex)...])
    // Long names stay below the usual limit of 255 bytes.
    let tag = String(UInt64.random(in: .min ... .max), radix: 36)
    let temporary = folder + "." + String(decoding: file.utf8.prefix(200), as: UTF8.self) + "." + tag + ".tmp"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw ImageError(name: path, reason: .system(call: "create", code: errno)) }
    var failure = writeAll(bytes, descriptor)
    if failure == nil, isSynced, fsync(descriptor) != 0 { failure = .system(call: "fsync", code: errno) }
    do {
      try finish(failure, descriptor, path)
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    guard unsafe rename(temporary, path) == 0 else {
      let code = errno
      unsafe unlink(temporary)
      throw ImageError(name: path, reason: .system(call: "rename", code: code))
    }
  }

  private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> ImageError.Reason? {
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = unsafe Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count > 0 {
          done += count
        } else if count == 0 || errno != EINTR {
          return .system(call: "write", code: count == 0 ? EIO : errno)
        }
      }
      return nil
    }
  }

  /// Closes, and reports the first failure: some file systems only say at closing that the disk is full.
  private static func finish(
    _ failure: ImageError.Reason?, _ descriptor: Int32, _ path: String
  ) throws(ImageError) {
    let closed = close(descriptor) == 0 ? nil : ImageError.Reason.system(call: "close", code: errno)
    if let reason = failure ?? closed { throw ImageError(name: path, reason: reason) }
  }
}
