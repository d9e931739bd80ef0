/// A seeded random generator: the same seed gives the same numbers on every machine and with every compiler.
///
/// SplitMix64 of Steele, Lea and Flood 2014 ("Fast splittable pseudorandom number generators",
/// doi 10.1145/2660193.2660195). The derived values below are our own and part of the promise: those of the
/// standard library may change between its versions.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  /// A generator for one item of one stream: nearby numbers give unrelated sequences.
  public init(seed: UInt64, _ stream: UInt64, _ item: UInt64 = 0) {
    var mixed = SplitMix64(seed: seed)
    var other = SplitMix64(seed: mixed.next() ^ (stream &* 0xD1B5_4A32_D192_ED03))
    var last = SplitMix64(seed: other.next() ^ (item &* 0x9FB2_1C65_1E98_DF25))
    state = last.next()
  }

  @inlinable public static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// Uniform in [0, 1), in steps of 2^-24.
  public mutating func unit() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Uniform between two numbers.
  public mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * unit()
  }

  /// Uniform in `0..<count`; the bias for the counts used here (below 2^32) is under 2^-32.
  ///
  /// - Precondition: `count` is at least 1.
  public mutating func index(_ count: Int) -> Int {
    precondition(count >= 1, "no index below \(count)")
    return Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  public mutating func chance(_ probability: Float) -> Bool {
    unit() < probability
  }

  /// About normal with mean 0 and variance 1 (the sum of twelve uniforms: no logarithm, so no library differs).
  public mutating func normal() -> Float {
    var sum: Int64 = 0
    for _ in 0..<3 {
      let bits = next()
      sum += Int64(bits & 0xFFFF) + Int64((bits >> 16) & 0xFFFF) + Int64((bits >> 32) & 0xFFFF) + Int64(bits >> 48)
    }
    return Float(sum - 12 * 0x8000) * 0x1p-16
  }

  /// Fisher and Yates' shuffle.
  public mutating func shuffle<T>(_ items: inout [T]) {
    guard items.count > 1 else { return }
    for last in stride(from: items.count - 1, to: 0, by: -1) {
      items.swapAt(last, index(last + 1))
    }
  }
}
