import Metrics
import Samples
import Testing

@testable import Classification

@Suite("Usefulness of synthetic parts")
struct UsefulnessTests {
  private func empty(_ additions: [Usefulness.Diet: String], batchSize: Int = 16) -> Usefulness {
    var settings = TrainingSettings(seed: 1, threads: 1)
    settings.batchSize = batchSize
    return Usefulness(Washers.set, dataset: "washers", settings: settings, synthetic: additions)
  }

  private func run(_ diet: Usefulness.Diet, _ seed: UInt64, _ score: Double) -> Usefulness.Run {
    Usefulness.Run(
      diet: diet, seed: seed, accuracy: score, macroF1: score, auroc: score,
      recall: Washers.set.classes.map { _ in score }, f1: [], escapeRate: nil, trainingSeconds: 1)
  }

  @Test("another generator is measured against runs that are there; its own are forgotten")
  func resumes() {
    var written = empty([.paste: "p", .synthetic: "a"])
    for diet in [Usefulness.Diet.real, .paste, .synthetic] { written.add(run(diet, 1, 0.5)) }
    func resumed(_ start: Usefulness) -> (isTaken: Bool, diets: [Usefulness.Diet]) {
      var usefulness = start
      return (usefulness.resume(from: written.encoded()), usefulness.runs.map(\.diet))
    }
    #expect(resumed(empty([.paste: "p", .synthetic: "a"])).diets == [.real, .paste, .synthetic])
    #expect(resumed(empty([.paste: "p", .synthetic: "b"])).diets == [.real, .paste])
    #expect(resumed(empty([.paste: "q", .synthetic: "a"])).diets == [.real, .synthetic])
    // What is not measured this time stays known.
    #expect(resumed(empty([.synthetic: "b"])).diets == [.real, .paste])
    let other = resumed(empty([.paste: "p", .synthetic: "a"], batchSize: 8))
    #expect(!other.isTaken && other.diets.isEmpty)
  }

  @Test("what was kept over one measurement is kept over the next")
  func keeps() throws {
    var first = empty([.paste: "p", .synthetic: "a"])
    first.add(run(.paste, 1, 0.5))
    var second = empty([.synthetic: "b"])
    let isSecondTaken = second.resume(from: first.encoded())
    #expect(isSecondTaken)
    second.add(run(.synthetic, 1, 0.6))
    var third = empty([.paste: "p", .synthetic: "b"])
    let isThirdTaken = third.resume(from: second.encoded())
    #expect(isThirdTaken)
    #expect(third.run(.paste, seed: 1) != nil && third.run(.synthetic, seed: 1) != nil)
  }

  @Test("differences of accuracy and of macro-F1, seed by seed")
  func differences() throws {
    var usefulness = empty([.synthetic: "a"])
    for (seed, real, synthetic) in [(1, 0.5, 0.6), (2, 0.7, 0.9)] {
      usefulness.add(run(.real, UInt64(seed), real))
      var run = run(.synthetic, UInt64(seed), synthetic)
      run.accuracy += 0.05
      usefulness.add(run)
    }
    let comparison = try #require(usefulness.comparisons.first)
    #expect(comparison.with == .real && comparison.seeds == 2)
    #expect(abs(try #require(comparison.macroF1).mean - 0.15) < 1e-12)
    #expect(abs(try #require(comparison.accuracy).mean - 0.2) < 1e-12)
    // Results of before accuracies were compared are gone on with.
    let text = String(decoding: usefulness.encoded(), as: UTF8.self)
    let older = text.replacing("\"accuracy\" : {", with: "\"other\" : {")
    #expect(older != text)
    var resumed = empty([.synthetic: "a"])
    let isTaken = resumed.resume(from: Array(older.utf8))
    #expect(isTaken && resumed.runs == usefulness.runs)
  }
}
