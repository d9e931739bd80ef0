internal import Synchronization

/// The bytes of one frame, out of the driver's hands. Its memory goes back to its pool when the last user lets go.
///
/// Written once, before anybody else sees it; that is why it may be shared.
@safe public final class FrameBytes: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  public let count: Int
  private let pool: FramePool?

  fileprivate init(memory: UnsafeMutableRawBufferPointer, count: Int, pool: FramePool?) {
    unsafe self.memory = unsafe memory
    self.count = count
    self.pool = pool
  }

  /// Bytes from elsewhere, such as a recording.
  public convenience init(_ bytes: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 64)
    unsafe memory.copyBytes(from: bytes)
    unsafe self.init(memory: memory, count: bytes.count, pool: nil)
  }

  deinit {
    if let pool { unsafe pool.takeBack(memory) } else { unsafe memory.deallocate() }
  }

  public var span: Span<UInt8> {
    @_lifetime(borrow self) get {
      let bytes = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count]))
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}

/// Memory for frames that is used again, so that a run at a steady rate takes none from the system.
public final class FramePool: Sendable {
  // The addresses are of memory that nobody uses until it is taken out.
  private let free = Mutex<[Int]>([])
  private let sizeNow = Mutex<Int>(0)
  private let most: Int

  /// - Parameter most: blocks kept for later; what is beyond goes back to the system.
  public init(keeping most: Int = 16) { self.most = most }

  /// Takes memory for so many frames before they come, so that a burst in the middle of a run costs no page faults, and
  /// the process keeps the size that it has at the start.
  public func reserve(_ frames: Int, bytes: Int) {
    sizeNow.withLock { $0 = max($0, bytes) }
    let missing = min(frames, most) - free.withLock { $0.count }
    guard missing > 0 else { return }
    for _ in 0..<missing {
      let block = unsafe Self.allocate(max(bytes, 4096))
      unsafe block.initializeMemory(as: UInt8.self, repeating: 0)
      unsafe takeBack(block)
    }
  }

  /// A copy of a frame.
  public func copy(_ bytes: Span<UInt8>) -> FrameBytes {
    let block = unsafe block(bytes.count)
    unsafe bytes.withUnsafeBytes { unsafe block.copyMemory(from: $0) }
    return unsafe FrameBytes(memory: block, count: bytes.count, pool: self)
  }

  /// A frame that `fill` writes; nil where it says that it could not.
  func filled(_ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Bool) -> FrameBytes? {
    let block = unsafe block(count)
    let frame = unsafe FrameBytes(memory: block, count: count, pool: self)
    return unsafe fill(UnsafeMutableRawBufferPointer(rebasing: block[..<count])) ? frame : nil
  }

  /// Memory for at least so many bytes.
  private func block(_ count: Int) -> UnsafeMutableRawBufferPointer {
    // One size for all: compressed frames differ in length.
    let size = sizeNow.withLock { size in
      if count > size { size = count + count / 8 }
      return size
    }
    var memory: UnsafeMutableRawBufferPointer?
    if let address = free.withLock({ $0.popLast() }) { unsafe memory = Self.block(at: address) }
    if let block = unsafe memory, block.count < count {
      unsafe Self.release(block)
      unsafe memory = nil
    }
    return unsafe memory ?? Self.allocate(max(size, 4096))
  }

  fileprivate func takeBack(_ memory: UnsafeMutableRawBufferPointer) {
    let isKept = free.withLock { free -> Bool in
      guard free.count < most else { return false }
      free.append(Int(bitPattern: memory.baseAddress))
      return true
    }
    if !isKept { unsafe Self.release(memory) }
  }

  deinit {
    for address in free.withLock({ $0 }) { unsafe Self.release(Self.block(at: address)) }
  }

  // A block's length stands in front of it.
  private static let headBytes = 64

  private static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let whole = UnsafeMutableRawPointer.allocate(byteCount: count + headBytes, alignment: 64)
    unsafe whole.storeBytes(of: count, as: Int.self)
    return unsafe UnsafeMutableRawBufferPointer(start: whole + headBytes, count: count)
  }

  private static func block(at address: Int) -> UnsafeMutableRawBufferPointer {
    let start = unsafe UnsafeMutableRawPointer(bitPattern: address)!
    return unsafe UnsafeMutableRawBufferPointer(start: start, count: (start - headBytes).load(as: Int.self))
  }

  private static func release(_ memory: UnsafeMutableRawBufferPointer) {
    unsafe (memory.baseAddress! - headBytes).deallocate()
  }
}
