internal import Graphs
public import Imaging
internal import Layers
public import Samples

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// A trained generator, ready to paint.
///
/// It belongs to one thread.
public final class LearnedSource: DefectSource {
  public let name: String
  public let card: GeneratorCard
  public let light = Composer.Light.part
  public let choosesParents = true
  /// Largest change of a defect's width over its height, as a factor.
  private static let stretch = 1.3
  private let compiled: CompiledGraph
  private let masks: [[Image<Float>]]
  private let copies: [NearCopies]
  /// Of whole pictures; nil for others.
  private let textures: [WholeTextures?]
  /// Of whole pictures.
  private let contrast: SurfaceContrast
  private let priors: [PlacementPrior]
  /// What the discriminator gave what the network painted last; 0 for an autoencoder.
  var lastScore: Float { compiled.outputIndex(GeneratorPort.score).map { compiled.output($0)[0] } ?? 0 }

  /// Reads a generator's file.
  ///
  /// - Parameter name: what files call it.
  /// - Throws: ``SynthesisError`` or `GraphError`, in a sentence that names the file.
  public convenience init(path: String, name: String, threads: Int) throws {
    let graph: Graph
    do { graph = try Graph(contentsOf: path) } catch { throw SynthesisError(path, "cannot be used: \(error)") }
    try self.init(graph, name: name, threads: threads, path: path)
  }

  init(_ graph: Graph, name: String, threads: Int, path: String) throws {
    card = try GeneratorCard(graph.metadata, path: path)
    self.name = name
    let configuration = card.configuration
    let side = configuration.side
    do {
      compiled = try GraphCompiler(graph).compile(
        inputShapes: [
          GeneratorPort.latent: [1, configuration.latent], GeneratorPort.label: [1, configuration.classes],
          GeneratorPort.conditions: [1, configuration.conditions, side, side],
        ], threads: threads)
    } catch {
      throw SynthesisError(path, "cannot be used: \(error)")
    }
    let area = side * side
    let sizes = [
      (GeneratorPort.appearance, configuration.channels * area), (GeneratorPort.cover, area), (GeneratorPort.score, 1),
    ]
    for (name, count) in sizes {
      let outputs = compiled.outputs
      let has = outputs.first { $0.name == name }?.count
      guard has == count || has == nil && name == GeneratorPort.score else {
        throw SynthesisError(path, "is damaged: its network does not paint what its card says")
      }
    }
    masks = card.classes.map {
      $0.models.map { Image(width: side, height: side, pixels: $0.mask.map { Float($0) / 255 }) }
    }
    textures = card.classes.map { configuration.hasMasks ? nil : WholeTextures($0.models, configuration) }
    contrast = SurfaceContrast(textures.map { $0?.contrasts ?? [] })
    // Beside their new places, other shapes: not copies.
    var freedom = PlacementPrior.Freedom()
    freedom.stretch = Self.stretch
    priors = card.classes.map { [freedom] in PlacementPrior($0.models.map(\.site), freedom: freedom) }
    copies = card.classes.map { item in
      NearCopies(item.models, side: side, channels: configuration.channels, isWhole: !configuration.hasMasks)
    }
  }

  public var paintsWhole: Bool { !card.configuration.hasMasks }

  /// A surface of the class under the light of another of its pictures, which the network changes.
  ///
  /// Half of these lights are made as bright as that on a picture of any class, whatever the network made of their
  /// brightness: in a few pictures it seems to tell classes that it does not tell. How light lies on a picture, and its
  /// colour, stay the class's own: patches are known by it. On NEU, lights of the class alone left pitted surfaces and
  /// inclusions mixed up, and all of another class's light made scale out of crazing.
  public func picture(_ label: Int, random: inout SplitMix64) throws -> InventedPicture {
    let side = card.configuration.side
    let textures = textures[label]!
    let like = random.index(card.classes[label].models.count)
    let look = look(card.classes[label].models[like], &random)
    let noise = (0..<side * side).map { _ in random.normal() }
    let plain = try painted(label, latent: look.mean, noise: noise)
    let painted = try painted(label, latent: look.draw { random.normal() }, noise: noise)
    var light = textures.light(of: like, changedBy: painted, from: plain).turnedOver(&random)
    if random.chance(0.5) {
      let other = random.index(card.classes.count)
      light = self.textures[other]!.leveled(light, as: random.index(card.classes[other].models.count))
    }
    let (levels, model) = textures.put(under: light, beside: like, contrast: contrast, random: &random)
    let site = card.classes[label].models[model].site
    // What is held against the real ones is what is seen.
    let seen = levels.map { $0.resized(width: side, height: side) }
    return InventedPicture(
      image: WholePicture.picture(levels, size: ImageSize(width: site.pictureWidth, height: site.pictureHeight)),
      rejection: rejection(label, seen, Image(width: side, height: side, repeating: 1)))
  }

  /// A picture of the class as the network alone paints it.
  func painted(_ label: Int, random: inout SplitMix64) throws -> Planes {
    let side = card.configuration.side
    let models = card.classes[label].models
    let latent = look(models[random.index(models.count)], &random).draw { random.normal() }
    return try painted(label, latent: latent, noise: (0..<side * side).map { _ in random.normal() })
  }

  private func painted(_ label: Int, latent: [Float], noise: [Float]) throws -> Planes {
    let configuration = card.configuration
    let (side, channels) = (configuration.side, configuration.channels)
    let area = side * side
    let conditions = [Float](repeating: 1, count: area) + [Float](repeating: 0, count: channels * area) + noise
    try compiled.run([latent, oneHot(label), conditions])
    let (look, cover) = (compiled.output(GeneratorPort.appearance), compiled.output(GeneratorPort.cover))
    return Planes(
      (0..<channels).map { channel in
        Image(width: side, height: side, pixels: (0..<area).map { look[channel * area + $0] * cover[$0] })
      })
  }

