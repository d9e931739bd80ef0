public import Imaging

/// The finest texture of a defect: what a window does not show of a large one.
public struct DefectGrain: Sendable {
  /// Logarithm of what is finer than ``size``, over what is not; a plane or three.
  public var texture: Planes
  /// How far it is known, 0...1, of the texture's size.
  public var cover: Image<Float>
  /// Pixels.
  public var size: Double

  public init(texture: Planes, cover: Image<Float>, size: Double) {
    self.texture = texture
    self.cover = cover
    self.size = size
  }

  /// Under an affine map, on a canvas of another size; the grain's own size stays that of the patch.
  func warped(by map: AffineMap, size canvas: ImageSize) -> DefectGrain {
    DefectGrain(
      texture: texture.map { $0.warped(by: map, size: canvas, border: .constant(0)) },
      cover: cover.warped(by: map, size: canvas, border: .constant(0)), size: size)
  }

  /// Windows have so many times as many pixels a side for the grain as for the rest.
  static let fineness = 2

  /// In pixels of a window.
  static let windowSize = 1.5

  /// The grain of a real defect that is at least ``fineness`` times as large as its window; nil for others, which their
  /// windows show in full.
  ///
  /// - Parameter side: of the window; the grain's is ``fineness`` times that.
  static func of(_ defect: RealDefect, side: Int) -> DefectGrain? {
    let fine = side * fineness
    let window = DefectWindow(defect, side: fine)
    guard window.scale > 1 else { return nil }
    let size = windowSize * Double(fineness)
    let beside = window.cover.map { $0 >= 0.5 ? Float(0) : 1 }
    let texture = window.appearance.map { plane in
      let coarse = Ground.level(of: plane, leavingOut: beside, sigma: size)
      return Image(
        width: fine, height: fine, pixels: zip(plane.pixels, coarse.pixels).map { min(max($0 - $1, -limit), limit) })
    }
    return DefectGrain(texture: texture, cover: window.cover, size: size)
  }

  /// Largest size of the logarithm that is kept.
  static let limit: Float = 1

  func mirrored() -> DefectGrain {
    DefectGrain(texture: texture.map { $0.flippedHorizontally() }, cover: cover.flippedHorizontally(), size: size)
  }
}
