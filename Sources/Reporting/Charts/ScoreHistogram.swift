import Glibc

/// Counts of scores in 0...1 in equal bins, by series; a fixed few hundred numbers, however many parts there are.
public struct ScoreHistogram: Sendable, Hashable {
  /// One kind of part.
  public struct Series: Sendable, Hashable {
    public let name: String
    /// CSS class that colours it, such as `accept`.
    public let style: String
    public internal(set) var counts: [Int]
  }

  /// A line drawn across: what is at or right of it is judged differently.
  public struct Threshold: Sendable, Hashable {
    public let name: String
    public let value: Double
    public let style: String

    public init(name: String, value: Double, style: String) {
      self.name = name
      self.value = value
      self.style = style
    }
  }

  public private(set) var series: [Series]
  /// Scores that are not finite; they have no place on the axis but are not forgotten.
  public private(set) var withoutScore = 0
  public static let bins = 40

  public init(series: [(name: String, style: String)]) {
    self.series = series.map {
      Series(name: $0.name, style: $0.style, counts: Array(repeating: 0, count: Self.bins))
    }
  }

  public mutating func add(_ score: Double, series index: Int) {
    guard score.isFinite else {
      withoutScore += 1
      return
    }
    let bin = min(max(Int(score * Double(Self.bins)), 0), Self.bins - 1)
    series[index].counts[bin] += 1
  }

  /// All counted scores.
  public var total: Int { series.reduce(0) { $0 + $1.counts.reduce(0, +) } }

  /// The chart: stacked bars; the count axis is logarithmic where counts differ a lot, since the few doubtful parts
  /// between the heaps are what matters.
  func chart(title: String, thresholds: [Threshold], wide: Bool = false) -> HTML {
    var plot = Plot()
    if wide { plot.width = 1150 }
    plot.top = 34
    let stacks = (0..<Self.bins).map { bin in series.reduce(0) { $0 + $1.counts[bin] } }
    let highest = max(stacks.max() ?? 0, 1)
    let logarithmic = highest > 40
    func level(_ count: Int) -> Double { logarithmic ? log1p(Double(count)) : Double(count) }
    plot.yRange = 0...level(highest) * 1.04
    var yTicks: [(value: Double, text: String)]
    if logarithmic {
      yTicks = [(0, "0")]
      var power = 1
      while power <= highest {
        yTicks.append((level(power), Format.count(power)))
        power *= 10
      }
    } else {
      let ticks = Ticks(0, Double(highest), count: 4, wholeNumbers: true)
      yTicks = ticks.values.map { ($0, Format.count(Int($0))) }
    }
    var html = plot.axes(
      x: [0, 0.2, 0.4, 0.6, 0.8, 1].map { ($0, Format.coordinate($0)) }, y: yTicks, xTitle: title,
      yTitle: logarithmic ? "parts (log scale)" : "parts")
    let binWidth = plot.x(1 / Double(Self.bins)) - plot.x(0)
    for bin in 0..<Self.bins where stacks[bin] > 0 {
      let low = Double(bin) / Double(Self.bins)
      let range = "\(Format.fixed(low, 3)) to \(Format.fixed(low + 1 / Double(Self.bins), 3))"
      // The stack's height is on the axis; its parts share it by their counts.
      let height = plot.y(0) - plot.y(level(stacks[bin]))
      var base = plot.y(0)
      for one in series where one.counts[bin] > 0 {
        let part = max(height * Double(one.counts[bin]) / Double(stacks[bin]), 1.5)
        base -= part
        html += """
          <rect class="fill \(one.style)" x="\(plot.x(low) + 0.75)" y="\(base)" width="\(binWidth - 1.5)" \
          height="\(part)"><title>\(range): \(Format.plural(one.counts[bin], "part")), \(one.name)</title></rect>
          """
      }
    }
    for (index, threshold) in thresholds.enumerated() {
      let at = plot.x(min(max(threshold.value, 0), 1))
      let toTheLeft = threshold.value > 0.6
      html += """
        <path class="threshold \(threshold.style)" d="M\(at) \(14 + 13 * Double(index))V\(plot.y(0))"/>\
        <text class="note" x="\(at + (toTheLeft ? -5 : 5))" y="\(14 + 13 * Double(index) + 6)" \
        text-anchor="\(toTheLeft ? "end" : "start")">\(threshold.name) \(Format.coordinate(threshold.value))</text>
        """
    }
    let summary =
      series.map { "\($0.name): \(Format.plural($0.counts.reduce(0, +), "part"))" }.joined(separator: ", ")
      + thresholds.map { "; \($0.name) at \(Format.coordinate($0.value))" }.joined()
    return plot.svg("Histogram of \(title). \(summary)", html) + legend(series.map { ($0.name, $0.style) })
  }
}

/// The key of a chart's colours.
func legend(_ entries: [(name: String, style: String)]) -> HTML {
  let items = entries.map { entry -> HTML in
    "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"fill \(entry.style)\" width=\"12\" height=\"12\" rx=\"2\"/></svg>\(entry.name)</li>"
  }
  return "<ul class=\"legend\">\(items)</ul>"
}
