/// A V4L2 four-character code: the first character in the lowest byte, bit 31 set for big-endian variants.
///
/// Names and layouts: the kernel's `videodev2.h` and
/// <https://docs.kernel.org/userspace-api/media/v4l/pixfmt.html>. Printed as v4l2-ctl does, without spaces at the end:
/// `YUYV`, `Y16`, `Y16-BE`.
public struct PixelFormat: RawRepresentable, Sendable, Hashable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A code of one to four printable characters, in any case, with or without spaces at the end; `-BE` at the end sets
  /// bit 31. Some codes differ by case alone: the code as written wins, then a known one, then capital letters.
  public init?(_ text: String) {
    var bytes = Array(text.utf8)
    while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    var isBigEndian = false
    if bytes.count >= 3, bytes.suffix(3).map({ $0 & 0xDF }).elementsEqual([0x0D, 0x42, 0x45]),
      bytes[bytes.count - 3] == UInt8(ascii: "-")
    {
      isBigEndian = true
      bytes.removeLast(3)
      while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    }
    guard (1...4).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      return nil
    }
    let written = Self.code(bytes, isBigEndian: isBigEndian)
    if FormatCatalog.entry(written) != nil {
      self = written
      return
    }
    let upper = bytes.map(Self.uppercased)
    let known = FormatCatalog.entries.first { entry in
      entry.format.isBigEndian == isBigEndian
        && entry.format.characters.map(Self.uppercased) == upper
    }
    self = known?.format ?? Self.code(upper, isBigEndian: isBigEndian)
  }

  init(literal: StaticString, isBigEndian: Bool = false) {
    precondition(literal.utf8CodeUnitCount <= 4, "\(literal) is longer than four characters")
    let bytes = unsafe Array(
      UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    self = Self.code(bytes, isBigEndian: isBigEndian)
  }

  private static func code(_ bytes: [UInt8], isBigEndian: Bool) -> PixelFormat {
    var value: UInt32 = isBigEndian ? 1 << 31 : 0
    for index in 0..<4 {
      value |= UInt32(index < bytes.count ? bytes[index] : UInt8(ascii: " ")) << UInt32(8 * index)
    }
    return PixelFormat(rawValue: value)
  }

  private static func uppercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
  }

  /// Bit 31.
  var isBigEndian: Bool { rawValue >> 31 == 1 }

  /// The characters without spaces at the end.
  var characters: [UInt8] {
    var bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> UInt32(8 * $0)) }
    bytes[3] &= 0x7F
    while let last = bytes.last, last == UInt8(ascii: " ") || last == 0 { bytes.removeLast() }
    return bytes
  }
}

extension PixelFormat: CustomStringConvertible {
  public var description: String {
    let text = characters.map { (0x20...0x7E).contains($0) ? String(UnicodeScalar($0)) : "?" }
      .joined()
    return isBigEndian ? text + "-BE" : text
  }
}

