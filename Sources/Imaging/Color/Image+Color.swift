import CPixels

extension Image where Pixel == RGB8 {
  /// Grey by ITU-R BT.601 luma, rounded as Pillow's "L": (r * 19595 + g * 38470 + b * 7471 + 32768) >> 16.
  public func gray8() -> Image<Gray8> {
    let count = width * height
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: count) { to, initialized in
      unsafe storage.withUnsafeBytes { from in
        unsafe cpixels_gray_from_rgb(from.baseAddress?.assumingMemoryBound(to: UInt8.self), to.baseAddress, count)
      }
      initialized = count
    }
    return Image<Gray8>(width: width, height: height, pixels: pixels)
  }
}

extension Image where Pixel == RGB16 {
  /// Grey by ITU-R BT.601 luma, 16 bits.
  public func gray16() -> Image<Gray16> {
    map { pixel in
      let sum = UInt64(pixel.red) * 19595 + UInt64(pixel.green) * 38470 + UInt64(pixel.blue) * 7471
      return UInt16((sum + 32768) >> 16)
    }
  }

  /// 8 bits per component, rounded: 65535 becomes 255 and 0 stays 0.
  public func rgb8() -> Image<RGB8> {
    map { RGB8(eightBits($0.red), eightBits($0.green), eightBits($0.blue)) }
  }
}

extension Image where Pixel == Gray16 {
  /// 8 bits, rounded: 65535 becomes 255 and 0 stays 0.
  public func gray8() -> Image<Gray8> { map { eightBits($0) } }
}

extension Image where Pixel == Gray8 {
  /// The same grey in three components.
  public func rgb8() -> Image<RGB8> { map { RGB8($0, $0, $0) } }
}

extension Image where Pixel == RGBA8 {
  /// Whether any pixel is not fully opaque.
  var hasTransparency: Bool { pixels.contains { $0.alpha != 255 } }

  /// The picture laid over a plain background.
  public func rgb8(over background: RGB8 = RGB8(0, 0, 0)) -> Image<RGB8> {
    map { pixel in
      let alpha = UInt32(pixel.alpha)
      func mix(_ above: UInt8, _ below: UInt8) -> UInt8 {
        let sum = UInt32(above) * alpha + UInt32(below) * (255 - alpha) + 128
        return UInt8((sum + sum >> 8) >> 8)
      }
      return RGB8(
        mix(pixel.red, background.red), mix(pixel.green, background.green), mix(pixel.blue, background.blue))
    }
  }

  func premultiplied() -> Image {
    map { pixel in
      let alpha = UInt32(pixel.alpha)
      func times(_ value: UInt8) -> UInt8 {
        let product = UInt32(value) * alpha + 128
        return UInt8((product + product >> 8) >> 8)
      }
      return RGBA8(times(pixel.red), times(pixel.green), times(pixel.blue), pixel.alpha)
    }
  }

  func straightened() -> Image {
    map { pixel in
      guard pixel.alpha != 0 && pixel.alpha != 255 else { return pixel }
      let alpha = UInt32(pixel.alpha)
      func over(_ value: UInt8) -> UInt8 { UInt8(min(255, UInt32(value) * 255 / alpha)) }
      return RGBA8(over(pixel.red), over(pixel.green), over(pixel.blue), pixel.alpha)
    }
  }
}

extension Image where Pixel == RGBA16 {
  /// Whether any pixel is not fully opaque.
  var hasTransparency: Bool { pixels.contains { $0.alpha != 65535 } }

  /// 8 bits per component, rounded.
  public func rgba8() -> Image<RGBA8> {
    map { RGBA8(eightBits($0.red), eightBits($0.green), eightBits($0.blue), eightBits($0.alpha)) }
  }

  func premultiplied() -> Image {
    map { pixel in
      func times(_ value: UInt16) -> UInt16 {
        UInt16((UInt64(value) * UInt64(pixel.alpha) + 32767) / 65535)
      }
      return RGBA16(times(pixel.red), times(pixel.green), times(pixel.blue), pixel.alpha)
    }
  }

  func straightened() -> Image {
    map { pixel in
      guard pixel.alpha != 0 else { return pixel }
      let alpha = UInt64(pixel.alpha)
      func over(_ value: UInt16) -> UInt16 { UInt16(min(65535, (UInt64(value) * 65535 + alpha / 2) / alpha)) }
      return RGBA16(over(pixel.red), over(pixel.green), over(pixel.blue), pixel.alpha)
    }
  }
}

@inline(__always) private func eightBits(_ value: UInt16) -> UInt8 {
  UInt8((UInt32(value) * 255 + 32767) / 65535)
}

extension AnyImage {
  /// 8-bit grey, whatever the format: BT.601 luma, 16 bits rounded to 8, transparency over black.
  public func gray8() -> Image<Gray8> {
    switch self {
    case .gray8(let image): image
    case .gray16(let image): image.gray8()
    case .rgb8(let image): image.gray8()
    case .rgb16(let image): image.gray16().gray8()
    case .rgba8(let image): image.rgb8().gray8()
    case .rgba16(let image): image.rgba8().rgb8().gray8()
    }
  }

  /// 8-bit RGB, whatever the format: 16 bits rounded to 8, transparency over black.
  public func rgb8() -> Image<RGB8> {
    switch self {
    case .gray8(let image): image.rgb8()
    case .gray16(let image): image.gray8().rgb8()
    case .rgb8(let image): image
    case .rgb16(let image): image.rgb8()
    case .rgba8(let image): image.rgb8()
    case .rgba16(let image): image.rgba8().rgb8()
    }
  }

  /// Whether the pixels are grey: a single component.
  public var isGray: Bool {
    switch self {
    case .gray8, .gray16: true
    case .rgb8, .rgb16, .rgba8, .rgba16: false
    }
  }

  /// Grey as floating point in 0...1, keeping all of 16 bits.
  public func grayPlane() -> Image<Float> {
    switch self {
    case .gray16(let image): image.plane()
    case .rgb16(let image): image.gray16().plane()
    default: gray8().plane()
    }
  }
}

extension Image where Pixel == Gray8 {
  /// Floating point in 0...1.
  public func plane() -> Image<Float> { map { Float($0) * (1 / 255) } }
}

extension Image where Pixel == Gray16 {
  /// Floating point in 0...1.
  public func plane() -> Image<Float> { map { Float($0) * (1 / 65535) } }
}

extension Image where Pixel == RGB8 {
  /// Red, green and blue as floating-point planes in 0...1.
  public func planes() -> (red: Image<Float>, green: Image<Float>, blue: Image<Float>) {
    (map { Float($0.red) * (1 / 255) }, map { Float($0.green) * (1 / 255) }, map { Float($0.blue) * (1 / 255) })
  }
}

extension Image where Pixel == Float {
  /// 0...1 as 8-bit grey, rounded and clamped; NaN becomes 0.
  public func gray8() -> Image<Gray8> { map { UInt8(nearest: $0 * 255) } }

  /// 0...1 as 16-bit grey, rounded and clamped; NaN becomes 0.
  public func gray16() -> Image<Gray16> { map { UInt16(nearest: $0 * 65535) } }
}
