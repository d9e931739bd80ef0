import Metrics
import Samples
import Testing

@testable import Classification

@Suite struct CrossValidationTests {
  private func empty(
    seed: UInt64 = 1, folds: Int = 3, _ architectures: [NetworkConfiguration.Architecture] = [.residual, .vit]
  ) -> CrossValidation {
    CrossValidation(
      Washers.set, dataset: "washers", folds: folds, architectures: architectures,
      settings: TrainingSettings(seed: seed, threads: 1))
  }

  private func result(
    _ architecture: NetworkConfiguration.Architecture, _ fold: Int, _ score: Double
  ) -> CrossValidation.Result {
    CrossValidation.Result(
      architecture: architecture, fold: fold, parameters: architecture == .vit ? 2000 : 1000, parts: 10,
      accuracy: score, macroF1: score, auroc: fold == 0 ? nil : score, trainingSeconds: 90, imagesPerSecond: 50)
  }

  @Test func summariesAndComparisons() throws {
    var all = empty()
    for (fold, (a, b)) in [(0.6, 0.80), (0.7, 0.91), (0.65, 0.85)].enumerated() {
      all.add(result(.residual, fold, a))
      all.add(result(.vit, fold, b))
    }
    let summary = try #require(all.summaries.first)
    #expect(summary.architecture == .residual && summary.folds == 3 && summary.parameters == 1000)
    #expect(abs(summary.macroF1 - 0.65) < 1e-12 && summary.leastMacroF1 == 0.6 && summary.largestMacroF1 == 0.7)
    #expect(abs(summary.auroc! - 0.675) < 1e-12 && summary.trainingMinutes == 1.5)
    let comparison = try #require(all.comparisons.first)
    #expect(comparison.better == .vit && abs(comparison.macroF1.mean - 0.61 / 3) < 1e-12)
    // Unfinished: only folds that both have count, and one is none.
    var some = empty()
    some.add(result(.residual, 0, 0.6))
    some.add(result(.vit, 0, 0.8))
    some.add(result(.residual, 1, 0.7))
    #expect(some.comparisons.isEmpty && some.summaries.map(\.folds) == [2, 1])
  }

  @Test func resumesItsOwnResultsOnly() throws {
    var written = empty()
    written.add(result(.residual, 0, 0.6))
    /// Whether the results were taken over, and what is there then.
    func resumed(_ start: CrossValidation, _ bytes: [UInt8]) -> (Bool, CrossValidation) {
      var comparison = start
      return (comparison.resume(from: bytes), comparison)
    }
    let (taken, again) = resumed(empty(), written.encoded())
    #expect(taken && again == written && again.result(.residual, fold: 0)?.macroF1 == 0.6)
    #expect(again.result(.vit, fold: 0) == nil && again.result(.residual, fold: 1) == nil)
    // Other architectures may join.
    #expect(resumed(empty([.vit]), written.encoded()).0)
    for other in [empty(seed: 2), empty(folds: 4)] { #expect(!resumed(other, written.encoded()).0) }
    for bytes in [Array("{}".utf8), []] { #expect(!resumed(empty(), bytes).0) }
  }
}
