/// A fast 64-bit fingerprint of a frame's bytes, to find pictures that repeat. Not for anything that an attacker cares
/// about.
///
/// Four lanes of multiply and rotate, each over every fourth word, as xxHash has them (Collet), so that the
/// multiplications overlap.
enum ByteHash {
  static func hash(_ bytes: Span<UInt8>) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe hash($0) }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let odd: UInt64 = 0x9E37_79B1_85EB_CA87
    let even: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    var a: UInt64 = 1
    var b: UInt64 = 2
    var c: UInt64 = 3
    var d: UInt64 = 4
    var offset = 0
    @inline(__always) func mix(_ lane: UInt64, _ word: UInt64) -> UInt64 {
      let sum = lane &+ word &* even
      return (sum << 31 | sum >> 33) &* odd
    }
    while offset + 32 <= bytes.count {
      a = unsafe mix(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      b = unsafe mix(b, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      c = unsafe mix(c, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      d = unsafe mix(d, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
      offset += 32
    }
    var hash = mix(mix(mix(mix(UInt64(truncatingIfNeeded: bytes.count), a), b), c), d)
    while offset < bytes.count {
      hash = unsafe mix(hash, UInt64(bytes[offset]))
      offset += 1
    }
    return hash ^ hash >> 32
  }
}
