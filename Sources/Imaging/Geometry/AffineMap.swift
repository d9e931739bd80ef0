import Glibc

/// A map of the plane: `(x, y)` goes to `(a x + b y + c, d x + e y + f)`. Pixel centres lie at half-integer positions:
/// the centre of the first pixel is (0.5, 0.5).
public struct AffineMap: Sendable, Hashable {
  public var a: Double
  public var b: Double
  public var c: Double
  public var d: Double
  public var e: Double
  public var f: Double

  public init(a: Double, b: Double, c: Double, d: Double, e: Double, f: Double) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
    self.e = e
    self.f = f
  }

  public static let identity = AffineMap(a: 1, b: 0, c: 0, d: 0, e: 1, f: 0)

  public static func translation(x: Double, y: Double) -> AffineMap {
    AffineMap(a: 1, b: 0, c: x, d: 0, e: 1, f: y)
  }

  public static func scaling(x: Double, y: Double) -> AffineMap {
    AffineMap(a: x, b: 0, c: 0, d: 0, e: y, f: 0)
  }

  /// A turn about the origin; positive angles turn clockwise on the screen, where y grows downwards.
  public static func rotation(degrees: Double) -> AffineMap {
    let angle = degrees * .pi / 180
    return AffineMap(a: cos(angle), b: -sin(angle), c: 0, d: sin(angle), e: cos(angle), f: 0)
  }

  public static func shear(x: Double, y: Double) -> AffineMap {
    AffineMap(a: 1, b: x, c: 0, d: y, e: 1, f: 0)
  }

  /// This map, then `next`.
  public func then(_ next: AffineMap) -> AffineMap {
    AffineMap(
      a: next.a * a + next.b * d, b: next.a * b + next.b * e, c: next.a * c + next.b * f + next.c,
      d: next.d * a + next.e * d, e: next.d * b + next.e * e, f: next.d * c + next.e * f + next.f)
  }

  /// This map about (`x`, `y`) instead of the origin.
  public func about(x: Double, y: Double) -> AffineMap {
    AffineMap.translation(x: -x, y: -y).then(self).then(.translation(x: x, y: y))
  }

  /// The map back; nil where the plane is squashed flat.
  public var inverse: AffineMap? {
    let determinant = a * e - b * d
    guard determinant.isFinite, abs(determinant) > 1e-12 else { return nil }
    let ia = e / determinant, ib = -b / determinant, id = -d / determinant, ie = a / determinant
    return AffineMap(a: ia, b: ib, c: -(ia * c + ib * f), d: id, e: ie, f: -(id * c + ie * f))
  }

  public func callAsFunction(x: Double, y: Double) -> (x: Double, y: Double) {
    (a * x + b * y + c, d * x + e * y + f)
  }
}

/// What a warp takes for positions outside the image.
public enum WarpBorder<Pixel: Sendable>: Sendable {
  /// One pixel value.
  case constant(Pixel)
  /// The nearest edge pixel.
  case clamp
  /// The image mirrored at its edges, the edge pixel repeated: `dcba|abcd|dcba`.
  case reflect
}

/// How a warp mixes pixels.
public enum WarpFilter: Sendable, Hashable {
  /// The nearest pixel; for masks and labels.
  case nearest
  /// The four nearest pixels, weighed linearly.
  case bilinear
}
