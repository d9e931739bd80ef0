public import Graphs
import Imaging
import Layers
import Samples
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A finished generator.
public struct TrainedGenerator: Sendable {
  /// The network with its card, ready to be written.
  public var graph: Graph
  public var card: GeneratorCard
}

extension GeneratorTrainer {
  /// The generator of a finished training: the averaged weights, with its card.
  public func model(name: String, version: String, dataset: String) throws -> TrainedGenerator {
    var numbers: [ObjectIdentifier: Tensor] = [:]
    for (parameter, value) in zip(average.parameters, average.values) { numbers[ObjectIdentifier(parameter)] = value }
    var graph = try generator.graph(
      name: name, judge: settings.method == .gan ? discriminator : nil, on: tape
    ) { parameter in
      (numbers[ObjectIdentifier(parameter)] ?? parameter.value).elements
    }
    let side = settings.side
    func bytes(_ image: Image<Float>) -> Data { Data(image.pixels.map { UInt8(min(max($0 * 255, 0), 255).rounded()) }) }
    func look(_ planes: Planes) -> Data { Data(planes.planes.flatMap { $0.pixels.map(DefectDetail.byte) }) }
    let classes = labels.enumerated().map { index, label in
      let looks = classLooks(index)
      if !configuration.hasMasks {
        let models = zip(sampler.pictures[index], looks).map { picture, looks in
          return GeneratorCard.Model(
            site: DefectSite(
              source: picture.source, x: 0.5, y: 0.5, pictureWidth: picture.size.width,
              pictureHeight: picture.size.height, width: 1, height: 1, areaShare: 1, shareOnPart: 1,
              cutsPart: false, pose: nil),
            scale: 1, mask: Data(repeating: 255, count: side * side), appearance: look(picture.window(side: side)),
            detail: picture.planes.planes.reduce(Data()) { $0 + bytes($1) }, looks: looks)
        }
        return GeneratorCard.ClassCard(name: library.classes[label], models: models, leastScore: nil)
      }
      let models = zip(sampler.defects[index], looks).map { defect, looks in
        let window = DefectWindow(defect, side: side)
        let detail = DefectDetail(
          defect, side: side, most: sampler.defects[index].count > Self.many ? 2 : 4)
        return GeneratorCard.Model(
          site: defect.site, scale: window.scale, mask: bytes(window.cover), appearance: look(window.appearance),
          detail: detail.data, looks: looks)
      }
      return GeneratorCard.ClassCard(name: library.classes[label], models: models, leastScore: nil)
    }
    var card = GeneratorCard(
      assayVersion: version, dataset: dataset, settings: settings, configuration: configuration, steps: step,
      classes: classes, learnedFrom: library.sources.map(\.description), history: history)
    graph.metadata = try card.metadata()
    if settings.method == .gan {
      for (index, least) in try leastScores(graph).enumerated() { card.classes[index].leastScore = least }
      graph.metadata = try card.metadata()
    }
    return TrainedGenerator(graph: graph, card: card)
  }

  /// Of a class with more defects than this, less detail is kept of each.
  private static let many = 100

  /// For each class, the score that one in fifty draws does not reach.
  private func leastScores(_ graph: Graph) throws -> [Float] {
    let source = try LearnedSource(graph, name: "the network in training", threads: engine.threads, path: graph.name)
    defer { engine.claimThread() }
    return try labels.indices.map { label in
      var scores: [Float] = []
      for number in 0..<100 {
        var random = SplitMix64(seed: settings.seed, 8, UInt64(label * 1000 + number))
        if !configuration.hasMasks {
          _ = try source.painted(label, random: &random)
          scores.append(source.lastScore)
          continue
        }
        let own = sampler.defects[label]
        let model = random.index(own.count)
        let site = own[model].site
        let candidates = library.good.nearest(
          to: ImageSize(width: site.pictureWidth, height: site.pictureHeight))
        let part = try sampler.parents.part(candidates[random.index(candidates.count)], of: library.good)
        _ = try source.draw(label, like: model, on: part, at: nil, variety: 1, random: &random)
        scores.append(source.lastScore)
      }
      return scores.sorted()[scores.count / 50]
    }
  }
}
