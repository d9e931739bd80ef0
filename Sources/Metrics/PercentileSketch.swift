/// Percentiles of a stream of values in bounded memory: exact for the first few thousand, then within 0.8 %.
///
/// Values go into buckets whose width grows with the value, 64 in each octave, as HdrHistogram has them (Tene), so that
/// the relative error is the same everywhere. Meant for times: what is not finite or below 2^-10 of the unit counts as
/// that.
public struct PercentileSketch: Sendable, Hashable {
  /// Values until then are kept as they are.
  private static let exactLimit = 4096
  private static let steps = 64
  private static let leastExponent = -10
  private static let octaves = 40

  public private(set) var count = 0
  private var exact: [Float] = []
  private var buckets: [UInt32] = []

  public init() {}

  public mutating func add(_ value: Double) {
    count += 1
    if buckets.isEmpty {
      exact.append(Float(value))
      guard exact.count > Self.exactLimit else { return }
      buckets = [UInt32](repeating: 0, count: Self.octaves * Self.steps)
      for value in exact { buckets[Self.bucket(Double(value))] += 1 }
      exact = []
    } else {
      buckets[Self.bucket(value)] += 1
    }
  }

  /// The percentiles of all values; nil where there is none.
  public var percentiles: Percentiles? {
    if buckets.isEmpty { return Percentiles(exact.map(Double.init)) }
    func value(_ percent: Double) -> Double {
      let rank = percent / 100 * Double(count - 1)
      var below = 0
      for index in buckets.indices {
        below += Int(buckets[index])
        if Double(below) > rank { return Self.middle(index) }
      }
      return Self.middle(buckets.count - 1)
    }
    return Percentiles(p50: value(50), p95: value(95), p99: value(99))
  }

  private static func bucket(_ value: Double) -> Int {
    guard value.isFinite, value > 0 else { return 0 }
    let octave = value.exponent - Double.Exponent(leastExponent)
    guard octave >= 0 else { return 0 }
    guard octave < octaves else { return octaves * steps - 1 }
    return Int(octave) * steps + Int((value.significand - 1) * Double(steps))
  }

  private static func middle(_ bucket: Int) -> Double {
    let significand = 1 + (Double(bucket % steps) + 0.5) / Double(steps)
    return Double(sign: .plus, exponent: bucket / steps + leastExponent, significand: significand)
  }
}
