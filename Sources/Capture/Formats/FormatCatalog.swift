import CFrames

/// How the bytes of a format lie, and so which kernel turns them into pixels.
enum FrameCoding: Sendable {
  /// Packed 4:2:2.
  case packed(cframes_order)
  /// A luma plane and a plane of chroma pairs, with one chroma row for `1 << shift` rows.
  case pairs(shift: Int, isVFirst: Bool)
  /// Three planes.
  case planes(shift: Int, isVFirst: Bool)
  case gray8
  /// Words of 10 to 16 bits.
  case gray16(bits: Int, isBigEndian: Bool)
  /// MIPI RAW packing.
  case packedGray(bits: Int)
  case rgb
  case bgr
  /// Four bytes a pixel, and where in them red, green and blue are.
  case four(Int32, Int32, Int32)
  case words(cframes_word_layout)
  case bayer8(BayerOrder)
  /// Words of 10 to 16 bits, or MIPI RAW packing.
  case bayer16(BayerOrder, bits: Int, isPacked: Bool)
  case jpeg
  /// libv4lconvert, with the bits of a pixel; 0: compressed.
  case library(bitsPerPixel: Int)

  /// R'G'B', which is full range unless the driver says otherwise.
  var isRGB: Bool {
    switch self {
    case .rgb, .bgr, .four, .words, .bayer8, .bayer16: true
    default: false
    }
  }

  /// Luma alone. Formally Y'CbCr and so of limited range, but mono cameras send the full range and say nothing: to
  /// stretch theirs would clip blacks and whites.
  var isGray: Bool {
    switch self {
    case .gray8, .gray16, .packedGray: true
    default: false
    }
  }
}

/// Where red is in each 2 x 2 cell: blue is in the opposite corner.
struct BayerOrder: Sendable, Hashable {
  let redX: Int
  let redY: Int

  static let bggr = BayerOrder(redX: 1, redY: 1)
  static let gbrg = BayerOrder(redX: 0, redY: 1)
  static let grbg = BayerOrder(redX: 1, redY: 0)
  static let rggb = BayerOrder(redX: 0, redY: 0)
}

/// All formats that are converted, best first.
///
/// The order: color as exact as the camera has it, then halved chroma, then Bayer, grey, few bits, compressed; within a
/// group by the cost of the conversion.
enum FormatCatalog {
  typealias Entry = (format: PixelFormat, coding: FrameCoding)

  static let entries: [Entry] = rgb + yuv + bayer + gray + words + compressed + library

  private static let codings = Dictionary(
    uniqueKeysWithValues: entries.map { ($0.format, $0.coding) })

  static func entry(_ format: PixelFormat) -> FrameCoding? { codings[format] }

  private static let rgb: [Entry] = [
    (.rgb24, .rgb), (.bgr24, .bgr),
    (.xbgr32, .four(2, 1, 0)), (.bgr32, .four(2, 1, 0)), (.abgr32, .four(2, 1, 0)),
    (.rgbx32, .four(0, 1, 2)), (.rgba32, .four(0, 1, 2)),
    (.xrgb32, .four(1, 2, 3)), (.rgb32, .four(1, 2, 3)), (.argb32, .four(1, 2, 3)),
    (.bgrx32, .four(3, 2, 1)), (.bgra32, .four(3, 2, 1)),
  ]

  private static let yuv: [Entry] = [
    (.yuyv, .packed(CFRAMES_YUYV)), (.uyvy, .packed(CFRAMES_UYVY)),
    (.yvyu, .packed(CFRAMES_YVYU)), (.vyuy, .packed(CFRAMES_VYUY)),
    (.nv16, .pairs(shift: 0, isVFirst: false)), (.nv61, .pairs(shift: 0, isVFirst: true)),
    (.yuv422p, .planes(shift: 0, isVFirst: false)),
    (.nv12, .pairs(shift: 1, isVFirst: false)), (.nv21, .pairs(shift: 1, isVFirst: true)),
    (.yuv420, .planes(shift: 1, isVFirst: false)), (.yvu420, .planes(shift: 1, isVFirst: true)),
  ]

