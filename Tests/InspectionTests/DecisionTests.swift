import Inspection
import Metrics
import Testing

@Suite struct DecisionTests {
  static let line =
    #"{"id":"scratch-014","source":"Datasets/washers/scratch-014.jpg","frame":{"sequence":14,"timestamp":"2026-01-31T09:14:03.201Z","width":256,"height":256},"decision":"reject","label":"scratch","score":0.987,"scores":{"good":0.011,"scratch":0.987,"stain":0.002},"regions":[{"label":"scratch","box":[88,41,60,12],"score":0.98}],"reasons":["scratch 0.987 >= 0.50"],"model":{"name":"washers","sha256":"ab"},"timings_ms":{"read":1.9,"prepare":0.6,"infer":1.1,"report":2.4},"annotated":"annotated/scratch-014.jpg"}"#

  static var sample: Decision {
    Decision(
      id: "scratch-014", source: "Datasets/washers/scratch-014.jpg",
      frame: .init(sequence: 14, timestamp: Timestamp(milliseconds: 1_769_850_843_201), width: 256, height: 256),
      judgement: Judgement(.reject, "scratch", 0.987, ["scratch 0.987 >= 0.50"]),
      scores: [LabelScore("good", 0.011), LabelScore("scratch", 0.987), LabelScore("stain", 0.002)],
      regions: [DefectRegion(label: "scratch", box: Box(x: 88, y: 41, width: 60, height: 12), score: 0.98)],
      model: ModelIdentity(name: "washers", sha256: "ab"),
      timings: [
        StageTiming("read", 1.9), StageTiming("prepare", 0.6), StageTiming("infer", 1.1), StageTiming("report", 2.4),
      ], annotated: "annotated/scratch-014.jpg")
  }

  @Test func writesTheDocumentedLine() {
    #expect(String(decoding: Self.sample.jsonLine, as: UTF8.self) == Self.line + "\n")
  }

  @Test func readsItBack() throws {
    #expect(try Decision(jsonLine: Array(Self.line.utf8)) == Self.sample)
  }

  @Test func aScoreThatIsNotANumberStaysOne() throws {
    var odd = Self.sample
    odd.score = .nan
    odd.scores = [LabelScore("good", .nan), LabelScore("scratch", .infinity)]
    odd.annotated = nil
    let back = try Decision(jsonLine: odd.jsonLine)
    #expect(back.score.isNaN && back.scores.allSatisfy { $0.score.isNaN } && back.annotated == nil)
    #expect(back.jsonLine == odd.jsonLine)
  }

  @Test func hostileTextSurvives() throws {
    var odd = Self.sample
    odd.id = "a\"b\\c\n<&>\u{7f}é"
    odd.source = FileName.text([0x61, 0xFF, 0x2F, 0x62])
    #expect(try Decision(jsonLine: odd.jsonLine) == odd)
    #expect(odd.jsonLine.filter { $0 == 0x0A }.count == 1)
    #expect(FileName.bytes(odd.source) == [0x61, 0xFF, 0x2F, 0x62])
  }

  @Test func unknownMembersAreSkippedMissingOnesNamed() throws {
    #expect(try Decision(jsonLine: Array(("{\"new\":[1]," + Self.line.dropFirst()).utf8)) == Self.sample)
    let without = Self.line.replacing("\"decision\":\"reject\",", with: "")
    let error = #expect(throws: DecisionError.self) { try Decision(jsonLine: Array(without.utf8)) }
    #expect(error?.description == "not a decision: \"decision\" is missing or of the wrong kind")
  }

  @Test func csv() {
    #expect(
      Self.sample.csvLine
        == "scratch-014,Datasets/washers/scratch-014.jpg,14,2026-01-31T09:14:03.201Z,256,256,reject,scratch,0.987,"
        + "good=0.011 scratch=0.987 stain=0.002,scratch@88:41:60:12=0.98,scratch 0.987 >= 0.50,washers,ab,6,"
        + "annotated/scratch-014.jpg,,\r\n")
    let columns = Decision.csvHeader.split(separator: ",").count
    #expect(columns == Self.sample.csvLine.split(separator: ",", omittingEmptySubsequences: false).count)
    #expect(csvField("a,b") == "\"a,b\"" && csvField("a\"b") == "\"a\"\"b\"" && csvField("a\r\nb") == "\"a\r\nb\"")
    #expect(csvField("plain text; ü") == "plain text; ü")
  }
}

