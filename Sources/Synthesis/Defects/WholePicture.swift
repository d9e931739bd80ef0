public import Imaging
import Samples

/// A picture of a class without masks, such as a surface: what is learned is all of it.
public struct WholePicture: Sendable {
  /// The part's id.
  public let source: String
  public let label: Int
  /// Levels 0...1, no larger than windows are cut from.
  let planes: Planes
  /// Of the file.
  public let size: ImageSize

  /// Largest side that is kept.
  private static let side = 256

  init(source: String, label: Int, picture: AnyImage) {
    self.source = source
    self.label = label
    size = ImageSize(width: picture.width, height: picture.height)
    let kept = Self.keptSize(of: size)
    planes = Planes(kept == size ? picture : picture.resized(width: kept.width, height: kept.height))
  }

  /// The size that a picture is kept in.
  static func keptSize(of size: ImageSize) -> ImageSize {
    let scale = min(1, Double(side) / Double(max(size.width, size.height)))
    func scaled(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
    return scale == 1 ? size : ImageSize(width: scaled(size.width), height: scaled(size.height))
  }

  /// The light on a picture: logarithms of its levels, blurred by 0.15 of its sides.
  ///
  /// - Returns: S x S, for a window of S pixels.
  static func light(on levels: Planes, side: Int) -> Planes {
    levels.map { plane in
      plane.map(logLevel).resized(width: side, height: side).blurred(sigma: 0.15 * Double(side))
    }
  }

  /// What the surface does to the light: logarithms of the levels, less those of the light.
  static func texture(of levels: Planes, under light: Planes) -> Planes {
    Planes(
      zip(levels.planes, light.planes).map { plane, light in
        Image(
          width: plane.width, height: plane.height,
          pixels: zip(plane.pixels, light.resized(width: plane.width, height: plane.height).pixels).map {
            logLevel($0) - $1
          })
      })
  }

  /// Levels below five of 255 are as dark as that: they hold more of the camera's noise than of the part.
  private static func logLevel(_ level: Float) -> Float { natural(max(level, 0.02)) }

  private init(_ other: WholePicture, planes: Planes) {
    source = other.source
    label = other.label
    size = other.size
    self.planes = planes
  }

  func with(channels: Int) -> WholePicture { WholePicture(self, planes: planes.with(channels: channels)) }

  /// How levels 0...1 become what networks see, and back.
  static let contrast: Float = 4
  static func seen(_ level: Float) -> Float { (level - 0.5) * contrast }
  static func level(_ seen: Float) -> Float { seen / contrast + 0.5 }

  /// A part of the picture, of 0.8 to 1 of its sides, mirrored or not, as networks see it: planes of S x S.
  func window(side: Int, _ random: inout SplitMix64) -> Planes {
    let share = Double(random.uniform(0.8, 1))
    let (width, height) = (Double(planes.width) * share, Double(planes.height) * share)
    let left = Double(random.unit()) * (Double(planes.width) - width)
    let top = Double(random.unit()) * (Double(planes.height) - height)
    return window(
      side: side, left: left, top: top, width: width, height: height, isMirrored: random.chance(0.5),
      isFlipped: random.chance(0.5))
  }

  /// All of the picture as networks see it.
  func window(side: Int, isMirrored: Bool = false, isFlipped: Bool = false) -> Planes {
    window(
      side: side, left: 0, top: 0, width: Double(planes.width), height: Double(planes.height), isMirrored: isMirrored,
      isFlipped: isFlipped)
  }

  private func window(
    side: Int, left: Double, top: Double, width: Double, height: Double, isMirrored: Bool, isFlipped: Bool
  ) -> Planes {
    let end = Double(side)
    let (x, y) = (end / width, end / height)
    var map = AffineMap.translation(x: -left, y: -top).then(.scaling(x: x, y: y))
    if isMirrored { map = map.then(.scaling(x: -1, y: 1)).then(.translation(x: end, y: 0)) }
    if isFlipped { map = map.then(.scaling(x: 1, y: -1)).then(.translation(x: 0, y: end)) }
    let bound = GeneratorConfiguration.bound
    return planes.map {
      $0.shrunk(by: map, scale: max(1 / x, 1 / y), size: ImageSize(width: side, height: side), border: .reflect)
        .map { min(max(Self.seen($0), -bound), bound) }
    }
  }

  /// Planes as networks give them as a picture.
  static func picture(_ planes: Planes, size: ImageSize) -> AnyImage {
    let levels = planes.planes.map { plane in
      Image<Gray8>(
        width: plane.width, height: plane.height,
        pixels: plane.pixels.map { UInt8(min(max(level($0) * 255, 0), 255).rounded()) })
    }
    let image =
      levels.count == 1
      ? AnyImage.gray8(levels[0])
      : .rgb8(
        Image(
          width: planes.width, height: planes.height,
          pixels: levels[0].pixels.indices.map {
            RGB(levels[0].pixels[$0], levels[1].pixels[$0], levels[2].pixels[$0])
          }))
    return image.resized(width: size.width, height: size.height)
  }
}
