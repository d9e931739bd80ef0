import CCairo

extension Canvas {
  /// Fills a rectangle.
  public func fillRect(x: Double, y: Double, width: Double, height: Double, color: Color) {
    use(color)
    unsafe cairo_rectangle(context, x, y, width, height)
    unsafe cairo_fill(context)
  }

  /// Outlines a rectangle; the line is centred on its edge.
  ///
  /// - Parameter halo: a wider line below the first, so that it stands out on any ground; nil for none.
  public func strokeRect(
    x: Double, y: Double, width: Double, height: Double, color: Color, lineWidth: Double = 2, halo: Color? = nil
  ) {
    unsafe cairo_rectangle(context, x, y, width, height)
    stroke(color, lineWidth, halo)
  }

  /// Outlines the pixels of `rect`, just outside them.
  public func strokeRect(_ rect: PixelRect, color: Color, lineWidth: Double = 2, halo: Color? = nil) {
    let grow = lineWidth / 2
    strokeRect(
      x: Double(rect.x) - grow, y: Double(rect.y) - grow, width: Double(rect.width) + lineWidth,
      height: Double(rect.height) + lineWidth, color: color, lineWidth: lineWidth, halo: halo)
  }

  /// Draws a line through `points`.
  public func strokePolyline(
    _ points: [Point], closed: Bool = false, color: Color, lineWidth: Double = 2, halo: Color? = nil
  ) {
    trace(points, closed: closed)
    stroke(color, lineWidth, halo)
  }

  /// Fills a polygon; where it overlaps itself, by the even-odd rule.
  public func fillPolygon(_ points: [Point], color: Color) { fillPolygons([points], color: color) }

  /// Fills several rings as one shape by the even-odd rule, so that inner rings are holes.
  public func fillPolygons(_ rings: [[Point]], color: Color) {
    for ring in rings { trace(ring, closed: true) }
    use(color)
    unsafe cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
    unsafe cairo_fill(context)
    unsafe cairo_set_fill_rule(context, CAIRO_FILL_RULE_WINDING)
  }

  /// Fills a disc.
  public func fillCircle(x: Double, y: Double, radius: Double, color: Color) {
    use(color)
    unsafe cairo_new_path(context)
    unsafe cairo_arc(context, x, y, radius, 0, 2 * .pi)
    unsafe cairo_fill(context)
  }

  /// Outlines a circle.
  public func strokeCircle(
    x: Double, y: Double, radius: Double, color: Color, lineWidth: Double = 2, halo: Color? = nil
  ) {
    unsafe cairo_new_path(context)
    unsafe cairo_arc(context, x, y, radius, 0, 2 * .pi)
    unsafe cairo_close_path(context)
    stroke(color, lineWidth, halo)
  }

  /// Outlines the set pixels of a mask that is stretched over `rect`, or over the whole canvas.
  public func outline(
    _ mask: Image<UInt8>, in rect: PixelRect? = nil, color: Color, lineWidth: Double = 2, halo: Color? = nil
  ) {
    outline(
      mask.map { $0 == 0 ? 0 : 1 } as Image<Float>, level: 0.5, in: rect, color: color, lineWidth: lineWidth, halo: halo
    )
  }

  /// Draws the line where `scores`, stretched over `rect` or over the whole canvas, cross `level`.
  public func outline(
    _ scores: Image<Float>, level: Float, in rect: PixelRect? = nil, color: Color, lineWidth: Double = 2,
    halo: Color? = nil
  ) {
    guard scores.width > 0 && scores.height > 0 else { return }
    let rect = rect ?? PixelRect(x: 0, y: 0, width: width, height: height)
    let scaleX = Double(rect.width) / Double(scores.width), scaleY = Double(rect.height) / Double(scores.height)
    for ring in contours(of: scores, level: level) {
      trace(ring.map { Point(Double(rect.x) + $0.x * scaleX, Double(rect.y) + $0.y * scaleY) }, closed: true)
    }
    stroke(color, lineWidth, halo)
  }

  func trace(_ points: [Point], closed: Bool) {
    guard let first = points.first else { return }
    unsafe cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
    if closed { unsafe cairo_close_path(context) }
  }

  func stroke(_ color: Color, _ lineWidth: Double, _ halo: Color?) {
    if let halo {
      use(halo)
      unsafe cairo_set_line_width(context, lineWidth + 2)
      unsafe cairo_stroke_preserve(context)
    }
    use(color)
    unsafe cairo_set_line_width(context, lineWidth)
    unsafe cairo_stroke(context)
  }
}
