import Imaging
import Samples

/// A real defect as generators see it: a square window around its middle, at a scale that makes it fit.
struct DefectWindow: Sendable {
  /// Where the defect lies on its part.
  var site: DefectSite
  /// Index of the class.
  var label: Int
  /// Pixels of the picture for each of the window; at least 1: small defects keep their own scale.
  var scale: Double
  /// Logarithm of the defect's factor, S x S.
  var appearance: Planes
  /// 0...1, S x S.
  var cover: Image<Float>

  /// The appearance and then the cover, as networks see them: (channels + 1) x S x S.
  var planes: [Float] { appearance.planes.flatMap(\.pixels) + cover.pixels }

  /// Share of the window that a defect's longer side takes.
  static let fill = 0.68

  /// How a window is cut: a little turned, sized and shifted each time.
  struct Variation: Sendable, Hashable {
    var scale = 1.0
    var degrees = 0.0
    var isMirrored = false
    /// Width and height over what the scale makes of them, before the turn.
    var stretch = Point(1, 1)
    /// In pixels of the window.
    var x = 0.0
    var y = 0.0

    init() {}

    /// As a defect is placed: a larger one takes more of the window.
    init(_ placement: Placement) {
      // All of it stays in the window.
      scale = max(placement.growth / placement.scale, DefectWindow.fill)
      degrees = placement.degrees
      isMirrored = placement.isMirrored
      let most = scale / DefectWindow.fill
      stretch = Point(min(placement.stretch.x, most), min(placement.stretch.y, most))
    }
  }

  /// - Parameter times: pixels for each of the window's own, for the same place in more detail.
  init(_ defect: RealDefect, side: Int, times: Int = 1, _ variation: Variation = Variation()) {
    let longer = Double(max(defect.extent.width, defect.extent.height))
    let own = max(1, longer / (Self.fill * Double(side))) / Double(times)
    let side = side * times
    site = defect.site
    label = defect.patch.label
    scale = own
    let map = Self.map(around: defect.middleOfSurroundings, scale: own * variation.scale, variation, side: side)
    let size = ImageSize(width: side, height: side)
    let bound = GeneratorConfiguration.bound
    appearance = defect.surroundings.map { plane in
      plane.map { min(max(natural(max($0, 1e-3)), -bound), bound) }
        .shrunk(by: map, scale: own * variation.scale, size: size, border: .constant(0))
    }
    cover = defect.surroundingsCover.shrunk(
      by: map, scale: own * variation.scale, size: size, border: .constant(0))
  }

  /// From a picture to a window around a place of it.
  static func map(around center: Point, scale: Double, _ variation: Variation, side: Int) -> AffineMap {
    AffineMap.translation(x: -center.x, y: -center.y)
      .then(
        .scaling(
          x: (variation.isMirrored ? -1 : 1) * variation.stretch.x / scale, y: variation.stretch.y / scale)
      )
      .then(.rotation(degrees: variation.degrees))
      .then(.translation(x: Double(side) / 2 + variation.x, y: Double(side) / 2 + variation.y))
  }
}

/// Where a real defect lies on its part: what places of new ones are drawn from.
public struct DefectSite: Codable, Sendable, Hashable {
  /// The part's id.
  public var source: String
  /// The middle of the mask's bounding box, over the picture's width and height, 0...1.
  public var x: Double
  public var y: Double
  /// Of the picture it was found on.
  public var pictureWidth: Int
  public var pictureHeight: Int
  /// Of the mask's bounding box, over the picture's width and height, 0...1.
  public var width: Double
  public var height: Double
  /// Share of the picture that the mask covers.
  public var areaShare: Double
  /// Share of the mask that lies on the part rather than beside it, as far as that can be told.
  public var shareOnPart: Double
  /// Whether it is a piece of the part that is missing.
  public var cutsPart: Bool
  /// How the part lies in the picture; nil where that cannot be told.
  public var pose: PartPose?

  /// Whether a card's numbers can be those of a defect in a picture.
  var isSound: Bool {
    let sides = 1...65_535
    return sides.contains(pictureWidth) && sides.contains(pictureHeight)
      && pictureWidth * pictureHeight <= Self.mostPixels
      && [x, y, width, height, areaShare, shareOnPart].allSatisfy { (0...1).contains($0) }
      && pose?.isSound(in: ImageSize(width: pictureWidth, height: pictureHeight)) ?? true
  }

  /// Pixels of a picture.
  private static let mostPixels = 400_000_000

  /// Largest scale that a window of the picture can have.
  func largestScale(side: Int) -> Double {
    max(1, Double(max(pictureWidth, pictureHeight)) / (DefectWindow.fill * Double(side))) * 1.001
  }
}
