import CCodecs

/// What a file's header says, and how to decode the rest: the one place that calls the C decoders.
struct CodecHeader {
  let format: ImageFormat
  /// Size in the file, before scaled decoding and before orientation.
  let source: ImageSize
  let orientation: Int
  private let leastBytes: UInt64
  private var info: ccodecs_info
  private var jpegOptions = ccodecs_jpeg_options(
    scale_denominator: 1, wants_gray: 0, allows_extraneous_bytes: 0, is_plain: 0)

  init(_ decoder: BMPDecoder) {
    format = .bmp
    source = ImageSize(width: decoder.width, height: decoder.height)
    orientation = 1
    leastBytes = UInt64(decoder.leastBytes)
    info = ccodecs_info()
  }

  init(
    _ format: ImageFormat, _ bytes: Span<UInt8>, name: String, options: DecodeOptions
  ) throws(ImageError) {
    self.format = format
    var jpeg = jpegOptions
    jpeg.wants_gray = options.wantsGray ? 1 : 0
    jpeg.allows_extraneous_bytes = options.allowsExtraneousBytes ? 1 : 0
    var info = ccodecs_info()
    func read() throws(ImageError) {
      unsafe try Self.call(format, name) { message in
        unsafe bytes.withUnsafeBufferPointer { buffer in
          switch format {
          case .jpeg: unsafe ccodecs_jpeg_info(buffer.baseAddress, buffer.count, jpeg, &info, message)
          case .png: unsafe ccodecs_png_info(buffer.baseAddress, buffer.count, &info, message)
          case .tiff: unsafe ccodecs_tiff_info(buffer.baseAddress, buffer.count, &info, message)
          case .bmp: CCODECS_UNSUPPORTED
          }
        }
      }
    }
    try read()
    source = ImageSize(width: Int(info.source_width), height: Int(info.source_height))
    orientation = Int(info.orientation)
    if format == .jpeg, let target = options.target {
      let turned = orientation >= 5 && options.appliesOrientation
      let width = turned ? target.height : target.width
      let height = turned ? target.width : target.height
      var denominator = 8
      // Scaled decoding rounds sides up.
      while denominator > 1,
        (source.width + denominator - 1) / denominator < width
          || (source.height + denominator - 1) / denominator < height
      {
        denominator /= 2
      }
      if denominator > 1 {
        info.width = UInt32((source.width + denominator - 1) / denominator)
        info.height = UInt32((source.height + denominator - 1) / denominator)
        jpeg.scale_denominator = Int32(denominator)
      }
    }
    leastBytes = info.least_bytes
    self.info = info
    jpegOptions = jpeg
  }

  /// Size after orientation.
  var upright: ImageSize {
    orientation >= 5 ? ImageSize(width: source.height, height: source.width) : source
  }

  /// Refuses what is too large, or larger than the bytes can hold.
  func check(byteCount: Int, name: String, limit: Int) throws(ImageError) {
    let (pixels, overflow) = source.width.multipliedReportingOverflow(by: source.height)
    guard !overflow, pixels <= limit else {
      throw ImageError(
        name: name, reason: .tooManyPixels(width: source.width, height: source.height, limit: limit))
    }
    guard leastBytes <= UInt64(byteCount) else {
      throw ImageError(
        name: name, reason: .impossibleSize(width: source.width, height: source.height, bytes: byteCount))
    }
  }

  func decode(_ bytes: Span<UInt8>, name: String) throws(ImageError) -> AnyImage {
    switch (info.channels, info.depth) {
    case (1, 8): .gray8(try pixels(bytes, name))
    case (1, 16): .gray16(try pixels(bytes, name))
    case (3, 8): .rgb8(try pixels(bytes, name))
    case (3, 16): .rgb16(try pixels(bytes, name))
    case (4, 8): .rgba8(try pixels(bytes, name))
    case (4, 16): .rgba16(try pixels(bytes, name))
    default:
      throw ImageError(
        name: name,
        reason: .unsupported(format, detail: "\(info.channels) components of \(info.depth) bits"))
    }
  }

  private func pixels<Pixel>(_ bytes: Span<UInt8>, _ name: String) throws(ImageError) -> Image<Pixel> {
    let width = Int(info.width), height = Int(info.height)
    let rowBytes = width * MemoryLayout<Pixel>.stride
    var info = info
    var failure: ImageError?
    let pixels = unsafe [Pixel](unsafeUninitializedCapacity: width * height) { rows, count in
      let target = unsafe UnsafeMutableRawBufferPointer(rows).baseAddress?.assumingMemoryBound(to: UInt8.self)
      do throws(ImageError) {
        unsafe try Self.call(format, name) { message in
          unsafe bytes.withUnsafeBufferPointer { buffer in
            switch format {
            case .jpeg:
              unsafe ccodecs_jpeg_decode(
                buffer.baseAddress, buffer.count, jpegOptions, &info, target, rowBytes, message)
            case .png: unsafe ccodecs_png_decode(buffer.baseAddress, buffer.count, &info, target, rowBytes, message)
            case .tiff: unsafe ccodecs_tiff_decode(buffer.baseAddress, buffer.count, &info, target, rowBytes, message)
            case .bmp: CCODECS_UNSUPPORTED
            }
          }
        }
        count = width * height
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// Turns a C status and its message into an error.
  static func call(
    _ format: ImageFormat, _ name: String, _ body: (UnsafeMutablePointer<CChar>) -> ccodecs_status
  ) throws(ImageError) {
    var status = CCODECS_OK
    var text = ""
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CCODECS_MESSAGE_SIZE)) { message in
      unsafe message.initialize(repeating: 0)
      let start = message.baseAddress!
      status = unsafe body(start)
      if status != CCODECS_OK { text = unsafe String(cString: start) }
    }
    switch status {
    case CCODECS_OK: return
    case CCODECS_OUT_OF_MEMORY: throw ImageError(name: name, reason: .outOfMemory)
    case CCODECS_UNSUPPORTED: throw ImageError(name: name, reason: .unsupported(format, detail: text))
    default:
      throw ImageError(name: name, reason: .corrupt(format, detail: text.isEmpty ? "unreadable" : text))
    }
  }
}
