import Inspection
import Metrics
import Testing

/// Ten parts, three repeats, two appraisers. `a` accept, `r` reject, `v` review, which counts as reject. Numbers from
/// statsmodels 0.15.0, with `truth = [0] * 5 + [1] * 5` and `anna`, `ben` as arrays of 10 x 3 zeros (a) and ones (r, v):
///
///     cohens_kappa(table(anna.ravel(), repeat(truth, 3))): kappa, std_kappa, kappa_low, kappa_upp
///     fleiss_kappa(aggregate_raters(anna)[0])
///     fleiss_kappa(aggregate_raters(hstack([anna, ben]))[0])
///     proportion_confint(count, total, 0.05, method="beta")
enum WorkedStudy {
  static let references = [
    "good", "good", "good", "good", "good", "crack", "crack", "crack", "stain", "stain",
  ]
  static let anna = "aaa aaa aav aaa aaa rrr rar rrr rvr rrr"
  static let ben = "aaa aar aaa rrr aaa rrr rrr aar rrr rrr"

  static func verdicts(_ text: String) -> [[Verdict]] {
    let meanings: [Character: Verdict] = ["a": .accept, "r": .reject, "v": .review]
    return text.split(separator: " ").map { part in part.compactMap { meanings[$0] } }
  }

  static func study(_ appraisers: [(name: String, verdicts: String)]) -> AgreementStudy {
    AgreementStudy(
      parts: references.enumerated().map {
        AgreementStudy.Part(id: "P\($0.offset + 1)", reference: $0.element, isDefect: $0.element != "good")
      },
      appraisers: appraisers.map { AgreementStudy.Appraiser(name: $0.name, verdicts: verdicts($0.verdicts)) })
  }

  static let both = study([("anna", anna), ("ben", ben)])
}

@Suite("Agreement study")
struct AgreementStudyTests {
  private func expect(
    _ share: AgreementStudy.Share, _ count: Int, of total: Int, _ low: Double, _ high: Double,
    _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(share.count == count && share.total == total, sourceLocation: place)
    #expect(abs(share.rate.value - Double(count) / Double(total)) < 1e-15, sourceLocation: place)
    #expect(abs(share.rate.low - low) < 1e-9 && abs(share.rate.high - high) < 1e-9, sourceLocation: place)
  }

