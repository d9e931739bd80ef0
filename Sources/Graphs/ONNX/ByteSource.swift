import Glibc
import Synchronization

/// The bytes of a model: in memory, or in a file that stays open so that weights can be read when they are wanted.
///
/// A file is read, not mapped: were it cut short meanwhile, a mapping would kill the process, and pages that are read
/// through one count as its memory.
final class ByteSource: Sendable {
  /// Smaller files are read at once; the descriptor is not worth it.
  static let smallest = 8 << 20

  let count: Int
  /// What errors call the file.
  private let path: String
  private let memory: [UInt8]
  /// -1 for bytes in memory.
  private let descriptor: Int32
  private let stamp: Stamp
  /// The first failure to read: what came of it must not be used.
  private let failure = Mutex<GraphError?>(nil)

  /// What changes when somebody writes to a file.
  private struct Stamp: Equatable {
    var size = 0
    var seconds = 0
    var nanoseconds = 0
    var inode: UInt = 0

    init() {}

    init(_ status: stat) {
      size = Int(status.st_size)
      seconds = Int(status.st_mtim.tv_sec)
      nanoseconds = Int(status.st_mtim.tv_nsec)
      inode = UInt(status.st_ino)
    }
  }

  init(_ bytes: [UInt8]) {
    (memory, path, descriptor, stamp) = (bytes, "", -1, Stamp())
    count = bytes.count
  }

  /// Opens a model file.
  ///
  /// - Throws: `GraphError.file` for what cannot be read, is no regular file, is empty, or larger than 2 GiB.
  convenience init(path: String) throws(GraphError) {
    let descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw ModelFile.failure(path) }
    try self.init(descriptor: descriptor, path: path)
    guard count > 0 else { throw .file(path: path, code: 0, reason: "it is empty") }
    guard count <= ModelFile.largest else {
      throw .file(path: path, code: 0, reason: "it is larger than the 2 GiB that ONNX files may have")
    }
  }

  /// Takes over an open descriptor.
  init(descriptor: Int32, path: String) throws(GraphError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let error = ModelFile.failure(path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .file(path: path, code: 0, reason: "it is not a regular file")
    }
    self.path = path
    stamp = Stamp(status)
    count = stamp.size
    guard count > 0, count <= ByteSource.smallest else {
      memory = []
      self.descriptor = descriptor
      return
    }
    let size = count
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      filled = unsafe ByteSource.fill(UnsafeMutableRawBufferPointer(buffer), from: descriptor, at: 0)
    }
    close(descriptor)
    guard bytes.count == size else {
      throw .file(path: path, code: 0, reason: "it became shorter while it was read")
    }
    memory = bytes
    self.descriptor = -1
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether large tensors are better left in the file.
  var isFile: Bool { descriptor >= 0 }

  /// Bytes in a range that lies inside.
  ///
  /// - Throws: `GraphError.file` where the file was changed meanwhile.
  func bytes(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    if descriptor < 0 { return Array(memory[range]) }
    return try values(UInt8.self, at: range.lowerBound, count: range.count)
  }

  /// Numbers as they lie in the file, little-endian.
  ///
  /// - Precondition: they lie inside.
  func values<Value: BitwiseCopyable>(_: Value.Type, at offset: Int, count: Int) throws(GraphError) -> [Value] {
    let size = count * MemoryLayout<Value>.stride
    precondition(offset >= 0 && size >= 0 && offset <= self.count - size, "\(size) bytes at \(offset) of \(self.count)")
    var got = 0
    let values = unsafe [Value](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = UnsafeMutableRawBufferPointer(buffer)
      if descriptor < 0 {
        unsafe memory.withUnsafeBytes {
          unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + size]))
        }
        got = size
      } else {
        got = unsafe ByteSource.fill(target, from: descriptor, at: offset)
      }
      filled = got == size ? count : 0
    }
    if got < size || !isUnchanged {
      let error = GraphError.file(path: path, code: 0, reason: "it was changed while it was in use; start again")
      failure.withLock { $0 = $0 ?? error }
      throw error
    }
    return values
  }

  /// - Throws: what an earlier read has thrown.
  func check() throws(GraphError) {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private var isUnchanged: Bool {
    if descriptor < 0 { return true }
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 && Stamp(status) == stamp
  }

  /// How many bytes could be read.
  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from file: Int32, at offset: Int) -> Int {
    var filled = 0
    while filled < buffer.count {
      let got = unsafe pread(file, buffer.baseAddress! + filled, buffer.count - filled, off_t(offset + filled))
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { break }
      filled += got
    }
    return filled
  }
}
