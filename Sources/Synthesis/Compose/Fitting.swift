import Imaging

/// Fits a defect to the edges and holes of the part that was laid on its own: those lie a pixel or two beside where that
/// one's were, which would leave a rim of a hole that is filled, or of an edge that is broken off.
enum Fitting {
  /// Pixels that may be left over of a hole.
  private static let misfit = 2
  /// What is left of the part beside a missing piece is more than twice as wide, in pixels, or gone too.
  private static let least = 2

  /// - Parameters:
  ///   - patch: on the box's canvas.
  ///   - cover: soft, of the box's size.
  ///   - area: of the whole picture.
  ///   - box: of the picture.
  ///   - placement: says whether the defect is a piece that is missing, and whether all of it lies on the part.
  /// - Returns: the patch, carried on where the cover now reaches farther, and that cover.
  static func fit(
    _ patch: DefectPatch, _ cover: Image<Float>, to area: PartArea, in box: PixelRect, _ placement: Placement
  ) -> (patch: DefectPatch, cover: Image<Float>) {
    let part = area.mask.cropped(box)
    let covered = cover.map { UInt8($0 >= 0.5 ? 1 : 0) }
    // Beside a filled hole the real defect's own surroundings go on, beside a missing piece nothing does.
    let thin = placement.cutsPart ? slivers(of: part, beside: covered) : nil
    var added = holes(part, area.filled.cropped(box), under: covered)
    if let thin { added = zip(added, thin.pixels).map { $0 || $1 > 0 } }
    // A stain ends where a hole begins, though its own hole lay a little beside.
    let onPart = placement.staysOnPart ? part.blurred(sigma: 0.7).pixels : nil
    let soft = Image<Float>(width: cover.width, height: cover.height, pixels: added.map { $0 ? 1 : 0 })
      .blurred(sigma: 0.7).pixels
    var fitted = patch
    if let thin { fitted.factor = patch.factor.map { carried($0, into: thin, from: covered) } }
    return (
      fitted,
      Image(
        width: cover.width, height: cover.height,
        pixels: added.indices.map { at in
          let own = cover.pixels[at] * (onPart.map { min(max(2 * $0[at] - 0.5, 0), 1) } ?? 1)
          return max(own, added[at] ? 1 : min(max(1.6 * soft[at] - 0.2, 0), 1))
        })
    )
  }

  /// Holes that lie within the box and that the defect covers by half and more, with their rims.
  private static func holes(_ part: Image<Float>, _ filled: Image<Float>, under covered: Image<UInt8>) -> [Bool] {
    let (width, height) = (part.width, part.height)
    let holes = ConnectedComponents.label(
      Image<Bool>(width: width, height: height, pixels: zip(part.pixels, filled.pixels).map { $0 < 0.5 && $1 >= 0.5 }))
    var under = [Int](repeating: 0, count: holes.regions.count + 1)
    for (at, label) in holes.labels.pixels.enumerated() where covered.pixels[at] > 0 { under[Int(label)] += 1 }
    var rims = [Bool](repeating: false, count: width * height)
    // How much of a hole that the box cuts is covered cannot be told.
    let wanted = Set(
      holes.regions.filter { !$0.touchesEdge(of: width, height) && 2 * under[Int($0.label)] >= $0.area }.map(\.label))
    guard !wanted.isEmpty else { return rims }
    for (at, label) in holes.labels.pixels.enumerated() where wanted.contains(label) {
      let (row, column) = at.quotientAndRemainder(dividingBy: width)
      for y in max(0, row - misfit)...min(height - 1, row + misfit) {
        for x in max(0, column - misfit)...min(width - 1, column + misfit) {
          // A disc's corners are cut off.
          let (u, v) = (x - column, y - row)
          if u * u + v * v <= misfit * misfit + 1 { rims[y * width + x] = true }
        }
      }
    }
    return rims
  }

  /// What is left of the part beside a missing piece, and too thin to be there: 1 there.
  private static func slivers(of part: Image<Float>, beside covered: Image<UInt8>) -> Image<UInt8>? {
    let left = Image<UInt8>(
      width: part.width, height: part.height,
      pixels: zip(part.pixels, covered.pixels).map { $0 >= 0.5 && $1 == 0 ? 1 : 0 })
    let sound = left.eroded(radius: least).dilated(radius: least).pixels
    let near = covered.dilated(radius: 3 * least).pixels
    func beside(_ image: Image<UInt8>) -> Image<UInt8> {
      Image(
        width: part.width, height: part.height,
        pixels: near.indices.map { image.pixels[$0] > 0 && sound[$0] == 0 && near[$0] > 0 ? 1 : 0 })
    }
    // The outer half of an edge is darker than the part.
    let thin = beside(beside(left).dilated(radius: 2))
    return thin.pixels.contains(1) ? thin : nil
  }

  /// A plane of a patch that goes on from where the patch covers the part into places beside.
  private static func carried(
    _ plane: Image<Float>, into thin: Image<UInt8>, from covered: Image<UInt8>
  ) -> Image<Float> {
    let beside = covered.map { $0 > 0 ? Float(0) : 1 }
    let near = Ground.light(of: plane, leavingOut: beside, sigma: 1.5)
    return Image(
      width: plane.width, height: plane.height,
      pixels: plane.pixels.indices.map { thin.pixels[$0] > 0 ? near.pixels[$0] : plane.pixels[$0] })
  }
}
