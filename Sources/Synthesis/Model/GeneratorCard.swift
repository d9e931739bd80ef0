internal import Imaging

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a generator's file says of it, beside the network: how places are drawn, what it was made from.
public struct GeneratorCard: Codable, Sendable, Hashable {
  /// A real defect, as places and shapes of new ones are drawn from it.
  public struct Model: Codable, Sendable, Hashable {
    public var site: DefectSite
    /// Pixels of its picture for each of the window.
    public var scale: Double
    /// S x S, 255 inside.
    public var mask: Data
    /// channels x S x S: the logarithm of its factor, as `DefectDetail` keeps it.
    public var appearance: Data
    /// The same with the cover in more detail, (channels + 1) x kS x kS. Of a whole picture, its levels in the size that
    /// is kept, 255 for 1.
    public var detail: Data
    /// What the encoder makes of it, seen in a few ways.
    public var looks: [DefectLook]
  }

  public struct ClassCard: Codable, Sendable, Hashable {
    public var name: String
    public var models: [Model]
    /// Draws that the discriminator gives a lower score are thrown away; nil for an autoencoder.
    public var leastScore: Float?
  }

  public var assayVersion: String
  public var dataset: String
  public var settings: GeneratorSettings
  public var configuration: GeneratorConfiguration
  public var steps: Int
  public var classes: [ClassCard]
  /// `ContentHash` of every part that defects were learned from, in hexadecimal digits.
  public var learnedFrom: [String]
  public var history: GeneratorHistory

  static let key = "assay.generator"
  private static let formatKey = "assay.generator_format"

  private static let format = "4"

  /// The metadata of a model file.
  func metadata() throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [
      Self.formatKey: Self.format,
      Self.key: String(decoding: try encoder.encode(self), as: UTF8.self),
    ]
  }

  /// - Throws: ``SynthesisError`` where a file is no generator, or one that this program cannot use.
  init(_ metadata: [String: String], path: String) throws(SynthesisError) {
    guard let text = metadata[Self.key] else {
      throw SynthesisError(path, "is no generator: `assay synth train` makes them")
    }
    guard let card = try? JSONDecoder().decode(GeneratorCard.self, from: Data(text.utf8)),
      metadata[Self.formatKey] == Self.format
    else { throw SynthesisError(path, "was made by another version of Assay; train it anew") }
    let (side, channels) = (card.configuration.side, card.configuration.channels)
    let hasMasks = card.configuration.hasMasks
    let latent = card.configuration.latent
    func hasDetail(_ model: Model) -> Bool {
      if hasMasks {
        return DefectDetail.times(model.detail, channels: channels, side: side) != nil
      }
      let kept = WholePicture.keptSize(of: ImageSize(width: model.site.pictureWidth, height: model.site.pictureHeight))
      return model.detail.count == channels * kept.width * kept.height
    }
    let isSound =
      (16...1024).contains(side) && side & (side - 1) == 0 && (channels == 1 || channels == 3)
      && card.configuration.classes == card.classes.count
      && card.classes.allSatisfy { item in
        !item.models.isEmpty
          && item.models.allSatisfy {
            $0.mask.count == side * side && $0.appearance.count == channels * side * side && $0.site.isSound
              && (1...$0.site.largestScale(side: side)).contains($0.scale) && hasDetail($0)
              && !$0.looks.isEmpty
              && $0.looks.allSatisfy { [latent, latent] == [$0.mean.count, $0.spread.count] }
          }
      }
    guard isSound else { throw SynthesisError(path, "is damaged: its card does not fit its network") }
    self = card
  }

  init(
    assayVersion: String, dataset: String, settings: GeneratorSettings, configuration: GeneratorConfiguration,
    steps: Int, classes: [ClassCard], learnedFrom: [String], history: GeneratorHistory
  ) {
    self.assayVersion = assayVersion
    self.dataset = dataset
    self.settings = settings
    self.configuration = configuration
    self.steps = steps
    self.classes = classes
    self.learnedFrom = learnedFrom
    self.history = history
  }
}
