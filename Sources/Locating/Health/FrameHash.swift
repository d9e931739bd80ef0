/// A 64-bit fingerprint of all bytes of a frame's buffer, to tell whether the picture is frozen: a sensor's noise makes
/// two frames differ, so the same bytes again are the same picture again.
///
/// Eight lanes of `lane = rotate(lane ^ word) * odd`, mixed together at the end; no cryptography. Each step can be
/// undone, so **two buffers of one length that differ in a single 64-bit word never collide**; others do once in 2^64.
/// Plain 64-bit arithmetic: multiplications go in parallel over the lanes and keep up with memory, which a vector
/// version cannot beat without AVX-512's 64-bit products.
public func frameHash(_ bytes: Span<UInt8>) -> UInt64 {
  unsafe bytes.withUnsafeBytes { buffer in unsafe hash(buffer) }
}

/// The same for a buffer that the camera's driver owns.
public func frameHash(_ bytes: UnsafeRawBufferPointer) -> UInt64 { unsafe hash(bytes) }

// Digits of the golden ratio: odd, about half of the bits set, no pattern.
private let odd: UInt64 = 0x9E37_79B9_7F4A_7C15

@inline(__always) private func rotated(_ value: UInt64, by count: UInt64) -> UInt64 {
  value &<< count | value &>> (64 &- count)
}

private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  let count = bytes.count
  var a: UInt64 = 1, b: UInt64 = 2, c: UInt64 = 3, d: UInt64 = 4
  var e: UInt64 = 5, f: UInt64 = 6, g: UInt64 = 7, h: UInt64 = 8
  var at = 0
  @inline(__always) func word(_ offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
  @inline(__always) func step(_ lane: UInt64, _ word: UInt64) -> UInt64 { rotated(lane ^ word, by: 29) &* odd }
  while at &+ 64 <= count {
    a = step(a, word(at))
    b = step(b, word(at &+ 8))
    c = step(c, word(at &+ 16))
    d = step(d, word(at &+ 24))
    e = step(e, word(at &+ 32))
    f = step(f, word(at &+ 40))
    g = step(g, word(at &+ 48))
    h = step(h, word(at &+ 56))
    at &+= 64
  }
  while at &+ 8 <= count {
    a = step(a, word(at))
    at &+= 8
  }
  var last: UInt64 = 0
  while at < count {
    last = last << 8 | UInt64(unsafe bytes[at])
    at += 1
  }
  var result = step(UInt64(truncatingIfNeeded: count), last)
  for lane in [a, b, c, d, e, f, g, h] { result = step(result ^ (result >> 31), lane ^ (lane >> 32)) }
  result = (result ^ (result >> 32)) &* 0xD6E8_FEB8_6659_FD93
  return result ^ (result >> 32)
}

/// Counts how often in a row a camera has delivered the same bytes.
public struct FreezeDetector: Sendable {
  /// A picture is frozen once it has come this often beyond the first time.
  public let limit: Int
  /// How often the last frame's bytes have come again without a break.
  public private(set) var repeats = 0
  private var last: UInt64?

  /// - Parameter limit: at least 1.
  public init(limit: Int = 3) {
    precondition(limit >= 1, "a limit of \(limit) repeats is less than 1")
    self.limit = limit
  }

  /// Takes the next frame's hash; whether the picture is frozen.
  public mutating func add(_ hash: UInt64) -> Bool {
    repeats = hash == last ? repeats + 1 : 0
    last = hash
    return isFrozen
  }

  public var isFrozen: Bool { repeats >= limit }

  /// Forgets the last frame: after the camera was gone.
  public mutating func reset() {
    repeats = 0
    last = nil
  }
}
