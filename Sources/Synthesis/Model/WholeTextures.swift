import Imaging
import Samples

/// The surfaces of a class's real pictures and the light on them.
///
/// A few pictures show a class's surface well, but under few lights: a classifier that learns from them takes a dark
/// picture for another class. So a painted picture is the surface of a real one, mirrored and turned over or not, under
/// the light of another, changed as the network has seen light change, and with the contrast that surfaces have under
/// it. Measured on NEU, surfaces of finer detail alone (a sixteenth of the picture, or its finest grain), two of them
/// mixed along a line, and light by the network alone, which paints it too even, taught classifiers less.
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

  /// A light made as bright, on the whole, as that on a model's picture; its colour stays.
  func leveled(_ light: Planes, as model: Int) -> Planes {
    let change = Self.mean(lights[model]) - Self.mean(light)
    return light.map { $0.map { $0 + change } }
  }

  /// A surface under a light.
  ///
  /// - Parameters:
  ///   - light: as ``WholePicture/light(on:side:)`` gives it.
  ///   - model: the one whose light that is: its own surface would make a copy of it.
  ///   - contrast: how the surface's own changes with the light on it.
  /// - Returns: levels as networks give them, in the size that the surface's picture is kept in, and that one's number.
  func put(
    under light: Planes, beside model: Int, contrast: SurfaceContrast, random: inout SplitMix64
  ) -> (levels: Planes, model: Int) {
    let others = textures.indices.filter { $0 != model }
    let number = others.isEmpty ? 0 : others[random.index(others.count)]
    // The light that it was under is turned as the surface is.
    var same = random
    let surface = textures[number].turnedOver(&random)
    let before = lights[number].turnedOver(&same)
    let levels = Planes(
      surface.planes.enumerated().map { channel, texture in
        func fine(_ light: Planes) -> [Float] {
          light.planes[channel].resized(width: texture.width, height: texture.height).pixels
        }
        let (before, after) = (fine(before), fine(light))
        return Image(
          width: texture.width, height: texture.height,
          pixels: texture.pixels.indices.map {
            let changed = texture.pixels[$0] * contrast.factor(from: before[$0], to: after[$0])
            return WholePicture.seen(min(exponential(after[$0] + changed), 1))
          })
      })
    return (levels, number)
  }

  /// What ``SurfaceContrast`` is learned from: of each model the mean of its light and the strength (root of the mean
  /// square) of its finest texture, which light has no part in.
  var contrasts: [SurfaceContrast.Picture] {
    zip(lights, textures).map { light, texture in
      let squares = texture.planes.flatMap { plane in
        zip(plane.pixels, plane.blurred(sigma: 1.5).pixels).map { ($0 - $1) * ($0 - $1) }
      }
      return SurfaceContrast.Picture(
        level: Self.mean(light), strength: Self.mean(squares).squareRoot())
    }
  }

  private static func mean(_ planes: Planes) -> Float { mean(planes.planes.flatMap(\.pixels)) }

  private static func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
}
