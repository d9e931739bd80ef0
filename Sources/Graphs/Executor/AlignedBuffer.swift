import Glibc

/// Memory that begins at a multiple of 64 bytes, zeroed.
///
/// `Sendable` because whoever makes one fills it before sharing it, and nobody writes to a shared one.
@safe final class AlignedBuffer: @unchecked Sendable {
  let bytes: Int
  let pointer: UnsafeMutableRawPointer

  init(bytes: Int) throws(GraphError) {
    self.bytes = bytes
    var pointer: UnsafeMutableRawPointer?
    guard unsafe posix_memalign(&pointer, 64, max(64, bytes)) == 0, let memory = unsafe pointer else {
      throw .memory(bytes: bytes)
    }
    unsafe memset(memory, 0, max(64, bytes))
    unsafe self.pointer = memory
  }

  convenience init<Element: BitwiseCopyable>(_ values: [Element]) throws(GraphError) {
    try self.init(bytes: values.count * MemoryLayout<Element>.stride)
    unsafe values.withUnsafeBytes {
      unsafe pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(pointer), byteCount: $0.count)
    }
  }

  deinit { unsafe free(pointer) }

  var floats: UnsafeMutablePointer<Float> { unsafe pointer.assumingMemoryBound(to: Float.self) }
}
