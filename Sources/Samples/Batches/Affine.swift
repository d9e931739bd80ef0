/// A map from positions in the result to positions in the source, in pixels, with pixel centres at whole numbers:
/// `source = (a * x + b * y + c, d * x + e * y + f)`.
struct Affine: Sendable, Hashable {
  var a: Float = 1
  var b: Float = 0
  var c: Float = 0
  var d: Float = 0
  var e: Float = 1
  var f: Float = 0

  /// Turns, scales and mirrors about the middle of a `width` x `height` picture, then shifts.
  ///
  /// - Parameters:
  ///   - degrees: counterclockwise as seen on the screen.
  ///   - stretch: widens by this factor and flattens by it.
  ///   - shift: in pixels; positive moves the picture right and down.
  static func about(
    width: Int, height: Int, degrees: Float = 0, scale: Float = 1, stretch: Float = 1, flipX: Bool = false,
    flipY: Bool = false, shiftX: Float = 0, shiftY: Float = 0
  ) -> Affine {
    let middleX = Float(width - 1) * 0.5
    let middleY = Float(height - 1) * 0.5
    let cosine = degrees == 0 ? 1 : Turns.cosine(degrees / 360)
    let sine = degrees == 0 ? 0 : Turns.sine(degrees / 360)
    let mirrorX: Float = flipX ? -1 : 1
    let mirrorY: Float = flipY ? -1 : 1
    var map = Affine()
    // The inverse of "mirror, then turn, then scale", since the map goes from the result to the source.
    let wide = scale * stretch
    let high = scale / stretch
    map.a = mirrorX * cosine / wide
    map.b = mirrorX * -sine / wide
    map.d = mirrorY * sine / high
    map.e = mirrorY * cosine / high
    map.c = middleX - map.a * (middleX + shiftX) - map.b * (middleY + shiftY)
    map.f = middleY - map.d * (middleX + shiftX) - map.e * (middleY + shiftY)
    return map
  }

  /// The same map for a window of the result whose first pixel is (x, y).
  func windowed(x: Float, y: Float) -> Affine {
    var map = self
    map.c += a * x + b * y
    map.f += d * x + e * y
    return map
  }

  /// Where a position of the source comes to lie in the result; nil where the map squeezes everything onto a line.
  func result(ofX x: Float, y: Float) -> SIMD2<Float>? {
    let determinant = a * e - b * d
    guard abs(determinant) > 1e-6 else { return nil }
    let dx = x - c
    let dy = y - f
    return SIMD2((e * dx - b * dy) / determinant, (a * dy - d * dx) / determinant)
  }

  /// Whether the map only mirrors: then the result is an exact copy of pixels.
  var mirrorsOnly: Bool {
    b == 0 && d == 0 && abs(a) == 1 && abs(e) == 1
  }
}

/// Bilinear warping of one 8-bit plane, borders reflected without repeating the outermost pixel
/// (`d c b | a b c d | c b a`).
enum Warp {
  /// Fractional bits of positions: a shift of 1/65536 pixel is far below what 8 bits can show.
  private static let bits = 16

