import CFrames
public import Imaging

/// Turns the raw frames of one layout into pictures.
///
/// What comes out: `.rgb8` for Y'CbCr, RGB, 8-bit Bayer and JPEG; `.rgb16` for deeper Bayer; `.gray8` for `GREY`, grey
/// JPEG, and with `wantsGray` for Y'CbCr and JPEG; `.gray16` for `Y10` to `Y16`, stretched to 0...65535.
///
/// - Y'CbCr becomes R'G'B' by the layout's matrix and range, within 0.56 of the exact value before clamping. Halved
///   chroma is repeated, not interpolated, as libv4lconvert and OpenCV do.
/// - Bayer is demosaiced by Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of
///   Bayer-patterned color images", ICASSP 2004.
/// - JPEG is decoded by libjpeg, with the standard's Huffman tables (ITU-T T.81, annex K.3) where a frame brings none.
///   It is always BT.601 of full range, as JFIF says.
/// - Formats of few cameras go through libv4lconvert.
///
/// **Never accepts in silence**: a frame that is short, too long or damaged so far as can be seen is an error, never a
/// picture. The size of uncompressed frames, and all data, markers and the end of JPEG ones are checked.
///
/// Pixels are written once, into the picture's own memory. Not `Sendable`: it reuses scratch memory. Give each camera its
/// own.
public final class FrameConverter {
  public let layout: FrameLayout
  public let wantsGray: Bool
  /// The part of the frame that is converted.
  public let region: PixelRect
  /// Bytes that a whole frame has; 0 for compressed formats.
  public var leastBytes: Int { planes.leastBytes }

  let coding: FrameCoding
  let planes: FramePlanes
  let matrix: cframes_matrix
  let level: Int32
  /// Size that a JPEG's region must keep when it is decoded at 1/2, 1/4 or 1/8.
  let target: ImageSize?
  /// Five rows of deep Bayer samples, row `y` in slot `y % 5`.
  var wide: [UInt16] = []
  var wideRows = [-1, -1, -1, -1, -1]
  var library: FormatLibrary?

  /// Formats that are converted, best first.
  public static var formats: [PixelFormat] { FormatCatalog.entries.map(\.format) }

  /// Whether frames of this format can be converted.
  public static func canConvert(_ format: PixelFormat) -> Bool {
    FormatCatalog.entry(format) != nil
  }

  /// - Parameters:
  ///   - layout: what the driver agreed to send.
  ///   - wantsGray: the caller will turn the picture to grey: luma is taken as it is, stretched to 0...255 where its
  ///     range is limited. RGB and Bayer come in color all the same.
  ///   - target: the smallest size still needed. A JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size, as long as
  ///     both sides of the region stay at least this long. Other formats come in full size.
  ///   - region: the part of the frame wanted, in its pixels; nil: all of it. The same pixels as cropping gives.
  /// - Throws: `unsupported` for a format that is not converted, `corrupt` for a layout that cannot be.
  /// - Precondition: `region` is inside the frame.
  public convenience init(
    _ layout: FrameLayout, wantsGray: Bool = false, target: ImageSize? = nil,
    region: PixelRect? = nil
  ) throws(FrameError) {
    try self.init(
      layout, wantsGray: wantsGray, target: target, region: region, level: cframes_level())
  }

  /// - Parameter level: the widest kernel allowed, for tests.
  init(
    _ layout: FrameLayout, wantsGray: Bool = false, target: ImageSize? = nil,
    region: PixelRect? = nil, level: Int32
  ) throws(FrameError) {
    guard let coding = FormatCatalog.entry(layout.format) else {
      throw FrameError(.unsupported(layout.format))
    }
    guard (1...Self.longestSide).contains(layout.width),
      (1...Self.longestSide).contains(layout.height),
      (0...Self.longestSide * 8).contains(layout.bytesPerLine), layout.byteCount >= 0
    else {
      throw FrameError(
        .corrupt(reason: "the driver announced \(layout.width) x \(layout.height) pixels"))
    }
    guard let planes = FramePlanes(layout, coding) else {
      let facts =
        "\(layout.bytesPerLine) bytes per line for \(layout.width) pixels of \(layout.format)"
      throw FrameError(.corrupt(reason: "the driver announced \(facts)"))
    }
    if case .library = coding,
      layout.width % 16 != 0 || layout.height % 8 != 0 || max(layout.width, layout.height) > 8192
    {
      throw FrameError(.unsupported(layout.format))
    }
    let region = region ?? PixelRect(x: 0, y: 0, width: layout.width, height: layout.height)
    precondition(
      region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0
        && region.x + region.width <= layout.width && region.y + region.height <= layout.height,
      "\(region) is not inside \(layout.width) x \(layout.height)")
    self.layout = layout
    self.wantsGray = wantsGray
    self.target = target
    self.region = region
    self.coding = coding
    self.planes = planes
    self.level = level
    matrix = layout.encoding.fixed
  }

  private static let longestSide = 32768

  /// The picture that a buffer of `bytesused` bytes holds. More bytes than ``leastBytes`` are padding.
  public func convert(_ bytes: Span<UInt8>) throws(FrameError) -> AnyImage {
    guard bytes.count > 0, bytes.count >= leastBytes else {
      throw FrameError(.short(bytes: bytes.count, needed: max(1, leastBytes)))
    }
    if layout.byteCount > 0 {
      // Some drivers announce less than a whole frame.
      let limit = max(layout.byteCount, leastBytes)
      guard bytes.count <= limit else {
        throw FrameError(.overlong(bytes: bytes.count, limit: limit))
      }
    }
    switch coding {
    case .jpeg: return try jpeg(bytes)
    case .library: return try convertedByLibrary(bytes)
    default:
      return unsafe bytes.withUnsafeBufferPointer { buffer in unsafe raw(buffer.baseAddress!) }
    }
  }

  /// The picture that a frame's bytes hold.
  public func convert(_ bytes: [UInt8]) throws(FrameError) -> AnyImage { try convert(bytes.span) }

  /// Uncompressed frames of at least `leastBytes`.
  private func raw(_ start: UnsafePointer<UInt8>) -> AnyImage {
    switch coding {
    case .packed, .pairs, .planes:
      return unsafe wantsGray ? .gray8(luma(start)) : .rgb8(color(start))
    case .gray8: return unsafe .gray8(luma(start))
    case .gray16, .packedGray: return unsafe .gray16(deepGray(start))
    case .rgb, .bgr, .four, .words: return unsafe .rgb8(rgb(start))
    case .bayer8(let order): return unsafe .rgb8(demosaiced(start, order))
    case .bayer16(let order, let bits, let isPacked):
      return unsafe .rgb16(demosaiced(start, order, bits: bits, isPacked: isPacked))
    case .jpeg, .library: preconditionFailure("compressed frames are not rows")
    }
  }

  /// A picture of the region, its rows written by `row` in turn, which gets the frame's row number and where to write.
  func picture<Pixel, Component>(
    _ row: (_ y: Int, _ to: UnsafeMutablePointer<Component>) -> Void
  ) -> Image<Pixel> {
    let width = region.width
    let height = region.height
    let top = region.y
    let components = width * (MemoryLayout<Pixel>.stride / MemoryLayout<Component>.stride)
    let pixels = unsafe [Pixel](unsafeUninitializedCapacity: width * height) { buffer, count in
      // Pixels are components in a row, without padding.
      let start = unsafe UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(
        to: Component.self)
      for y in 0..<height { unsafe row(top + y, start + y * components) }
      count = width * height
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
