import Inspection
import Metrics
import Testing

@testable import Reporting

@Suite("Comparison of two models")
struct ComparisonReportTests {
  private typealias Judgements = ModelComparison.Judgements

  /// `parts` of each of good, crack and stain; a model is wrong on each part for which `isWrong` says so: it takes a good
  /// part for a crack and accepts a defective one.
  private func report(_ parts: Int, _ wrong: [(Int) -> Bool]) -> ComparisonReport {
    let labels = ["good", "crack", "<stain>"]
    let truth = (0..<3 * parts).map { $0 / parts }
    let sides = wrong.map { isWrong in
      var side = Judgements()
      for (index, label) in truth.enumerated() {
        let predicted = isWrong(index) ? (label == 0 ? 1 : 0) : label
        side.probabilities += (0..<3).map { $0 == predicted ? 0.9 : 0.05 as Float }
        side.accepted.append(predicted == 0)
        side.reviewed.append(false)
      }
      return side
    }
    let flips = truth.indices.filter { wrong[0]($0) != wrong[1]($0) }.map { index in
      let judged = wrong.map { isWrong -> ComparisonReport.Flip.Judged in
        let predicted = isWrong(index) ? (truth[index] == 0 ? 1 : 0) : truth[index]
        return .init(verdict: predicted == 0 ? .accept : .reject, predicted: predicted, score: 0.9)
      }
      return ComparisonReport.Flip(
        id: "part-\(index)", source: "parts/\(index).png", truth: truth[index], first: judged[0], second: judged[1],
        thumbnail: Sample.thumbnail(index))
    }
    let models = ["old", "new & bold"].map {
      ComparisonReport.Model(
        identity: ModelIdentity(name: $0, sha256: String(repeating: "5f", count: 32)), path: "\($0).onnx",
        policy: Sample.policy)
    }
    return ComparisonReport(
      subject: "tiles, test",
      comparison: ModelComparison(
        sides[0], sides[1], truth: truth, labels: labels, good: 0, resamples: 300),
      models: models, flips: flips, provenance: Sample.provenance, unreadable: ["a<b.png"])
  }

  @Test("B is better: sentence, figures, page and file say the same")
  func better() throws {
    // A: every fourth is wrong; B: every twentieth.
    let report = report(80, [{ $0 % 4 == 0 }, { $0 % 20 == 0 }])
    let c = report.comparison
    let change = try #require(c.macroF1)
    #expect(change.low > 0)
    let sentences = report.sentences
    #expect(sentences[0].hasPrefix("B is better: macro-F1 +0."), "\(sentences)")
    #expect(
      sentences.last?.hasPrefix(
        "At its own thresholds B lets 32 fewer defects through (8 of 160, A 40) and rejects 16 fewer good parts "
          + "(4 of 80, A 20); McNemar's exact test of right verdicts: p < 0.001.") == true, "\(sentences)")
    let text = report.render().text
    try Sample.keep(text, "comparison.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(page.text.contains("B is better: macro-F1 +0.") && page.text.contains("new &amp; bold"))
    #expect(page.text.contains("a&lt;b.png"))
    let rows = try #require(try JSON(parsing: page.json)["items"]?.arrayValue)
    #expect(rows.count == 48 && report.flips.count == 48)
    let json = try JSON(parsing: report.json)
    #expect(json["parts"]?.intValue == 240 && json["flips"]?.intValue == 48)
    #expect(json["difference"]?["macro_f1"]?["low"]?.doubleValue == change.low)
    #expect(json["mcnemar"]?["verdict"]?["only_b_right"]?.intValue == c.verdicts?.onlySecond)
    #expect(json["mcnemar"]?["class"]?["only_a_right"]?.intValue == 0)
    #expect(json["a"]?["name"]?.stringValue == "old" && json["b"]?["escape_rate"]?["value"]?.doubleValue == 0.05)
    #expect(json["flipped"]?.arrayValue?.allSatisfy { $0["change"]?.stringValue == "better" } == true)
  }

  @Test("A is better, and the sign is the leader's")
  func worse() {
    let sentences = report(80, [{ $0 % 20 == 0 }, { $0 % 4 == 0 }]).sentences
    #expect(sentences[0].hasPrefix("A is better: macro-F1 +0.") && !sentences[0].contains("-0"), "\(sentences)")
    #expect(sentences.last?.contains("B lets 32 more defects through") == true)
  }

  @Test("no clear difference")
  func same() {
    let report = report(10, [{ $0 == 3 || $0 == 25 }, { $0 == 4 || $0 == 26 }])
    #expect(
      report.sentences[0].hasPrefix("No clear difference on these 30 parts: macro-F1 of B less that of A is +0.000"))
    #expect(report.sentences.last?.contains("B lets as many defects through (1 of 20, A 1)") == true)
    #expect(report.sentences.last?.contains("p = 1.000") == true)
  }

  @Test("those that got worse come first, an escape before an overkill")
  func order() {
    let report = report(10, [{ [5, 15].contains($0) }, { [2, 12].contains($0) }])
    #expect(report.flips.map(\.id) == ["part-12", "part-2", "part-5", "part-15"])
    #expect(report.flips.map { $0.worsening(good: 0) } == [4.5, 2.5, -2.5, -4.5])
    #expect(report.flips[0].worsening(good: nil) == 0.5)
  }

  @Test("two equal models")
  func equal() throws {
    let report = report(5, [{ $0 == 1 }, { $0 == 1 }])
    let page = HTMLChecker(report.render().text)
    #expect(page.faults == [] && page.text.contains("None: both give every part the same class and verdict."))
    #expect(try JSON(parsing: report.json)["flipped"] == .array([]))
  }
}

@Suite("Report of a challenge")
struct ChallengeReportTests {
  private func record(_ mismatches: [ChallengeRecord.Mismatch]) -> ChallengeRecord {
    ChallengeRecord(
      time: Sample.provenance.started, model: ModelIdentity(name: "washers", sha256: "ab"), policy: Sample.policy,
      set: "known/<parts>", digest: "0f", isExact: false, goodParts: 10, defectiveParts: 12, mismatches: mismatches)
  }

  @Test func passed() throws {
    let text = ChallengeReport(record([]), provenance: Sample.provenance).render().text
    try Sample.keep(text, "challenge.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [] && page.text.contains("Passed: all 22 known parts were judged as they must be."))
    #expect(page.text.contains("known/&lt;parts&gt;"))
  }

  @Test func notPassed() throws {
    var report = ChallengeReport(
      record([
        .init(
          id: "c<1", source: "known/c1.png", truth: "crack", verdict: .accept, label: "good", score: 0.91, reasons: []),
        .init(
          id: "g2", source: "known/g2.png", truth: "good", verdict: .reject, label: "unreadable", score: .nan,
          reasons: ["cut off"]),
      ]), provenance: Sample.provenance)
    report.add(thumbnail: Sample.thumbnail(3), id: "c<1")
    let text = report.render().text
    try Sample.keep(text, "challenge-failed.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(page.text.contains("NOT PASSED: 2 of 22 known parts were not judged as they must be."))
    #expect(page.text.contains("c&lt;1") && page.text.contains("cut off") && page.text.contains("no score"))
    #expect(try JSON(parsing: page.json)["items"]?.arrayValue?.count == 2)
  }
}
