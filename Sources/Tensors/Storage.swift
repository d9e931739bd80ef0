#if canImport(Glibc)
  import Glibc
#endif

/// A block of floats, aligned for the widest vectors. It goes back to its pool when the last tensor over it is gone.
@safe final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  private let bin: Bin

  fileprivate init(pointer: UnsafeMutablePointer<Float>, count: Int, bin: Bin) {
    unsafe self.pointer = pointer
    self.count = count
    self.bin = bin
  }

  deinit { unsafe bin.free.append(pointer) }
}

/// The freed blocks of one size. An object, so that taking one out does not go through the dictionary's storage, which
/// would allocate each time.
@safe private final class Bin {
  var free: [UnsafeMutablePointer<Float>] = unsafe []

  deinit { while let pointer = unsafe free.popLast() { unsafe Glibc.free(pointer) } }
}

/// Keeps freed blocks by size. A training step asks for the same sizes every time, so after the first step nothing is
/// allocated any more.
@safe final class Pool {
  private var bins: [Int: Bin] = [:]
  /// Bytes held, in use or free.
  private(set) var bytes = 0
  /// Blocks that had to come from the system.
  private(set) var allocations = 0

  func storage(count: Int) -> Storage {
    // Rounded so that sizes which differ by a few elements share a block; 64 bytes is a cache line and a vector.
    let rounded = max(16, (count + 15) & ~15)
    let bin = bin(rounded)
    if let pointer = unsafe bin.free.popLast() { return unsafe Storage(pointer: pointer, count: rounded, bin: bin) }
    var raw: UnsafeMutableRawPointer?
    let status = unsafe posix_memalign(&raw, 64, rounded * MemoryLayout<Float>.stride)
    guard status == 0, let raw = unsafe raw else {
      preconditionFailure("no memory for \(rounded * MemoryLayout<Float>.stride) bytes")
    }
    bytes += rounded * MemoryLayout<Float>.stride
    allocations += 1
    return unsafe Storage(pointer: raw.bindMemory(to: Float.self, capacity: rounded), count: rounded, bin: bin)
  }

  private func bin(_ count: Int) -> Bin {
    if let known = bins[count] { return known }
    let made = Bin()
    bins[count] = made
    return made
  }
}
