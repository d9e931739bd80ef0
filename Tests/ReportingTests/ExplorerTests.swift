import Inspection
import Metrics
import Testing

@testable import Reporting

@Suite struct ExplorerTests {
  /// An evaluation with all its parts, and the page's parts.
  private func sample(_ count: Int, good: Int?, policy: Policy = Sample.policy) -> (
    report: EvaluationReport, parts: JudgedParts
  ) {
    var random = Sample.Generator(state: 21)
    var parts = JudgedParts(good: good)
    var table: [Float] = []
    var truth: [Int] = []
    for index in 0..<count {
      let label = index % 3 == 0 ? 1 + Int(random.next() * 5) : 0
      let p = index == 7 ? Sample.labels.map { _ in Float.nan } : Sample.probabilities(label, &random)
      let verdict = policy.decide(scores: p, labels: Sample.labels, goodIndex: good).verdict
      parts.add(id: "\(Sample.labels[label])-\(index)", truth: label, probabilities: p, verdict: verdict)
      table += p
      truth.append(label)
    }
    let verdicts = parts.verdicts
    let evaluation = Evaluation(
      probabilities: table, truth: truth, labels: Sample.labels, good: good,
      judgedGood: verdicts.map { $0 == .accept }, isReviewed: verdicts.map { $0 == .review })
    var report = EvaluationReport(
      subject: "my washers, test", evaluation: evaluation, policy: policy, provenance: Sample.provenance)
    for index in truth.indices {
      let p = Array(table[index * Sample.labels.count..<(index + 1) * Sample.labels.count])
      report.addScore(p, truth: truth[index])
      if parts.isMisjudged(index) {
        report.add(
          .init(
            id: parts.ids[index], source: "\(index).png", truth: truth[index], predicted: parts.predicted[index],
            verdict: verdicts[index], probabilities: p, thumbnail: Sample.thumbnail(index)))
      }
    }
    for index in parts.pictureOrder(policy) {
      if let jpeg = Sample.thumbnail(index) { parts.keep(jpeg, of: index) }
    }
    report.judged = parts
    return (report, parts)
  }

  /// The data block of the explorer's script.
  private func data(_ page: String) throws -> JSON {
    let mark = "<script type=\"application/json\" id=\"judged\">"
    let tail = try #require(page.split(separator: mark, maxSplits: 1).last)
    let block = try #require(tail.split(separator: "</script>", maxSplits: 1).first)
    return try JSON(parsing: Array(block.utf8))
  }

