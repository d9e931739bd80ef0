import Imaging
import Samples

/// The surfaces of a class's real pictures and the light on them.
///
/// A few pictures show a class's surface well, but under few lights: a classifier that learns from them takes a dark
/// picture for another class. So a painted picture is the surface of a real one, mirrored and turned over or not, under
/// the light of another, changed as the network has seen light change. Measured on NEU, surfaces of finer detail alone (a
/// sixteenth of the picture, or its finest grain), two of them mixed along a line, and light by the network alone, which
/// paints it too even, taught classifiers less.
struct WholeTextures: Sendable {
  /// By model: ``WholePicture/texture(of:under:)``.
  private let textures: [Planes]
  /// By model: ``WholePicture/light(on:side:)``.
  private let lights: [Planes]
  private let side: Int

  init(_ models: [GeneratorCard.Model], _ configuration: GeneratorConfiguration) {
    let side = configuration.side
    let pictures = models.map { model in
      let bytes = Array(model.detail)
      let size = WholePicture.keptSize(
        of: ImageSize(width: model.site.pictureWidth, height: model.site.pictureHeight))
      let area = size.width * size.height
      return Planes(
        (0..<configuration.channels).map { channel in
          Image(
            width: size.width, height: size.height,
            pixels: bytes[channel * area..<(channel + 1) * area].map { Float($0) / 255 })
        })
    }
    self.side = side
    lights = pictures.map { WholePicture.light(on: $0, side: side) }
    textures = zip(pictures, lights).map { WholePicture.texture(of: $0, under: $1) }
  }

  /// The light on a model's picture, changed by as much as the light differs between two that the network painted.
  ///
  /// - Parameters:
  ///   - painted: as networks give levels, S x S.
  ///   - plain: the model itself, as the network paints it.
  func light(of model: Int, changedBy painted: Planes, from plain: Planes) -> Planes {
    func light(_ planes: Planes) -> Planes {
      WholePicture.light(on: planes.map { $0.map(WholePicture.level) }, side: side)
    }
    let (after, before) = (light(painted).planes, light(plain).planes)
    return Planes(
      lights[model].planes.enumerated().map { channel, real in
        let (after, before) = (after[channel].pixels, before[channel].pixels)
        return Image(
          width: side, height: side, pixels: real.pixels.indices.map { real.pixels[$0] + after[$0] - before[$0] })
      })
  }

  /// A surface under a light.
  ///
  /// - Parameters:
  ///   - light: as ``WholePicture/light(on:side:)`` gives it.
  ///   - model: the one whose light that is, if it is of this class: its own surface would make a copy of it.
  /// - Returns: levels as networks give them, in the size that the surface's picture is kept in, and that one's number.
  func put(
    under light: Planes, beside model: Int?, random: inout SplitMix64
  ) -> (levels: Planes, model: Int) {
    let others = textures.indices.filter { $0 != model }
    let number = others.isEmpty ? 0 : others[random.index(others.count)]
    let levels = Planes(
      zip(light.planes, textures[number].turnedOver(&random).planes).map { light, texture in
        Image(
          width: texture.width, height: texture.height,
          pixels: zip(light.resized(width: texture.width, height: texture.height).pixels, texture.pixels).map {
            WholePicture.seen(min(exponential($0 + $1), 1))
          })
      })
    return (levels, number)
  }
}
