import Inspection
import Metrics
import Testing

@Suite("Thresholds that keep promises")
struct PromisedPolicyTests {
  private let labels = ["good", "crack", "stain"]

  /// A part whose defect score is `s`, all of it the class's own.
  private func part(_ truth: Int, _ s: Float, as label: Int? = nil) -> CalibrationPart {
    var scores: [Float] = [1 - s, 0, 0]
    scores[label ?? (truth == 0 ? 2 : truth)] = s
    return CalibrationPart(id: "\(truth)-\(s)", truth: truth, scores: scores)
  }

  /// 100 cracks, 100 stains and 200 good parts with scores in order.
  private var parts: [CalibrationPart] {
    (0..<100).map { part(1, 0.4 + Float($0) * 0.005) } + (0..<100).map { part(2, 0.2 + Float($0) * 0.007) }
      + (0..<200).map { part(0, Float($0) * 0.003) }
  }

  private func promised(
    _ promises: [String], budget: Double? = nil, defects: Double? = nil, parts: [CalibrationPart]? = nil,
    base: Policy = Policy()
  ) throws -> PromisedPolicy {
    try PromisedPolicy(
      promises.map { try Promise(parsing: $0) }, budget: budget, mix: .init(defects: defects),
      parts: parts ?? self.parts, labels: labels, good: 0, base: base)
  }

  private func errors(_ policy: Policy, _ verdict: Verdict, of truth: (Int) -> Bool) -> (Int, Int) {
    let own = parts.filter { truth($0.truth) }
    return (own.count { policy.decide(scores: $0.scores, labels: labels, goodIndex: 0).verdict == verdict }, own.count)
  }

  @Test func anEscapeRateSetsWhatIsAccepted() throws {
    let promise = RatePromise(limit: 0.05, confidence: 0.9)
    let found = try promised(["escape<=5%@90%"])
    let most = try #require(promise.mostErrors(trials: 200))
    let (escapes, defects) = errors(found.policy, .accept) { $0 != 0 }
    #expect(defects == 200 && escapes == most)
    #expect(found.evidence[0].errors == most && found.evidence[0].trials == 200 && found.evidence[0].bound <= 0.05)
    // The next more lenient threshold would let one more through than is allowed.
    #expect(found.policy.thresholds.reject == found.policy.thresholds.review && found.reviewShare == 0)
  }

  /// Where the two promises leave a gap, it goes to a person; both hold.
  @Test func bothRatesMakeABand() throws {
    let found = try promised(["escape<=5%@90%", "overkill<=5%@90%"])
    #expect(found.policy.thresholds.review < found.policy.thresholds.reject && found.reviewShare > 0)
    let (overkills, goods) = errors(found.policy, .reject) { $0 == 0 }
    #expect(overkills <= RatePromise(limit: 0.05, confidence: 0.9).mostErrors(trials: goods)!)
    // Lenient promises need no band.
    let wide = try promised(["escape<=40%@90%", "overkill<=40%@90%"])
    #expect(wide.policy.thresholds.review == wide.policy.thresholds.reject)
  }

  @Test func aClassMayBePromisedMore() throws {
    let found = try promised(["escape<=20%@90%", "crack<=5%@90%"])
    let own = try #require(found.policy.perClass["crack"])
    #expect(own.review <= found.policy.thresholds.review)
    let (escapes, cracks) = errors(found.policy, .accept) { $0 == 1 }
    #expect(escapes <= RatePromise(limit: 0.05, confidence: 0.9).mostErrors(trials: cracks)!)
    // The class's promise does not loosen the general one.
    let (all, defects) = errors(found.policy, .accept) { $0 != 0 }
    #expect(all <= RatePromise(limit: 0.2, confidence: 0.9).mostErrors(trials: defects)!)
  }

