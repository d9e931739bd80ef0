import CCairo

/// The space that a line of text takes, in pixels.
public struct TextMetrics: Sendable, Hashable {
  /// From the start of the first character to where a next one would start.
  public let width: Double
  /// Above the baseline, for any text of the font.
  public let ascent: Double
  /// Below the baseline, for any text of the font.
  public let descent: Double
  /// Of a line.
  public var height: Double { ascent + descent }
}

/// Where a text's given position lies within it, from left to right.
public enum TextAnchor: Sendable, Hashable {
  case left, center, right
}

extension Canvas {
  /// The size of a line of text in DejaVu Sans.
  public func textMetrics(_ text: String, size: Double, bold: Bool = false) -> TextMetrics {
    setFont(size, bold)
    var font = cairo_font_extents_t()
    unsafe cairo_font_extents(context, &font)
    var extents = cairo_text_extents_t()
    unsafe cairo_text_extents(context, printable(text), &extents)
    return TextMetrics(width: extents.x_advance, ascent: font.ascent, descent: font.descent)
  }

  /// Draws one line of text in DejaVu Sans.
  ///
  /// - Parameters:
  ///   - x: the left end, centre or right end of the line, as `anchor` says.
  ///   - y: the top of the line.
  ///   - size: height of the font's square, in pixels.
  public func text(
    _ text: String, x: Double, y: Double, size: Double, bold: Bool = false, color: Color,
    anchor: TextAnchor = .left
  ) {
    let metrics = textMetrics(text, size: size, bold: bold)
    let shift: Double =
      switch anchor {
      case .left: 0
      case .center: metrics.width / 2
      case .right: metrics.width
      }
    use(color)
    unsafe cairo_move_to(context, x - shift, y + metrics.ascent)
    unsafe cairo_show_text(context, printable(text))
    unsafe cairo_new_path(context)
  }

  /// Draws a line of text on a filled box, moved where needed to stay on the canvas.
  ///
  /// - Parameters:
  ///   - x: left edge of the box.
  ///   - y: top edge of the box.
  ///   - background: color of the box; the text is black or white, whichever reads better.
  /// - Returns: the box, in whole pixels.
  @discardableResult
  public func label(
    _ text: String, x: Double, y: Double, size: Double, bold: Bool = false, background: Color, ink: Color? = nil
  ) -> PixelRect {
    let metrics = textMetrics(text, size: size, bold: bold)
    let margin = (size * 0.3).rounded(.up)
    let boxWidth = (metrics.width + 2 * margin).rounded(.up), boxHeight = (metrics.height + margin).rounded(.up)
    let left = max(0, min(x, Double(width) - boxWidth)).rounded()
    let top = max(0, min(y, Double(height) - boxHeight)).rounded()
    fillRect(x: left, y: top, width: boxWidth, height: boxHeight, color: background)
    self.text(
      text, x: left + margin, y: top + margin / 2, size: size, bold: bold, color: ink ?? background.readableInk)
    return PixelRect(x: Int(left), y: Int(top), width: Int(boxWidth), height: Int(boxHeight))
  }

  /// Draws a label at a rectangle: above it where there is room, otherwise below, otherwise inside.
  @discardableResult
  public func label(_ text: String, at rect: PixelRect, size: Double, bold: Bool = false, background: Color)
    -> PixelRect
  {
    let metrics = textMetrics(text, size: size, bold: bold)
    let boxHeight = (metrics.height + (size * 0.3).rounded(.up)).rounded(.up), gap = 3.0
    var y = Double(rect.y) - boxHeight - gap
    if y < 0 { y = Double(rect.y + rect.height) + gap }
    if y + boxHeight > Double(height) { y = Double(rect.y) }
    return label(text, x: Double(rect.x), y: y, size: size, bold: bold, background: background)
  }

  private func setFont(_ size: Double, _ bold: Bool) {
    unsafe cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    unsafe cairo_set_font_size(context, size)
    // The same letters on every machine, whatever its desktop settings.
    let options = unsafe cairo_font_options_create()
    unsafe cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    unsafe cairo_set_font_options(context, options)
    unsafe cairo_font_options_destroy(options)
  }

  /// A zero byte would end the string early, and control characters draw as boxes.
  private func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
  }
}
