/// A rectangular picture held as a value: `width` x `height` pixels, row by row from the top left, no padding.
///
/// Copying an image copies a reference; the pixels are duplicated only when a copy is written to.
/// Kernels go row by row through ``row(_:)`` and ``withMutableRow(_:_:)``: indexing by (x, y) in an inner
/// loop keeps the compiler from vectorising it.
public struct Image<Pixel: BitwiseCopyable & Sendable>: Sendable {
  /// Columns, at least 0.
  public let width: Int
  /// Rows, at least 0.
  public let height: Int
  /// The pixels in row-major order, `width * height` of them.
  @inlinable public var pixels: [Pixel] { storage }

  @usableFromInline internal var storage: [Pixel]

  /// An image with every pixel the same.
  ///
  /// - Precondition: `width` and `height` are not negative.
  public init(width: Int, height: Int, repeating pixel: Pixel) {
    precondition(width >= 0 && height >= 0, "an image cannot be \(width) x \(height)")
    self.width = width
    self.height = height
    self.storage = Array(repeating: pixel, count: width * height)
  }

  /// An image over pixels that are already there, in row-major order.
  ///
  /// - Precondition: `pixels.count == width * height`.
  public init(width: Int, height: Int, pixels: [Pixel]) {
    precondition(width >= 0 && height >= 0, "an image cannot be \(width) x \(height)")
    precondition(pixels.count == width * height, "\(pixels.count) pixels cannot fill \(width) x \(height)")
    self.width = width
    self.height = height
    self.storage = pixels
  }

  /// The pixel in column `x` of row `y`; for single look-ups, not for loops.
  @inlinable public subscript(x: Int, y: Int) -> Pixel {
    get {
      precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is outside \(width) x \(height)")
      return storage[y * width + x]
    }
  }

  /// Row `y` as a span of `width` pixels.
  @inlinable @_lifetime(borrow self)
  public func row(_ y: Int) -> Span<Pixel> {
    storage.span.extracting(y * width..<(y + 1) * width)
  }

  /// Row `y` as a span of `width` pixels that can be written.
  @inlinable @_lifetime(&self)
  public mutating func mutableRow(_ y: Int) -> MutableSpan<Pixel> {
    let all = storage.mutableSpan
    return all._consumingExtracting(y * width..<(y + 1) * width)
  }
}

extension Image: Equatable where Pixel: Equatable {}

extension Image {
  /// An image of the same size with `transform` applied to every pixel.
  @inlinable public func map<Result>(_ transform: (Pixel) -> Result) -> Image<Result> {
    Image<Result>(width: width, height: height, pixels: storage.map(transform))
  }
}
