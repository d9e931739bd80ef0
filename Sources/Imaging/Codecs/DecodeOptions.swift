/// The file formats that are read.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case png = "PNG"
  case jpeg = "JPEG"
  case bmp = "BMP"
  case tiff = "TIFF"

  public var description: String { rawValue }

  /// The format that the first bytes announce; names play no part. Needs at most 8 bytes.
  public static func detect(_ bytes: Span<UInt8>) -> ImageFormat? {
    func starts(with magic: [UInt8]) -> Bool {
      guard bytes.count >= magic.count else { return false }
      for index in magic.indices where bytes[index] != magic[index] { return false }
      return true
    }
    if starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if starts(with: [0x42, 0x4D]) { return .bmp }
    // Classic and BigTIFF, both byte orders.
    if starts(with: [0x49, 0x49, 42, 0]) || starts(with: [0x4D, 0x4D, 0, 42]) { return .tiff }
    if starts(with: [0x49, 0x49, 43, 0]) || starts(with: [0x4D, 0x4D, 0, 43]) { return .tiff }
    return nil
  }
}

/// Width and height in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  public var description: String { "\(width) x \(height)" }
}

/// How a file is decoded.
public struct DecodeOptions: Sendable, Hashable {
  /// The smallest size still needed, after orientation. A JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size
  /// (much faster), as long as both sides stay at least this long. Nil: always full size.
  public var target: ImageSize?
  /// The caller will turn the picture to grey: a color JPEG is decoded to its luma only.
  public var wantsGray = false
  /// Turn the picture upright as its Exif (or TIFF) orientation says.
  public var appliesOrientation = true
  /// Most pixels that a header may declare.
  public var pixelLimit = 200_000_000
  /// Accept up to 16 stray bytes between a JPEG's data and its end marker: some USB cameras add them to each frame. In
  /// files they are a sign of damage, so this is off.
  public var allowsExtraneousBytes = false

  public init(
    target: ImageSize? = nil, wantsGray: Bool = false, appliesOrientation: Bool = true, pixelLimit: Int = 200_000_000,
    allowsExtraneousBytes: Bool = false
  ) {
    self.target = target
    self.wantsGray = wantsGray
    self.appliesOrientation = appliesOrientation
    self.pixelLimit = pixelLimit
    self.allowsExtraneousBytes = allowsExtraneousBytes
  }
}

/// A decoded picture with what its file said, so that positions can be mapped back.
public struct DecodedImage: Sendable {
  public var image: AnyImage
  /// Size of the picture in the file, upright: a position in `image` times `source.width / image.width` (and the same
  /// for heights) is a position in the file's picture.
  public let source: ImageSize
  public let format: ImageFormat

  /// Columns of the file's picture, after orientation.
  public var sourceWidth: Int { source.width }
  /// Rows of the file's picture, after orientation.
  public var sourceHeight: Int { source.height }
}