  @Test func thePageHoldsEveryPart() throws {
    let (made, parts) = sample(600, good: 0)
    var report = made
    let promise = try Promise(parsing: "escape<=20%@90%")
    let found = try #require(
      PromisedThreshold(escape: promise.rate, defectScores: (0..<40).map { Double(Float($0) / 40) }))
    report.promises = [PromiseEvidence(promise, found)]
    report.costs = DecisionCosts(escape: 50, overkill: 2, review: 0.5)
    report.defectRate = 0.01
    let text = report.render().text
    try Sample.keep(text, "evaluate-explorer.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    let errors = try #require(report.evaluation.errors)
    #expect(page.text.contains("accepted: escaped\(errors.escapes)"))
    #expect(page.text.contains("rejected: overkill\(errors.overkills)"))
    #expect(errors.reviews > 0 && errors.overkills > 0, "or the sample tests little")
    let counts = try #require(parts.counts)
    let cost = try #require(report.costs?.cost(of: counts, defectRate: 0.01))
    #expect(page.text.contains("of 1000 parts\(Format.fixed(1000 * cost, 2))"))
    #expect(page.text.contains("escape&lt;=20%@90%"))

    let data = try data(text)
    #expect(data["ids"]?.arrayValue?.compactMap(\.stringValue) == parts.ids)
    #expect(data["truth"]?.arrayValue?.compactMap(\.intValue) == parts.truth)
    #expect(data["predicted"]?.arrayValue?[7].intValue == -1)
    let digits: [Verdict: String] = [.accept: "0", .review: "1", .reject: "2"]
    #expect(data["verdicts"]?.stringValue == parts.verdicts.compactMap { digits[$0] }.joined())
    #expect(data["explorer"]?["reject"]?.doubleValue == 0.5 && data["explorer"]?["share"]?.doubleValue == 0.01)
    let thumbnails = try #require(data["thumbnails"]?.objectValue)
    #expect(!thumbnails.isEmpty && thumbnails.allSatisfy { !parts.isMisjudged(Int($0.key) ?? -1) })
    // Four bytes a part, the lowest first.
    let scores = try #require(data["scores"]?.stringValue)
    #expect(scores.utf8.count == 3200)
    let bits = parts.scores.flatMap { score in (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * $0)) } }
    #expect(scores == base64(bits))
  }

  @Test func cellsOpenWithoutAGoodClassToo() throws {
    let (report, _) = sample(90, good: nil)
    let text = report.render().text
    #expect(HTMLChecker(text).faults == [])
    #expect(!text.contains("id=\"explorer\"") && text.contains("data-cell=\"1 1\""))
    #expect(try data(text)["explorer"] == nil)
    #expect(text.contains("data-cell=\"0 -1\""), "the one without a verdict")
  }

  @Test func aSetOfOneKindHasNoCurve() {
    var parts = JudgedParts(good: 0)
    for index in 0..<5 { parts.add(id: "\(index)", truth: 0, probabilities: [0.9, 0.1], verdict: .accept) }
    let evaluation = Evaluation(
      probabilities: (0..<5).flatMap { _ in [0.9, 0.1] as [Float] }, truth: [0, 0, 0, 0, 0], labels: ["good", "<bad>"],
      good: 0, judgedGood: [true, true, true, true, true])
    var policy = Policy()
    policy.perClass = ["<bad>": .even]
    var report = EvaluationReport(
      subject: "good ones", evaluation: evaluation, policy: policy, provenance: Sample.provenance)
    report.judged = parts
    report.defectRate = 0.1
    let page = HTMLChecker(report.render().text)
    #expect(page.faults == [])
    #expect(page.text.contains("the set has one kind only") && page.text.contains("of 1000 partsunknown"))
    #expect(page.text.contains("has its own rules for &lt;bad&gt;"))
  }

  /// Python: `beta.ppf([.025, .975], [k, k + 1], [n - k + 1, n - k])` of scipy.stats.
  @Test func bandsAreExactBounds() throws {
    let sweep = ThresholdSweep(
      scores: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
      isDefect: [false, false, true, false, true, false, true, true])
    let bands = operatingBands(sweep)
    #expect(bands.map(\.overkill) == [1, 0.75, 0.5, 0.5, 0.25, 0.25, 0, 0, 0])
    #expect(bands.map(\.escape.value) == [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 1])
    #expect(bands[0].escape.low == 0 && abs(bands[0].escape.high - 0.6023646356164746) < 1e-9)
    #expect(abs(bands[3].escape.low - 0.006309463209709866) < 1e-9)
    #expect(abs(bands[3].escape.high - 0.8058795503167565) < 1e-9)
    #expect(abs(bands[5].escape.low - 0.06758598648854294) < 1e-9)
    #expect(abs(bands[8].escape.low - 0.3976353643835253) < 1e-9 && bands[8].escape.high == 1)
  }

  @Test func bandsStayFew() throws {
    var random = Sample.Generator(state: 3)
    var scores: [Float] = []
    var isDefect: [Bool] = []
    for index in 0..<20_000 {
      isDefect.append(index % 4 == 0)
      scores.append(Float(isDefect[index] ? random.next().squareRoot() : random.next() * random.next()))
    }
    let sweep = ThresholdSweep(scores: scores, isDefect: isDefect)
    #expect(sweep.points.count > 10_000)
    let bands = operatingBands(sweep)
    #expect(bands.count > 100 && bands.count <= 200)
    #expect(bands.first?.overkill == 1 && bands.last?.escape.value == 1 && bands.last?.overkill == 0)
    for (a, b) in zip(bands, bands.dropFirst()) {
      #expect(a.threshold < b.threshold && a.overkill >= b.overkill && a.escape.value <= b.escape.value)
    }
  }

  @Test func promisesAreMeasuredOnTheSet() throws {
    var parts = JudgedParts(good: 0)
    let judged: [(Float, Int)] = [(0.1, 0), (0.6, 0), (0.4, 1), (0.5, 1), (0.9, 1), (.nan, 1)]
    for (score, truth) in judged {
      parts.add(id: "\(score)", truth: truth, probabilities: [1 - score, score], verdict: .accept)
    }
    // The promise allows none of 22 wrong, and so takes the lowest score.
    let promise = try Promise(parsing: "escape<=10%@90%")
    let found = try #require(
      PromisedThreshold(escape: promise.rate, defectScores: (0..<22).map { 0.5 + Double($0) / 64 }))
    let own = try Promise(parsing: "crack<=10%@90%")
    let explorer = try #require(
      Explorer(
        parts, policy: Policy(), costs: nil, defectRate: nil,
        promises: [PromiseEvidence(promise, found), PromiseEvidence(own, found)]))
    #expect(explorer.costs == .usual)
    #expect(
      explorer.marks == [
        PromisedMark(name: "escape<=10%@90%", isEscape: true, limit: 0.1, overkill: 0.5, escape: 0.25)
      ])
  }

  @Test func picturesOfThoseThatChangeSidesFirst() throws {
    var parts = JudgedParts(good: 0)
    let judged: [(Float, Int)] = [
      (0.01, 0), (0.16, 0), (0.1, 0), (0.99, 1), (0.55, 1), (0.3, 0), (.nan, 1), (0.02, 0),
    ]
    for (score, truth) in judged {
      parts.add(
        id: "\(score)", truth: truth, probabilities: [1 - score, score],
        verdict: score < 0.2 ? .accept : score < 0.5 ? .review : .reject)
    }
    #expect(parts.isMisjudged(5) && parts.isMisjudged(6) && !parts.isMisjudged(3))
    let policy = Policy(thresholds: try Policy.Thresholds(reject: 0.5, review: 0.2))
    #expect(parts.pictureOrder(policy, ofEachClass: 1) == [1, 4, 2, 7, 0, 3])
    #expect(parts.pictureOrder(policy, most: 3) == [1, 4, 2])
    let kept = parts.keep(Array(repeating: 0, count: JudgedParts.byteLimit - 1), of: 1)
    let tooMuch = parts.keep([1, 2], of: 2)
    let last = parts.keep([1], of: 4)
    #expect(kept && !tooMuch && last)
  }
}
