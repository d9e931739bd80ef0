import Inspection
import Metrics
import Testing

@testable import Reporting

@Suite("Report of an agreement study")
struct AgreementReportTests {
  /// 25 good parts, 15 cracks and 10 stains, three repeats.
  ///
  /// - Parameter wrong: for a part's number, how many of the verdicts are wrong.
  private func appraiser(_ name: String, wrong: [Int: Int]) -> AgreementStudy.Appraiser {
    AgreementStudy.Appraiser(
      name: name,
      verdicts: (0..<50).map { part in
        let (right, other): (Verdict, Verdict) =
          part < 25 ? (.accept, part == 3 ? .review : .reject) : (.reject, .accept)
        return (0..<3).map { $0 < wrong[part] ?? 0 ? other : right }
      })
  }

  private func report(_ appraisers: [AgreementStudy.Appraiser]) -> AgreementReport {
    let parts = (0..<50).map { index in
      AgreementStudy.Part(
        id: "P\(index)", reference: index < 25 ? "good" : index < 40 ? "crack" : "stain <b>", isDefect: index >= 25)
    }
    return AgreementReport(
      subject: "plan", study: AgreementStudy(parts: parts, appraisers: appraisers),
      images: parts.map { "set/\($0.id).png" }, thumbnails: [3: [1, 2, 3]], provenance: Sample.provenance)
  }

  @Test("a sentence for each appraiser first, then figures and the parts in dispute")
  func figures() throws {
    let report = report([
      appraiser("anna", wrong: [7: 1]), appraiser("ben", wrong: [3: 2, 30: 1, 41: 1]),
      appraiser("<machine>", wrong: [:]),
    ])
    let text = report.render().text
    try Sample.keep(text, "agreement.html")
    #expect(HTMLChecker(text).faults == [])
    // 1 of 75 appraisals of good parts; 2 of 75 of defective and of good ones.
    let anna =
      "anna is acceptable: effectiveness 98.0% (acceptable), miss rate 0% (acceptable) and false alarm rate 1.3% "
      + "(acceptable)."
    let ben =
      "ben is marginal: effectiveness 94.0% (acceptable), miss rate 2.7% (marginal) and false alarm rate 2.7% "
      + "(acceptable)."
    #expect(AgreementReport.sentence(report.study.results[0]) == anna)
    #expect(AgreementReport.sentence(report.study.results[1]) == ben)
    #expect(text.contains(anna) && text.contains(ben) && text.contains("&lt;machine&gt; is acceptable"))
    let (sentence, table) = (try #require(text.firstRange(of: ben)), try #require(text.firstRange(of: "<table")))
    #expect(sentence.upperBound < table.lowerBound)
    #expect(text.contains("50 parts (25 good, 25 defective), 3 repeats, 3 appraisers"))
    #expect(text.contains("stain &lt;b&gt;") && !text.contains("stain <b>"))
    // Four parts are in dispute, the one with two wrong verdicts first, with its picture.
    #expect(text.contains("4 of 50 parts, those with"))
    #expect(text.contains("data:image/jpeg;base64,AQID"))
    let places = ["P3", "P7", "P30", "P41"].compactMap { text.firstRange(of: "<td>\($0)</td>")?.lowerBound }
    #expect(places.count == 4 && places == places.sorted())
    #expect(!text.contains("<td>P8</td>"))
    #expect(text.contains("anna and ben") && text.contains("All appraisers, all appraisals"))
  }

  @Test("one appraiser alone, and one who always says the same")
  func alone() {
    let right = report([appraiser("anna", wrong: [:])]).render().text
    #expect(HTMLChecker(right).faults == [])
    #expect(right.contains("None: all appraisals are right.") && !right.contains("All appraisers, all appraisals"))
    let blind = report([appraiser("anna", wrong: Dictionary(uniqueKeysWithValues: (25..<50).map { ($0, 3) }))])
    let text = blind.render().text
    #expect(HTMLChecker(text).faults == [])
    #expect(text.contains("anna is unacceptable: effectiveness 50.0% (unacceptable), miss rate 100% (unacceptable)"))
    #expect(text.contains("<td class=\"n\">none</td>"))
  }
}