  private func look(_ model: GeneratorCard.Model, _ random: inout SplitMix64) -> DefectLook {
    model.looks[random.index(model.looks.count)]
  }

  private func oneHot(_ label: Int) -> [Float] {
    Targets.oneHot([label], classes: card.configuration.classes)
  }

  /// Why the draw that was computed last is not to be used; nil for a good one.
  private func rejection(_ label: Int, _ planes: Planes, _ cover: Image<Float>) -> SyntheticSampler.Rejection? {
    if let least = card.classes[label].leastScore, !(lastScore >= least) { return .outlier }
    return copies[label].contain(appearance: planes, cover: cover) ? .copy : nil
  }

  public func prior(of label: Int) -> PlacementPrior? { priors.indices.contains(label) ? priors[label] : nil }

  /// A real defect of the class, bent, changed by as much as two draws of the network differ, in a place like its own.
  ///
  /// What the network paints alone is of a window's detail, and has less structure than real defects have: breaks are grey
  /// areas. On magnetic tiles it taught classifiers less than real defects under the part's light do.
  public func draw(
    _ label: Int, like model: Int, on part: PartView, at center: Point?, variety: Double, random: inout SplitMix64
  ) throws -> InventedDefect {
    let configuration = card.configuration
    let (side, channels) = (configuration.side, configuration.channels)
    let item = card.classes[label].models[model]
    let placement = priors[label].draw(model, on: part, at: center, random: &random)
    let variation = DefectWindow.Variation(placement)
    let bend = Bend(side: side, scale: item.scale, strength: placement.bending(variety), &random)
    let mask = bend(Self.turned(masks[label][model], variation))
    let scale = item.scale * placement.growth
    let levels = part.planes.with(channels: channels)
    let window = PlacedWindow(on: levels, center: placement.center, scale: scale, mask: mask)
    let look = look(item, &random)
    let conditions =
      mask.pixels + window.texture.planes.flatMap(\.pixels) + (0..<side * side).map { _ in random.normal() }
    let plain = try appearance(label, latent: look.mean, conditions)
    let painted = try appearance(label, latent: look.draw { random.normal() }, conditions)
    // Its size was checked with the card.
    let detail = DefectDetail(item.detail, channels: channels, side: side)!
    let fine = side * detail.times
    // What the network paints of a large defect has less detail than the defect: much of it would wash out edges and
    // texture that tell its class.
    let share = Float(1 / item.scale)
    let change = Planes(
      zip(painted.planes, plain.planes).map { painted, plain in
        Image(width: side, height: side, pixels: zip(painted.pixels, plain.pixels).map { share * ($0 - $1) })
      })
    let real = detail.appearance.map { bend(Self.turned($0, variation, border: .clamp), goesOn: true) }
    let cover = bend(Self.turned(detail.cover, variation))
    // A hole that was filled without a trace is to be changed without one.
    let limit = min(1, real.strength(under: cover) / max(change.strength(under: mask), 1e-6))
    let planes = Planes(
      zip(real.planes, change.planes).map { real, change in
        Image(
          width: fine, height: fine,
          pixels: zip(real.pixels, change.resized(width: fine, height: fine).pixels).map { $0 + limit * $1 })
      })
    // What of the part is finer than the detail goes on under it.
    let ownScale = scale / Double(detail.times)
    let seen =
      ownScale > 1.25
      ? PlacedWindow(on: levels, center: placement.center, scale: ownScale, mask: cover).texture : nil
    let patch = DefectPatch(
      source: name, label: label, factor: planes.map { $0.map { exponential($0) } }, cover: cover, seen: seen)
    // A part that is turned, and its defect with it, makes a copy no other: it is looked at as its model lay.
    let back = placement.isRegistered ? variation : nil
    let small = planes.map { Self.turned(back: back, $0.resized(width: side, height: side)) }
    return InventedDefect(
      patch: patch, placement: placement.ofWindow(scale: ownScale),
      rejection: rejection(label, small, Self.turned(back: back, mask)))
  }

  /// The logarithm of the factor that the network paints, S x S.
  private func appearance(_ label: Int, latent: [Float], _ conditions: [Float]) throws -> Planes {
    let side = card.configuration.side
    try compiled.run([latent, oneHot(label), conditions])
    let look = compiled.output(GeneratorPort.appearance)
    return Planes(
      (0..<card.configuration.channels).map {
        Image(width: side, height: side, pixels: Array(look[$0 * side * side..<($0 + 1) * side * side]))
      })
  }

  /// A window, or a finer picture of it, as its defect is placed.
  private static func turned(
    _ image: Image<Float>, _ variation: DefectWindow.Variation, border: WarpBorder<Float> = .constant(0)
  ) -> Image<Float> {
    image.warped(
      by: map(variation, side: image.width), size: ImageSize(width: image.width, height: image.height), border: border)
  }

  /// A window as it was before ``turned(_:_:border:)``; itself for nil.
  private static func turned(back variation: DefectWindow.Variation?, _ image: Image<Float>) -> Image<Float> {
    guard let variation, let map = map(variation, side: image.width).inverse else { return image }
    return image.warped(by: map, size: ImageSize(width: image.width, height: image.height), border: .constant(0))
  }

  private static func map(_ variation: DefectWindow.Variation, side: Int) -> AffineMap {
    let middle = Point(Double(side) / 2, Double(side) / 2)
    return DefectWindow.map(around: middle, scale: variation.scale, variation, side: side)
  }
}
