public import Graphs
public import Samples

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a model file says about itself, beside the graph: all that judging needs, and where the model comes from.
///
/// Kept in the ONNX file's `metadata_props` under keys that begin with `assay.`, structured values as JSON.
public struct ModelInfo: Codable, Sendable, Hashable {
  /// Defect score thresholds, 0...1.
  public struct Thresholds: Codable, Sendable, Hashable {
    public var reject: Float
    public var review: Float
    /// Where no class is good: least probability that names a defect with no person looking.
    public var confidence: Float

    public init(reject: Float, review: Float, confidence: Float) {
      self.reject = reject
      self.review = review
      self.confidence = confidence
    }
  }

  /// Where the model comes from and how good it was, for its card.
  public struct Provenance: Codable, Sendable, Hashable {
    public var assayVersion: String
    /// Name of the part set, without its path.
    public var dataset: String
    public var settings: TrainingSettings
    public var network: NetworkConfiguration
    public var steps: Int
    /// Parts of each class, in the labels' order.
    public var trainCounts: [Int]
    public var validationCounts: [Int]
    public var testCounts: [Int]
    /// A digest of all training parts' contents.
    public var trainDigest: String
    public var temperature: Double
    public var validation: Scores
    /// A line for each change that training images went through.
    public var augmentation: [String]
    /// What of it was never photographed; nil for nothing.
    public var synthetic: Synthetic?
  }

  /// Synthetic parts of a training.
  public struct Synthetic: Codable, Sendable, Hashable {
    /// Parts of each class, in the labels' order; they are among the training counts.
    public var counts: [Int]
    /// Share of the places of a class that they had.
    public var share: Double
  }

  /// Figures on the validation split.
  public struct Scores: Codable, Sendable, Hashable {
    public var accuracy: Double
    public var macroF1: Double
    public var auroc: Double?
    public var expectedCalibrationError: Double
  }

  public var name: String
  /// Names of the classes, in the order of the probabilities.
  public var labels: [String]
  /// Index of the acceptable class; nil where all classes are defects.
  public var goodIndex: Int?
  /// Names of the heat map's channels; empty where it is the classes' activation map.
  public var pixelLabels: [String]
  public var preprocessing: Preprocessing
  public var thresholds: Thresholds
  public var provenance: Provenance?
  /// How the network is to be used; nil for one that Assay made.
  public var foreign: ForeignNetwork?
  /// A policy as JSON, which stands over ``thresholds``; nil for none.
  public var policy: String?
  /// What the policy was promised to keep, as JSON; nil for nothing.
  public var promises: String?

  /// Whether the heat map holds probabilities from a pixel head, or else activations.
  public var hasPixelHead: Bool { !pixelLabels.isEmpty }

  enum Key {
    static let format = "assay.format"
  }

  /// Whether a key of a model file's metadata is one of ``metadata()``.
  public static func isKey(_ key: String) -> Bool { key.hasPrefix("assay.") }

  /// Version of what is stored under the keys.
  static let format = "1"

  /// The metadata of a model file.
  public func metadata() -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only strings, finite numbers and lists of them are encoded: that cannot fail.
    func json(_ value: some Encodable) -> String {
      (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
    var all: [String: String] = [
      Key.format: Self.format, "assay.name": name, "assay.labels": json(labels),
      "assay.pixel_labels": json(pixelLabels), "assay.preprocessing": json(preprocessing),
      "assay.thresholds": json(thresholds),
    ]
    if let goodIndex { all["assay.good"] = labels[goodIndex] }
    if let provenance { all["assay.provenance"] = json(provenance) }
    if let foreign { all["assay.network"] = json(foreign) }
    if let policy { all["assay.policy"] = policy }
    if let promises { all["assay.promises"] = promises }
    return all
  }

  /// Reads a model file's metadata.
  ///
  /// - Throws: ``ModelError`` where it is not one of Assay's or contradicts itself.
  public init(_ graph: Graph, path: String) throws(ModelError) { try self.init(graph.metadata, path: path) }

  /// Reads a model file's metadata.
  ///
  /// - Throws: ``ModelError`` where there is none of Assay's or it contradicts itself.
  public init(_ metadata: [String: String], path: String) throws(ModelError) {
    guard let format = metadata[Key.format] else {
      throw ModelError(
        path,
        "carries no labels and preprocessing; add them with "
          + "`assay model import \(path) --out NEW.onnx --labels good,scratch,...`")
    }
    guard format == Self.format else {
      throw ModelError(path, "is of format \(format), which a later Assay made; use that one, or train it again")
    }
    let decoder = JSONDecoder()
    func value<T: Decodable>(_ type: T.Type, _ key: String) throws(ModelError) -> T {
      guard let text = metadata[key], let value = try? decoder.decode(type, from: Data(text.utf8)) else {
        throw ModelError(path, "lacks a readable `\(key)` in its metadata; train it again or restore the file")
      }
      return value
    }
    name = metadata["assay.name"] ?? ""
    labels = try value([String].self, "assay.labels")
    pixelLabels = try value([String].self, "assay.pixel_labels")
    preprocessing = try value(Preprocessing.self, "assay.preprocessing")
    thresholds = try value(Thresholds.self, "assay.thresholds")
    provenance = metadata["assay.provenance"].flatMap { try? decoder.decode(Provenance.self, from: Data($0.utf8)) }
    if metadata["assay.network"] != nil { foreign = try value(ForeignNetwork.self, "assay.network") }
    policy = metadata["assay.policy"]
    promises = metadata["assay.promises"]
    if let good = metadata["assay.good"] {
      guard let index = labels.firstIndex(of: good) else {
        throw ModelError(path, "names '\(good)' as good, which is none of its labels")
      }
      goodIndex = index
    }
    if let problem = preprocessing.problem { throw ModelError(path, "asks for an impossible input: \(problem)") }
    guard labels.count >= 2, Set(labels).count == labels.count else {
      throw ModelError(path, "has labels that cannot be told apart: \(labels.joined(separator: ", "))")
    }
    let pixelCount = goodIndex == nil ? labels.count + 1 : labels.count
    guard pixelLabels.isEmpty || pixelLabels.count == pixelCount else {
      throw ModelError(path, "names \(pixelLabels.count) kinds of pixels where its labels make \(pixelCount)")
    }
    for threshold in [thresholds.reject, thresholds.review, thresholds.confidence]
    where !(threshold >= 0 && threshold <= 1) {
      throw ModelError(path, "has a threshold of \(threshold), which is not in 0...1")
    }
  }

  public init(
    name: String, labels: [String], goodIndex: Int?, pixelLabels: [String], preprocessing: Preprocessing,
    thresholds: Thresholds, provenance: Provenance?, foreign: ForeignNetwork? = nil
  ) {
    self.name = name
    self.labels = labels
    self.goodIndex = goodIndex
    self.pixelLabels = pixelLabels
    self.preprocessing = preprocessing
    self.thresholds = thresholds
    self.provenance = provenance
    self.foreign = foreign
  }
}

/// A model file cannot be used to judge parts.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path) \(reason)." }
}