  /// - Parameter size: columns and rows of the result; nil for those of the source.
  static func plane(
    _ source: Span<UInt8>, width: Int, height: Int, _ map: Affine, into result: inout MutableSpan<UInt8>,
    size: (width: Int, height: Int)? = nil
  ) {
    let columns = size?.width ?? width
    let rows = size?.height ?? height
    precondition(source.count >= width * height && result.count >= columns * rows, "planes below \(width) x \(height)")
    if columns == width && rows == height && map.mirrorsOnly && map.c == map.c.rounded() && map.f == map.f.rounded() {
      let fromRight = map.a < 0
      let fromBottom = map.e < 0
      if map.c == (fromRight ? Float(width - 1) : 0) && map.f == (fromBottom ? Float(height - 1) : 0) {
        mirror(source, width, height, fromRight, fromBottom, &result)
        return
      }
    }
    let one = Float(1 << bits)
    let stepX = Int((map.a * one).rounded())
    let stepY = Int((map.d * one).rounded())
    // The last position from which a neighbour to the right (below) still exists.
    let limitX = (width - 1) << bits
    let limitY = (height - 1) << bits
    for y in 0..<rows {
      var px = Int(((map.b * Float(y) + map.c) * one).rounded())
      var py = Int(((map.e * Float(y) + map.f) * one).rounded())
      let inside = range(px, stepX, limitX, columns).clamped(to: range(py, stepY, limitY, columns))
      let row = y &* columns
      for x in 0..<columns {
        if inside.contains(x) {
          let at = (py >> bits) &* width &+ (px >> bits)
          // In bounds: `inside` holds the columns whose four neighbours exist.
          let p = unsafe Int32(source[unchecked: at])
          let q = unsafe Int32(source[unchecked: at &+ 1])
          let r = unsafe Int32(source[unchecked: at &+ width])
          let s = unsafe Int32(source[unchecked: at &+ width &+ 1])
          let fx = Int32(truncatingIfNeeded: px >> 8) & 255
          let fy = Int32(truncatingIfNeeded: py >> 8) & 255
          let top = p &* 256 &+ (q &- p) &* fx
          let bottom = r &* 256 &+ (s &- r) &* fx
          let value = (top &* 256 &+ (bottom &- top) &* fy &+ 32_768) >> 16
          unsafe result[unchecked: row &+ x] = UInt8(truncatingIfNeeded: value)
        } else {
          result[row + x] = reflected(source, width, height, px, py)
        }
        px &+= stepX
        py &+= stepY
      }
    }
  }

  /// The columns x for which `0 <= start + x * step < limit`.
  private static func range(_ start: Int, _ step: Int, _ limit: Int, _ width: Int) -> Range<Int> {
    func ceiling(_ a: Int, _ b: Int) -> Int { a > 0 ? (a + b - 1) / b : -((-a) / b) }
    var low = 0
    var high = width
    if step == 0 {
      if start < 0 || start >= limit { high = 0 }
    } else if step > 0 {
      low = max(low, ceiling(-start, step))
      high = min(high, ceiling(limit - start, step))
    } else {
      low = max(low, ceiling(start - limit + 1, -step))
      high = min(high, ceiling(start + 1, -step))
    }
    return low < high ? low..<high : width..<width
  }

  private static func reflected(_ source: Span<UInt8>, _ width: Int, _ height: Int, _ px: Int, _ py: Int) -> UInt8 {
    let x0 = px >> bits
    let y0 = py >> bits
    let left = reflect(x0, width)
    let right = reflect(x0 + 1, width)
    let top = reflect(y0, height) * width
    let bottom = reflect(y0 + 1, height) * width
    let fx = Int32(truncatingIfNeeded: px >> 8) & 255
    let fy = Int32(truncatingIfNeeded: py >> 8) & 255
    let p = Int32(source[top + left])
    let q = Int32(source[top + right])
    let r = Int32(source[bottom + left])
    let s = Int32(source[bottom + right])
    let upper = p * 256 + (q - p) * fx
    let lower = r * 256 + (s - r) * fx
    return UInt8(truncatingIfNeeded: (upper * 256 + (lower - upper) * fy + 32_768) >> 16)
  }

  /// Index `i` mirrored back into `0..<count`.
  static func reflect(_ i: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let period = 2 * (count - 1)
    var at = i % period
    if at < 0 { at += period }
    return at < count ? at : period - at
  }

  private static func mirror(
    _ source: Span<UInt8>, _ width: Int, _ height: Int, _ fromRight: Bool, _ fromBottom: Bool,
    _ result: inout MutableSpan<UInt8>
  ) {
    for y in 0..<height {
      let from = (fromBottom ? height - 1 - y : y) &* width
      let to = y &* width
      if fromRight {
        // In bounds: both planes hold `width * height` pixels.
        for x in 0..<width { unsafe result[unchecked: to &+ x] = source[unchecked: from &+ width &- 1 &- x] }
      } else {
        for x in 0..<width { unsafe result[unchecked: to &+ x] = source[unchecked: from &+ x] }
      }
    }
  }
}
