public import Imaging

/// A real defect with its place on the part.
public struct RealDefect: Sendable {
  public private(set) var patch: DefectPatch
  /// The defect as it was photographed, beside its factor: for pasting it as it is.
  public private(set) var levels: Planes
  public let site: DefectSite
  /// Width and height of the mask's bounding box.
  public let extent: ImageSize
  /// The factor with more of the part around it, and the mask there: what windows are cut from.
  private(set) var surroundings: Planes
  let surroundingsCover: Image<Float>
  /// The mask's middle in the surroundings' pixels.
  let middleOfSurroundings: Point

  /// Pixels around the mask that may have some of the defect.
  static let spread = 2

  /// Pixels around the mask that are cut out too.
  private static let margin = 4

  /// The defects of a part: pieces of its mask that lie far apart are defects of their own, because a window around all of
  /// them would show none of them well. Crumbs are left out.
  ///
  /// - Parameter mask: 1 inside the defect, of the picture's size.
  public static func pieces(source: String, label: Int, picture: Planes, mask: Image<Float>) -> [RealDefect] {
    let inside = mask.map { UInt8($0 >= 0.5 ? 1 : 0) }
    let total = inside.pixels.count { $0 > 0 }
    let clusters = ConnectedComponents.label(
      inside.dilated(radius: max(3, min(16, min(mask.width, mask.height) / 16))))
    let pieces = clusters.regions.compactMap { region -> Image<Float>? in
      let piece = Image(
        width: mask.width, height: mask.height,
        pixels: zip(inside.pixels, clusters.labels.pixels).map { $0 > 0 && $1 == region.label ? Float(1) : 0 })
      return piece.pixels.count { $0 > 0 } >= max(8, total / 20) ? piece : nil
    }
    return (pieces.isEmpty ? [mask] : pieces).compactMap {
      RealDefect(source: source, label: label, picture: picture, mask: $0, all: mask)
    }
  }

  /// - Parameters:
  ///   - mask: 1 inside the defect, of the picture's size.
  ///   - all: 1 inside all defects of the picture; nil where there is no other.
  /// - Returns: nil for a mask without a pixel.
  public init?(source: String, label: Int, picture: Planes, mask: Image<Float>, all: Image<Float>? = nil) {
    var (left, top, right, bottom) = (Int.max, Int.max, -1, -1)
    var count = 0
    for y in 0..<mask.height {
      for x in 0..<mask.width where mask.pixels[y * mask.width + x] >= 0.5 {
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), max(bottom, y))
        count += 1
      }
    }
    guard count > 0 else { return nil }
    let middle = Point(Double(left + right + 1) / 2, Double(top + bottom + 1) / 2)
    extent = ImageSize(width: right - left + 1, height: bottom - top + 1)
    // What the mask's edge has of the defect must not count as ground.
    let leftOut = (all ?? mask).map { UInt8($0 >= 0.5 ? 1 : 0) }.dilated(radius: Self.spread).map { Float($0) }
    let offset = DefectPatch.offset
    let factor = picture.map { plane in
      let ground = Ground.light(of: plane, leavingOut: leftOut, sigma: Ground.leastSigma)
      return Image(
        width: plane.width, height: plane.height,
        pixels: zip(plane.pixels, ground.pixels).map { ($0 + offset) / ($1 + offset) })
    }
    func cut(_ margin: Int) -> PixelRect {
      let (x, y) = (max(0, left - margin), max(0, top - margin))
      return PixelRect(
        x: x, y: y, width: min(mask.width, right + 1 + margin) - x, height: min(mask.height, bottom + 1 + margin) - y)
    }
    let near = cut(Self.margin)
    patch = DefectPatch(
      source: source, label: label, factor: factor.map { $0.cropped(near) }, cover: mask.cropped(near))
    levels = picture.map { $0.cropped(near) }
    let wide = cut(max(right - left, bottom - top) + 48)
    surroundings = factor.map { $0.cropped(wide) }
    surroundingsCover = mask.cropped(wide)
    middleOfSurroundings = Point(middle.x - Double(wide.x), middle.y - Double(wide.y))
    let area = PartArea(picture.gray, leavingOut: leftOut)
    site = DefectSite(
      source: source, x: middle.x / Double(mask.width), y: middle.y / Double(mask.height), pictureWidth: mask.width,
      pictureHeight: mask.height, width: Double(extent.width) / Double(mask.width),
      height: Double(extent.height) / Double(mask.height), areaShare: Double(count) / Double(mask.width * mask.height),
      shareOnPart: area.share(of: mask),
      pose: PartPose(area, defect: leftOut))
  }

  /// With grey made of colour, or grey three times.
  func with(channels: Int) -> RealDefect {
    var result = self
    result.patch.factor = patch.factor.with(channels: channels)
    result.levels = levels.with(channels: channels)
    result.surroundings = surroundings.with(channels: channels)
    return result
  }
}
