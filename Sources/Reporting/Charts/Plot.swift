/// Round numbers that divide a range, such as 0, 0.2, 0.4.
struct Ticks: Sendable {
  let values: [Double]
  let step: Double

  /// About `count` ticks at steps of 1, 2 or 5 times a power of ten that cover `low...high`.
  init(_ low: Double, _ high: Double, count: Int = 5, wholeNumbers: Bool = false) {
    let span = max(high - low, 1e-12)
    let raw = span / Double(max(count, 1))
    var magnitude = 1.0
    while magnitude > raw { magnitude /= 10 }
    while magnitude * 10 <= raw { magnitude *= 10 }
    let factor = raw / magnitude
    var step = magnitude * (factor <= 1.0001 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
    if wholeNumbers { step = max(step.rounded(), 1) }
    let first = Int((low / step - 1e-9).rounded(.up))
    let last = max(Int((high / step + 1e-9).rounded(.down)), first)
    values = (first...last).map { Double($0) * step }
    self.step = step
  }
}

/// The frame of a chart: its size, its margins, and where a value lies.
struct Plot: Sendable {
  var width = 560.0
  var height = 260.0
  var left = 48.0
  var right = 16.0
  var top = 16.0
  var bottom = 40.0
  var xRange: ClosedRange<Double> = 0...1
  var yRange: ClosedRange<Double> = 0...1

  func x(_ value: Double) -> Double {
    left + (width - left - right) * (value - xRange.lowerBound) / max(xRange.upperBound - xRange.lowerBound, 1e-12)
  }
  func y(_ value: Double) -> Double {
    height - bottom
      - (height - top - bottom) * (value - yRange.lowerBound) / max(yRange.upperBound - yRange.lowerBound, 1e-12)
  }

  /// The whole picture; `summary` is what a screen reader says instead of it.
  func svg(_ summary: String, _ content: HTML) -> HTML {
    """
    <svg class="chart" viewBox="0 0 \(width) \(height)" role="img" aria-label="\(summary)">\(content)</svg>
    """
  }

  /// Lines across, numbers at both axes, and what they count.
  func axes(
    x xTicks: [(value: Double, text: String)], y yTicks: [(value: Double, text: String)], xTitle: String,
    yTitle: String
  ) -> HTML {
    var html = HTML()
    for tick in yTicks {
      let at = y(tick.value)
      html += """
        <path class="grid" d="M\(left) \(at)H\(width - right)"/>\
        <text class="tick" x="\(left - 7)" y="\(at + 4)" text-anchor="end">\(tick.text)</text>
        """
    }
    for tick in xTicks {
      html += """
        <text class="tick" x="\(x(tick.value))" y="\(height - bottom + 17)" text-anchor="middle">\(tick.text)</text>
        """
    }
    html += """
      <path class="axis" d="M\(left) \(y(yRange.lowerBound))H\(width - right)"/>\
      <text class="title" x="\((left + width - right) / 2)" y="\(height - 4)" text-anchor="middle">\(xTitle)</text>\
      <text class="title" transform="translate(11 \((top + height - bottom) / 2)) rotate(-90)" \
      text-anchor="middle">\(yTitle)</text>
      """
    return html
  }

  /// ``axes(x:y:xTitle:yTitle:)`` with round numbers.
  func axes(xTitle: String, yTitle: String, wholeX: Bool = false, xCount: Int = 5, yCount: Int = 5) -> HTML {
    let across = Ticks(xRange.lowerBound, xRange.upperBound, count: xCount, wholeNumbers: wholeX)
    let up = Ticks(yRange.lowerBound, yRange.upperBound, count: yCount)
    return axes(
      x: across.values.map { ($0, Format.tick($0, step: across.step)) },
      y: up.values.map { ($0, Format.tick($0, step: up.step)) }, xTitle: xTitle, yTitle: yTitle)
  }

  /// A path through the points; points that are not finite interrupt it.
  func path(_ points: [(x: Double, y: Double)]) -> String {
    var data = ""
    var drawing = false
    for point in points {
      guard point.x.isFinite && point.y.isFinite else {
        drawing = false
        continue
      }
      data += (drawing ? "L" : "M") + Format.coordinate(x(point.x)) + " " + Format.coordinate(y(point.y))
      drawing = true
    }
    return data
  }
}
