import Classification
import Glibc
import Inspection
import Metrics
import Samples

extension TrainCommand {
  /// Trains each architecture on each fold and prints how they did.
  func compare(folds count: Int) throws {
    Interruption.watch()
    let base = String(out.dropLast(5))
    if let slash = out.lastIndex(of: "/"), slash != out.startIndex { try makeFolder(String(out[..<slash])) }
    let path = base + ".folds.json"
    try AtomicFile.check(path)
    if restart { unsafe unlink(path) }
    let set = try PartSet.load(path: dataset, options: PartSetOptions(good: good))
    describe(set)
    var comparison = CrossValidation(
      set, dataset: ModelFile.stem(dataset), folds: count, architectures: architecture.list,
      settings: settings(.residual))
    if unsafe access(path, F_OK) == 0, !comparison.resume(path: path) { throw ComparisonError(path: path) }
    let sets = try set.folds(count, seed: seed, threads: threads ?? Machine.processors)
    if !quiet {
      let sizes = sets.map { $0.parts(in: .test).count }
      Console.note(
        "\(count) folds of \(sizes.min() ?? 0) to \(sizes.max() ?? 0) of the training and validation parts"
          + (set.parts(in: .test).isEmpty ? "" : "; the \(set.parts(in: .test).count) test parts are not touched"))
    }
    var table = PredictionTable(labels: set.classes)
    if let predictions {
      try AtomicFile.check(predictions)
      if !comparison.results.isEmpty { table = try PredictionTable(path: predictions, labels: set.classes) }
    }
    for fold in 0..<count {
      for architecture in architecture.list {
        let isKnown = comparison.result(architecture, fold: fold) != nil
        if !isKnown {
          let (result, parts) = try train(architecture, on: sets[fold], fold: fold, of: count, base: base)
          comparison.add(result)
          if let predictions, architecture == self.architecture.list[0] {
            table.add(parts)
            try table.write(to: predictions)
          }
          try AtomicFile.write(comparison.encoded(), to: path)
        }
        if !quiet, let result = comparison.result(architecture, fold: fold) {
          Console.note(Self.text(result, of: count) + (isKnown ? " (from \(path))" : ""))
        }
      }
    }
    Console.write(
      json ? String(decoding: comparison.encoded(), as: UTF8.self) : Self.table(comparison) + "results: \(path)\n",
      to: 1)
  }

  private func train(
    _ architecture: NetworkConfiguration.Architecture, on set: PartSet, fold: Int, of count: Int, base: String
  ) throws -> (CrossValidation.Result, [JudgedPart]) {
    let checkpoint = "\(base).\(architecture.rawValue)-\(fold).checkpoint.safetensors"
    if restart { unsafe unlink(checkpoint) }
    let trainer = try Trainer(set, settings: settings(architecture))
    try run(
      trainer, checkpoint: checkpoint, label: "\(architecture.rawValue) \(fold + 1)/\(count)  ", saysValidations: false)
    let model = try trainer.model(name: ModelFile.stem(out), version: Assay.version, dataset: ModelFile.stem(dataset))
    let result = try trainer.result(of: model, fold: fold)
    let parts = predictions == nil ? [] : try trainer.predictions(of: model, on: set.parts(in: .test))
    unsafe unlink(checkpoint)
    return (result, parts)
  }

  private static func text(_ result: CrossValidation.Result, of count: Int) -> String {
    "\(result.architecture.rawValue), fold \(result.fold + 1) of \(count): macro-F1 \(result.macroF1.fixed(4))"
      + (result.auroc.map { ", AUROC \($0.fixed(4))" } ?? "")
      + ", trained in \(result.trainingSeconds.duration)"
  }

  /// The comparison in at most 80 columns.
  static func table(_ comparison: CrossValidation) -> String {
    var rows = [["architecture", "parameters", "macro-F1 (of a fold)", "AUROC", "minutes", "images/s"]]
    for summary in comparison.summaries {
      rows.append([
        summary.architecture.rawValue, grouped(summary.parameters),
        "\(summary.macroF1.fixed(3)) (\(summary.leastMacroF1.fixed(3)) to \(summary.largestMacroF1.fixed(3)))",
        summary.auroc?.fixed(3) ?? "-", summary.trainingMinutes.fixed(1), summary.imagesPerSecond.fixed(0),
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      row.enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + blanks : blanks + cell
      }.joined(separator: "  ")
    }
    for one in comparison.comparisons {
      let difference = one.macroF1
      let sign = difference.mean < 0 ? "" : "+"
      lines.append("")
      lines +=
        ("macro-F1 of \(one.second.rawValue) less that of \(one.first.rawValue): \(sign)\(difference.mean.fixed(3)), "
        + "95 % interval \(difference.low.fixed(3)) to \(difference.high.fixed(3)) over \(comparison.folds) folds "
        + "(corrected t test, Nadeau and Bengio 2003): "
        + (one.better.map { "\($0.rawValue) is better on these parts." }
          ?? "no clear difference on these parts."))
        .wrapped(80)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// 12,345
  private static func grouped(_ value: Int) -> String {
    let digits = Array(String(value))
    return digits.enumerated().reduce("") { text, next in
      let left = digits.count - next.offset
      return text + (next.offset > 0 && left % 3 == 0 ? "," : "") + String(next.element)
    }
  }
}

/// Results of other folds lie where these are to be written.
private struct ComparisonError: Error, CustomStringConvertible {
  let path: String

  var description: String {
    "\(path) holds the results of another comparison (other settings, folds or parts); "
      + "--restart forgets them, or name another --out."
  }
}
