/// A random number generator that gives the same numbers for the same seed on every machine: SplitMix64 (Steele, Lea
/// and Flood 2014), whose whole state is one number, so that a checkpoint can hold it.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable {
  public var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in 0 ..< 1, a multiple of 2^-24.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Standard normal, by Marsaglia's polar method.
  public mutating func normal() -> Float {
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let s = u * u + v * v
      if s > 0 && s < 1 { return u * (-2 * logarithm(s) / s).squareRoot() }
    }
  }
}
