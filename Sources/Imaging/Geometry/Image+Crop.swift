extension Image {
  /// The pixels inside `rect`.
  ///
  /// - Precondition: `rect` is inside the image.
  @inlinable public func cropped(_ rect: PixelRect) -> Image {
    precondition(
      rect.x >= 0 && rect.y >= 0 && rect.width >= 0 && rect.height >= 0 && rect.x + rect.width <= width
        && rect.y + rect.height <= height, "\(rect) is not inside \(width) x \(height)")
    var pixels: [Pixel] = []
    pixels.reserveCapacity(rect.width * rect.height)
    for y in rect.y..<rect.y + rect.height {
      let start = y * width + rect.x
      pixels.append(contentsOf: storage[start..<start + rect.width])
    }
    return Image(width: rect.width, height: rect.height, pixels: pixels)
  }

  /// The image with `margins` of `fill` around it.
  @inlinable public func padded(left: Int, top: Int, right: Int, bottom: Int, with fill: Pixel) -> Image {
    precondition(left >= 0 && top >= 0 && right >= 0 && bottom >= 0, "margins cannot be negative")
    var result = Image(width: width + left + right, height: height + top + bottom, repeating: fill)
    let newWidth = result.width
    for y in 0..<height {
      let start = (top + y) * newWidth + left
      result.storage.replaceSubrange(start..<start + width, with: storage[y * width..<(y + 1) * width])
    }
    return result
  }
}

/// How an image was fitted into a frame of fixed size, and the way back.
public struct Letterbox: Sendable, Hashable {
  /// Size of the image.
  public let source: ImageSize
  /// Size of the frame.
  public let target: ImageSize
  /// Where the whole image lies in the frame; the rest is padding.
  public let content: PixelRect

  /// The largest size with the image's proportions that fits, centred. Sides are rounded, at least 1.
  ///
  /// - Parameter enlarges: whether a smaller image is enlarged; otherwise it keeps its size.
  public init(source: ImageSize, target: ImageSize, enlarges: Bool = true) {
    precondition(
      source.width > 0 && source.height > 0 && target.width > 0 && target.height > 0,
      "cannot fit \(source) into \(target)")
    var scale = min(Double(target.width) / Double(source.width), Double(target.height) / Double(source.height))
    if !enlarges { scale = min(scale, 1) }
    let width = min(target.width, max(1, Int((Double(source.width) * scale).rounded())))
    let height = min(target.height, max(1, Int((Double(source.height) * scale).rounded())))
    self.source = source
    self.target = target
    content = PixelRect(
      x: (target.width - width) / 2, y: (target.height - height) / 2, width: width, height: height)
  }

  /// A position in the frame as a position in the image, in pixels; corners map to corners.
  public func sourcePoint(x: Double, y: Double) -> (x: Double, y: Double) {
    (
      (x - Double(content.x)) * Double(source.width) / Double(content.width),
      (y - Double(content.y)) * Double(source.height) / Double(content.height)
    )
  }

  /// A rectangle of the frame as the pixels of the image that it covers, cut at the image's edges.
  public func sourceRect(_ rect: PixelRect) -> PixelRect {
    let (left, top) = sourcePoint(x: Double(rect.x), y: Double(rect.y))
    let (right, bottom) = sourcePoint(x: Double(rect.x + rect.width), y: Double(rect.y + rect.height))
    let x = min(max(0, Int(left.rounded(.down))), source.width)
    let y = min(max(0, Int(top.rounded(.down))), source.height)
    return PixelRect(
      x: x, y: y, width: max(0, min(source.width, Int(right.rounded(.up))) - x),
      height: max(0, min(source.height, Int(bottom.rounded(.up))) - y))
  }
}

extension Image where Pixel: InterleavedPixel {
  /// The image scaled to fit into `target` with its proportions kept, centred on a ground of `fill`.
  public func letterboxed(
    to target: ImageSize, fill: Pixel, filter: ResampleFilter = .bilinear, enlarges: Bool = true
  ) -> (image: Image, geometry: Letterbox) {
    let geometry = Letterbox(
      source: ImageSize(width: width, height: height), target: target, enlarges: enlarges)
    let content = geometry.content
    let image = resized(width: content.width, height: content.height, filter: filter)
      .padded(
        left: content.x, top: content.y, right: target.width - content.x - content.width,
        bottom: target.height - content.y - content.height, with: fill)
    return (image, geometry)
  }
}

extension AnyImage {
  /// The pixels inside `rect`; the same picture where that is all of it.
  ///
  /// - Precondition: `rect` is inside the image.
  public func cropped(_ rect: PixelRect) -> AnyImage {
    if rect.width == width, rect.height == height { return self }
    switch self {
    case .gray8(let image): return .gray8(image.cropped(rect))
    case .gray16(let image): return .gray16(image.cropped(rect))
    case .rgb8(let image): return .rgb8(image.cropped(rect))
    case .rgb16(let image): return .rgb16(image.cropped(rect))
    case .rgba8(let image): return .rgba8(image.cropped(rect))
    case .rgba16(let image): return .rgba16(image.cropped(rect))
    }
  }
}
