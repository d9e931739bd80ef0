import Glibc

/// A file that appears whole under its name or not at all: it is written beside its place and renamed by ``commit()``.
/// Without a commit nothing stays behind.
public struct AtomicFile: ~Copyable, Sendable {
  public let path: String
  private let temporary: String
  private let file: Int32
  private var buffer: [UInt8] = []
  private var committed = false

  public init(path: String) throws(DecisionLogError) {
    try Self.refuseSpecial(path)
    let temporary = path + ".part"
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw DecisionLogError.system(operation: "create", path: path, code: errno) }
    self.path = path
    self.temporary = temporary
    self.file = file
  }

  deinit {
    close(file)
    if !committed { unsafe unlink(temporary) }
  }

  /// Writes `bytes` to `path` in one go.
  public static func write(_ bytes: [UInt8], to path: String) throws(DecisionLogError) {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Finds out whether a file can be written under this name, before long work whose result it is to hold.
  public static func check(_ path: String) throws(DecisionLogError) {
    try refuseSpecial(path)
    let temporary = path + ".part"
    let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw DecisionLogError.system(operation: "create", path: path, code: errno) }
    close(file)
    unsafe unlink(temporary)
  }

  /// Renaming over a device, a FIFO or a folder would replace it, or fail when all is done.
  private static func refuseSpecial(_ path: String) throws(DecisionLogError) {
    var status = stat()
    if unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG {
      throw DecisionLogError.notFile(path: path)
    }
  }

  /// Appends bytes; they reach the file in larger pieces.
  public mutating func write(_ bytes: [UInt8]) throws(DecisionLogError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 18 { try flush() }
  }

  /// Syncs what was written and puts it under its name.
  public mutating func commit() throws(DecisionLogError) {
    try flush()
    guard fsync(file) == 0 else {
      throw DecisionLogError.system(operation: "sync", path: path, code: errno)
    }
    guard unsafe rename(temporary, path) == 0 else {
      throw DecisionLogError.system(operation: "write", path: path, code: errno)
    }
    committed = true
  }

  private mutating func flush() throws(DecisionLogError) {
    var written = 0
    while written < buffer.count {
      let result = unsafe buffer.withUnsafeBytes {
        unsafe Glibc.write(file, $0.baseAddress! + written, buffer.count - written)
      }
      if result < 0 && errno == EINTR { continue }
      guard result > 0 else {
        throw DecisionLogError.system(operation: "write", path: path, code: result == 0 ? ENOSPC : errno)
      }
      written += result
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