  /// A class's rule looks at its own probability where another class leads: such parts count with that.
  @Test func aCrackThatLooksLikeAStainIsHeldToItsOwnScore() throws {
    let hidden = (0..<60).map { index in
      CalibrationPart(id: "h\(index)", truth: 1, scores: [0.5, 0.1 + Float(index) * 0.001, 0.4 - Float(index) * 0.001])
    }
    let found = try promised(["crack<=5%@90%"], parts: hidden + (0..<50).map { part(0, Float($0) * 0.001) })
    let accepted = hidden.count {
      found.policy.decide(scores: $0.scores, labels: labels, goodIndex: 0).verdict == .accept
    }
    #expect(accepted <= RatePromise(limit: 0.05, confidence: 0.9).mostErrors(trials: 60)!)
    #expect(found.policy.perClass["crack"]!.review <= 0.15)
  }

  @Test func aBudgetIsSpentOnTheMostDoubtful() throws {
    let base = Policy(thresholds: try .init(reject: 0.5, review: 0.5))
    let found = try promised([], budget: 0.1, base: base)
    #expect(found.policy.thresholds.reject == 0.5 && found.policy.thresholds.review < 0.5)
    #expect(found.reviewShare <= 0.1 && found.reviewShare > 0.08)
    // With an escape rate promised, the budget takes parts off the rejected ones.
    let tight = try promised(["escape<=5%@90%"], budget: 0.1)
    #expect(tight.policy.thresholds.review == (try promised(["escape<=5%@90%"])).policy.thresholds.review)
    #expect(tight.policy.thresholds.reject > tight.policy.thresholds.review && tight.reviewShare <= 0.1)
    // Few defects in production: the good parts alone use up the budget.
    let rare = try promised([], budget: 0.1, defects: 0.001, base: base)
    #expect(rare.reviewShare <= 0.1 && rare.reviewShare > 0.08)
    let error = #expect(throws: PromiseError.self) {
      _ = try promised(["escape<=5%@90%", "overkill<=5%@90%"], budget: 0.01)
    }
    #expect(error?.description.contains("cannot be kept with the others") == true)
  }

  /// 0 errors in 59 parts bound a rate by 5 % at 95 %; for 1 % it takes 299.
  @Test func tooFewPartsAreSaid() {
    let few = Array(parts.prefix(59))
    #expect(throws: Never.self) { _ = try promised(["escape<=5%@95%"], parts: few) }
    let error = #expect(throws: PromiseError.self) { _ = try promised(["escape<=1%@95%"], parts: few) }
    let text = error?.description ?? ""
    #expect(text.contains("needs at least 299 defective parts to rest on, and there are 59"), "\(text)")
    #expect(text.contains("bounds the rate by 4.96 % at 95 %") && text.contains("add 240 more"), "\(text)")
    let none = #expect(throws: PromiseError.self) { _ = try promised(["overkill<=5%@95%"], parts: few) }
    #expect(none?.description.contains("it needs 59 good parts, and there are none") == true)
    let unknown = #expect(throws: PromiseError.self) { _ = try promised(["crak<=5%@95%"]) }
    #expect(unknown?.description.contains("names no class of defects of this model (crack, stain)") == true)
    #expect(throws: PromiseError.self) { _ = try promised(["good<=5%@95%"]) }
  }

  /// Good parts alone bear an overkill rate.
  @Test func goodPartsAloneBearAnOverkillRate() throws {
    let found = try promised(["overkill<=5%@95%"], parts: (0..<100).map { part(0, Float($0) * 0.005) })
    #expect(found.policy.thresholds.reject > 0.48 && found.evidence[0].trials == 100)
  }

  @Test func scoresThatAreNoNumbersAreRejected() throws {
    let bad = (0..<60).map { CalibrationPart(id: "n\($0)", truth: 1, scores: [.nan, 0, 0]) }
    let found = try promised(["escape<=5%@95%"], parts: bad)
    #expect(found.evidence[0].errors == 0 && found.policy.thresholds.reject <= 1)
  }

  @Test func theCardIsReadBack() throws {
    let found = try promised(["escape<=5%@90%", "crack<=10%@90%"])
    let card = PromiseCard(evidence: found.evidence, split: "val", parts: 400, digest: "ab", reviewShare: 0.25)
    #expect(PromiseCard(json: card.json) == card)
    #expect(PromiseCard(json: "{}") == nil && PromiseCard(json: "x") == nil)
    #expect(try Policy(json: found.policy.json) == found.policy)
  }
}
