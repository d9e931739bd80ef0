#if canImport(Glibc)
  import Glibc
#endif

/// A block of floats, aligned for the widest vectors. It goes back to its pool when the last tensor over it is gone.
@safe final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let pool: Pool

  fileprivate init(pointer: UnsafeMutablePointer<Float>, count: Int, pool: Pool) {
    unsafe self.pointer = pointer
    self.count = count
    self.pool = pool
  }

  deinit { unsafe pool.take(back: pointer, count: count) }
}

/// Keeps freed blocks by size. A training step asks for the same sizes every time, so after the first step nothing is
/// allocated any more.
@safe final class Pool {
  private var free: [Int: [UnsafeMutablePointer<Float>]] = unsafe [:]
  /// Bytes held, in use or free.
  private(set) var bytes = 0
  /// Blocks that had to come from the system.
  private(set) var allocations = 0

  func storage(count: Int) -> Storage {
    // Rounded so that sizes which differ by a few elements share a block; 64 bytes is a cache line and a vector.
    let rounded = max(16, (count + 15) & ~15)
    if let pointer = unsafe free[rounded]?.popLast() {
      return unsafe Storage(pointer: pointer, count: rounded, pool: self)
    }
    var raw: UnsafeMutableRawPointer?
    let status = unsafe posix_memalign(&raw, 64, rounded * MemoryLayout<Float>.stride)
    guard status == 0, let raw = unsafe raw else {
      preconditionFailure("no memory for \(rounded * MemoryLayout<Float>.stride) bytes")
    }
    bytes += rounded * MemoryLayout<Float>.stride
    allocations += 1
    return unsafe Storage(pointer: raw.bindMemory(to: Float.self, capacity: rounded), count: rounded, pool: self)
  }

  func take(back pointer: UnsafeMutablePointer<Float>, count: Int) {
    unsafe free[count, default: []].append(pointer)
  }

  deinit {
    let sizes = unsafe Array(free.keys)
    for size in sizes {
      while let pointer = unsafe free[size]?.popLast() { unsafe Glibc.free(pointer) }
    }
  }
}