  private func expect(
    _ kappa: CohensKappa, _ value: Double, _ error: Double, _ low: Double, _ high: Double,
    _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(kappa.value - value) < 1e-9 && abs(kappa.standardError - error) < 1e-9, sourceLocation: place)
    #expect(abs(kappa.low - low) < 1e-9 && abs(kappa.high - high) < 1e-9, sourceLocation: place)
  }

  @Test("shares of parts and of appraisals, with exact intervals")
  func shares() {
    let study = WorkedStudy.both
    #expect(study.goods == 5 && study.defects == 5 && study.repeats == 3)
    let (anna, ben) = (study.results[0], study.results[1])
    expect(anna.within, 8, of: 10, 0.4439045376923585, 0.9747892736731666)
    expect(anna.effectiveness, 8, of: 10, 0.4439045376923585, 0.9747892736731666)
    expect(anna.misses, 1, of: 15, 0.0016864302413527013, 0.3194845665783034)
    expect(anna.falseAlarms, 1, of: 15, 0.0016864302413527013, 0.3194845665783034)
    expect(ben.within, 8, of: 10, 0.4439045376923585, 0.9747892736731666)
    expect(ben.effectiveness, 7, of: 10, 0.3475471499400027, 0.9332604888222655)
    expect(ben.misses, 2, of: 15, 0.016575913440083623, 0.4046026966033721)
    expect(ben.falseAlarms, 4, of: 15, 0.07787154629104358, 0.5510032410369705)
    expect(study.allAgree, 5, of: 10, 0.18708602844739855, 0.8129139715526015)
    expect(study.allAgreeWithReference, 5, of: 10, 0.18708602844739855, 0.8129139715526015)
  }

  @Test("kappas against the reference, of repeats, of pairs and of all")
  func kappas() throws {
    let study = WorkedStudy.both
    let (anna, ben) = (study.results[0], study.results[1])
    expect(
      anna.referenceKappa, 0.8666666666666667, 0.09108400680852974, 0.6881452937543473, 1.045188039578986)
    expect(ben.referenceKappa, 0.6, 0.144755221232514, 0.31628497981014486, 0.8837150201898554)
    #expect(abs(try #require(anna.withinKappa) - 0.7333333333333332) < 1e-9)
    #expect(abs(try #require(ben.withinKappa) - 0.7285067873303166) < 1e-9)
    #expect(study.pairs.count == 1 && study.pairs[0].first == 0 && study.pairs[0].second == 1)
    expect(study.pairs[0].kappa, 0.46666666666666656, 0.16003291842437878, 0.15300791021404764, 0.7803254231192855)
    #expect(abs(try #require(study.betweenKappa) - 0.5714285714285715) < 1e-9)
  }

  @Test("reviews count as rejects, and besides")
  func reviews() {
    let anna = WorkedStudy.both.results[0]
    #expect(anna.reviews.count == 2 && anna.reviews.total == 30 && anna.reviewedGoods == 1)
    #expect(WorkedStudy.both.results[1].reviews.count == 0)
  }

  @Test("misses of each class of defects")
  func classes() {
    let study = WorkedStudy.both
    #expect(study.defectClasses == ["crack", "stain"])
    for (result, missed) in zip(study.results, [1, 2]) {
      #expect(result.missesByClass.map(\.label) == ["crack", "stain"])
      #expect(result.missesByClass.map(\.misses.count) == [missed, 0])
      #expect(result.missesByClass.map(\.misses.total) == [9, 6])
    }
    let (one, two) = (study.results[0].missesByClass[0].misses, study.results[1].missesByClass[0].misses)
    expect(one, 1, of: 9, 0.002809136746599214, 0.4824965149173371)
    expect(two, 2, of: 9, 0.028144973477898197, 0.6000935737163122)
  }

  @Test("parts in dispute, the worst first")
  func disputed() {
    #expect(WorkedStudy.both.disputed == [3, 7, 1, 2, 6])
    let right = WorkedStudy.study([("anna", "aaa aaa aaa aaa aaa rrr rrr rrr rrr rrr")])
    #expect(right.disputed == [] && right.pairs.isEmpty && right.results[0].rating == .acceptable)
    #expect(right.results[0].referenceKappa.value == 1 && right.betweenKappa == 1)
  }

  @Test("what cannot be told is nil or no number")
  func degenerate() throws {
    let once = WorkedStudy.study([("anna", "a a a a a r r r r a")])
    #expect(once.repeats == 1 && once.results[0].withinKappa == nil && once.betweenKappa == nil)
    #expect(once.results[0].misses.count == 1 && once.results[0].within.count == 10)
    let blind = WorkedStudy.study([("anna", "aa aa aa aa aa aa aa aa aa aa"), ("ben", "aa aa aa aa aa aa aa aa aa aa")])
    #expect(try #require(blind.results[0].withinKappa).isNaN && blind.pairs[0].kappa.value.isNaN)
    #expect(blind.results[0].referenceKappa.value == 0 && blind.results[0].rating == .unacceptable)
    let json = try JSON(parsing: blind.json)
    #expect(json["between_fleiss_kappa"] == .null && json["pairs"]?.arrayValue?[0]["cohens_kappa"]?["value"] == .null)
  }

  @Test(
    "the limits are held to the count",
    arguments: [
      (45, 50, .acceptable), (44, 50, .marginal), (40, 50, .marginal), (39, 50, .unacceptable),
    ] as [(Int, Int, AgreementRating)])
  func effectiveness(_ count: Int, _ total: Int, _ rating: AgreementRating) {
    #expect(AgreementRating.ofEffectiveness(AgreementStudy.Share(count, of: total)) == rating)
  }

  @Test("misses up to 2 and 5 %, false alarms up to 5 and 10 %; the worst decides")
  func limits() {
    let shares = [2, 3, 5, 6, 10, 11].map { AgreementStudy.Share($0, of: 100) }
    #expect(
      shares.map(AgreementRating.ofMisses)
        == [.acceptable, .marginal, .marginal, .unacceptable, .unacceptable, .unacceptable])
    #expect(
      shares.map(AgreementRating.ofFalseAlarms)
        == [.acceptable, .acceptable, .acceptable, .marginal, .marginal, .unacceptable])
    // One false alarm in 15 is marginal, one miss in 15 unacceptable.
    #expect(WorkedStudy.both.results[0].rating == .unacceptable)
    let alarm = WorkedStudy.study([("anna", "aaa aaa aar aaa aaa rrr rrr rrr rrr rrr")])
    #expect(alarm.results[0].rating == .marginal)
  }

  @Test("msa.json holds the figures")
  func json() throws {
    let json = try JSON(parsing: WorkedStudy.both.json)
    #expect(json["parts"]?.intValue == 10 && json["repeats"]?.intValue == 3)
    let ben = try #require(json["appraisers"]?.arrayValue?[1])
    #expect(ben["name"]?.stringValue == "ben" && ben["rating"]?.stringValue == "unacceptable")
    #expect(ben["effectiveness"]?["count"]?.intValue == 7 && ben["effectiveness"]?["value"]?.doubleValue == 0.7)
    #expect(ben["false_alarm_rate"]?["rating"]?.stringValue == "unacceptable")
    #expect(ben["misses_by_class"]?["crack"]?["count"]?.intValue == 2)
    let part = try #require(json["verdicts"]?.arrayValue?[2])
    #expect(part["appraisers"]?["anna"] == .array([.string("accept"), .string("accept"), .string("review")]))
  }
}
