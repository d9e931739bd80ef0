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
  private let compiled: CompiledGraph
  private let masks: [[Image<Float>]]
  private let copies: [NearCopies]
  private let grains: [[DefectGrain?]]
  /// Of whole pictures; nil for others.
  private let textures: [WholeTextures?]
  private let priors: [PlacementPrior]
  /// What the discriminator gave the last draw; 0 for an autoencoder.
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
    func plane(_ bytes: [UInt8], _ value: (UInt8) -> Float) -> Image<Float> {
      Image(width: side, height: side, pixels: bytes.map(value))
    }
    masks = card.classes.map { $0.models.map { plane(Array($0.mask)) { Float($0) / 255 } } }
    let (channels, fine) = (configuration.channels, side * DefectGrain.fineness)
    grains = card.classes.map { item in
      item.models.map { model in
        guard configuration.hasMasks, let bytes = model.grain.map({ Array($0) }) else { return nil }
        func plane(_ index: Int, _ value: (UInt8) -> Float) -> Image<Float> {
          Image(width: fine, height: fine, pixels: bytes[index * fine * fine..<(index + 1) * fine * fine].map(value))
        }
        return DefectGrain(
          texture: Planes((0..<channels).map { plane($0) { (Float($0) / 127.5 - 1) * DefectGrain.limit } }),
          cover: plane(channels) { Float($0) / 255 },
          size: DefectGrain.windowSize * Double(DefectGrain.fineness))
      }
    }
    textures = card.classes.map { configuration.hasMasks ? nil : WholeTextures($0.models, configuration) }
    priors = card.classes.map { PlacementPrior($0.models.map(\.site)) }
    copies = card.classes.map { item in
      NearCopies(item.models, side: side, channels: configuration.channels, isWhole: !configuration.hasMasks)
    }
  }

  public var paintsWhole: Bool { !card.configuration.hasMasks }

  /// A surface of the class under another picture's light, which the network changes.
  ///
  /// Every other light is that of one of this class's pictures, the others of any class's: in a few pictures light seems
  /// to tell classes that it does not tell, and yet some are known by their levels. On NEU the class's own light alone
  /// left pitted surfaces and inclusions mixed up, and any class's alone made scale out of crazing.
  public func picture(_ label: Int, random: inout SplitMix64) throws -> InventedPicture {
    let side = card.configuration.side
    let lit = random.chance(0.5) ? label : random.index(card.classes.count)
    let like = random.index(card.classes[lit].models.count)
    let look = look(card.classes[lit].models[like], &random)
    let noise = (0..<side * side).map { _ in random.normal() }
    let plain = try painted(lit, latent: look.mean, noise: noise)
    let painted = try painted(lit, latent: look.draw { random.normal() }, noise: noise)
    let light = textures[lit]!.light(of: like, changedBy: painted, from: plain).turnedOver(&random)
    let (levels, model) = textures[label]!.put(under: light, beside: lit == label ? like : nil, random: &random)
    let site = card.classes[label].models[model].site
    // What is held against the real ones is what is seen.
    let seen = levels.map { $0.resized(width: side, height: side) }
    return InventedPicture(
      image: WholePicture.picture(levels, size: ImageSize(width: site.pictureWidth, height: site.pictureHeight)),
      rejection: rejection(label, seen, Image(width: side, height: side, repeating: 1), scoredAs: lit))
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

  /// A large defect's window is too coarse for texture: what the network changes is taken without its finest grain, and
  /// the part's own texture goes on under it.
  ///
  /// - Parameters:
  ///   - beside: 1 where nothing will be seen.
  ///   - scale: pixels of the part for each of the window.
  private static func smoothed(
    _ look: Image<Float>, over own: Image<Float>, beside: Image<Float>, scale: Double
  ) -> Image<Float> {
    let sigma = min(1.5, scale - 1)
    guard sigma > 0.3 else { return look }
    func image(_ pixels: [Float]) -> Image<Float> { Image(width: look.width, height: look.height, pixels: pixels) }
    let change = image(zip(look.pixels, own.pixels).map { $0 - $1 })
    return image(
      zip(own.pixels, Ground.level(of: change, leavingOut: beside, sigma: sigma).pixels).map { $0 + $1 })
  }

  private func oneHot(_ label: Int) -> [Float] {
    Targets.oneHot([label], classes: card.configuration.classes)
  }

  /// Why the draw that was computed last is not to be used; nil for a good one.
  ///
  /// - Parameter scored: the class that the network painted.
  private func rejection(
    _ label: Int, _ planes: Planes, _ cover: Image<Float>, scoredAs scored: Int
  ) -> SyntheticSampler.Rejection? {
    if let least = card.classes[scored].leastScore, !(lastScore >= least) { return .outlier }
    return copies[label].contain(appearance: planes, cover: cover) ? .copy : nil
  }

  /// The finest texture of another defect of the class, or none: with its own, a draw would be nearly its model.
  private func grain(_ label: Int, beside model: Int, _ random: inout SplitMix64) -> DefectGrain? {
    let others = grains[label].indices.filter { $0 != model && grains[label][$0] != nil }
    guard !others.isEmpty, let grain = grains[label][others[random.index(others.count)]] else { return nil }
    return random.chance(0.5) ? grain.mirrored() : grain
  }

  public func prior(of label: Int) -> PlacementPrior? { priors.indices.contains(label) ? priors[label] : nil }

  public func draw(
    _ label: Int, like model: Int, on part: Planes, at center: Point?, random: inout SplitMix64
  ) throws -> InventedDefect {
    let configuration = card.configuration
    let side = configuration.side
    let item = card.classes[label].models[model]
    let partSize = ImageSize(width: part.width, height: part.height)
    let placement = priors[label].draw(model, on: partSize, at: center, random: &random)
    let variation = WindowSampler.variation(item.site, &random, isMirrored: placement.isMirrored)
    let size = ImageSize(width: side, height: side)
    let middle = Point(Double(side) / 2, Double(side) / 2)
    let turned = masks[label][model].warped(
      by: DefectWindow.map(around: middle, scale: variation.scale, variation, side: side), size: size,
      border: .constant(0))
    let mask = WindowSampler.bent(turned, scale: item.scale, &random)
    let growth = (Double(part.width * part.height) / Double(item.site.pictureWidth * item.site.pictureHeight))
      .squareRoot()
    let scale = item.scale * variation.scale * growth
    let window = PlacedWindow(
      on: part.with(channels: configuration.channels), center: placement.center, scale: scale, mask: mask)
    let latent = look(item, &random).draw { random.normal() }
    let noise = (0..<side * side).map { _ in random.normal() }
    let conditions = mask.pixels + window.texture.planes.flatMap(\.pixels) + noise
    try compiled.run([latent, oneHot(label), conditions])
    let appearance = compiled.output(GeneratorPort.appearance)
    // The network keeps it near the mask itself.
    let cover = compiled.output(GeneratorPort.cover)
    let area = side * side
    let reach = Image(width: side, height: side, pixels: cover.map { $0 >= 0.05 ? Float(0) : 1 })
    let planes = Planes(
      window.texture.planes.enumerated().map { channel, own in
        let look = Image(width: side, height: side, pixels: Array(appearance[channel * area..<(channel + 1) * area]))
        return Self.smoothed(look, over: own, beside: reach, scale: scale)
      })
    var patch = DefectPatch(
      source: name, label: label, factor: planes.map { $0.map { exponential($0) } },
      cover: Image(width: side, height: side, pixels: cover), seen: scale > 1 ? window.texture : nil)
    patch.isSoft = true
    let rejection = rejection(label, planes, patch.cover, scoredAs: label)
    var ownScale = scale
    if scale > 1.5, let grain = grain(label, beside: model, &random) {
      patch = patch.enlarged(DefectGrain.fineness)
      patch.grain = grain
      ownScale /= Double(DefectGrain.fineness)
    }
    return InventedDefect(
      patch: patch, placement: Placement(center: placement.center, scale: ownScale),
      rejection: rejection)
  }
}
