import Inspection
import Metrics
import Testing

@testable import Reporting

@Suite struct EvaluationReportTests {
  @Test func pageAndFiguresAgree() throws {
    let report = Sample.evaluation(parts: 600, good: 0, thumbnail: Sample.thumbnail)
    let text = report.render().text
    try Sample.keep(text, "evaluate.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    let e = report.evaluation
    #expect(page.text.contains("\(e.confusion.correct) of 600 parts were given their true class"))
    let errors = try #require(e.errors)
    #expect(page.text.contains("\(errors.escapes) of 300 defective parts would have been accepted"))
    let data = try JSON(parsing: page.json)
    let rows = try #require(data["items"]?.arrayValue).map { $0.arrayValue ?? [] }
    func count(_ kind: Int) -> Int { rows.count { $0[2].arrayValue?[2].intValue == kind } }
    #expect(count(0) == errors.escapes && count(1) == errors.overkills)
    #expect(errors.overkills > 0, "or the sample tests little")
  }

  @Test func withoutAGoodClass() throws {
    let report = Sample.evaluation(parts: 200, good: nil, thumbnail: Sample.thumbnail)
    let text = report.render().text
    try Sample.keep(text, "evaluate-defects.html")
    #expect(HTMLChecker(text).faults == [] && !text.contains("Escape rate") && !text.contains("Escaped"))
    let json = try JSON(parsing: report.evaluation.json)
    #expect(json["auroc"] == .null && json["escape_rate"] == .null && json["regions"] == .null)
  }

  @Test func nothingMisjudged() {
    let evaluation = Evaluation(
      probabilities: [1, 0, 0, 1], truth: [0, 1], labels: ["good", "bad"], good: 0, judgedGood: [true, false])
    let report = EvaluationReport(
      subject: "two", evaluation: evaluation, policy: Policy(), provenance: Sample.provenance,
      unreadable: [("a<b", "gone")])
    let page = HTMLChecker(report.render().text)
    #expect(page.faults == [] && page.text.contains("None: every part was judged right."))
    #expect(page.text.contains("a&lt;b"))
  }

  @Test func metricsFile() throws {
    let evaluation = Evaluation(
      probabilities: [0.9, 0.1, 0.2, 0.8, 0.7, 0.3, .nan, 0.5], truth: [0, 1, 1, 1], labels: ["good", "bad"], good: 0,
      judgedGood: [true, false, true, false])
    let json = try JSON(parsing: evaluation.json)
    #expect(json["accuracy"]?.doubleValue == 0.5 && json["parts"]?.intValue == 4)
    #expect(json["auroc"]?.doubleValue == 1)
    #expect(json["escape_rate"]?["value"]?.doubleValue == 1.0 / 3)
    #expect(json["escape_rate"]?["low"]?.doubleValue == evaluation.errors?.escapeRate.low)
    #expect(json["overkill_rate"]?["high"]?.doubleValue == evaluation.errors?.overkillRate.high)
    #expect(json["per_class"]?["bad"]?["recall"]?.doubleValue == 1.0 / 3)
    #expect(
      json["confusion"]?["matrix"]
        == .array([.array([.number("1"), .number("0")]), .array([.number("1"), .number("1")])]))
    #expect(json["confusion"]?["undetermined"] == .array([.number("0"), .number("1")]))
    #expect(
      json.objectValue?.map(\.key).prefix(5) == ["parts", "accuracy", "accuracy_interval", "macro_f1", "auroc"])
  }
}

@Suite struct TrainingReportTests {
  @Test func page() throws {
    let report = Sample.training(thumbnail: Sample.thumbnail)
    let text = report.render().text
    try Sample.keep(text, "training.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(page.text.contains("2,000 steps in 2 min") && page.text.contains("The weights of step 1,650 were kept"))
    #expect(try JSON(parsing: page.json)["items"]?.arrayValue?.count == 36)
    #expect((page.tags["svg"] ?? 0) >= 3)
  }

  @Test func aTrainingThatHadNoTimeIsAPageToo() {
    var report = Sample.training { _ in nil }
    report.validations = []
    report.examples = []
    report.evaluation = nil
    report.chosenStep = nil
    #expect(HTMLChecker(report.render().text).faults == [])
    report.validations = [.init(step: 1, trainingLoss: .nan, learningRate: 0.001, seconds: 1)]
    let page = HTMLChecker(report.render().text)
    #expect(page.faults == [] && page.text.contains("Nothing was recorded."))
  }
}
