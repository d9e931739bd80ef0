#if canImport(Glibc)
  import Glibc
#endif

/// A block of floats, aligned for the widest vectors. Its pool keeps it and hands it out again once no tensor refers to
/// it.
@safe final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  fileprivate init(count: Int) {
    let bytes = count * MemoryLayout<Float>.stride
    var raw: UnsafeMutableRawPointer?
    let status = unsafe posix_memalign(&raw, 64, bytes)
    guard status == 0, let raw = unsafe raw else { preconditionFailure("no memory for \(bytes) bytes") }
    unsafe pointer = raw.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  deinit { unsafe free(pointer) }

  /// Whether `storage` is the only reference but for the pool's.
  static func isUnshared(_ storage: inout Storage) -> Bool {
    // Swift tells one reference from more, so the pool's is taken away while it looks.
    let reference = unsafe Unmanaged.passUnretained(storage)
    unsafe reference.release()
    defer { _ = unsafe reference.retain() }
    return isKnownUniquelyReferenced(&storage)
  }
}

/// All blocks of one size. An object, so that taking one does not go through the dictionary's storage, which would
/// allocate each time.
@safe private final class Bin {
  private var blocks: [Storage] = []

  /// A block that nothing but this bin refers to.
  ///
  /// The newest are asked first: parameters and other tensors that stay are made before the steps, and what a step
  /// needs stands behind them, as on a stack.
  func unused() -> Storage? {
    unsafe blocks.withUnsafeMutableBufferPointer { blocks in
      var index = blocks.count
      while index > 0 {
        index -= 1
        if unsafe isKnownUniquelyReferenced(&blocks[index]) { return unsafe blocks[index] }
      }
      return nil
    }
  }

  func add(_ block: Storage) { blocks.append(block) }
}

/// Keeps blocks by size, used or not, so that neither their memory nor the objects are made anew. A training step asks
/// for the same sizes every time, so after the first step nothing is allocated any more.
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
    if let block = bin.unused() { return block }
    let block = Storage(count: rounded)
    bin.add(block)
    bytes += rounded * MemoryLayout<Float>.stride
    allocations += 1
    return block
  }

  private func bin(_ count: Int) -> Bin {
    if let known = bins[count] { return known }
    let made = Bin()
    bins[count] = made
    return made
  }
}
