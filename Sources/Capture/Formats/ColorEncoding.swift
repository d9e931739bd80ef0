import CFrames

/// How Y'CbCr numbers become R'G'B', and whether numbers span the full range.
public struct ColorEncoding: Sendable, Hashable {
  /// The weights of red and blue in luma.
  public enum Matrix: Sendable, Hashable {
    /// ITU-R BT.601: 0.299, 0.114.
    case bt601
    /// ITU-R BT.709: 0.2126, 0.0722.
    case bt709
    /// ITU-R BT.2020, non-constant luminance: 0.2627, 0.0593.
    case bt2020
  }

  public enum Range: Sendable, Hashable {
    /// 0...255 for luma and R'G'B', 128 +- 127.5 for chroma.
    case full
    /// 16...235 for luma and R'G'B', 16...240 for chroma.
    case limited
  }

  public var matrix: Matrix
  public var range: Range

  public init(matrix: Matrix, range: Range) {
    self.matrix = matrix
    self.range = range
  }

  /// From the fields of `v4l2_pix_format`, with the defaults that the kernel's `V4L2_MAP_YCBCR_ENC_DEFAULT` and
  /// `V4L2_MAP_QUANTIZATION_DEFAULT` lay down: BT.601 and limited range unless the color space says otherwise, full
  /// range for R'G'B'. Two readings go beyond them: grey formats are of full range unless the driver names the range
  /// (mono cameras leave it open and send 0...255), and SMPTE 240M is taken for BT.709, its near twin.
  public init(format: PixelFormat, colorspace: UInt32, ycbcrEncoding: UInt32, quantization: UInt32) {
    // enum v4l2_colorspace: SMPTE240M 2, REC709 3, JPEG 7, BT2020 10, DCI_P3 12.
    // enum v4l2_ycbcr_encoding: 601 1, 709 2, XV601 3, XV709 4, SYCC 5, BT2020 6, BT2020_CONST_LUM 7, SMPTE240M 8.
    switch ycbcrEncoding {
    case 2, 4, 8: matrix = .bt709
    case 6, 7: matrix = .bt2020
    case 1, 3, 5: matrix = .bt601
    default:
      switch colorspace {
      case 2, 3, 12: matrix = .bt709
      case 10: matrix = .bt2020
      default: matrix = .bt601
      }
    }
    // enum v4l2_quantization: FULL_RANGE 1, LIM_RANGE 2.
    switch quantization {
    case 1: range = .full
    case 2: range = .limited
    default:
      let coding = FormatCatalog.entry(format)
      let isFull = coding?.isRGB == true || coding?.isGray == true || colorspace == 7
      range = isFull ? .full : .limited
    }
  }

  /// Kr and Kb.
  var weights: (red: Double, blue: Double) {
    switch matrix {
    case .bt601: (0.299, 0.114)
    case .bt709: (0.2126, 0.0722)
    case .bt2020: (0.2627, 0.0593)
    }
  }

  /// The coefficients in the kernels' fixed point.
  var fixed: cframes_matrix {
    let (red, blue) = weights
    let green = 1 - red - blue
    let luma = range == .full ? 1 : 255.0 / 219
    let chroma = range == .full ? 1 : 255.0 / 224
    let black = range == .full ? 0 : 16.0
    func fixed(_ value: Double) -> Int16 { Int16((value * 8192).rounded()) }
    // A half for rounding is part of the bias.
    let bias = (64 * (luma * (128 - black) - 128)).rounded() + 32
    return cframes_matrix(
      luma: fixed(luma), red: fixed(2 * (1 - red) * chroma),
      green_u: fixed(-2 * (1 - blue) * blue / green * chroma),
      green_v: fixed(-2 * (1 - red) * red / green * chroma), blue: fixed(2 * (1 - blue) * chroma),
      bias: Int16(bias))
  }
}
