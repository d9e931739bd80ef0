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

  /// What the defects of one picture have in common.
  private struct Picture {
    let planes: Planes
    /// By what all defects change the light.
    let factor: Planes
    /// 1 where defects are or may be.
    let leftOut: Image<Float>
    let area: PartArea
    let pose: PartPose?

    /// - Parameter all: 1 inside all defects of the picture.
    init(_ planes: Planes, all: Image<Float>) {
      // What the mask's edge has of the defect must not count as ground.
      let leftOut = all.map { UInt8($0 >= 0.5 ? 1 : 0) }.dilated(radius: RealDefect.spread).map { Float($0) }
      let offset = DefectPatch.offset
      self.planes = planes
      self.leftOut = leftOut
      factor = planes.map { plane in
        let light = Ground.light(of: plane, leavingOut: leftOut, sigma: Ground.sigma)
        return Image(
          width: plane.width, height: plane.height,
          pixels: zip(plane.pixels, light.pixels).map { ($0 + offset) / ($1 + offset) })
      }
      area = PartArea(planes.gray, leavingOut: leftOut)
      pose = PartPose(area, defect: leftOut)
    }

    /// Whether a place looks like what the part lies on: a dark stain is between that and the part.
    func isGround(in mask: Image<Float>) -> Bool {
      let gray = planes.gray.pixels
      var (part, ground, inside) = (Sum(), Sum(), Sum())
      for at in gray.indices {
        if mask.pixels[at] >= 0.5 {
          inside.add(gray[at])
        } else if leftOut.pixels[at] < 0.5 {
          if area.mask.pixels[at] >= 0.5 { part.add(gray[at]) } else { ground.add(gray[at]) }
        }
      }
      return abs(inside.mean - ground.mean) <= 0.35 * abs(part.mean - ground.mean)
    }

    private struct Sum {
      private var sum: Float = 0
      private var count: Float = 0
      var mean: Float { sum / max(count, 1) }

      mutating func add(_ value: Float) {
        sum += value
        count += 1
      }
    }
  }

  /// The defects of a part: pieces of its mask that lie far apart are defects of their own, because a window around all of
  /// them would show none of them well. Crumbs are left out.
  ///
  /// - Parameter mask: 1 inside the defect, of the picture's size.
  public static func pieces(source: String, label: Int, picture: Planes, mask: Image<Float>) -> [RealDefect] {
    let inside = mask.map { UInt8($0 >= 0.5 ? 1 : 0) }
    let total = inside.pixels.count { $0 > 0 }
    guard total > 0 else { return [] }
    let clusters = ConnectedComponents.label(
      inside.dilated(radius: max(3, min(16, min(mask.width, mask.height) / 16))))
    let pieces = clusters.regions.compactMap { region -> Image<Float>? in
      let piece = Image(
        width: mask.width, height: mask.height,
        pixels: zip(inside.pixels, clusters.labels.pixels).map { $0 > 0 && $1 == region.label ? Float(1) : 0 })
      return piece.pixels.count { $0 > 0 } >= max(8, total / 20) ? piece : nil
    }
    let common = Picture(picture, all: mask)
    return (pieces.isEmpty ? [mask] : pieces).compactMap {
      RealDefect(source: source, label: label, common, mask: $0)
    }
  }

  /// - Parameter mask: 1 inside the defect, of the picture's size.
  /// - Returns: nil for a mask without a pixel.
  public init?(source: String, label: Int, picture: Planes, mask: Image<Float>) {
    self.init(source: source, label: label, Picture(picture, all: mask), mask: mask)
  }

  private init?(source: String, label: Int, _ picture: Picture, mask: Image<Float>) {
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
    let extent = ImageSize(width: right - left + 1, height: bottom - top + 1)
    self.extent = extent
    func cut(_ margin: Int) -> PixelRect {
      let (x, y) = (max(0, left - margin), max(0, top - margin))
      return PixelRect(
        x: x, y: y, width: min(mask.width, right + 1 + margin) - x, height: min(mask.height, bottom + 1 + margin) - y)
    }
    let near = cut(Self.margin)
    /// The mask's middle is the patch's, also at the picture's edge.
    func centered(_ image: Image<Float>, beside: Float) -> Image<Float> {
      let (before, above) = (near.x - left + Self.margin, near.y - top + Self.margin)
      return image.cropped(near).padded(
        left: before, top: above, right: extent.width + 2 * Self.margin - before - near.width,
        bottom: extent.height + 2 * Self.margin - above - near.height, with: beside)
    }
    patch = DefectPatch(
      source: source, label: label, factor: picture.factor.map { centered($0, beside: 1) },
      cover: centered(mask, beside: 0))
    levels = picture.planes.map { centered($0, beside: 0) }
    let wide = cut(max(right - left, bottom - top) + 48)
    surroundings = picture.factor.map { $0.cropped(wide) }
    surroundingsCover = mask.cropped(wide)
    middleOfSurroundings = Point(middle.x - Double(wide.x), middle.y - Double(wide.y))
    let share = picture.area.share(of: mask)
    site = DefectSite(
      source: source, x: middle.x / Double(mask.width), y: middle.y / Double(mask.height), pictureWidth: mask.width,
      pictureHeight: mask.height, width: Double(extent.width) / Double(mask.width),
      height: Double(extent.height) / Double(mask.height),
      areaShare: Double(count) / Double(mask.width * mask.height), shareOnPart: share,
      cutsPart: share < 0.5 && picture.isGround(in: mask) && Self.isOpen(mask, in: picture.area), pose: picture.pose)
  }

  /// Whether a place beside the part lies at its edge: some of what is around it is the part, and some is beside it too.
  /// A dark stain is surrounded by the part.
  private static func isOpen(_ mask: Image<Float>, in area: PartArea) -> Bool {
    let inside = mask.map { UInt8($0 >= 0.5 ? 1 : 0) }
    let (inner, outer) = (inside.dilated(radius: spread).pixels, inside.dilated(radius: spread + 2).pixels)
    var (on, all) = (0, 0)
    for at in inner.indices where outer[at] > 0 && inner[at] == 0 {
      all += 1
      if area.mask.pixels[at] >= 0.5 { on += 1 }
    }
    return all > 0 && (0.2...0.9).contains(Double(on) / Double(all))
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