extension PixelFormat {
  // Packed Y'CbCr 4:2:2.
  public static let yuyv = PixelFormat(literal: "YUYV")
  public static let uyvy = PixelFormat(literal: "UYVY")
  public static let yvyu = PixelFormat(literal: "YVYU")
  public static let vyuy = PixelFormat(literal: "VYUY")
  // Luma plane and chroma pairs: 4:2:0 and 4:2:2.
  public static let nv12 = PixelFormat(literal: "NV12")
  public static let nv21 = PixelFormat(literal: "NV21")
  public static let nv16 = PixelFormat(literal: "NV16")
  public static let nv61 = PixelFormat(literal: "NV61")
  // Three planes: 4:2:0 and 4:2:2.
  public static let yuv420 = PixelFormat(literal: "YU12")
  public static let yvu420 = PixelFormat(literal: "YV12")
  public static let yuv422p = PixelFormat(literal: "422P")
  // Grey: 8 bits, and 10 to 16 in little-endian words.
  public static let grey = PixelFormat(literal: "GREY")
  public static let y10 = PixelFormat(literal: "Y10")
  public static let y12 = PixelFormat(literal: "Y12")
  public static let y14 = PixelFormat(literal: "Y14")
  public static let y16 = PixelFormat(literal: "Y16")
  public static let y16be = PixelFormat(literal: "Y16", isBigEndian: true)
  /// MIPI RAW10: four samples in five bytes.
  public static let y10p = PixelFormat(literal: "Y10P")
  // RGB of three bytes.
  public static let rgb24 = PixelFormat(literal: "RGB3")
  public static let bgr24 = PixelFormat(literal: "BGR3")
  // RGB of four bytes; the names give V4L2's order, the comments that of the bytes.
  public static let bgr32 = PixelFormat(literal: "BGR4")  // B G R -
  public static let abgr32 = PixelFormat(literal: "AR24")  // B G R A
  public static let xbgr32 = PixelFormat(literal: "XR24")  // B G R -
  public static let bgra32 = PixelFormat(literal: "RA24")  // A B G R
  public static let bgrx32 = PixelFormat(literal: "RX24")  // - B G R
  public static let rgb32 = PixelFormat(literal: "RGB4")  // - R G B
  public static let rgba32 = PixelFormat(literal: "AB24")  // R G B A
  public static let rgbx32 = PixelFormat(literal: "XB24")  // R G B -
  public static let argb32 = PixelFormat(literal: "BA24")  // A R G B
  public static let xrgb32 = PixelFormat(literal: "BX24")  // - R G B
  // RGB in 16-bit words.
  public static let rgb565 = PixelFormat(literal: "RGBP")
  public static let rgb565x = PixelFormat(literal: "RGBR")
  // Bayer: the first two samples of the first two rows name the order.
  public static let sbggr8 = PixelFormat(literal: "BA81")
  public static let sgbrg8 = PixelFormat(literal: "GBRG")
  public static let sgrbg8 = PixelFormat(literal: "GRBG")
  public static let srggb8 = PixelFormat(literal: "RGGB")
  public static let sbggr10 = PixelFormat(literal: "BG10")
  public static let sgbrg10 = PixelFormat(literal: "GB10")
  public static let sgrbg10 = PixelFormat(literal: "BA10")
  public static let srggb10 = PixelFormat(literal: "RG10")
  public static let sbggr10p = PixelFormat(literal: "pBAA")
  public static let sgbrg10p = PixelFormat(literal: "pGAA")
  public static let sgrbg10p = PixelFormat(literal: "pgAA")
  public static let srggb10p = PixelFormat(literal: "pRAA")
  public static let sbggr12 = PixelFormat(literal: "BG12")
  public static let sgbrg12 = PixelFormat(literal: "GB12")
  public static let sgrbg12 = PixelFormat(literal: "BA12")
  public static let srggb12 = PixelFormat(literal: "RG12")
  public static let sbggr12p = PixelFormat(literal: "pBCC")
  public static let sgbrg12p = PixelFormat(literal: "pGCC")
  public static let sgrbg12p = PixelFormat(literal: "pgCC")
  public static let srggb12p = PixelFormat(literal: "pRCC")
  public static let sbggr14 = PixelFormat(literal: "BG14")
  public static let sgbrg14 = PixelFormat(literal: "GB14")
  public static let sgrbg14 = PixelFormat(literal: "GR14")
  public static let srggb14 = PixelFormat(literal: "RG14")
  public static let sbggr16 = PixelFormat(literal: "BYR2")
  public static let sgbrg16 = PixelFormat(literal: "GB16")
  public static let sgrbg16 = PixelFormat(literal: "GR16")
  public static let srggb16 = PixelFormat(literal: "RG16")
  // Compressed.
  public static let mjpeg = PixelFormat(literal: "MJPG")
  public static let jpeg = PixelFormat(literal: "JPEG")
}
