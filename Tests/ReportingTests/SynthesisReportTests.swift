import Metrics
import Testing

@testable import Reporting

@Suite("Reports on synthesis")
struct SynthesisReportTests {
  @Test("a generator's training: what was done is told once for each stretch")
  func generator() throws {
    let action = "more augmentation: it <knows> them"
    let report = GeneratorReport(
      subject: "defects", dataSet: "tiles", isAdversarial: true, seconds: 1234, steps: 400,
      classes: [("crack", 9), ("fray", 12)], notes: ["crack has 9 images: below 20"],
      points: (1...4).map { GeneratorReport.Point(step: 100 * $0, generatorLoss: 1, otherLoss: Double($0)) },
      checks: (1...4).map {
        GeneratorReport.Check(
          step: 100 * $0, train: 1, heldOut: $0 == 1 ? .nan : 0.5, painted: 0, diversity: 0.5, chance: 0.6,
          action: $0 == 1 ? nil : $0 < 4 ? action : "back to the last good state")
      }, sheet: [1, 2, 3], settings: [("Model", "gan")], provenance: Sample.provenance)
    let text = report.render().text
    try Sample.keep(text, "generator.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(text.contains("400 steps in 20 min 34 s on 21 real defects of 2 classes"))
    #expect(text.contains("Steps 200 to 300: more augmentation: it &lt;knows&gt; them."))
    #expect(text.contains("Step 400: back to the last good state."))
    #expect(text.contains("data:image/jpeg;base64,AQID"))
    var simple = report
    simple.isAdversarial = false
    #expect(!simple.render().text.contains("Discriminator"))
  }

  private func report(_ verdict: String?, _ real: [Double], _ synthetic: [Double]) -> UsefulnessReport {
    let difference = PairedDifference(first: real, second: synthetic, sharesParts: false)
    return UsefulnessReport(
      subject: "tiles", verdict: verdict, classes: ["good", "crack"], testParts: 389, overkillLimit: 0.02,
      diets: [
        .init(name: "real", accuracy: [0.625], macroF1: real, auroc: [0.9], escapeRate: [0.3], recall: [1, 0.5]),
        .init(
          name: "synthetic", accuracy: [0.875], macroF1: synthetic, auroc: [0.95], escapeRate: [0.2],
          recall: [0.99, 0.75]),
      ],
      comparisons: difference.map {
        [.init(with: "real", accuracy: $0, macroF1: $0, escapeRate: nil, recall: [nil, $0])]
      } ?? [],
      likeness: [.init(name: "synthetic", frechet: 1.5, kernel: nil, nearest: 0.25)], sheet: [1],
      settings: [("Seeds", "3")], provenance: Sample.provenance)
  }

  @Test("usefulness: figures, intervals and the sentence that goes with the verdict")
  func usefulness() throws {
    let helps = report("helps", [0.7, 0.72, 0.71], [0.8, 0.81, 0.82])
    let text = helps.render().text
    try Sample.keep(text, "usefulness.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    let difference = try #require(helps.comparisons[0].macroF1)
    #expect(abs(difference.mean - 0.1) < 1e-12 && difference.low > 0)
    #expect(text.contains("Synthetic parts help: macro-F1 +0.100"))
    #expect(text.contains("0.710 (0.700 to 0.720)") && text.contains("0.810 (0.800 to 0.820)"))
    #expect(text.contains("1.500") && text.contains("–"))
    #expect(text.contains("0.625") && text.contains("0.875"))
    #expect(report("hurts", [0.8, 0.81], [0.7, 0.71]).render().text.contains("Leave them out"))
    #expect(report("no difference", [0.8, 0.7], [0.7, 0.8]).render().text.contains("No clear difference"))
    #expect(report(nil, [0.8], [0.7]).render().text.contains("no verdict yet"))
  }

  @Test("without a good class nothing is said of escapes")
  func surfaces() {
    var surfaces = report("helps", [0.7, 0.72, 0.71], [0.8, 0.81, 0.82])
    #expect(surfaces.render().text.contains("AUROC"))
    for index in surfaces.diets.indices { (surfaces.diets[index].auroc, surfaces.diets[index].escapeRate) = ([], []) }
    let text = surfaces.render().text
    #expect(HTMLChecker(text).faults == [])
    #expect(!text.contains("AUROC") && !text.contains("Escapes at") && text.contains("Accuracy"))
  }

  /// t(0.975, 2) = 4.302652729911275 (SciPy); the differences 0.10, 0.09, 0.11 have a deviation of 0.01.
  @Test("seeds are independent: the plain paired t interval")
  func seeds() throws {
    let difference = try #require(
      PairedDifference(first: [0.7, 0.72, 0.71], second: [0.8, 0.81, 0.82], sharesParts: false))
    #expect(abs(difference.low - (0.1 - 4.302652729911275 * 0.01 / 3.0.squareRoot())) < 1e-9)
    let folds = try #require(PairedDifference(first: [0.7, 0.72, 0.71], second: [0.8, 0.81, 0.82]))
    #expect(folds.low < difference.low)
  }
}
