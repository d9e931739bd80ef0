internal import Glibc

/// UNIX-domain sockets by name.
public enum LocalSocket {
  /// Listens at a path. A socket that an ended program left there is removed; nothing else is.
  ///
  /// - Returns: a descriptor that does not block and is closed on `exec`.
  /// - Throws: ``OutputError``
  public static func listen(_ path: String, permissions: UInt32 = 0o660) throws(OutputError) -> Int32 {
    try bound(path, permissions: permissions).listener
  }

  /// The same, and the socket's inode, by which it is known to be still ours.
  static func bound(_ path: String, permissions: UInt32) throws(OutputError) -> (listener: Int32, inode: ino_t) {
    guard var address = address(path) else { throw .socketPathTooLong(path: path) }
    try removeStale(path, &address)
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard listener >= 0 else { throw .system(operation: "make a socket for", path: path, code: errno) }
    var status = stat()
    guard unsafe call(&address, { unsafe bind(listener, $0, $1) }) == 0 else {
      let code = errno
      close(listener)
      throw .system(operation: "listen on", path: path, code: code)
    }
    guard unsafe chmod(path, permissions) == 0, unsafe lstat(path, &status) == 0, Glibc.listen(listener, 16) == 0
    else {
      let code = errno
      close(listener)
      _ = unsafe unlink(path)
      throw .system(operation: "listen on", path: path, code: code)
    }
    return (listener, status.st_ino)
  }

  private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(OutputError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notSocket(path: path) }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { throw .system(operation: "make a socket for", path: path, code: errno) }
    defer { close(probe) }
    // Nobody listens on a socket whose program has ended. Any other answer comes from somebody.
    guard unsafe call(&address, { unsafe connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
      throw .socketInUse(path: path)
    }
    guard unsafe unlink(path) == 0 else { throw .system(operation: "remove", path: path, code: errno) }
  }

  static func address(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let isFitting = unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
      guard !bytes.isEmpty, bytes.count < place.count else { return false }
      unsafe place.copyBytes(from: bytes)
      return true
    }
    return isFitting ? address : nil
  }

  static func call(
    _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
