import Metrics
import Testing

@testable import Inspection

@Suite struct DecisionCostsTests {
  @Test func areReadInAnyOrder() throws {
    let costs = try DecisionCosts(parsing: "escape=200,overkill=1.5,review=0.4")
    #expect(costs == DecisionCosts(escape: 200, overkill: 1.5, review: 0.4))
    #expect(try DecisionCosts(parsing: "review=0.4,escape=2e2,overkill=1.5") == costs)
    #expect(costs.description == "escape=200,overkill=1.5,review=0.4")
    #expect(try DecisionCosts(parsing: costs.description) == costs)
    #expect(try DecisionCosts(parsing: "escape=0,overkill=0,review=0").cost(of: DecisionCounts()) == nil)
  }

  @Test(
    arguments: [
      ("", "have a piece without a name"), ("escape=1,overkill=1", "lack review"),
      ("escape=1", "lack overkill and review"),
      ("escape=1,escape=2,overkill=1,review=1", "name escape twice"),
      ("escape=1,overkill=1,review=1,", "have a piece without a name"),
      ("escape=1,overkil=1,review=1", "know no \"overkil\""),
      ("escape=1, overkill=1,review=1", "know no \" overkill\""),
      ("escape=-1,overkill=1,review=1", "need a number of 0 or more behind escape="),
      ("escape=1,overkill=nan,review=1", "need a number of 0 or more behind overkill="),
      ("escape=1,overkill=0x10,review=1", "need a number of 0 or more behind overkill="),
      ("escape=1,overkill=1,review=1e999", "need a number of 0 or more behind review="),
      ("escape=1,overkill=1,review", "need a number of 0 or more behind review="),
      ("escape=1=2,overkill=1,review=1", "need a number of 0 or more behind escape="),
    ]) func anythingElseIsASentence(text: String, reason: String)
  {
    let error = #expect(throws: DecisionCostsError.self) { try DecisionCosts(parsing: text) }
    #expect(
      error?.description
        == "the costs \"\(text)\" \(reason); write them as escape=200,overkill=1.5,review=0.4")
  }

  /// Python: `d*(200*3/60 + .4*5/60) + (1-d)*(1.5*8/240 + .4*12/240)` with d = 60/300 and d = 0.02.
  @Test func ofAPartInProduction() throws {
    let costs = DecisionCosts(escape: 200, overkill: 1.5, review: 0.4)
    let counts = DecisionCounts(
      defective: .init(accepted: 3, reviewed: 5, rejected: 52), good: .init(accepted: 220, reviewed: 12, rejected: 8))
    let asInTheSet = try #require(costs.cost(of: counts))
    #expect(abs(asInTheSet - 2.062666666666667) < 1e-12)
    let inProduction = try #require(costs.cost(of: counts, defectRate: 0.02))
    #expect(abs(inProduction - 0.26926666666666665) < 1e-12)
    let goods = DecisionCounts(good: counts.good)
    #expect(costs.cost(of: goods, defectRate: 0.02) == nil, "nothing is known of defects")
    let ofGoods = try #require(costs.cost(of: goods))
    #expect(abs(ofGoods - 0.07) < 1e-12)
    #expect(costs.cost(of: goods, defectRate: 0) == costs.cost(of: goods))
  }
}

@Suite struct ThresholdSweepTests {
  @Test func countsByHand() {
    let sweep = ThresholdSweep(
      scores: [0.1, 0.3, 0.3, 0.8, .nan, .nan], isDefect: [false, false, true, true, false, true])
    #expect(sweep.defects == 3 && sweep.goods == 3)
    #expect(sweep.points.map(\.threshold) == [0, 0.2, 0.55, 1])
    #expect(sweep.points.map(\.escapes) == [0, 0, 1, 2])
    #expect(sweep.points.map(\.overkills) == [3, 2, 1, 1])
    let top = ThresholdSweep(scores: [0, 1], isDefect: [false, true])
    #expect(top.points.map(\.threshold) == [0, 0.5], "no threshold accepts a score of 1")
    #expect(ThresholdSweep(scores: [], isDefect: []).points.map(\.threshold) == [0])
    #expect(ThresholdSweep(scores: [.nan], isDefect: [true]).points.map(\.escapes) == [0])
  }

