import Foundation
import Metrics

/// How often a promised escape rate is exceeded: calibration sets drawn again and again from score distributions whose
/// true rates are known.
///
///     swift run -c release --package-path Benchmarks/Promises Coverage [REPETITIONS]
@main
enum Coverage {
  /// Scores of defective and good parts: the logistic function of normal numbers, rounded where there are to be ties.
  struct World {
    var name: String
    var defects: Int
    var goods: Int
    /// Steps that scores are rounded to; nil for none.
    var step: Double?

    static let all = [
      World(name: "balanced, 1000 + 1000", defects: 1000, goods: 1000),
      World(name: "rare, 300 + 3000", defects: 300, goods: 3000),
      World(name: "heavy ties, 1000 + 1000", defects: 1000, goods: 1000, step: 0.1),
      World(name: "heavy ties, 300 + 300", defects: 300, goods: 300, step: 0.1),
      World(name: "tiny, 60 + 60", defects: 60, goods: 60),
      World(name: "tiny, 20 + 20", defects: 20, goods: 20),
    ]

    /// Mean of the logits of a kind; their standard deviation is `spread`.
    static let means = (defect: 2.5, good: -2.5)
    static let spread = 1.5

    func draw(isDefect: Bool, _ random: inout Generator) -> Double {
      let logit = (isDefect ? Self.means.defect : Self.means.good) + Self.spread * random.normal()
      let score = 1 / (1 + exp(-logit))
      return step.map { (score / $0).rounded() * $0 } ?? score
    }

    /// The true share of a kind below a threshold.
    func below(_ threshold: Double, isDefect: Bool) -> Double {
      // Rounded scores below the threshold are those that are at most half a step below the first step at or above it.
      let limit = step.map { ((threshold / $0 - 1e-9).rounded(.up) - 0.5) * $0 } ?? threshold
      guard limit > 0 else { return 0 }
      guard limit < 1 else { return 1 }
      let logit = log(limit / (1 - limit))
      return 0.5 * erfc(-(logit - (isDefect ? Self.means.defect : Self.means.good)) / (Self.spread * 2.0.squareRoot()))
    }
  }

  static func main() {
    let repetitions = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
    print("\(repetitions) repetitions; exceeded: share of them whose true escape rate is above the promise")
    print("refused: too few defective parts to bear the promise")
    print("scores                     promise      allowed  exceeded    overkill  naive: exceeded  overkill")
    var isKept = true
    for (number, world) in World.all.enumerated() {
      for limit in [0.005, 0.01, 0.05] {
        for confidence in [0.9, 0.95, 0.99] {
          isKept = run(world, number, RatePromise(limit: limit, confidence: confidence), repetitions) && isKept
        }
      }
    }
    print(isKept ? "every promise was kept" : "A PROMISE WAS BROKEN")
    exit(isKept ? 0 : 1)
  }

  private static func run(_ world: World, _ number: Int, _ promise: RatePromise, _ repetitions: Int) -> Bool {
    var random = Generator(
      state: UInt64(number) &* 1000 &+ UInt64(promise.limit * 10_000) &* 7 &+ UInt64(promise.confidence * 100))
    var (exceeded, overkill, made) = (0, 0.0, 0)
    var (naiveExceeded, naiveOverkill) = (0, 0.0)
    for _ in 0..<repetitions {
      let defects = (0..<world.defects).map { _ in world.draw(isDefect: true, &random) }
      if let found = PromisedThreshold(escape: promise, defectScores: defects) {
        made += 1
        if world.below(found.threshold, isDefect: true) > promise.limit { exceeded += 1 }
        overkill += 1 - world.below(found.threshold, isDefect: false)
      }
      // As it is usually done: the most lenient threshold whose measured rate is at most the promised one.
      let naive = defects.sorted()[Int(promise.limit * Double(defects.count))]
      if world.below(naive, isDefect: true) > promise.limit { naiveExceeded += 1 }
      naiveOverkill += 1 - world.below(naive, isDefect: false)
    }
    let allowed = 1 - promise.confidence
    let share = Double(exceeded) / Double(repetitions)
    let limit = allowed + 3 * (allowed * (1 - allowed) / Double(repetitions)).squareRoot()
    func percent(_ value: Double, _ width: Int) -> String {
      let text = String(format: "%.2f %%", value * 100)
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let name = world.name.padding(toLength: 27, withPad: " ", startingAt: 0)
    let words = String(format: "%.1f%%@%.0f%%", promise.limit * 100, promise.confidence * 100)
      .padding(toLength: 10, withPad: " ", startingAt: 0)
    let own =
      made == 0
      ? "   refused".padding(toLength: 22, withPad: " ", startingAt: 0)
      : percent(share, 10) + percent(overkill / Double(made), 12)
    print(
      name + words + percent(allowed, 10) + own + percent(Double(naiveExceeded) / Double(repetitions), 17)
        + percent(naiveOverkill / Double(repetitions), 10))
    return share <= limit
  }

  /// Steele et al. 2014, doi 10.1145/2714064.2660195.
  struct Generator {
    var state: UInt64
    var spare: Double?

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func unit() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

    /// Box and Muller 1958.
    mutating func normal() -> Double {
      if let spare {
        self.spare = nil
        return spare
      }
      let (radius, angle) = ((-2 * log(unit())).squareRoot(), 2 * Double.pi * unit())
      spare = radius * sin(angle)
      return radius * cos(angle)
    }
  }
}
