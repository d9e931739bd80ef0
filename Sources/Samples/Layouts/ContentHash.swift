/// What a file holds, as XXH64 (seed 0) of its bytes and their number: enough to tell equal files from unequal
/// ones and to deal parts out to splits the same way on every machine. It is no protection against forgery.
///
/// XXH64 is the published algorithm (Collet, "xxHash fast digest algorithm", 2012-2023), so `xxhsum -H64 FILE`
/// prints the same value.
public struct ContentHash: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  public let digest: UInt64
  /// Number of bytes hashed.
  public let length: Int

  public init(digest: UInt64, length: Int) {
    self.digest = digest
    self.length = length
  }

  public init(of bytes: [UInt8]) {
    unsafe self.init(digest: XXH64.hash(bytes.span.bytes), length: bytes.count)
  }

  public static func < (a: ContentHash, b: ContentHash) -> Bool {
    (a.digest, a.length) < (b.digest, b.length)
  }

  /// 16 hexadecimal digits.
  public var description: String {
    let digits = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

enum XXH64 {
  private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5

  @inline(__always) private static func rotate(_ x: UInt64, _ by: UInt64) -> UInt64 {
    (x << by) | (x >> (64 - by))
  }

  @inline(__always) private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* p2, 31) &* p1
  }

  @inline(__always) private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* p1 &+ p4
  }

  static func hash(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
    let count = bytes.byteCount
    var at = 0
    var hash: UInt64
    if count >= 32 {
      var a = seed &+ p1 &+ p2
      var b = seed &+ p2
      var c = seed
      var d = seed &- p1
      while at &+ 32 <= count {
        // In bounds: `at + 32 <= count`.
        a = unsafe round(a, bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
        b = unsafe round(b, bytes.unsafeLoadUnaligned(fromByteOffset: at &+ 8, as: UInt64.self))
        c = unsafe round(c, bytes.unsafeLoadUnaligned(fromByteOffset: at &+ 16, as: UInt64.self))
        d = unsafe round(d, bytes.unsafeLoadUnaligned(fromByteOffset: at &+ 24, as: UInt64.self))
        at &+= 32
      }
      hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
      hash = merge(merge(merge(merge(hash, a), b), c), d)
    } else {
      hash = seed &+ p5
    }
    hash = hash &+ UInt64(count)
    while at &+ 8 <= count {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
      hash = rotate(hash ^ round(0, word), 27) &* p1 &+ p4
      at &+= 8
    }
    if at &+ 4 <= count {
      let word = unsafe UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
      hash = rotate(hash ^ (word &* p1), 23) &* p2 &+ p3
      at &+= 4
    }
    while at < count {
      let byte = unsafe UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt8.self))
      hash = rotate(hash ^ (byte &* p5), 11) &* p1
      at &+= 1
    }
    hash = (hash ^ (hash >> 33)) &* p2
    hash = (hash ^ (hash >> 29)) &* p3
    return hash ^ (hash >> 32)
  }
}
