public import Imaging

/// What ignored pixels are painted with.
public enum RegionFill: Sendable, Hashable {
  /// The mean of the region's own pixels, for each component: no edge stands out by more than it must.
  case mean
  /// The middle of the range in each component, the same for every frame.
  case neutral
}

extension RegionMask {
  /// The frame with everything outside the region painted over, opaque where it has transparency.
  ///
  /// - Precondition: the frame has the region's size.
  public func fill(_ image: AnyImage, with fill: RegionFill) -> AnyImage {
    requireSize(image.width, image.height)
    if isWhole { return image }
    return switch image {
    case .gray8(let image): .gray8(painted(image, fill))
    case .gray16(let image): .gray16(painted(image, fill))
    case .rgb8(let image): .rgb8(painted(image, fill))
    case .rgb16(let image): .rgb16(painted(image, fill))
    case .rgba8(let image): .rgba8(painted(image, fill))
    case .rgba16(let image): .rgba16(painted(image, fill))
    }
  }

  /// The same for a grey frame.
  public func fill(_ image: Image<Gray8>, with fill: RegionFill) -> Image<Gray8> {
    requireSize(image.width, image.height)
    return isWhole ? image : painted(image, fill)
  }

  private func painted<Pixel: PaintablePixel>(_ image: Image<Pixel>, _ fill: RegionFill) -> Image<Pixel> {
    let color: Pixel
    switch fill {
    case .neutral: color = .neutral
    case .mean:
      var sums = SIMD4<UInt64>()
      for run in runs {
        let row = image.row(run.y)
        for x in run.columns { sums &+= row[x].components }
      }
      color = area > 0 ? Pixel(components: (sums &+ UInt64(area / 2)) / UInt64(area)) : .neutral
    }
    var result = image
    for y in 0..<size.height {
      var row = result.mutableRow(y)
      var next = 0
      for run in runs(inRow: y) {
        for x in next..<run.columns.lowerBound { row[x] = color }
        next = run.columns.upperBound
      }
      for x in next..<size.width { row[x] = color }
    }
    return result
  }
}

/// A pixel whose mean can be taken: up to three components; what is painted is opaque.
private protocol PaintablePixel: InterleavedPixel {
  var components: SIMD4<UInt64> { get }
  init(components: SIMD4<UInt64>)
  static var neutral: Self { get }
}

extension UInt8: PaintablePixel {
  var components: SIMD4<UInt64> { SIMD4(UInt64(self), 0, 0, 0) }
  init(components: SIMD4<UInt64>) { self = UInt8(components[0]) }
  static var neutral: UInt8 { 128 }
}

extension UInt16: PaintablePixel {
  var components: SIMD4<UInt64> { SIMD4(UInt64(self), 0, 0, 0) }
  init(components: SIMD4<UInt64>) { self = UInt16(components[0]) }
  static var neutral: UInt16 { 32768 }
}

extension RGB: PaintablePixel where Component: PixelComponent & FixedWidthInteger & UnsignedInteger {
  var components: SIMD4<UInt64> { SIMD4(UInt64(red), UInt64(green), UInt64(blue), 0) }
  init(components: SIMD4<UInt64>) {
    self.init(Component(components[0]), Component(components[1]), Component(components[2]))
  }
  static var neutral: RGB { RGB(Component.max / 2 + 1, Component.max / 2 + 1, Component.max / 2 + 1) }
}

extension RGBA: PaintablePixel where Component: PixelComponent & FixedWidthInteger & UnsignedInteger {
  var components: SIMD4<UInt64> { SIMD4(UInt64(red), UInt64(green), UInt64(blue), 0) }
  init(components: SIMD4<UInt64>) {
    self.init(Component(components[0]), Component(components[1]), Component(components[2]), Component.max)
  }
  static var neutral: RGBA {
    RGBA(Component.max / 2 + 1, Component.max / 2 + 1, Component.max / 2 + 1, Component.max)
  }
}
