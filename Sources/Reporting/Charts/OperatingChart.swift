import Inspection
import Metrics

/// A point of the operating curve with what the set says about its escape rate.
struct OperatingBand: Sendable, Hashable {
  let threshold: Float
  /// Good parts rejected, of all good parts.
  let overkill: Double
  /// Defective parts accepted, of all defective parts, with the exact 95 % interval of Clopper and Pearson.
  let escape: Rate
}

/// Where rates are drawn: the square root lets one percent be told from none.
func rateScale(_ rate: Double) -> Double { max(rate, 0).squareRoot() }

/// Points of the curve, from the strictest threshold on, each `tolerance` or more from the one before on the scale that
/// they are drawn in. The whole way from one corner to the other is 2 long, so no more than 2 / tolerance + 2 are left,
/// however many parts there are.
func operatingBands(_ sweep: ThresholdSweep, tolerance: Double = 0.0105) -> [OperatingBand] {
  guard sweep.defects > 0, sweep.goods > 0 else { return [] }
  var bands: [OperatingBand] = []
  var last = (x: -1.0, y: -1.0)
  for (index, point) in sweep.points.enumerated() {
    let overkill = Double(point.overkills) / Double(sweep.goods)
    let at = (
      x: rateScale(overkill), y: rateScale(Double(point.escapes) / Double(sweep.defects))
    )
    guard index == 0 || index + 1 == sweep.points.count || abs(at.x - last.x) + abs(at.y - last.y) >= tolerance else {
      continue
    }
    last = at
    bands.append(
      OperatingBand(
        threshold: point.threshold, overkill: overkill,
        escape: Rate(successes: point.escapes, trials: sweep.defects)))
  }
  return bands
}

/// What was promised, beside what its threshold does on the set of the report.
struct PromisedMark: Sendable, Hashable {
  /// Such as `escape<=1%@95%`.
  let name: String
  /// Whether the limit is one of escapes, otherwise of overkills.
  let isEscape: Bool
  let limit: Double
  /// Measured with the promise's threshold.
  let overkill: Double
  let escape: Double
}

/// Escape rate against overkill rate over all thresholds, with the escape rate's bounds as a band.
struct OperatingChart: Sendable {
  let sweep: ThresholdSweep
  /// Verdicts of the policy in force.
  let inForce: DecisionCounts
  var promises: [PromisedMark] = []

  /// Axes in ``rateScale(_:)``.
  static var plot: Plot {
    var plot = Plot(width: 560, height: 420)
    plot.left = 58
    plot.bottom = 44
    return plot
  }

  private static let ticks: [(value: Double, text: String)] = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1].map {
    (rateScale($0), Format.percent($0, 0))
  }

  /// The picture; the script moves the mark named `what-if-probe`.
  var html: HTML {
    let bands = operatingBands(sweep)
    guard !bands.isEmpty else {
      return "<p class=\"empty\">The curve needs good and defective parts, and the set has one kind only.</p>"
    }
    let plot = Self.plot
    let upper = bands.map { (x: rateScale($0.overkill), y: rateScale($0.escape.high)) }
    let lower = bands.map { (x: rateScale($0.overkill), y: rateScale($0.escape.low)) }
    let curve = bands.map { (x: rateScale($0.overkill), y: rateScale($0.escape.value)) }
    var html = plot.axes(
      x: Self.ticks, y: Self.ticks, xTitle: "overkill rate: good parts rejected",
      yTitle: "escape rate: defective parts accepted")
    html += """
      <path class="band" d="\(plot.path(upper + lower.reversed()))Z"><title>95% bounds of the escape rate</title></path>\
      <path class="line s1" d="\(plot.path(curve))"><title>one threshold, nothing for review</title></path>
      """
    for (index, promise) in promises.enumerated() {
      let limit = rateScale(promise.limit)
      // Names one below the other at the right, where the curve is low.
      let line =
        promise.isEscape
        ? "M\(Format.coordinate(plot.left)) \(Format.coordinate(plot.y(limit)))H\(Format.coordinate(plot.width - plot.right))"
        : "M\(Format.coordinate(plot.x(limit))) \(Format.coordinate(plot.top))V\(Format.coordinate(plot.y(0)))"
      let (x, y) = (plot.x(rateScale(promise.overkill)), plot.y(rateScale(promise.escape)))
      html += """
        <path class="diagonal" d="\(line)"/>\
        <path class="promise" d="M\(Format.coordinate(x)) \(Format.coordinate(y - 7))l7 7l-7 7l-7-7z"><title>\
        \(promise.name): its threshold measured here, escape \(Format.percent(promise.escape, 2)), overkill \
        \(Format.percent(promise.overkill, 2))</title></path>\
        <text class="note" x="\(plot.width - plot.right - 4)" y="\(plot.top + 14 + 15 * Double(index))" \
        text-anchor="end">\(promise.name)</text>
        """
    }
    let escape = Rate(successes: inForce.defective.accepted, trials: inForce.defective.total)
    let overkill = Rate(successes: inForce.good.rejected, trials: inForce.good.total)
    let (x, y) = (plot.x(rateScale(overkill.value)), plot.y(rateScale(escape.value)))
    let said = "escape \(Format.percent(escape.value, 2)), overkill \(Format.percent(overkill.value, 2))"
    html += """
      <path class="whisker" d="M\(x) \(plot.y(rateScale(escape.low)))V\(plot.y(rateScale(escape.high)))\
      M\(plot.x(rateScale(overkill.low))) \(y)H\(plot.x(rateScale(overkill.high)))"/>\
      <circle class="point" cx="\(x)" cy="\(y)" r="6"><title>in force: \(said)</title></circle>\
      <circle class="probe" id="what-if-probe" cx="\(x)" cy="\(y)" r="6" hidden><title>where the sliders stand</title>\
      </circle>
      """
    return plot.svg("Escape rate against overkill rate over all thresholds. In force: \(said)", html)
      + legend([("all thresholds, nothing for review", "s1"), ("95% bounds", "bounds")])
  }
}
