public import Metrics
public import Samples
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Whether synthetic parts make a classifier better: trainings with and without them, from the same seeds, with the same
/// number of steps, all measured on the same real parts.
public struct Usefulness: Codable, Sendable, Hashable {
  /// What a training learned from beside the real parts.
  public enum Diet: String, Codable, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case real
    /// Real defects pasted as they are, anywhere.
    case paste
    /// Real defects in their places and in the part's light.
    case relit
    /// Drawn scratches and blobs.
    case procedural
    /// What is being judged.
    case synthetic
  }

  /// One training.
  public struct Run: Codable, Sendable, Hashable {
    public var diet: Diet
    public var seed: UInt64
    public var accuracy: Double
    public var macroF1: Double
    /// Good against defect; nil without a good class.
    public var auroc: Double?
    /// Of each class, in the classes' order.
    public var recall: [Double]
    public var f1: [Double]
    /// Share of defects that escape where at most ``overkillLimit`` of good parts are rejected; nil without a good class.
    public var escapeRate: Double?
    public var trainingSeconds: Double
  }

  public enum Verdict: String, Codable, Sendable, Hashable {
    case helps
    case noDifference = "no difference"
    case hurts
  }

  /// Synthetic less another diet, over the seeds that both have.
  public struct Comparison: Codable, Sendable, Hashable {
    public var with: Diet
    public var seeds: Int
    public var accuracy: PairedDifference?
    public var macroF1: PairedDifference?
    public var escapeRate: PairedDifference?
    /// Of each class.
    public var recall: [PairedDifference?]
  }

  /// Share of good parts that may be rejected where escapes are counted.
  public static let overkillLimit = 0.02

  /// Name of the part set, without its path.
  public var dataset: String
  public var classes: [String]
  public var goodIndex: Int?
  /// Real parts that all was measured on.
  public var testCounts: [Int]
  public private(set) var runs: [Run] = []
  /// All that decides the runs besides diet, its additions and seed: results of anything else are not gone on with.
  private var identity: String
  /// What each diet adds: runs with other additions are forgotten, those without any stay.
  private var additions: [String: String]

  /// - Parameters:
  ///   - settings: of the trainings, but for their seeds.
  ///   - synthetic: digests of what each diet adds.
  public init(_ set: PartSet, dataset: String, settings: TrainingSettings, synthetic: [Diet: String]) {
    self.dataset = dataset
    classes = set.classes
    goodIndex = set.goodIndex
    testCounts = set.counts(in: .test)
    var plain = settings
    plain.seed = 0
    plain.threads = nil
    let parts = set.parts.map { "\($0.contentHash) \($0.label) \($0.split)" }.sorted()
    identity = ContentHash(of: Array((Self.json(plain) + "\n" + parts.joined(separator: "\n")).utf8)).description
    additions = Dictionary(uniqueKeysWithValues: synthetic.map { ($0.key.rawValue, $0.value) })
  }

  /// A run, if it is there.
  public func run(_ diet: Diet, seed: UInt64) -> Run? { runs.first { $0.diet == diet && $0.seed == seed } }

  public mutating func add(_ run: Run) { runs.append(run) }

  /// Goes on from results that were written before. Runs with other synthetic parts than these are left out: another
  /// generator is measured against the same peers without training those anew.
  ///
  /// - Returns: false where `bytes` are those of another measurement or of none.
  public mutating func resume(from bytes: [UInt8]) -> Bool {
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)), file.usefulness.identity == identity
    else { return false }
    // What is not measured this time stays known.
    additions.merge(file.usefulness.additions) { own, _ in own }
    runs = file.usefulness.runs.filter {
      additions[$0.diet.rawValue] == file.usefulness.additions[$0.diet.rawValue]
    }
    return true
  }

  /// The same from the file at `path`.
  public mutating func resume(path: String) -> Bool {
    FileManager.default.contents(atPath: path).map { resume(from: Array($0)) } ?? false
  }

  /// Synthetic parts against every other diet.
  public var comparisons: [Comparison] {
    let own = runs.filter { $0.diet == .synthetic }
    return Diet.allCases.filter { $0 != .synthetic }.compactMap { diet in
      let pairs = own.compactMap { mine in run(diet, seed: mine.seed).map { (other: $0, mine: mine) } }
      guard !pairs.isEmpty else { return nil }
      func difference(_ value: (Run) -> Double) -> PairedDifference? {
        PairedDifference(
          first: pairs.map { value($0.other) }, second: pairs.map { value($0.mine) }, sharesParts: false)
      }
      return Comparison(
        with: diet, seeds: pairs.count, accuracy: difference(\.accuracy), macroF1: difference(\.macroF1),
        escapeRate: pairs.allSatisfy { $0.other.escapeRate != nil && $0.mine.escapeRate != nil }
          ? difference { $0.escapeRate! } : nil,
        recall: classes.indices.map { index in difference { $0.recall[index] } })
    }
  }

  /// Against real parts alone, by macro-F1; nil for fewer than two seeds.
  public var verdict: Verdict? {
    guard let difference = comparisons.first(where: { $0.with == .real })?.macroF1 else { return nil }
    return difference.low > 0 ? .helps : difference.high < 0 ? .hurts : .noDifference
  }

  private struct File: Codable {
    var usefulness: Usefulness
    var comparisons: [Comparison]
    var verdict: Verdict?
  }

  /// All of it as JSON, with what follows from the runs.
  public func encoded() -> [UInt8] {
    Array((Self.json(File(usefulness: self, comparisons: comparisons, verdict: verdict)) + "\n").utf8)
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // Only strings, finite numbers and lists of them are encoded: that cannot fail.
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}

extension Trainer {
  /// How a finished training did on the `test` split.
  public func usefulness(of model: TrainedModel, diet: Usefulness.Diet) throws -> Usefulness.Run {
    let judged = try predictions(of: model, on: set.parts(in: .test))
    engine.claimThread()
    let probabilities = judged.flatMap(\.judged.probabilities)
    let truth = judged.map(\.part.label)
    let evaluation = Evaluation(
      probabilities: probabilities, truth: truth, labels: set.classes, good: set.goodIndex,
      judgedGood: judged.map { _ in false })
    let escape = set.goodIndex.flatMap { good in
      threshold(
        maximumOverkillRate: Usefulness.overkillLimit,
        defectScores: defectScores(probabilities, classes: set.classes.count, good: good),
        isDefect: truth.map { $0 != good })?.escapeRate
    }
    return Usefulness.Run(
      diet: diet, seed: settings.seed, accuracy: evaluation.accuracy.value, macroF1: evaluation.macroF1,
      auroc: evaluation.auroc, recall: set.classes.indices.map { evaluation.confusion.recall($0) },
      f1: set.classes.indices.map { evaluation.confusion.f1($0) }, escapeRate: escape, trainingSeconds: model.seconds)
  }
}
