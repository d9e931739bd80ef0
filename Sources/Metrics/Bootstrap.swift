/// Intervals of differences between two judges of the same parts, by resampling the parts (Efron 1979, "Bootstrap
/// methods: another look at the jackknife", doi 10.1214/aos/1176344552; percentile intervals).
///
/// Each resample draws as many parts as there are, with replacement, and both judges are measured on the same draw: what
/// makes a part hard is hard for both and cancels. Parts are drawn within their strata, which are the true classes, so
/// that every resample has as many parts of each class as the set. A stratum of a single part therefore never varies.
///
/// The same seed gives the same resamples on every machine, and every figure is measured on the same ones.
public struct PairedBootstrap: Sendable, Hashable {
  /// A difference with its percentile interval.
  public struct Difference: Sendable, Hashable, Codable {
    /// On the parts themselves: the second's figure less the first's.
    public let value: Double
    /// Lower end of the interval.
    public let low: Double
    /// Upper end of the interval.
    public let high: Double
    /// Share of such intervals that hold the true difference.
    public let confidence: Double

    /// Whether the interval leaves 0 out.
    public var isClear: Bool { low > 0 || high < 0 }

    public init(value: Double, low: Double, high: Double, confidence: Double = 0.95) {
      self.value = value
      self.low = low
      self.high = high
      self.confidence = confidence
    }
  }

  /// Number of parts.
  public let count: Int
  public let resamples: Int
  public let seed: UInt64
  /// Of the intervals, inside 0...1.
  public let confidence: Double
  /// The parts of each stratum.
  private let strata: [[Int]]

  /// - Parameters:
  ///   - labels: the stratum of each part, such as its true class; equal ones for a plain bootstrap.
  ///   - resamples: 2000 make the ends of a 95 % interval exact to about 6 % of the standard error.
  /// - Precondition: at least one part and one resample, `confidence` inside 0...1.
  public init(strata labels: [Int], resamples: Int = 2000, seed: UInt64 = 0, confidence: Double = 0.95) {
    precondition(!labels.isEmpty, "no parts to draw from")
    precondition(resamples >= 1, "\(resamples) resamples")
    precondition(confidence > 0 && confidence < 1, "confidence \(confidence) is not between 0 and 1")
    count = labels.count
    self.resamples = resamples
    self.seed = seed
    self.confidence = confidence
    var parts: [Int: [Int]] = [:]
    for (index, label) in labels.enumerated() { parts[label, default: []].append(index) }
    // A dictionary's order differs from process to process.
    strata = parts.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The interval of a difference.
  ///
  /// - Parameter figure: the second judge's figure less the first's, where each part counts as many `times` as it was
  ///   drawn; not finite where it does not exist.
  /// - Returns: nil where the difference does not exist on the parts or on one of the resamples: an interval of the others
  ///   would be too hopeful.
  /// - Complexity: O(resamples * (parts + `figure`)).
  public func difference(_ figure: (_ times: [Int]) -> Double) -> Difference? {
    var times = [Int](repeating: 1, count: count)
    let value = figure(times)
    guard value.isFinite else { return nil }
    var random = SplitMix64(state: seed)
    var values: [Double] = []
    values.reserveCapacity(resamples)
    for _ in 0..<resamples {
      for index in times.indices { times[index] = 0 }
      for parts in strata {
        for _ in parts { times[parts[random.index(parts.count)]] += 1 }
      }
      let drawn = figure(times)
      guard drawn.isFinite else { return nil }
      values.append(drawn)
    }
    values.sort()
    let tail = (1 - confidence) / 2 * 100
    return Difference(
      value: value, low: percentile(tail, ofSorted: values), high: percentile(100 - tail, ofSorted: values),
      confidence: confidence)
  }
}

/// The escape rate at a fixed overkill rate, on parts that may count several times, as a bootstrap draws them. The scores
/// are sorted once.
///
/// For parts that count once each it is the escape rate of ``threshold(maximumOverkillRate:defectScores:isDefect:)``.
public struct FixedOverkill: Sendable {
  private let isDefect: [Bool]
  private let limit: Double
  /// Parts by descending score; those without a finite one first, as they are rejected whatever the threshold.
  private let order: [Int]
  /// How many of them have no finite score.
  private let withoutScore: Int
  /// For each place of ``order`` whether the next part's score is lower: no threshold parts equal scores.
  private let endsTie: [Bool]

  /// - Parameters:
  ///   - defectScores: of each part; higher is more defective.
  ///   - limit: the overkill rate that is allowed at most, 0...1.
  public init(defectScores: [Double], isDefect: [Bool], limit: Double) {
    precondition(defectScores.count == isDefect.count, "\(defectScores.count) scores, \(isDefect.count) labels")
    self.isDefect = isDefect
    self.limit = limit
    let scores = defectScores.map(NonFiniteScore.highest.value)
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    withoutScore = scores.count { !$0.isFinite }
    endsTie = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] < scores[order[$0]] }
    self.order = order
  }

  /// The escape rate, 0...1, at the strictest threshold whose overkill rate is at most the limit.
  ///
  /// - Parameter times: how often each part counts.
  /// - Returns: nil without defective parts, without a finite score, or where parts without one exceed the limit alone.
  public func escapeRate(times: [Int]) -> Double? {
    precondition(times.count == order.count, "\(times.count) counts for \(order.count) parts")
    var (defects, goods) = (0, 0)
    for (index, count) in times.enumerated() {
      if isDefect[index] { defects += count } else { goods += count }
    }
    guard defects > 0 else { return nil }
    func isAllowed(_ alarms: Int) -> Bool { goods == 0 || Double(alarms) / Double(goods) <= limit }
    var (hits, alarms, caught, scored) = (0, 0, 0, 0)
    for (place, index) in order.enumerated() {
      if place == withoutScore {
        guard isAllowed(alarms) else { return nil }
        caught = hits
      }
      if isDefect[index] { hits += times[index] } else { alarms += times[index] }
      if place >= withoutScore { scored += times[index] }
      guard place >= withoutScore, endsTie[place] else { continue }
      if isAllowed(alarms) { caught = hits }
    }
    return scored > 0 ? Double(defects - caught) / Double(defects) : nil
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in `0..<count`; the bias is below `count` / 2^64.
  mutating func index(_ count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }
}
