/// Red, green and blue of one pixel, in that order in memory, without padding.
@frozen public struct RGB<Component: BitwiseCopyable & Sendable & Hashable>: BitwiseCopyable, Sendable, Hashable {
  public var red: Component
  public var green: Component
  public var blue: Component

  @inlinable public init(_ red: Component, _ green: Component, _ blue: Component) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}

/// Red, green, blue and alpha of one pixel, in that order in memory. Alpha is straight (not premultiplied):
/// 0 is transparent and the component's largest value is opaque.
@frozen public struct RGBA<Component: BitwiseCopyable & Sendable & Hashable>: BitwiseCopyable, Sendable, Hashable {
  public var red: Component
  public var green: Component
  public var blue: Component
  public var alpha: Component

  @inlinable public init(_ red: Component, _ green: Component, _ blue: Component, _ alpha: Component) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }
}

/// 8-bit grey: `Image<UInt8>`.
public typealias Gray8 = UInt8
/// 16-bit grey: `Image<UInt16>`, full range 0...65535 whatever depth the file had.
public typealias Gray16 = UInt16
public typealias RGB8 = RGB<UInt8>
public typealias RGB16 = RGB<UInt16>
public typealias RGBA8 = RGBA<UInt8>
public typealias RGBA16 = RGBA<UInt16>

/// A decoded picture in the pixel format that its file had.
public enum AnyImage: Sendable, Equatable {
  case gray8(Image<Gray8>)
  case gray16(Image<Gray16>)
  case rgb8(Image<RGB8>)
  case rgb16(Image<RGB16>)
  case rgba8(Image<RGBA8>)
  case rgba16(Image<RGBA16>)

  /// Columns.
  public var width: Int {
    switch self {
    case .gray8(let image): image.width
    case .gray16(let image): image.width
    case .rgb8(let image): image.width
    case .rgb16(let image): image.width
    case .rgba8(let image): image.width
    case .rgba16(let image): image.width
    }
  }

  /// Rows.
  public var height: Int {
    switch self {
    case .gray8(let image): image.height
    case .gray16(let image): image.height
    case .rgb8(let image): image.height
    case .rgb16(let image): image.height
    case .rgba8(let image): image.height
    case .rgba16(let image): image.height
    }
  }
}
