internal import Glibc

/// What this module needs of the file system, over Glibc: no Foundation below the command line.
enum Files {
  enum Kind: Sendable {
    case regular, directory, other
  }

  /// Why a system call on a path failed, in the system's own words.
  struct Failure: Error, Sendable {
    var path: String
    var reason: String
  }

  /// The kind of what `path` leads to (links followed), or nil when there is nothing there.
  static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .regular
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  /// Names in a folder without hidden ones, in byte order, so that every machine sees the same order.
  static func list(_ path: String) throws(Failure) -> [String] {
    guard let folder = unsafe opendir(path) else { throw failure(path) }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted(by: byteOrder)
  }

  /// All bytes of a regular file. Pipes, sockets and folders are refused without waiting on them.
  static func read(_ path: String) throws(Failure) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(path: path, reason: "it is not a regular file") }
    let size = Int(status.st_size)
    var problem: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = unsafe Glibc.read(file, buffer.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { problem = errno }
        if got <= 0 { break }
        count += got
      }
    }
    guard problem == 0 else { throw Failure(path: path, reason: reason(problem)) }
    return bytes
  }

  /// Writes a file whole: to a temporary name beside it, then renamed, so that a reader never sees half of it.
  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let temporary = path + ".part"
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw failure(path) }
    var problem: Int32 = 0
    unsafe bytes.withUnsafeBufferPointer { buffer in
      var done = 0
      while done < buffer.count {
        let put = unsafe Glibc.write(file, buffer.baseAddress! + done, buffer.count - done)
        if put < 0 && errno == EINTR { continue }
        if put < 0 {
          problem = errno
          return
        }
        done += put
      }
    }
    if close(file) != 0 && problem == 0 { problem = errno }
    if problem == 0 {
      let status = unsafe rename(temporary, path)
      if status != 0 { problem = errno }
    }
    guard problem == 0 else {
      unsafe unlink(temporary)
      throw Failure(path: path, reason: reason(problem))
    }
  }

  /// Makes a folder and those above it where they are missing.
  static func makeFolders(_ path: String) throws(Failure) {
    if kind(path) == .directory { return }
    let above = parent(path)
    if above != path { try makeFolders(above) }
    let status = unsafe mkdir(path, 0o755)
    if status != 0 && errno != EEXIST { throw failure(path) }
  }

  static func remove(_ path: String) throws(Failure) {
    let status = unsafe unlink(path)
    if status != 0 { throw failure(path) }
  }

  static func join(_ folder: String, _ name: String) -> String {
    if name.hasPrefix("/") || folder.isEmpty { return name }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// The folder that `path` is in: "." for a bare name, "/" for the root.
  static func parent(_ path: String) -> String {
    let bytes = Array(path.utf8)
    var end = bytes.count
    while end > 1 && bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
    while end > 0 && bytes[end - 1] != UInt8(ascii: "/") { end -= 1 }
    if end == 0 { return "." }
    while end > 1 && bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// The last part of a path.
  static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// A file name without its extension: "a.b.png" gives "a.b".
  static func stem(_ name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// Whether the name ends as one of the picture formats that Assay reads.
  static func isImageName(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return ["png", "jpg", "jpeg", "bmp", "tif", "tiff"].contains(name[name.index(after: dot)...].lowercased())
  }

  static func byteOrder(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  private static func failure(_ path: String) -> Failure {
    Failure(path: path, reason: reason(errno))
  }

  private static func reason(_ code: Int32) -> String {
    unsafe String(cString: strerror(code)).lowercased()
  }
}
