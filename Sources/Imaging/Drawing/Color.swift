import Glibc

/// A drawing color: red, green, blue and opacity, each in 0...1, straight alpha, sRGB.
public struct Color: Sendable, Hashable {
  public var red: Double
  public var green: Double
  public var blue: Double
  public var alpha: Double

  public init(_ red: Double, _ green: Double, _ blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// From 0xRRGGBB.
  public init(hex: UInt32, alpha: Double = 1) {
    self.init(
      Double(hex >> 16 & 255) / 255, Double(hex >> 8 & 255) / 255, Double(hex & 255) / 255, alpha: alpha)
  }

  /// The same color, `alpha` opaque.
  public func opacity(_ alpha: Double) -> Color { Color(red, green, blue, alpha: alpha) }

  public static let black = Color(0, 0, 0)
  public static let white = Color(1, 1, 1)

  // The palette of Okabe and Ito ("Color Universal Design", 2008), which all common kinds of color vision tell apart.
  public static let orange = Color(hex: 0xE69F00)
  public static let skyBlue = Color(hex: 0x56B4E9)
  public static let bluishGreen = Color(hex: 0x009E73)
  public static let yellow = Color(hex: 0xF0E442)
  public static let blue = Color(hex: 0x0072B2)
  public static let vermilion = Color(hex: 0xD55E00)
  public static let reddishPurple = Color(hex: 0xCC79A7)

  /// Colors for classes, in an order that keeps neighbours apart; they repeat after seven.
  public static func forClass(_ index: Int) -> Color {
    let colors = [vermilion, skyBlue, yellow, bluishGreen, reddishPurple, orange, blue]
    return colors[((index % colors.count) + colors.count) % colors.count]
  }

  /// Black or white, whichever reads better on this color (by WCAG 2 relative luminance).
  public var readableInk: Color {
    func linear(_ value: Double) -> Double {
      value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) > 0.18 ? .black : .white
  }
}

/// A color scale for values in 0...1 that rises evenly in lightness, so that it reads in grey and for all common kinds
/// of color vision.
public enum ColorMap: String, Sendable, Hashable, CaseIterable {
  /// Smith and van der Walt's default of Matplotlib.
  case viridis
  /// Smith and van der Walt's black to yellow, for heat over pictures.
  case inferno
  /// Nuñez, Anderton and Renslow 2018, doi 10.1371/journal.pone.0199239, the same for color-blind eyes.
  case cividis

  /// The color of `value`; values outside 0...1 are clamped and NaN counts as 0.
  public func color(_ value: Float) -> RGB8 {
    let stops = stops
    let place = (value > 0 ? min(value, 1) : 0) * Float(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let part = place - Float(index)
    func mix(_ shift: UInt32) -> UInt8 {
      let low = Float(stops[index] >> shift & 255), high = Float(stops[index + 1] >> shift & 255)
      return UInt8(nearest: low + (high - low) * part)
    }
    return RGB8(mix(16), mix(8), mix(0))
  }

  /// The scale in 256 steps.
  public var table: [RGB8] { (0..<256).map { color(Float($0) / 255) } }

  /// 18 even steps, linear in between (at most 11 of 255 off). Made with OpenCV:
  /// `cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_VIRIDIS)[0][::15]`.
  private var stops: [UInt32] {
    switch self {
    case .viridis:
      [
        0x440154, 0x481769, 0x472A7A, 0x433D84, 0x3D4E8A, 0x355E8D, 0x2E6D8E, 0x297B8E, 0x23898E, 0x1F978B, 0x21A585,
        0x2EB37C, 0x46C06F, 0x65CB5E, 0x89D548, 0xB0DD2F, 0xD8E219, 0xFDE725,
      ]
    case .inferno:
      [
        0x000004, 0x0A0722, 0x1E0C45, 0x380962, 0x510E6C, 0x69166E, 0x801F6C, 0x982766, 0xB0315B, 0xC63D4D, 0xD94D3D,
        0xE9612B, 0xF47918, 0xFA9407, 0xFCB014, 0xF8CD37, 0xF2EA69, 0xFCFFA4,
      ]
    case .cividis:
      [
        0x00224E, 0x002D68, 0x163770, 0x2E416D, 0x3F4C6C, 0x4E566C, 0x5C616E, 0x696B71, 0x767676, 0x838179, 0x928C78,
        0xA09875, 0xAFA471, 0xBFB06B, 0xCFBD62, 0xDFCA57, 0xF0D846, 0xFEE838,
      ]
    }
  }
}
