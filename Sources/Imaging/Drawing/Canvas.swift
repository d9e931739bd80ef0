import CCairo

/// A position on a canvas or in an image, in pixels from the top left corner; pixel centres lie at halves.
public struct Point: Sendable, Hashable {
  public var x: Double
  public var y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A picture to draw on, over Cairo. Opaque RGB; all positions and sizes are in its pixels.
///
/// Owns its surface; use one canvas from one thread at a time (different canvases are independent).
@safe public final class Canvas {
  public let width: Int
  public let height: Int
  private let surface: OpaquePointer
  let context: OpaquePointer

  /// A canvas of one color.
  ///
  /// - Precondition: both sides are in 1...32767 (Cairo's limit).
  public init(width: Int, height: Int, color: Color = .black) {
    precondition(
      (1...32767).contains(width) && (1...32767).contains(height), "a canvas cannot be \(width) x \(height)")
    self.width = width
    self.height = height
    unsafe surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    unsafe precondition(
      cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, "no memory for a canvas of \(width) x \(height)")
    unsafe context = cairo_create(surface)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    fillRect(x: 0, y: 0, width: Double(width), height: Double(height), color: color.opacity(1))
  }

  /// A canvas showing an image.
  public convenience init(_ image: Image<RGB8>) {
    self.init(width: image.width, height: image.height)
    unsafe withPixels { row, y in
      let source = image.row(y)
      for x in 0..<source.count {
        let pixel = source[x]
        unsafe row[x] = UInt32(pixel.red) << 16 | UInt32(pixel.green) << 8 | UInt32(pixel.blue)
      }
    }
  }

  /// A canvas showing a grey image.
  public convenience init(_ image: Image<Gray8>) {
    self.init(width: image.width, height: image.height)
    unsafe withPixels { row, y in
      let source = image.row(y)
      for x in 0..<source.count { unsafe row[x] = UInt32(source[x]) * 0x010101 }
    }
  }

  deinit {
    unsafe cairo_destroy(context)
    unsafe cairo_surface_destroy(surface)
  }

  /// What is on the canvas.
  public func image() -> Image<RGB8> {
    var image = Image<RGB8>(width: width, height: height, repeating: RGB8(0, 0, 0))
    unsafe withPixels(isWriting: false) { row, y in
      var out = image.mutableRow(y)
      for x in 0..<out.count {
        let word = unsafe row[x]
        out[x] = RGB8(
          UInt8(truncatingIfNeeded: word >> 16), UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word))
      }
    }
    return image
  }

  /// Hands out each row as native-endian 0x00RRGGBB words.
  func withPixels(isWriting: Bool = true, _ body: (UnsafeMutablePointer<UInt32>, Int) -> Void) {
    unsafe cairo_surface_flush(surface)
    let data = unsafe UnsafeMutableRawPointer(cairo_image_surface_get_data(surface)!)
    let stride = unsafe Int(cairo_image_surface_get_stride(surface))
    for y in 0..<height { unsafe body((data + y * stride).assumingMemoryBound(to: UInt32.self), y) }
    if isWriting { unsafe cairo_surface_mark_dirty(surface) }
  }

  func use(_ color: Color) {
    unsafe cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha)
  }
}
