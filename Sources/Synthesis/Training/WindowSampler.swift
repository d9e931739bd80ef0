import Imaging
import Samples

/// A real defect's window, for a discriminator or an autoencoder to see.
struct RealWindow: Sendable {
  var label: Int
  /// Planes of the logarithm of the factor where the cover is, and of the part elsewhere, then the cover.
  var planes: [Float]
}

/// What a generator is told of one place to paint: the planes of its conditions but for the noise.
struct PlaceWindow: Sendable {
  var label: Int
  /// S x S
  var mask: [Float]
  /// channels x S x S
  var texture: [Float]
  /// The real defect whose shape it is, with that shape as it was before it was bent: (channels + 1) x S x S.
  var model: [Float]
}

/// Makes windows of real defects and of places for new ones, **each a pure function of the seed and its number**.
struct WindowSampler: Sendable {
  let configuration: GeneratorConfiguration
  /// By class, those that have defects; the numbers are those of the generator's own classes.
  let defects: [[RealDefect]]
  /// Whole pictures in their place, where there are no masks.
  let pictures: [[WholePicture]]
  let priors: [PlacementPrior]
  let good: GoodParts
  let parents: ParentCache
  let seed: UInt64

  /// The number of a class, of those that are learned, for a window's number: all come equally often.
  func label(of number: Int) -> Int { number % configuration.classes }

  /// A window of a real defect, a little turned, sized, shifted and mirrored.
  func real(_ number: Int) -> RealWindow {
    var random = SplitMix64(seed: seed, 1, UInt64(number))
    let label = label(of: number)
    // Each in turn, so that all come equally often.
    return real((number / configuration.classes) % count(of: label), of: label, &random)
  }

  /// Number of a class's real defects.
  func count(of label: Int) -> Int { configuration.hasMasks ? defects[label].count : pictures[label].count }

  /// A window of one of a class's real defects.
  func real(_ model: Int, of label: Int, _ random: inout SplitMix64) -> RealWindow {
    if !configuration.hasMasks {
      let window = pictures[label][model].window(side: configuration.side, &random)
      let cover = [Float](repeating: 1, count: configuration.side * configuration.side)
      return RealWindow(label: label, planes: window.planes.flatMap(\.pixels) + cover)
    }
    let defect = defects[label][model]
    let window = DefectWindow(defect, side: configuration.side, Self.variation(defect.site, &random))
    return RealWindow(label: label, planes: window.planes)
  }

  /// A place for a new defect: the shape of a real one, bent, on a good part of a shape like its own.
  func place(_ number: Int) throws(SynthesisError) -> PlaceWindow {
    var random = SplitMix64(seed: seed, 2, UInt64(number))
    let label = label(of: number)
    if !configuration.hasMasks {
      let area = configuration.side * configuration.side
      let model = random.index(pictures[label].count)
      return PlaceWindow(
        label: label, mask: [Float](repeating: 1, count: area),
        texture: [Float](repeating: 0, count: configuration.channels * area),
        model: real(model, of: label, &random).planes)
    }
    let own = defects[label]
    let model = random.index(own.count)
    let site = own[model].site
    let candidates = good.nearest(to: ImageSize(width: site.pictureWidth, height: site.pictureHeight))
    let part = try parents.part(candidates[random.index(candidates.count)], of: good)
    let placement = priors[label].draw(model, on: part, random: &random)
    // What lies at the left edge of a part looks like its mirror image at the right one.
    let variation = DefectWindow.Variation(placement)
    let window = DefectWindow(own[model], side: configuration.side, variation)
    let mask = Bend(
      side: configuration.side, scale: window.scale, strength: placement.bending(), &random)(window.cover)
    let seen = PlacedWindow(
      on: part.planes, center: placement.center, scale: window.scale * placement.growth, mask: mask)
    return PlaceWindow(
      label: label, mask: mask.pixels, texture: seen.texture.planes.flatMap(\.pixels), model: window.planes)
  }

  /// How far windows of real defects differ from the one that a defect was cut by.
  static func variation(_ site: DefectSite, _ random: inout SplitMix64) -> DefectWindow.Variation {
    var variation = DefectWindow.Variation()
    variation.scale = 1 + Double(random.uniform(-0.2, 0.2))
    variation.degrees = Double(random.uniform(-1, 1)) * (site.areaShare > PlacementPrior.small ? 4 : 12)
    variation.isMirrored = random.chance(0.5)
    variation.x = Double(random.uniform(-3, 3))
    variation.y = Double(random.uniform(-3, 3))
    return variation
  }
}

/// A window laid on a part: where it lies, and what the part shows there.
struct PlacedWindow {
  /// From the window's pixels to the part's.
  let map: AffineMap
  /// Logarithm of the part's level over its ground, S x S.
  let texture: Planes

  /// - Parameter scale: pixels of the part for each of the window.
  init(on part: Planes, center: Point, scale: Double, mask: Image<Float>) {
    let side = Double(mask.width)
    map = AffineMap.translation(x: -side / 2, y: -side / 2).then(.scaling(x: scale, y: scale))
      .then(.translation(x: center.x, y: center.y))
    let reach = side * scale / 2 + 2
    func clamped(_ value: Double, _ limit: Int) -> Int { Int(min(max(value, 0), Double(limit))) }
    // At least some of the part is seen, wherever the middle lies.
    let left = min(clamped((center.x - reach).rounded(.down), part.width), max(0, part.width - 8))
    let top = min(clamped((center.y - reach).rounded(.down), part.height), max(0, part.height - 8))
    let right = max(clamped((center.x + reach).rounded(.up), part.width), min(part.width, left + 8))
    let bottom = max(clamped((center.y + reach).rounded(.up), part.height), min(part.height, top + 8))
    let box = PixelRect(x: left, y: top, width: right - left, height: bottom - top)
    let toBox = map.then(.translation(x: -Double(left), y: -Double(top)))
    let cover = mask.warped(
      by: toBox, size: ImageSize(width: box.width, height: box.height), border: .constant(0))
    // A scale above 0 can be undone.
    let back = toBox.inverse!
    texture = PartGround(of: part, in: box, under: cover).texture.map {
      $0.shrunk(by: back, scale: scale, size: ImageSize(width: mask.width, height: mask.height), border: .constant(0))
    }
  }
}
