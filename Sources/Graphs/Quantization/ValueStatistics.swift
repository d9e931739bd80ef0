/// What was observed of one value of a network over a set of inputs.
public struct ValueStatistics: Sendable, Hashable {
  /// Infinite before anything was observed.
  public private(set) var minimum = Float.infinity
  public private(set) var maximum = -Float.infinity
  /// Numbers that were infinite or none at all.
  public private(set) var unsound = 0
  /// Sums over each place of the second axis, and how many numbers each is of.
  private var channelSums: [Double] = []
  private var channelCount = 0
  /// Counts of equal intervals from `-range` to `range`; empty where no histogram is kept.
  private var bins: [Int]
  private var range: Float = 0

  private static let binCount = 4096

  public init(keepsHistogram: Bool) {
    bins = keepsHistogram ? [Int](repeating: 0, count: Self.binCount) : []
  }

  /// Means over each place of the second axis: an image's channels, a matrix's columns.
  public var channelMeans: [Double] { channelSums.map { $0 / Double(max(1, channelCount)) } }

  /// Takes in a row-major tensor.
  public mutating func add(_ values: Span<Float>, shape: [Int]) {
    let channels = shape.count > 1 ? shape[1] : 1
    let inner = shape.count > 1 ? shape.dropFirst(2).reduce(1, *) : values.count
    if channelSums.count != channels { channelSums = [Double](repeating: 0, count: channels) }
    var (low, high) = (minimum, maximum)
    var bad = 0
    for row in 0..<values.count / max(1, inner) {
      var sum: Float = 0
      for index in row &* inner..<(row &+ 1) &* inner {
        let value = values[index]
        sum += value
        if value < low { low = value }
        if value > high { high = value }
        if !value.isFinite { bad &+= 1 }
      }
      channelSums[row % channels] += Double(sum)
    }
    channelCount += values.count / channels
    (minimum, maximum) = (low, high)
    unsound += bad
    if !bins.isEmpty, unsound == 0 { count(values) }
  }

  private mutating func count(_ values: Span<Float>) {
    let largest = max(-minimum, maximum)
    if range == 0 { range = largest > 0 ? largest : 1 }
    while largest > range { widen() }
    let half = Float(Self.binCount / 2)
    let factor = half / range
    unsafe bins.withUnsafeMutableBufferPointer { bins in
      for index in values.indices {
        let bin = min(Int(values[index] * factor + half), Self.binCount - 1)
        unsafe bins[max(0, bin)] += 1
      }
    }
  }

  /// Doubles the range: two intervals become one.
  private mutating func widen() {
    var wide = [Int](repeating: 0, count: Self.binCount)
    for (index, count) in bins.enumerated() { wide[Self.binCount / 4 + index / 2] += count }
    bins = wide
    range *= 2
  }

  // MARK: Ranges

  /// The range that integers are to cover; holds 0, which must have an integer of its own.
  ///
  /// - Parameter levels: how many steps the integers make.
  func range(_ clipping: QuantizationSettings.Clipping, levels: Int) -> (low: Float, high: Float) {
    let (low, high) = (min(0, minimum), max(0, maximum))
    guard low.isFinite, high.isFinite else { return (0, 0) }
    switch clipping {
    case .extremes: return (low, high)
    case .percentile(let share): return bins.isEmpty ? (low, high) : percentiles(share, low, high)
    case .squaredError: return bins.isEmpty ? (low, high) : leastError(low, high, levels: levels)
    }
  }

  private func center(_ bin: Int) -> Float {
    (Float(bin) + 0.5) / Float(Self.binCount / 2) * range - range
  }

  private func percentiles(_ share: Double, _ low: Float, _ high: Float) -> (low: Float, high: Float) {
    let limit = Double(bins.reduce(0, +)) * share
    func firstBeyond(_ order: some Sequence<Int>) -> Int {
      var sum = 0.0
      for bin in order {
        sum += Double(bins[bin])
        if sum > limit { return bin }
      }
      return 0
    }
    let first = center(firstBeyond(bins.indices))
    let last = center(firstBeyond(bins.indices.reversed()))
    return (max(low, min(0, first)), min(high, max(0, last)))
  }

  private func leastError(_ low: Float, _ high: Float, levels: Int) -> (low: Float, high: Float) {
    let filled = bins.indices.filter { bins[$0] > 0 }.map { (center($0), Float(bins[$0])) }
    var best = (low: low, high: high)
    var least = Float.infinity
    for below in low < 0 ? Array(stride(from: Float(0.3), through: 1, by: 0.05)) : [1] {
      for above in high > 0 ? Array(stride(from: Float(0.3), through: 1, by: 0.02)) : [1] {
        let (from, to) = (low * below, high * above)
        let scale = (to - from) / Float(levels)
        guard scale > 0 else { continue }
        var error: Float = 0
        for (value, count) in filled {
          let clipped = min(max(value, from), to)
          let distance = (clipped / scale).rounded() * scale - value
          error += count * distance * distance
        }
        if error < least { (least, best) = (error, (from, to)) }
      }
    }
    return best
  }
}