@Suite struct PolicyTests {
  let labels = ["good", "scratch", "stain"]

  private func policy(_ reject: Float, _ review: Float) throws -> Policy {
    Policy(thresholds: try .init(reject: reject, review: review))
  }

  @Test func threeVerdicts() throws {
    let policy = try policy(0.5, 0.2)
    let good = policy.decide(scores: [0.9, 0.06, 0.04], labels: labels, goodIndex: 0)
    #expect(good == Judgement(.accept, "good", 0.9, []))
    let bad = policy.decide(scores: [0.011, 0.987, 0.002], labels: labels, goodIndex: 0)
    #expect(bad == Judgement(.reject, "scratch", 0.987, ["scratch 0.987 >= 0.50"]))
    let doubtful = policy.decide(scores: [0.7, 0.05, 0.25], labels: labels, goodIndex: 0)
    #expect(doubtful == Judgement(.review, "stain", 0.25, ["stain 0.250 >= 0.20"]))
  }

  @Test func defectsTogetherCanReject() throws {
    let judgement = try policy(0.5, 0.5).decide(scores: [0.375, 0.3125, 0.3125], labels: labels, goodIndex: 0)
    #expect(judgement.verdict == .reject && judgement.label == "scratch")
    #expect(judgement.reasons == ["defect 0.625 >= 0.50 (scratch 0.313)"])
  }

  @Test func theThresholdItselfRejects() throws {
    #expect(try policy(0.5, 0.5).decide(scores: [0.5, 0.5, 0], labels: labels, goodIndex: 0).verdict == .reject)
    #expect(
      try policy(0.5, 0.5).decide(scores: [Float(0.5).nextUp, 0.4, 0], labels: labels, goodIndex: 0).verdict
        == .accept)
    #expect(try policy(1, 1).decide(scores: [0, 1, 0], labels: labels, goodIndex: 0).verdict == .reject)
    #expect(try policy(0, 0).decide(scores: [1, 0, 0], labels: labels, goodIndex: 0).verdict == .reject)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN], [0, 1, 2])
  func whatIsNotANumberIsNeverAccepted(bad: Float, place: Int) throws {
    var scores: [Float] = [0.98, 0.01, 0.01]
    scores[place] = bad
    for good in [0, nil] as [Int?] {
      let judgement = try policy(0.5, 0.2).decide(scores: scores, labels: labels, goodIndex: good)
      #expect(judgement.verdict == .reject && judgement.label == Policy.undeterminedLabel)
      #expect(judgement.reasons.count == 1 && judgement.reasons[0].contains("\(labels[place]) is not finite"))
    }
  }

  @Test func nothingIsEverAcceptedOverAGridOfScores() throws {
    // The other way round: accept only where the defect score is below review.
    let policy = try policy(0.6, 0.3)
    for a in 0...20 {
      for b in 0...(20 - a) {
        let scores = [Float(20 - a - b) / 20, Float(a) / 20, Float(b) / 20]
        let judgement = policy.decide(scores: scores, labels: labels, goodIndex: 0)
        let s = 1 - scores[0]
        #expect(judgement.verdict == (s >= 0.6 ? .reject : s >= 0.3 ? .review : .accept))
        #expect(judgement.reasons.isEmpty == (judgement.verdict == .accept))
      }
    }
  }