  private static let bayer: [Entry] = [
    (.srggb8, .bayer8(.rggb)), (.sgrbg8, .bayer8(.grbg)), (.sgbrg8, .bayer8(.gbrg)),
    (.sbggr8, .bayer8(.bggr)),
    (.srggb16, .bayer16(.rggb, bits: 16, isPacked: false)),
    (.sgrbg16, .bayer16(.grbg, bits: 16, isPacked: false)),
    (.sgbrg16, .bayer16(.gbrg, bits: 16, isPacked: false)),
    (.sbggr16, .bayer16(.bggr, bits: 16, isPacked: false)),
    (.srggb14, .bayer16(.rggb, bits: 14, isPacked: false)),
    (.sgrbg14, .bayer16(.grbg, bits: 14, isPacked: false)),
    (.sgbrg14, .bayer16(.gbrg, bits: 14, isPacked: false)),
    (.sbggr14, .bayer16(.bggr, bits: 14, isPacked: false)),
    (.srggb12, .bayer16(.rggb, bits: 12, isPacked: false)),
    (.sgrbg12, .bayer16(.grbg, bits: 12, isPacked: false)),
    (.sgbrg12, .bayer16(.gbrg, bits: 12, isPacked: false)),
    (.sbggr12, .bayer16(.bggr, bits: 12, isPacked: false)),
    (.srggb12p, .bayer16(.rggb, bits: 12, isPacked: true)),
    (.sgrbg12p, .bayer16(.grbg, bits: 12, isPacked: true)),
    (.sgbrg12p, .bayer16(.gbrg, bits: 12, isPacked: true)),
    (.sbggr12p, .bayer16(.bggr, bits: 12, isPacked: true)),
    (.srggb10, .bayer16(.rggb, bits: 10, isPacked: false)),
    (.sgrbg10, .bayer16(.grbg, bits: 10, isPacked: false)),
    (.sgbrg10, .bayer16(.gbrg, bits: 10, isPacked: false)),
    (.sbggr10, .bayer16(.bggr, bits: 10, isPacked: false)),
    (.srggb10p, .bayer16(.rggb, bits: 10, isPacked: true)),
    (.sgrbg10p, .bayer16(.grbg, bits: 10, isPacked: true)),
    (.sgbrg10p, .bayer16(.gbrg, bits: 10, isPacked: true)),
    (.sbggr10p, .bayer16(.bggr, bits: 10, isPacked: true)),
  ]

  private static let gray: [Entry] = [
    (.y16, .gray16(bits: 16, isBigEndian: false)), (.y16be, .gray16(bits: 16, isBigEndian: true)),
    (.y14, .gray16(bits: 14, isBigEndian: false)), (.y12, .gray16(bits: 12, isBigEndian: false)),
    (.y10, .gray16(bits: 10, isBigEndian: false)), (.y10p, .packedGray(bits: 10)),
    (.grey, .gray8),
  ]

  private static let words: [Entry] = [
    (.rgb565, word(11, 5, 5, 6, 0, 5)), (.rgb565x, word(11, 5, 5, 6, 0, 5, swaps: true)),
    (PixelFormat(literal: "RGBO"), word(10, 5, 5, 5, 0, 5)),
    (PixelFormat(literal: "XR15"), word(10, 5, 5, 5, 0, 5)),
    (PixelFormat(literal: "AR15"), word(10, 5, 5, 5, 0, 5)),
    (PixelFormat(literal: "RX15"), word(11, 5, 6, 5, 1, 5)),
    (PixelFormat(literal: "RA15"), word(11, 5, 6, 5, 1, 5)),
    (PixelFormat(literal: "XB15"), word(0, 5, 5, 5, 10, 5)),
    (PixelFormat(literal: "AB15"), word(0, 5, 5, 5, 10, 5)),
    (PixelFormat(literal: "BX15"), word(1, 5, 6, 5, 11, 5)),
    (PixelFormat(literal: "BA15"), word(1, 5, 6, 5, 11, 5)),
    (PixelFormat(literal: "RGBQ"), word(10, 5, 5, 5, 0, 5, swaps: true)),
    (PixelFormat(literal: "XR15", isBigEndian: true), word(10, 5, 5, 5, 0, 5, swaps: true)),
    (PixelFormat(literal: "AR15", isBigEndian: true), word(10, 5, 5, 5, 0, 5, swaps: true)),
  ]

  private static func word(
    _ redShift: UInt8, _ redBits: UInt8, _ greenShift: UInt8, _ greenBits: UInt8,
    _ blueShift: UInt8,
    _ blueBits: UInt8, swaps: Bool = false
  ) -> FrameCoding {
    .words(
      cframes_word_layout(
        red_shift: redShift, red_bits: redBits, green_shift: greenShift, green_bits: greenBits,
        blue_shift: blueShift,
        blue_bits: blueBits, swaps_bytes: swaps ? 1 : 0))
  }

  private static let compressed: [Entry] = [(.mjpeg, .jpeg), (.jpeg, .jpeg)]

  // Only those that stood random frames: libv4lconvert's decoders of SN9C10x, SPCA561, MR97310A, SQ905C, STV0680,
  // OV511 and OV518 write or read out of bounds on damaged ones, JPGL and CIT-YYVYUY take any bytes for a picture, and CPIA's
  // writes to standard error by itself.
  private static let library: [Entry] = [
    (PixelFormat(literal: "M420"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "HM12"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "S920"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "S501"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "S505"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "S508"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "KONI"), .library(bitsPerPixel: 12)),
    (PixelFormat(literal: "Y10B"), .library(bitsPerPixel: 10)),
    (PixelFormat(literal: "Y06"), .library(bitsPerPixel: 8)),
    (PixelFormat(literal: "Y04"), .library(bitsPerPixel: 8)),
    (PixelFormat(literal: "P207"), .library(bitsPerPixel: 0)),
    (PixelFormat(literal: "PJPG"), .library(bitsPerPixel: 0)),
    (PixelFormat(literal: "JL20"), .library(bitsPerPixel: 0)),
    (PixelFormat(literal: "S401"), .library(bitsPerPixel: 0)),
  ]
}
