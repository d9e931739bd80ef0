/// The `percent`-th percentile of `sorted`, which must be in ascending order and not empty, by linear interpolation
/// between the closest ranks (Hyndman and Fan 1996, type 7; NumPy's default).
///
/// - Precondition: `percent` is in 0...100.
public func percentile(_ percent: Double, ofSorted sorted: [Double]) -> Double {
  precondition(!sorted.isEmpty, "no values have no percentile")
  precondition(percent >= 0 && percent <= 100, "percentile \(percent) is outside 0...100")
  let position = percent / 100 * Double(sorted.count - 1)
  let below = Int(position)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}

/// Median, 95th and 99th percentile of a set of timings or the like, in the unit of the values.
public struct Percentiles: Sendable, Hashable, Codable {
  public let p50: Double
  public let p95: Double
  public let p99: Double

  public init(p50: Double, p95: Double, p99: Double) {
    self.p50 = p50
    self.p95 = p95
    self.p99 = p99
  }

  /// The percentiles of the finite values, or `nil` where there is none.
  public init?(_ values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return nil }
    self.init(
      p50: percentile(50, ofSorted: sorted), p95: percentile(95, ofSorted: sorted),
      p99: percentile(99, ofSorted: sorted))
  }
}