  @Test func classesWithTheirOwnThresholds() throws {
    var policy = try policy(0.5, 0.5)
    policy.perClass["stain"] = try .init(reject: 0.9, review: 0.8)
    // Lenient on stains ...
    #expect(policy.decide(scores: [0.3, 0, 0.7], labels: labels, goodIndex: 0).verdict == .accept)
    #expect(policy.decide(scores: [0.15, 0, 0.85], labels: labels, goodIndex: 0).verdict == .review)
    // ... not on scratches ...
    #expect(policy.decide(scores: [0.3, 0.7, 0], labels: labels, goodIndex: 0).verdict == .reject)
    // ... and strict on scratches even where a stain is more probable.
    policy.perClass["scratch"] = try .init(reject: 0.1, review: 0.05)
    let judgement = policy.decide(scores: [0.55, 0.15, 0.3], labels: labels, goodIndex: 0)
    #expect(judgement == Judgement(.reject, "scratch", 0.15, ["scratch 0.150 >= 0.10"]))
  }

  @Test func withoutAGoodClassNothingIsAccepted() {
    let steel = Policy(minimumConfidence: 0.5)
    let sure = steel.decide(scores: [0.2, 0.8], labels: ["crazing", "patches"], goodIndex: nil)
    #expect(sure == Judgement(.reject, "patches", 0.8, ["patches 0.800 >= 0.50"]))
    let unsure = steel.decide(scores: [0.4, 0.35, 0.25], labels: ["crazing", "patches", "x"], goodIndex: nil)
    #expect(unsure == Judgement(.review, "crazing", 0.4, ["not sure: crazing 0.400 < 0.50"]))
  }

  @Test func roundingNeverContradictsTheComparison() throws {
    let steel = Policy(minimumConfidence: 0.5)
    #expect(
      steel.decide(scores: [0.49987, 0.3], labels: ["a", "b"], goodIndex: nil).reasons == ["not sure: a 0.49987 < 0.50"]
    )
    let fine = Policy(thresholds: try .init(reject: 0.98765, review: 0.98765))
    #expect(
      fine.decide(scores: [0, 0.99996, 0], labels: labels, goodIndex: 0).reasons == ["scratch 1.000 >= 0.98765"])
  }

  @Test func aModelWithoutDefectClassesRejects() {
    #expect(Policy().decide(scores: [1], labels: ["good"], goodIndex: 0).verdict == .reject)
    #expect(Policy().decide(scores: [], labels: [], goodIndex: nil).verdict == .reject)
  }

  @Test func unreadableInputsReject() {
    let judgement = Policy.unreadable("part-7.png: not a PNG file")
    #expect(judgement.verdict == .reject && judgement.label == "unreadable" && judgement.score.isNaN)
    #expect(judgement.reasons == ["part-7.png: not a PNG file"])
  }

  @Test(arguments: [(0.4, 0.5), (.nan, 0.1), (0.5, .nan), (1.5, 0.5), (0.5, -0.1)] as [(Float, Float)])
  func thresholdsThatContradictAreRefused(reject: Float, review: Float) {
    #expect(throws: PolicyError.self) { try Policy.Thresholds(reject: reject, review: review) }
  }

  @Test func asJSONAndBack() throws {
    var policy = try policy(0.61, 0.2)
    policy.minimumConfidence = 0.7
    policy.perClass = ["crack": try .init(reject: 0.3, review: 0.1), "a\"b": .even]
    #expect(try Policy(json: policy.json) == policy)
    let expected =
      #"{"reject":0.61,"review":0.2,"minimum_confidence":0.7,"per_class":{"a\"b":{"reject":0.5,"review":0.5},"#
      + #""crack":{"reject":0.3,"review":0.1}}}"#
    #expect(policy.json == expected)
    #expect(try Policy(json: "{}") == Policy())
    #expect(try Policy(json: #"{"reject":0.3}"#).thresholds == .init(reject: 0.3, review: 0.3))
  }

  @Test(arguments: [
    #"{"reject":"0.5"}"#, #"{"review":null}"#, #"{"reject":0.2,"review":0.5}"#, #"{"minimum_confidence":7}"#,
    #"{"per_class":{"a":{"reject":-1}}}"#, "{",
  ]) func policiesThatAreNot(text: String) {
    #expect(throws: (any Error).self) { try Policy(json: text) }
  }

  @Test func defectScore() {
    #expect(Policy.defectScore([0.75, 0.25], goodIndex: 0) == 0.25)
    #expect(Policy.defectScore([0.75, .nan], goodIndex: 0).isNaN)
  }
}
