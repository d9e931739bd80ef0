/// Reading image files: PNG, JPEG, BMP and TIFF, told apart by their content.
///
/// **Never accepts in silence**: missing, truncated or damaged data is an error, also where the libraries would go on
/// with grey pixels. Nothing is allocated for pixels before the header's size has passed the limit and has been held
/// against the number of bytes. Safe to call from any thread.
public enum ImageFile {
  /// Reads a file; the picture alone. See ``load(path:options:)`` for where it came from.
  public static func read(path: String, options: DecodeOptions = .init()) throws(ImageError) -> AnyImage {
    try load(path: path, options: options).image
  }

  /// Reads a file, with the size of its picture and its format.
  ///
  /// Only regular files are opened (also through symbolic links): anything else is an error, never a wait.
  public static func load(path: String, options: DecodeOptions = .init()) throws(ImageError) -> DecodedImage {
    try load(pathBytes: Array(path.utf8), name: path, options: options)
  }

  /// The same for a path that need not be UTF-8.
  ///
  /// - Parameter path: what errors call the file.
  public static func load(
    pathBytes: [UInt8], name path: String, options: DecodeOptions = .init()
  ) throws(ImageError) -> DecodedImage {
    let file = try RegularFile(bytes: pathBytes, path: path)
    guard file.size > 0 else { throw ImageError(name: path, reason: .empty) }
    // 8 bytes hold the largest pixel; the rest is for metadata.
    let byteLimit = min(options.pixelLimit, 1 << 40) * 8 + (64 << 20)
    guard file.size <= byteLimit else {
      throw ImageError(name: path, reason: .tooManyBytes(bytes: file.size, limit: byteLimit))
    }
    // A gigabyte of something else is not worth reading.
    let start = try file.read(limit: 16)
    let format = ImageFormat.detect(start.span)
    if format == nil { throw ImageError(name: path, reason: .unknownFormat) }
    let bytes = try file.read(limit: file.size)
    return try decode(bytes: bytes.span, name: path, options: options)
  }

  /// The size of a file's picture, upright, from its header only; the pixels are not checked.
  public static func size(path: String) throws(ImageError) -> ImageSize {
    let file = try RegularFile(path: path)
    guard file.size > 0 else { throw ImageError(name: path, reason: .empty) }
    let start = try file.read(limit: 16 << 10)
    if start.count < file.size {
      // The size sits within the first bytes of nearly all files, behind a large profile or at the end of a few.
      do { return try header(start.span, fileSize: file.size, name: path).upright } catch {}
    }
    let bytes = try file.read(limit: file.size)
    return try header(bytes.span, fileSize: file.size, name: path).upright
  }

  /// Decodes a whole file's bytes.
  ///
  /// - Parameter name: what errors call it: a path, or "frame 17".
  public static func decode(
    bytes: Span<UInt8>, name: String, options: DecodeOptions = .init()
  ) throws(ImageError) -> DecodedImage {
    guard bytes.count > 0 else { throw ImageError(name: name, reason: .empty) }
    let header = try header(bytes, fileSize: bytes.count, name: name, options: options)
    try header.check(byteCount: bytes.count, name: name, limit: options.pixelLimit)
    var image: AnyImage
    switch header.format {
    case .bmp: image = try BMPDecoder(bytes, name: name).decode(bytes)
    case .jpeg, .png, .tiff: image = try header.decode(bytes, name: name)
    }
    if options.appliesOrientation { image = image.oriented(exif: header.orientation) }
    return DecodedImage(
      image: image, source: options.appliesOrientation ? header.upright : header.source, format: header.format)
  }

  /// Decodes a whole file's bytes.
  public static func decode(
    bytes: [UInt8], name: String, options: DecodeOptions = .init()
  ) throws(ImageError) -> DecodedImage {
    try decode(bytes: bytes.span, name: name, options: options)
  }

  private static func header(
    _ bytes: Span<UInt8>, fileSize: Int, name: String, options: DecodeOptions = .init()
  ) throws(ImageError) -> CodecHeader {
    guard let format = ImageFormat.detect(bytes) else { throw ImageError(name: name, reason: .unknownFormat) }
    if format == .bmp { return CodecHeader(try BMPDecoder(bytes, name: name)) }
    return try CodecHeader(format, bytes, name: name, options: options)
  }
}
