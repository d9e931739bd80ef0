import Metrics

/// One line of a ``lineChart(_:xTitle:yTitle:summary:plot:marker:)``.
struct Curve: Sendable {
  let name: String
  /// CSS class that colours it: `s1`...`s6` or a verdict's.
  let style: String
  let points: [(x: Double, y: Double)]
}

/// Curves over a shared axis. `marker` draws a vertical line with a note, such as at the step that was kept.
func lineChart(
  _ curves: [Curve], xTitle: String, yTitle: String, summary: String, plot given: Plot = Plot(),
  marker: (x: Double, text: String)? = nil, wholeX: Bool = false, fromZero: Bool = false
) -> HTML {
  var plot = given
  if marker != nil { plot.top = 26 }
  let points = curves.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
  guard let firstPoint = points.first else { return "<p class=\"empty\">Nothing was recorded.</p>" }
  var (left, right, low, high) = (firstPoint.x, firstPoint.x, firstPoint.y, firstPoint.y)
  for point in points {
    left = min(left, point.x)
    right = max(right, point.x)
    low = min(low, point.y)
    high = max(high, point.y)
  }
  if fromZero { low = min(low, 0) }
  let ticks = Ticks(low, high, count: 4)
  plot.xRange = left...max(right, left + 1e-9)
  plot.yRange = min(low, ticks.values.first ?? low)...max(high + (high - low) * 0.05, low + 1e-9)
  var html = plot.axes(xTitle: xTitle, yTitle: yTitle, wholeX: wholeX, xCount: 6, yCount: 4)
  if let marker {
    let at = plot.x(marker.x)
    let toTheLeft = at > plot.width * 0.7
    html += """
      <path class="threshold" d="M\(at) 6V\(plot.y(plot.yRange.lowerBound))"/>\
      <text class="note" x="\(at + (toTheLeft ? -5 : 5))" y="14" \
      text-anchor="\(toTheLeft ? "end" : "start")">\(marker.text)</text>
      """
  }
  for curve in curves {
    html += "<path class=\"line \(curve.style)\" d=\"\(plot.path(curve.points))\"><title>\(curve.name)</title></path>"
    if curve.points.count == 1, let only = curve.points.first {
      html += "<circle class=\"fill \(curve.style)\" cx=\"\(plot.x(only.x))\" cy=\"\(plot.y(only.y))\" r=\"3\"/>"
    }
  }
  return plot.svg(summary, html) + (curves.count > 1 ? legend(curves.map { ($0.name, $0.style) }) : HTML())
}

/// Where every curve of a square chart of two rates lies, with the diagonal for comparison.
func rocChart(_ curves: [(name: String, style: String, curve: ROCCurve)], operatingPoint: (x: Double, y: Double)?)
  -> HTML
{
  var plot = Plot(width: 420, height: 340)
  plot.left = 52
  var html = plot.axes(xTitle: "overkill (good parts judged defective)", yTitle: "defects found")
  html += "<path class=\"diagonal\" d=\"\(plot.path([(0, 0), (1, 1)]))\"/>"
  for entry in curves {
    let points = zip(entry.curve.falsePositiveRate, entry.curve.truePositiveRate).map { (x: $0, y: $1) }
    html += """
      <path class="line \(entry.style)" d="\(plot.path(thinned(points)))"><title>\(entry.name)</title></path>
      """
  }
  if let point = operatingPoint {
    html += """
      <circle class="point" cx="\(plot.x(point.x))" cy="\(plot.y(point.y))" r="5"><title>as judged: overkill \
      \(Format.percent(point.x)), defects found \(Format.percent(point.y))</title></circle>
      """
  }
  let areas = curves.map { "\($0.name): area \(Format.fixed($0.curve.area, 4))" }
  return plot.svg("ROC curve. " + areas.joined(separator: "; "), html)
    + legend(curves.map { ("\($0.name), area \(Format.fixed($0.curve.area, 4))", $0.style) })
}

/// At most some hundred points: those that bend the curve by more than a pixel's fraction.
func thinned(_ points: [(x: Double, y: Double)], tolerance: Double = 0.0015) -> [(x: Double, y: Double)] {
  guard var last = points.first else { return [] }
  var kept = [last]
  for (index, point) in points.enumerated().dropFirst() {
    let end = index + 1 == points.count
    // A corner of the staircase: the direction changes here.
    let next = end ? point : points[index + 1]
    let corner = (point.x - last.x) * (next.y - point.y) != (point.y - last.y) * (next.x - point.x)
    let far = abs(point.x - last.x) + abs(point.y - last.y) > tolerance
    if end || (corner && far) {
      kept.append(point)
      last = point
    }
  }
  return kept
}

/// Accuracy against stated confidence, bin by bin; on the diagonal confidence is honest.
func reliabilityChart(_ reliability: Reliability) -> HTML {
  var plot = Plot(width: 420, height: 340)
  plot.left = 52
  var html = plot.axes(xTitle: "stated confidence", yTitle: "share judged right")
  let most = max(reliability.bins.map(\.count).max() ?? 1, 1)
  for bin in reliability.bins where bin.count > 0 {
    let left = plot.x(bin.low) + 1
    let width = plot.x(bin.high) - plot.x(bin.low) - 2
    // Pale bars where few parts stand behind them.
    let weight = 0.35 + 0.65 * (Double(bin.count) / Double(most)).squareRoot()
    html += """
      <rect class="fill s1" fill-opacity="\(weight)" x="\(left)" y="\(plot.y(bin.accuracy))" width="\(width)" \
      height="\(max(plot.y(0) - plot.y(bin.accuracy), 1))"><title>confidence \(Format.percent(bin.low, 0)) to \
      \(Format.percent(bin.high, 0)): \(Format.plural(bin.count, "part")), \(Format.percent(bin.accuracy)) right</title>\
      </rect>
      """
  }
  html += "<path class=\"diagonal\" d=\"\(plot.path([(0, 0), (1, 1)]))\"/>"
  return plot.svg(
    "Reliability diagram. Expected calibration error \(Format.percent(reliability.expectedCalibrationError, 2))", html)
}

/// Horizontal bars from the most frequent down, with shares that add up (Pareto).
func paretoChart(_ counts: [(name: String, count: Int)], caption: String) -> HTML {
  let sorted = counts.sorted { $0.count > $1.count || ($0.count == $1.count && $0.name < $1.name) }
  let total = sorted.reduce(0) { $0 + $1.count }
  guard total > 0, let most = sorted.first?.count else { return "<p class=\"empty\">No defects were found.</p>" }
  var sum = 0
  let rows = sorted.map { entry -> HTML in
    sum += entry.count
    return """
      <tr><th scope="row">\(entry.name)</th><td class="bar"><span style="width:\
      \(100 * Double(entry.count) / Double(most))%"></span></td><td class="n">\(Format.count(entry.count))</td>\
      <td class="n">\(Format.percent(entry.count, of: total))</td>\
      <td class="n">\(Format.percent(sum, of: total))</td></tr>
      """
  }
  return """
    <table class="pareto"><caption class="hidden">\(caption)</caption><thead><tr><th scope="col">Defect</th>\
    <th><span class="hidden">Bar</span></th><th class="n" scope="col">Parts</th><th class="n" scope="col">Share</th>\
    <th class="n" scope="col">Cumulative</th></tr></thead><tbody>\(rows)</tbody></table>
    """
}
