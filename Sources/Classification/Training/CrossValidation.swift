public import Metrics
public import Samples
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Architectures compared by cross-validation: each is trained on each fold in turn and judged on the parts left out.
public struct CrossValidation: Codable, Sendable, Hashable {
  /// One architecture on one fold.
  public struct Result: Codable, Sendable, Hashable {
    public var architecture: NetworkConfiguration.Architecture
    /// From 0.
    public var fold: Int
    /// Numbers that training changes.
    public var parameters: Int
    /// Parts of the fold, which no training saw.
    public var parts: Int
    public var accuracy: Double
    public var macroF1: Double
    /// Good against defect; nil without a good class or without both kinds in the fold.
    public var auroc: Double?
    public var trainingSeconds: Double
    /// Pictures that the network judges in a second on all threads, without reading and preparing them.
    public var imagesPerSecond: Double
  }

  /// One architecture over all folds that are done.
  public struct Summary: Codable, Sendable, Hashable {
    public var architecture: NetworkConfiguration.Architecture
    public var folds: Int
    public var parameters: Int
    public var macroF1: Double
    public var leastMacroF1: Double
    public var largestMacroF1: Double
    public var auroc: Double?
    /// Minutes of one training.
    public var trainingMinutes: Double
    public var imagesPerSecond: Double
  }

  /// The second architecture's macro-F1 less the first's, over the same folds.
  public struct Comparison: Codable, Sendable, Hashable {
    public var first: NetworkConfiguration.Architecture
    public var second: NetworkConfiguration.Architecture
    public var macroF1: PairedDifference

    /// The better one, where the difference is clear.
    public var better: NetworkConfiguration.Architecture? {
      macroF1.isClear ? (macroF1.mean > 0 ? second : first) : nil
    }
  }

  /// Name of the part set, without its path.
  public var dataset: String
  public var folds: Int
  public var seed: UInt64
  /// In the order of the table.
  public var architectures: [NetworkConfiguration.Architecture]
  public private(set) var results: [Result] = []
  /// All that decides the results besides the architecture: another comparison is not gone on with.
  private var identity: String

  /// - Parameter settings: of the trainings, but for the architecture.
  public init(
    _ set: PartSet, dataset: String, folds: Int, architectures: [NetworkConfiguration.Architecture],
    settings: TrainingSettings
  ) {
    self.dataset = dataset
    self.folds = folds
    seed = settings.seed
    self.architectures = architectures
    var plain = settings
    plain.architecture = .residual
    plain.threads = nil
    let parts = set.parts.filter { $0.split != .test }.map { "\($0.contentHash) \($0.label)" }.sorted()
    let text = "\(folds)\n\(set.classes)\n\(Self.json(plain))\n" + parts.joined(separator: "\n")
    identity = ContentHash(of: Array(text.utf8)).description
  }

  /// The result of one training, if it is there.
  public func result(_ architecture: NetworkConfiguration.Architecture, fold: Int) -> Result? {
    results.first { $0.architecture == architecture && $0.fold == fold }
  }

  public mutating func add(_ result: Result) { results.append(result) }

  /// Goes on from results that were written before.
  ///
  /// - Returns: false where `bytes` are those of another comparison (other parts, folds or settings) or of none.
  public mutating func resume(from bytes: [UInt8]) -> Bool {
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)), file.comparison.identity == identity
    else { return false }
    results = file.comparison.results
    return true
  }

  /// The same from the file at `path`.
  public mutating func resume(path: String) -> Bool {
    FileManager.default.contents(atPath: path).map { resume(from: Array($0)) } ?? false
  }

  /// What is known of each architecture so far.
  public var summaries: [Summary] {
    architectures.compactMap { architecture in
      let own = results.filter { $0.architecture == architecture }
      guard let first = own.first else { return nil }
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      let aurocs = own.compactMap(\.auroc)
      let scores = own.map(\.macroF1)
      return Summary(
        architecture: architecture, folds: own.count, parameters: first.parameters, macroF1: mean(scores),
        leastMacroF1: scores.min() ?? .nan, largestMacroF1: scores.max() ?? .nan,
        auroc: aurocs.isEmpty ? nil : mean(aurocs), trainingMinutes: mean(own.map(\.trainingSeconds)) / 60,
        imagesPerSecond: mean(own.map(\.imagesPerSecond)))
    }
  }

  /// Each architecture against the first one, over the folds that both have.
  public var comparisons: [Comparison] {
    guard let first = architectures.first else { return [] }
    return architectures.dropFirst().compactMap { second in
      let pairs = (0..<folds).compactMap { fold in
        result(first, fold: fold).flatMap { a in result(second, fold: fold).map { (a.macroF1, $0.macroF1) } }
      }
      return PairedDifference(first: pairs.map(\.0), second: pairs.map(\.1)).map {
        Comparison(first: first, second: second, macroF1: $0)
      }
    }
  }

  private struct File: Codable {
    var comparison: CrossValidation
    var summaries: [Summary]
    var comparisons: [Comparison]
  }

  /// The comparison as JSON, with what follows from its results.
  public func encoded() -> [UInt8] {
    Array((Self.json(File(comparison: self, summaries: summaries, comparisons: comparisons)) + "\n").utf8)
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // Only strings, finite numbers and lists of them are encoded: that cannot fail.
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}

extension Trainer {
  /// Numbers that training changes.
  public var parameterCount: Int {
    names.filter { $0.parameter.isTrained }.reduce(0) { $0 + $1.parameter.value.count }
  }

  /// How a finished training did on the parts of the `test` split.
  ///
  /// - Parameter fold: its number, from 0.
  public func result(of model: TrainedModel, fold: Int) throws -> CrossValidation.Result {
    let judged = try predictions(of: model, on: set.parts(in: .test))
    let evaluation = Evaluation(
      probabilities: judged.flatMap(\.judged.probabilities), truth: judged.map(\.part.label), labels: set.classes,
      good: set.goodIndex, judgedGood: judged.map { _ in false })
    let classifier = try Classifier(model.graph, info: model.info, path: "the trained network")
    let rate = try classifier.judge(threads: engine.threads).imagesPerSecond()
    engine.claimThread()
    return CrossValidation.Result(
      architecture: settings.architecture, fold: fold, parameters: parameterCount, parts: judged.count,
      accuracy: evaluation.accuracy.value, macroF1: evaluation.macroF1, auroc: evaluation.auroc,
      trainingSeconds: model.seconds, imagesPerSecond: rate)
  }
}

extension Judge {
  /// Pictures that the network judges in a second, by the quickest of some runs, which other work disturbs least.
  func imagesPerSecond() throws -> Double {
    let input = [Float](repeating: 0.5, count: info.preprocessing.valueCount)
    var least = Double.infinity
    let start = now()
    var runs = 0
    while runs < 10 || now() - start < 0.3 {
      let before = now()
      _ = try judge(input.span)
      least = min(least, now() - before)
      runs += 1
    }
    return 1 / max(least, 1e-9)
  }
}
