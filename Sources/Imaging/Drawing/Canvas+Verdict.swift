/// How a part was judged, as a sign that color, shape and word each tell alone.
public enum VerdictSign: String, Sendable, Hashable, CaseIterable {
  /// Bluish green, a tick in a disc, "ACCEPT".
  case accept
  /// Orange, an exclamation mark in a triangle, "REVIEW".
  case review
  /// Vermilion, a cross in a square, "REJECT".
  case reject

  public var color: Color {
    switch self {
    case .accept: .bluishGreen
    case .review: .orange
    case .reject: .vermilion
    }
  }

  public var word: String { rawValue.uppercased() }
}

extension Canvas {
  /// Draws a filled band with the verdict's sign, its word and further text, readable at a glance and without color.
  ///
  /// Text that does not fit is left out from its end.
  public func verdictBand(_ sign: VerdictSign, in rect: PixelRect, detail: String = "") {
    let bandHeight = Double(rect.height), y = Double(rect.y)
    let ink = sign.color.readableInk
    fillRect(x: Double(rect.x), y: y, width: Double(rect.width), height: bandHeight, color: sign.color)
    let radius = bandHeight * 0.34, middle = y + bandHeight / 2
    symbol(sign, x: Double(rect.x) + bandHeight * 0.5, y: middle, radius: radius, ink: ink)

    let size = bandHeight * 0.56
    var x = Double(rect.x) + bandHeight
    let end = Double(rect.x + rect.width) - bandHeight * 0.2
    let word = fitted(sign.word, size: size, bold: true, width: end - x)
    let metrics = textMetrics(word, size: size, bold: true)
    text(word, x: x, y: middle - metrics.height / 2, size: size, bold: true, color: ink)
    x += metrics.width + size * 0.5
    let rest = fitted(detail, size: size * 0.85, bold: false, width: end - x)
    if !rest.isEmpty {
      let height = textMetrics(rest, size: size * 0.85).height
      text(rest, x: x, y: middle - height / 2, size: size * 0.85, color: ink)
    }
  }

  /// The verdict's shape: filled with `ink`, its mark left in the verdict's color.
  public func symbol(_ sign: VerdictSign, x: Double, y: Double, radius: Double, ink: Color) {
    let stroke = max(1, radius * 0.3)
    switch sign {
    case .accept:
      fillCircle(x: x, y: y, radius: radius, color: ink)
      strokePolyline(
        [
          Point(x - radius * 0.45, y + radius * 0.05), Point(x - radius * 0.1, y + radius * 0.4),
          Point(x + radius * 0.5, y - radius * 0.35),
        ], color: sign.color, lineWidth: stroke)
    case .review:
      fillPolygon(
        [
          Point(x, y - radius), Point(x + radius * 1.1, y + radius * 0.9), Point(x - radius * 1.1, y + radius * 0.9),
        ], color: ink)
      strokePolyline(
        [Point(x, y - radius * 0.3), Point(x, y + radius * 0.2)], color: sign.color, lineWidth: stroke)
      fillCircle(x: x, y: y + radius * 0.62, radius: stroke * 0.55, color: sign.color)
    case .reject:
      fillRect(x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius, color: ink)
      let arm = radius * 0.5
      strokePolyline(
        [Point(x - arm, y - arm), Point(x + arm, y + arm)], color: sign.color, lineWidth: stroke)
      strokePolyline(
        [Point(x - arm, y + arm), Point(x + arm, y - arm)], color: sign.color, lineWidth: stroke)
    }
  }

  /// The longest beginning of `text` that is at most `width` wide, with an ellipsis where something is missing.
  public func fitted(_ text: String, size: Double, bold: Bool = false, width: Double) -> String {
    guard textMetrics(text, size: size, bold: bold).width > width else { return text }
    var short = Substring(text)
    while !short.isEmpty {
      short = short.dropLast()
      let candidate = short + "…"
      if !short.isEmpty, textMetrics(String(candidate), size: size, bold: bold).width <= width {
        return String(candidate)
      }
    }
    return ""
  }
}
