public import Imaging

/// A defect cut out of a picture, at its own scale, as what it does to the part under it.
///
/// Light and texture belong to the part, not to the defect: a patch holds the factor by which the defect changes the
/// ground, so that on a darker part it is darker too.
public struct DefectPatch: Sendable {
  /// Where it comes from: the part's id, or what made it.
  public var source: String
  /// Index of the class.
  public var label: Int
  /// By what the ground's level is multiplied, ``offset`` added to both; a plane or three.
  public var factor: Planes
  /// How much of the place the defect covers, 0...1, of the factor's size.
  public var cover: Image<Float>
  /// Logarithm of the part's own texture as what made the patch saw it, of the factor's size: what of the part is finer
  /// than that is kept. Nil where the patch has all of its texture itself.
  public var seen: Planes?

  /// Added to levels before they are divided, so that black ground does not make endless factors.
  public static let offset: Float = 4.0 / 255

  public init(source: String, label: Int, factor: Planes, cover: Image<Float>, seen: Planes? = nil) {
    precondition(cover.width == factor.width && cover.height == factor.height, "a cover of another size")
    self.source = source
    self.label = label
    self.factor = factor
    self.cover = cover
    self.seen = seen
  }

  public var width: Int { cover.width }
  public var height: Int { cover.height }

  /// The patch under an affine map, on a canvas of another size; outside it covers nothing.
  public func warped(by map: AffineMap, size: ImageSize) -> DefectPatch {
    var result = self
    result.factor = factor.map { $0.warped(by: map, size: size, border: .constant(1)) }
    result.cover = cover.warped(by: map, size: size, border: .constant(0))
    result.seen = seen?.map { $0.warped(by: map, size: size, border: .clamp) }
    return result
  }
}