  @Test func thresholdsHaveFewDigitsAndSeparate() {
    let gaps: [(Float, Float)] = [
      (0.1, 0.3), (0, 1e-5), (0.25, Float(0.25).nextUp), (0.9999, 1), (0.333, 0.3331), (0, .leastNormalMagnitude),
    ]
    for (low, high) in gaps {
      let threshold = ThresholdSweep.threshold(above: low, upTo: high)
      #expect(threshold > low && threshold <= high)
    }
    #expect(ThresholdSweep.threshold(above: 0.41, upTo: 0.4312) == 0.42)
    #expect(ThresholdSweep.threshold(above: 0.333, upTo: 0.3332) == 0.3331)
  }

  /// Scores in -0.1...1.1 with many ties and a few that are not finite, from a seed (SplitMix64).
  private static func parts(_ count: Int, seed: UInt64) -> (scores: [Float], isDefect: [Bool]) {
    var state = seed
    func next() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
    }
    var parts: (scores: [Float], isDefect: [Bool]) = ([], [])
    for _ in 0..<count {
      let isDefect = next() < 0.4
      let share = (next() + (isDefect ? 0.5 : 0)) / 1.5
      let score = Float((share * 1.2 - 0.1) * 20).rounded() / 20
      parts.scores.append(next() < 0.05 ? .nan : score)
      parts.isDefect.append(isDefect)
    }
    return parts
  }

  /// What the policy itself decides with these thresholds.
  private static func counts(
    _ parts: (scores: [Float], isDefect: [Bool]), reject: Float, review: Float
  ) throws -> DecisionCounts {
    let policy = Policy(thresholds: try Policy.Thresholds(reject: reject, review: review))
    var counts = DecisionCounts()
    for (score, isDefect) in zip(parts.scores, parts.isDefect) {
      let verdict = policy.decide(scores: [1 - score, score], labels: ["good", "bad"], goodIndex: 0).verdict
      counts.add(isDefect: isDefect, verdict)
    }
    return counts
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func agreesWithThePolicy(seed: UInt64) throws {
    var parts = Self.parts(80, seed: seed)
    // As the policy computes them from p(good).
    parts.scores = parts.scores.map { 1 - (1 - $0) }
    let sweep = ThresholdSweep(scores: parts.scores, isDefect: parts.isDefect)
    #expect(sweep.points.count > 10)
    for point in sweep.points {
      let counts = try Self.counts(parts, reject: point.threshold, review: point.threshold)
      #expect(counts.defective.accepted == point.escapes && counts.good.rejected == point.overkills)
    }
    let cases: [(DecisionCosts, Double?)] = [
      (.usual, nil), (.usual, 0.01), (DecisionCosts(escape: 2, overkill: 1, review: 5), nil),
      (DecisionCosts(escape: 1, overkill: 10, review: 0), 0.5),
    ]
    for (costs, rate) in cases {
      let choice = try #require(sweep.cheapest(costs, defectRate: rate))
      var least = Double.infinity
      for reject in sweep.points.map(\.threshold) {
        for review in sweep.points.map(\.threshold) where review <= reject {
          let counts = try Self.counts(parts, reject: reject, review: review)
          let cost = try #require(costs.cost(of: counts, defectRate: rate))
          least = min(least, cost)
        }
      }
      #expect(abs(choice.cost - least) < 1e-12)
      let counts = try Self.counts(parts, reject: choice.thresholds.reject, review: choice.thresholds.review)
      #expect(counts == choice.counts)
    }
  }
}
