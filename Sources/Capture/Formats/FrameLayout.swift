public import Imaging

/// What the driver agreed to send: format, size and where rows begin.
public struct FrameLayout: Sendable, Hashable {
  public var format: PixelFormat
  public var width: Int
  public var height: Int
  /// Bytes from one row of the first plane to the next; 0: no padding. Chroma planes of NV formats have the same, those
  /// of three-plane formats half of it, as V4L2 lays down.
  public var bytesPerLine: Int
  /// Most bytes that a frame can have (`sizeimage`); 0: not known.
  public var byteCount: Int
  public var encoding: ColorEncoding

  public init(
    format: PixelFormat, width: Int, height: Int, bytesPerLine: Int = 0, byteCount: Int = 0,
    encoding: ColorEncoding
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.bytesPerLine = bytesPerLine
    self.byteCount = byteCount
    self.encoding = encoding
  }
}

extension FrameLayout {
  public var size: ImageSize { ImageSize(width: width, height: height) }
}

/// Where the planes of a frame begin.
struct FramePlanes: Sendable, Hashable {
  /// Bytes from row to row of the first plane and of the others.
  var stride = 0
  var chromaStride = 0
  /// Where the second and the third plane begin.
  var second = 0
  var third = 0
  /// Bytes that a whole frame has: the last row may lack its padding.
  var leastBytes = 0

  /// Nil where `bytesPerLine` is less than a row.
  init?(_ layout: FrameLayout, _ coding: FrameCoding) {
    let width = layout.width
    let height = layout.height
    let half = (layout.width + 1) / 2
    let tight: Int
    switch coding {
    case .packed: tight = half * 4
    case .pairs, .planes, .gray8, .bayer8: tight = width
    case .gray16, .words: tight = width * 2
    case .bayer16(_, let bits, let isPacked):
      tight = isPacked ? Self.packedBytes(width, bits) : width * 2
    case .packedGray(let bits): tight = Self.packedBytes(width, bits)
    case .rgb, .bgr: tight = width * 3
    case .four: tight = width * 4
    case .jpeg: return
    case .library(let bits):
      leastBytes = (width * height * bits + 7) / 8
      return
    }
    stride = layout.bytesPerLine == 0 ? tight : layout.bytesPerLine
    guard stride >= tight else { return nil }
    switch coding {
    case .pairs(let shift, _):
      let rows = (height + (1 << shift) - 1) >> shift
      // An odd width without padding: pairs need one byte more than luma.
      chromaStride = max(stride, 2 * half)
      second = stride * height
      leastBytes = second + chromaStride * (rows - 1) + 2 * half
    case .planes(let shift, let isVFirst):
      let rows = (height + (1 << shift) - 1) >> shift
      chromaStride = (stride + 1) / 2
      let first = stride * height
      second = isVFirst ? first + chromaStride * rows : first
      third = isVFirst ? first : first + chromaStride * rows
      leastBytes = first + chromaStride * (2 * rows - 1) + half
    default:
      leastBytes = stride * (height - 1) + tight
    }
  }

  /// MIPI RAW: groups of 4 samples in 5 bytes, or of 2 in 3.
  private static func packedBytes(_ width: Int, _ bits: Int) -> Int {
    bits == 10 ? (width + 3) / 4 * 5 : (width + 1) / 2 * 3
  }
}
