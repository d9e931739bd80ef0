import Classification
import Graphs
import Imaging
import Inspection
import Metrics
import Reporting
import Samples
import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SynthEvaluate {
  /// How like real defects of the test split synthetic ones are.
  func likeness(
    _ trainer: Trainer, _ model: TrainedModel, _ sets: [Usefulness.Diet: PartSet]
  ) throws -> [UsefulnessReport.Likeness] {
    guard let set = sets[.real] else { return [] }
    func defects(_ set: PartSet, _ split: Split, synthetic: Bool) -> [Part] {
      set.parts(in: split).filter { $0.label != set.goodIndex && $0.isSynthetic == synthetic }
    }
    // The residual network alone has features.
    guard let test = try? trainer.features(of: model, on: defects(set, .test, synthetic: false)) else { return [] }
    let train = try trainer.features(of: model, on: defects(set, .train, synthetic: false))
    func entry(_ name: String, _ rows: [[Double]], distances: Bool = true) -> UsefulnessReport.Likeness {
      let nearest = FeatureDistances.nearest(rows, to: train).sorted()
      return UsefulnessReport.Likeness(
        name: name, frechet: distances ? FeatureDistances.frechet(test, rows) : nil,
        kernel: distances ? FeatureDistances.kernel(test, rows) : nil,
        nearest: nearest.isEmpty ? nil : nearest[nearest.count / 2])
    }
    var list = [
      entry("real, test", test, distances: false),
      UsefulnessReport.Likeness(
        name: "real, training", frechet: FeatureDistances.frechet(test, train),
        kernel: FeatureDistances.kernel(test, train), nearest: nil),
    ]
    for diet in [Usefulness.Diet.paste, .relit, .procedural, .synthetic] {
      guard let set = sets[diet] else { continue }
      // As many of each class as there are in the test split would be fairest; an even share of some is near it.
      let parts = defects(set, .train, synthetic: true)
      let step = max(1, parts.count / 200)
      let rows = try trainer.features(
        of: model, on: stride(from: 0, to: parts.count, by: step).map { parts[$0] })
      list.append(entry(diet.rawValue, rows))
    }
    return list
  }

  private struct Kept: Codable {
    struct Row: Codable {
      var name: String
      var fid: Double?
      var kid: Double?
      var nearest: Double?
    }

    /// Digests of the synthetic parts that were compared.
    var of: [String: String]
    var rows: [Row]
  }

  static func write(
    _ likeness: [UsefulnessReport.Likeness], of digests: [Usefulness.Diet: String], to path: String
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let kept = Kept(
      of: named(digests),
      rows: likeness.map { Kept.Row(name: $0.name, fid: $0.frechet, kid: $0.kernel, nearest: $0.nearest) })
    try AtomicFile.write([UInt8](try encoder.encode(kept)) + [UInt8(ascii: "\n")], to: path)
  }

  /// What was written for the same synthetic parts; nil where nothing was.
  static func read(_ path: String, of digests: [Usefulness.Diet: String]) -> [UsefulnessReport.Likeness]? {
    guard let bytes = FileManager.default.contents(atPath: path),
      let kept = try? JSONDecoder().decode(Kept.self, from: bytes), kept.of == named(digests)
    else { return nil }
    return kept.rows.map {
      UsefulnessReport.Likeness(name: $0.name, frechet: $0.fid, kernel: $0.kid, nearest: $0.nearest)
    }
  }

  private static func named(_ digests: [Usefulness.Diet: String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: digests.map { ($0.key.rawValue, $0.value) })
  }

  func report(
    _ usefulness: Usefulness, _ sets: [Usefulness.Diet: PartSet], _ likeness: [UsefulnessReport.Likeness],
    _ settings: TrainingSettings, started: Timestamp
  ) -> UsefulnessReport {
    let diets = Usefulness.Diet.allCases.compactMap { diet -> UsefulnessReport.Diet? in
      let runs = usefulness.runs.filter { $0.diet == diet }
      guard !runs.isEmpty else { return nil }
      return UsefulnessReport.Diet(
        name: diet.rawValue, accuracy: runs.map(\.accuracy), macroF1: runs.map(\.macroF1),
        auroc: runs.compactMap(\.auroc), escapeRate: runs.compactMap(\.escapeRate),
        recall: usefulness.classes.indices.map { index in
          runs.reduce(0) { $0 + $1.recall[index] } / Double(runs.count)
        })
    }
    return UsefulnessReport(
      subject: usefulness.dataset, verdict: usefulness.verdict?.rawValue, classes: usefulness.classes,
      testParts: usefulness.testCounts.reduce(0, +), overkillLimit: Usefulness.overkillLimit, diets: diets,
      comparisons: usefulness.comparisons.map {
        UsefulnessReport.Comparison(
          with: $0.with.rawValue, accuracy: $0.accuracy, macroF1: $0.macroF1, escapeRate: $0.escapeRate,
          recall: $0.recall)
      }, likeness: likeness, sheet: sheet(sets),
      settings: [
        ("Seeds", "\(seeds), from \(seed)"), ("Preset", settings.preset.rawValue),
        ("Steps", settings.steps.map { "\($0)" } ?? "by the set's size"),
        ("Share of synthetic parts", "\((100 * settings.syntheticShare).fixed(0)) % of their classes' places"),
        ("Synthetic parts", synthetic ?? generator ?? ""),
      ], provenance: .run(model: nil, threads: threads ?? Machine.processors, started: started))
  }

  /// Real parts beside synthetic ones, as a JPEG.
  private func sheet(_ sets: [Usefulness.Diet: PartSet]) -> [UInt8] {
    var sheet = ContactSheet()
    guard let set = sets[.synthetic] else { return [] }
    for label in set.classes.indices where label != set.goodIndex {
      for isSynthetic in [false, true] {
        let parts = set.parts(in: .train).filter { $0.label == label && $0.isSynthetic == isSynthetic }
        sheet.add(
          title: "\(set.classes[label]), \(isSynthetic ? "synthetic" : "real")",
          parts.prefix(10).compactMap { try? ImageFile.load(path: $0.imagePath).image })
      }
    }
    return (try? sheet.image().jpeg(quality: 85)) ?? []
  }

  /// The result in at most 80 columns.
  static func table(_ usefulness: Usefulness) -> String {
    let tellsGood = usefulness.runs.contains { $0.auroc != nil || $0.escapeRate != nil }
    var rows = [
      ["learned from", "seeds", "accuracy", "macro-F1"] + (tellsGood ? ["AUROC", "escapes at 2 % overkill"] : [])
    ]
    for diet in Usefulness.Diet.allCases {
      let runs = usefulness.runs.filter { $0.diet == diet }
      guard !runs.isEmpty else { continue }
      func mean(_ values: [Double]) -> String {
        values.isEmpty ? "-" : (values.reduce(0, +) / Double(values.count)).fixed(4)
      }
      rows.append(
        [diet.rawValue, "\(runs.count)", mean(runs.map(\.accuracy)), mean(runs.map(\.macroF1))]
          + (tellsGood ? [mean(runs.compactMap(\.auroc)), mean(runs.compactMap(\.escapeRate))] : []))
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      row.enumerated().map { $0 == 0 ? $1.padded(widths[$0]) : $1.aligned(widths[$0]) }.joined(separator: "  ")
    }
    lines.append("")
    func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + value.fixed(4) }
    for comparison in usefulness.comparisons {
      let figures = [("macro-F1", comparison.macroF1)] + (tellsGood ? [] : [("accuracy", comparison.accuracy)])
      for case (let name, let difference?) in figures {
        lines +=
          ("\(name) against \(comparison.with.rawValue): \(signed(difference.mean)), 95 % interval "
          + "\(signed(difference.low)) to \(signed(difference.high)) over \(comparison.seeds) seeds").wrapped(80)
      }
    }
    switch usefulness.verdict {
    case .helps?: lines.append("verdict: helps")
    case .hurts?: lines.append("verdict: hurts; leave the synthetic parts out")
    case .noDifference?: lines.append("verdict: no difference")
    case nil: lines.append("verdict: none yet; it takes two seeds at least")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
