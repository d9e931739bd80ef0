/// A number that pixels are made of: `UInt8`, `UInt16` or `Float`.
public protocol PixelComponent: BitwiseCopyable, Sendable, Hashable {
  /// The value in the component's own range (0...255, 0...65535, or any).
  var asFloat: Float { get }
  /// The nearest value (halves away from zero), clamped to the component's range; NaN becomes 0 for integers.
  init(nearest value: Float)
  /// Full white: 255, 65535 or 1.
  static var white: Self { get }
}

/// A pixel made of one or more components of one type, in order and without padding: what kernels that treat all
/// components alike (resampling, warping, filters) need to know.
public protocol InterleavedPixel: BitwiseCopyable, Sendable, Hashable {
  associatedtype Component: PixelComponent
  /// Components per pixel: `MemoryLayout<Self>.size == componentCount * MemoryLayout<Component>.size`.
  static var componentCount: Int { get }
}

extension UInt8: PixelComponent, InterleavedPixel {
  public typealias Component = UInt8
  @inlinable public static var componentCount: Int { 1 }
  @inlinable public static var white: UInt8 { 255 }
  @inlinable public var asFloat: Float { Float(self) }
  @inlinable public init(nearest value: Float) {
    // Comparisons with NaN are false, so it takes the last branch.
    self = value >= 254.5 ? 255 : value > 0 ? UInt8(value + 0.5) : 0
  }
}

extension UInt16: PixelComponent, InterleavedPixel {
  public typealias Component = UInt16
  @inlinable public static var componentCount: Int { 1 }
  @inlinable public static var white: UInt16 { 65535 }
  @inlinable public var asFloat: Float { Float(self) }
  @inlinable public init(nearest value: Float) {
    self = value >= 65534.5 ? 65535 : value > 0 ? UInt16(value + 0.5) : 0
  }
}

extension Float: PixelComponent, InterleavedPixel {
  public typealias Component = Float
  @inlinable public static var componentCount: Int { 1 }
  @inlinable public static var white: Float { 1 }
  @inlinable public var asFloat: Float { self }
  @inlinable public init(nearest value: Float) { self = value }
}

extension RGB: InterleavedPixel where Component: PixelComponent {
  @inlinable public static var componentCount: Int { 3 }
}

extension RGBA: InterleavedPixel where Component: PixelComponent {
  @inlinable public static var componentCount: Int { 4 }
}
