import Imaging

/// Fits a defect to the edges and holes of the part that was laid on its own: those lie a pixel or two beside where that
/// one's were, which would leave a rim of a hole that is filled, or of an edge that is broken off.
enum Fitting {
  /// Pixels that may be left over of a hole or an edge.
  private static let misfit = 2

  /// - Parameters:
  ///   - patch: on the box's canvas.
  ///   - cover: soft, of the box's size.
  ///   - part: 1 on the part, of the box's size.
  ///   - cutsPart: whether the defect is a piece that is missing.
  /// - Returns: the patch, carried on where the cover now reaches farther, and that cover.
  static func fit(
    _ patch: DefectPatch, _ cover: Image<Float>, to part: Image<Float>, cutsPart: Bool
  ) -> (patch: DefectPatch, cover: Image<Float>) {
    let covered = cover.map { UInt8($0 >= 0.5 ? 1 : 0) }
    // Beside a filled hole the real defect's own surroundings go on, beside a missing piece nothing does.
    let thin = cutsPart ? slivers(of: part, beside: covered) : []
    let added = thin.union(holes(in: part, under: covered))
    guard added.contains(where: { cover.pixels[$0] < 1 }) else { return (patch, cover) }
    let soft = Image<Float>(
      width: cover.width, height: cover.height, pixels: cover.pixels.indices.map { added.contains($0) ? 1 : 0 }
    ).blurred(sigma: 0.7).pixels
    let beside = covered.map { $0 > 0 ? Float(0) : 1 }
    var fitted = patch
    fitted.factor = patch.factor.map { plane in
      let carried = Ground.level(of: plane, leavingOut: beside, sigma: 1.5)
      return Image(
        width: plane.width, height: plane.height,
        pixels: plane.pixels.indices.map { thin.contains($0) ? carried.pixels[$0] : plane.pixels[$0] })
    }
    return (
      fitted,
      Image(
        width: cover.width, height: cover.height,
        pixels: cover.pixels.indices.map { max(cover.pixels[$0], added.contains($0) ? 1 : min(1.4 * soft[$0], 1)) })
    )
  }

  /// Holes that the defect covers by half and more, with their rims.
  private static func holes(in part: Image<Float>, under covered: Image<UInt8>) -> Set<Int> {
    let holes = ConnectedComponents.label(part.map { $0 < 0.5 })
    var under: [Int32: Int] = [:]
    for (at, label) in holes.labels.pixels.enumerated() where label > 0 && covered.pixels[at] > 0 {
      under[label, default: 0] += 1
    }
    let filled = Set(holes.regions.filter { 2 * under[$0.label, default: 0] >= $0.area }.map(\.label))
    guard !filled.isEmpty else { return [] }
    var rims = Set<Int>()
    for (at, label) in holes.labels.pixels.enumerated() where label > 0 && filled.contains(label) {
      let (row, column) = at.quotientAndRemainder(dividingBy: part.width)
      for y in max(0, row - misfit)...min(part.height - 1, row + misfit) {
        for x in max(0, column - misfit)...min(part.width - 1, column + misfit) {
          // A disc's corners are cut off.
          let (u, v) = (x - column, y - row)
          if u * u + v * v <= misfit * misfit + 1 { rims.insert(y * part.width + x) }
        }
      }
    }
    return rims
  }

  /// What is left of the part beside a missing piece, and too thin to be there.
  private static func slivers(of part: Image<Float>, beside covered: Image<UInt8>) -> Set<Int> {
    let left = Image<UInt8>(
      width: part.width, height: part.height,
      pixels: zip(part.pixels, covered.pixels).map { $0 >= 0.5 && $1 == 0 ? 1 : 0 })
    let sound = left.eroded(radius: misfit).dilated(radius: misfit).pixels
    let near = covered.dilated(radius: 2 * misfit).pixels
    let thin = Image<UInt8>(
      width: part.width, height: part.height,
      pixels: near.indices.map { left.pixels[$0] > 0 && sound[$0] == 0 && near[$0] > 0 ? 1 : 0 })
    // The outer half of an edge is darker than the part.
    let wide = thin.dilated(radius: 1).pixels
    return Set(wide.indices.filter { wide[$0] > 0 && sound[$0] == 0 && near[$0] > 0 })
  }
}
