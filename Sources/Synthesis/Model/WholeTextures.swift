import Imaging
import Samples

/// The finest textures of a class's real pictures, for painted ones: a network of a few thousand steps learns light and
/// forms, and blurs what is finer.
///
/// A painted picture gets the texture of another one than it is like, mirrored and turned over or not. Coarser textures
/// under other light, and textures of two mixed along a line, were tried on NEU: classifiers learned less from them.
struct WholeTextures: Sendable {
  /// By model: ``WholePicture/grain(side:)``.
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
    let other = planes[others[random.index(others.count)]]!
    let size = ImageSize(width: other.width, height: other.height)
    let (mirrors, flips) = (random.chance(0.5), random.chance(0.5))
    let sigma = WholePicture.grainSize(keptSize: size, side: side)
    return Planes(
      painted.planes.enumerated().map { channel, plane in
        let coarse = plane.resized(width: size.width, height: size.height).blurred(sigma: sigma / 2).pixels
        var texture = other.planes[channel]
        if mirrors { texture = texture.flippedHorizontally() }
        if flips { texture = texture.flippedVertically() }
        return Image(width: size.width, height: size.height, pixels: zip(coarse, texture.pixels).map { $0 + $1 })
      })
  }
}
