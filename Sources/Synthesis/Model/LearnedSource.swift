internal import Graphs
public import Imaging
internal import Layers
public import Samples

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
  private let priors: [PlacementPrior]
  /// What the discriminator gave the last draw; 0 for an autoencoder.
  private(set) var lastScore: Float = 0

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
    priors = card.classes.map { PlacementPrior($0.models.map(\.site)) }
    copies = card.classes.map { item in
      NearCopies(item.models, side: side, channels: configuration.channels, isWhole: !configuration.hasMasks)
    }
  }

  public var paintsWhole: Bool { !card.configuration.hasMasks }

  public func picture(_ label: Int, random: inout SplitMix64) throws -> InventedPicture {
    let configuration = card.configuration
    let (side, channels) = (configuration.side, configuration.channels)
    let area = side * side
    let model = card.classes[label].models[random.index(card.classes[label].models.count)]
    let latent = (0..<configuration.latent).map { _ in random.normal() }
    let conditions =
      [Float](repeating: 1, count: area) + [Float](repeating: 0, count: channels * area)
      + (0..<area).map { _ in random.normal() }
    try compiled.run([latent, oneHot(label), conditions])
    let (look, cover) = (compiled.output(GeneratorPort.appearance), compiled.output(GeneratorPort.cover))
    let planes = Planes(
      (0..<channels).map { channel in
        Image(width: side, height: side, pixels: (0..<area).map { look[channel * area + $0] * cover[$0] })
      })
    let size = ImageSize(width: model.site.pictureWidth, height: model.site.pictureHeight)
    return InventedPicture(
      image: WholePicture.picture(planes, size: size),
      rejection: rejection(label, planes, Image(width: side, height: side, repeating: 1)))
  }

  private func oneHot(_ label: Int) -> [Float] {
    Targets.oneHot([label], classes: card.configuration.classes)
  }

  /// Why the draw that was computed last is not to be used; nil for a good one.
  private func rejection(_ label: Int, _ planes: Planes, _ cover: Image<Float>) -> SyntheticSampler.Rejection? {
    lastScore = compiled.outputIndex(GeneratorPort.score).map { compiled.output($0)[0] } ?? 0
    if let least = card.classes[label].leastScore, !(lastScore >= least) { return .outlier }
    return copies[label].contain(appearance: planes, cover: cover) ? .copy : nil
  }

  public func prior(of label: Int) -> PlacementPrior? { priors.indices.contains(label) ? priors[label] : nil }

  public func draw(
    _ label: Int, like model: Int, on part: Planes, at center: Point?, random: inout SplitMix64
  ) throws -> InventedDefect {
    let configuration = card.configuration
    let side = configuration.side
    let item = card.classes[label].models[model]
    let variation = WindowSampler.variation(item.site, &random, shifts: false)
    let size = ImageSize(width: side, height: side)
    let middle = Point(Double(side) / 2, Double(side) / 2)
    let turned = masks[label][model].warped(
      by: DefectWindow.map(around: middle, scale: variation.scale, variation, side: side), size: size,
      border: .constant(0))
    let mask = WindowSampler.bent(turned, &random)
    let partSize = ImageSize(width: part.width, height: part.height)
    let placement = priors[label].draw(model, on: partSize, at: center, random: &random)
    let growth = (Double(part.width * part.height) / Double(item.site.pictureWidth * item.site.pictureHeight))
      .squareRoot()
    let scale = item.scale * variation.scale * growth
    let window = PlacedWindow(
      on: part.with(channels: configuration.channels), center: placement.center, scale: scale, mask: mask)
    let latent = (0..<configuration.latent).map { _ in random.normal() }
    let noise = (0..<side * side).map { _ in random.normal() }
    let conditions = mask.pixels + window.texture.planes.flatMap(\.pixels) + noise
    try compiled.run([latent, oneHot(label), conditions])
    let appearance = compiled.output(GeneratorPort.appearance)
    // The network keeps it near the mask itself.
    let cover = compiled.output(GeneratorPort.cover)
    let planes = Planes(
      (0..<configuration.channels).map { channel in
        Image(
          width: side, height: side, pixels: Array(appearance[channel * side * side..<(channel + 1) * side * side]))
      })
    var patch = DefectPatch(
      source: name, label: label, factor: planes.map { $0.map { exponential($0) } },
      cover: Image(width: side, height: side, pixels: cover), seen: scale > 1 ? window.texture : nil)
    patch.isSoft = true
    return InventedDefect(
      patch: patch, placement: Placement(center: placement.center, scale: scale),
      rejection: rejection(label, planes, patch.cover))
  }
}
