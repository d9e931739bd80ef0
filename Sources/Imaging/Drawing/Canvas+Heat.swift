import CPixels

extension Canvas {
  /// Lays a heat map over the picture: the map's color, as opaque as the value is high.
  ///
  /// - Parameters:
  ///   - heat: values in 0...1 (clamped; NaN counts as 0), stretched bilinearly over `rect`.
  ///   - rect: where; nil for the whole canvas.
  ///   - opacity: opacity at 1, in 0...1; at value v it is `opacity * v`.
  public func overlayHeat(
    _ heat: Image<Float>, in rect: PixelRect? = nil, map: ColorMap = .inferno, opacity: Double = 0.7
  ) {
    let rect = rect ?? PixelRect(x: 0, y: 0, width: width, height: height)
    guard rect.width > 0 && rect.height > 0 && heat.width > 0 && heat.height > 0 else { return }
    let clean = heat.map { $0 > 0 ? min($0, 1) : 0 }
    let full = clean.resized(width: rect.width, height: rect.height, filter: .bilinear)
    let table = map.table.map { UInt32($0.red) << 16 | UInt32($0.green) << 8 | UInt32($0.blue) }
    let most = Float(min(max(opacity, 0), 1)) * 256
    let left = max(0, rect.x), right = min(width, rect.x + rect.width)
    guard left < right else { return }
    unsafe full.pixels.withUnsafeBufferPointer { values in
      unsafe withPixels { row, y in
        guard y >= rect.y && y < rect.y + rect.height else { return }
        unsafe cpixels_overlay(
          row + left, values.baseAddress! + (y - rect.y) * rect.width + (left - rect.x), right - left, table, most)
      }
    }
  }

  /// Draws a color bar with its scale and a title, on a dark translucent ground.
  ///
  /// - Parameters:
  ///   - rect: the whole legend, ground included; at least about 100 x 40.
  ///   - low: text at the lower end.
  ///   - high: text at the upper end.
  public func legend(_ map: ColorMap, in rect: PixelRect, title: String, low: String = "0", high: String = "1") {
    let size = max(8, Double(rect.height) * 0.28), margin = size * 0.4
    let x = Double(rect.x), y = Double(rect.y), boxWidth = Double(rect.width), boxHeight = Double(rect.height)
    fillRect(x: x, y: y, width: boxWidth, height: boxHeight, color: Color.black.opacity(0.65))
    text(title, x: x + margin, y: y + margin * 0.5, size: size, color: .white)
    let lowWidth = textMetrics(low, size: size).width, highWidth = textMetrics(high, size: size).width
    // Whole pixels, a column each, so that no color is mixed with its neighbour.
    let barX = (x + 2 * margin + lowWidth).rounded(), steps = Int(x + boxWidth - 2 * margin - highWidth - barX)
    let barY = (y + boxHeight - margin - size).rounded()
    for step in 0..<max(0, steps) {
      let color = map.color(Float(step) / Float(max(1, steps - 1)))
      fillRect(
        x: barX + Double(step), y: barY, width: 1, height: size.rounded(),
        color: Color(Double(color.red) / 255, Double(color.green) / 255, Double(color.blue) / 255))
    }
    text(low, x: x + margin, y: barY - size * 0.1, size: size, color: .white)
    text(high, x: x + boxWidth - margin, y: barY - size * 0.1, size: size, color: .white, anchor: .right)
  }

  /// Draws a list of names with their colors, on a dark translucent ground.
  ///
  /// - Returns: the space it took.
  @discardableResult
  public func legend(_ entries: [(name: String, color: Color)], x: Double, y: Double, size: Double) -> PixelRect {
    let line = size * 1.5, margin = size * 0.5
    let widest = entries.map { textMetrics($0.name, size: size).width }.max() ?? 0
    let boxWidth = (widest + 3 * margin + size).rounded(.up)
    let boxHeight = (Double(entries.count) * line + margin).rounded(.up)
    fillRect(x: x, y: y, width: boxWidth, height: boxHeight, color: Color.black.opacity(0.65))
    for (index, entry) in entries.enumerated() {
      let top = y + margin / 2 + Double(index) * line
      fillRect(x: x + margin, y: top + line * 0.17, width: size, height: size, color: entry.color)
      text(entry.name, x: x + 2 * margin + size, y: top + line * 0.1, size: size, color: .white)
    }
    return PixelRect(x: Int(x), y: Int(y), width: Int(boxWidth), height: Int(boxHeight))
  }
}
