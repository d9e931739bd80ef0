import Imaging
import Samples

/// The textures of a class's real pictures, for painted ones: a network of a few thousand steps learns light and large
/// forms, and blurs the rest.
///
/// A painted picture gets those of two others, each cropped and mirrored, one going over into the other along a random
/// line: so it is none of them.
struct WholeTextures: Sendable {
  /// By model: planes of the logarithm of the level over the light's.
  private let planes: [Planes?]
  private let side: Int

  init(_ models: [GeneratorCard.Model], _ configuration: GeneratorConfiguration) {
    side = configuration.side
    let bound = GeneratorConfiguration.bound
    planes = models.map { model in
      guard let bytes = model.grain.map({ Array($0) }) else { return nil }
      let size = WholePicture.keptSize(
        of: ImageSize(width: model.site.pictureWidth, height: model.site.pictureHeight))
      let area = size.width * size.height
      return Planes(
        (0..<configuration.channels).map { channel in
          Image(
            width: size.width, height: size.height,
            pixels: bytes[channel * area..<(channel + 1) * area].map { (Float($0) / 127.5 - 1) * bound })
        })
    }
  }

  /// What a network painted, with textures of other pictures than its model; nil where there is no other.
  ///
  /// - Parameter painted: as networks give levels, S x S.
  /// - Returns: the same in the size of a real picture.
  func put(on painted: Planes, beside model: Int, random: inout SplitMix64) -> Planes? {
    let others = planes.indices.filter { $0 != model && planes[$0] != nil }
    guard !others.isEmpty else { return nil }
    func draw() -> Planes { planes[others[random.index(others.count)]]! }
    let first = draw()
    let size = ImageSize(width: first.width, height: first.height)
    let one = Self.cropped(first, to: size, &random)
    let two = Self.cropped(draw(), to: size, &random)
    let share = Self.border(size, &random).pixels
    let sigma = WholePicture.grainSize(keptSize: size, side: side)
    let (offset, contrast) = (DefectPatch.offset, WholePicture.contrast)
    return Planes(
      painted.planes.enumerated().map { channel, plane in
        let light = plane.resized(width: size.width, height: size.height).blurred(sigma: sigma / 2).pixels
        let (a, b) = (one.planes[channel].pixels, two.planes[channel].pixels)
        return Image(
          width: size.width, height: size.height,
          pixels: light.indices.map { at in
            let level = max(light[at] / contrast + 0.5, 0)
            let texture = a[at] * share[at] + b[at] * (1 - share[at])
            return ((level + offset) * exponential(texture) - offset - 0.5) * contrast
          })
      })
  }

  /// A part of 0.75 to 1 of its sides, mirrored and turned over or not, in another size.
  private static func cropped(_ planes: Planes, to size: ImageSize, _ random: inout SplitMix64) -> Planes {
    let share = Double(random.uniform(0.75, 1))
    let (width, height) = (Double(planes.width) * share, Double(planes.height) * share)
    let left = Double(random.unit()) * (Double(planes.width) - width)
    let top = Double(random.unit()) * (Double(planes.height) - height)
    var map = AffineMap.translation(x: -left, y: -top)
      .then(.scaling(x: Double(size.width) / width, y: Double(size.height) / height))
    if random.chance(0.5) { map = map.then(.scaling(x: -1, y: 1)).then(.translation(x: Double(size.width), y: 0)) }
    if random.chance(0.5) { map = map.then(.scaling(x: 1, y: -1)).then(.translation(x: 0, y: Double(size.height))) }
    return planes.map { $0.warped(by: map, size: size, border: .reflect) }
  }

  /// 1 on one side of a random smooth line, 0 on the other.
  private static func border(_ size: ImageSize, _ random: inout SplitMix64) -> Image<Float> {
    // Noise of a few points, enlarged: smooth over a third of the picture.
    let coarse = Image(width: 4, height: 4, pixels: (0..<16).map { _ in random.normal() })
    let field = coarse.resized(width: size.width, height: size.height, filter: .bicubic)
    let level = random.uniform(-0.5, 0.5)
    return field.map { min(max(($0 - level) * 4 + 0.5, 0), 1) }
  }
}
