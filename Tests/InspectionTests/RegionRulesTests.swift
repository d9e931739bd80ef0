import Imaging
import Inspection
import Metrics
import Testing

@Suite("Which regions count")
struct RegionRulesTests {
  private let good = LabelScore("good", 0.1)
  private let judged = Judgement(.reject, "stain", 0.9, ["stain 0.900 >= 0.50"])

  private func region(_ label: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double, area: Double? = nil)
    -> DefectRegion
  {
    DefectRegion(label: label, box: Box(x: x, y: y, width: width, height: height), score: 0.9, area: area)
  }

  private func verdict(_ rules: RegionRules, _ regions: [DefectRegion], _ judgement: Judgement? = nil) -> Judgement {
    rules.applied(to: judgement ?? judged, regions: regions, good: good)
  }

  @Test func aStainOutsideItsZoneIsAcceptable() {
    let rules = RegionRules(
      zones: ["face": .rectangle(Box(x: 10, y: 10, width: 20, height: 20))], rules: ["stain": .init(zones: ["face"])])
    let outside = verdict(rules, [region("stain", 40, 40, 5, 5)])
    #expect(outside.verdict == .accept && outside.label == "good" && outside.score == 0.1)
    #expect(outside.reasons.last == "1 region of stain does not count: outside zone face")
    // Touching is enough to count.
    #expect(verdict(rules, [region("stain", 28, 28, 5, 5)]).verdict == .reject)
    #expect(verdict(rules, [region("stain", 40, 40, 5, 5), region("stain", 12, 12, 2, 2)]).verdict == .reject)
  }

  @Test func aPolygonIsTouchedByAnyPartOfABox() {
    let zone = RegionRules.Zone.polygon([Point(0, 0), Point(100, 0), Point(0, 100)])
    let rules = RegionRules(zones: ["half": zone], rules: ["stain": .init(zones: ["half"])])
    for (box, isInside) in [
      ((10.0, 10.0, 5.0, 5.0), true), ((90, 90, 5, 5), false), ((60, 60, 5, 5), false), ((45, 45, 20, 20), true),
      // The triangle's corner lies in the box; the box crosses an edge with no corner in either.
      ((-10, 90, 30, 30), true), ((-50, 20, 300, 5), true),
    ] {
      let judgement = verdict(rules, [region("stain", box.0, box.1, box.2, box.3)])
      #expect((judgement.verdict == .reject) == isInside, "\(box)")
    }
  }

  @Test func smallShortAndFewRegionsDoNotCount() {
    let rules = RegionRules(rules: ["stain": .init(smallestArea: 20, longestSide: 6, count: 2)])
    #expect(
      verdict(rules, [region("stain", 0, 0, 10, 10, area: 19), region("stain", 0, 0, 5, 5, area: 25)]).verdict
        == .accept)
    let one = verdict(rules, [region("stain", 0, 0, 10, 10, area: 50)])
    #expect(one.verdict == .accept && one.reasons.last == "1 region of stain does not count: fewer than 2")
    #expect(
      verdict(rules, [region("stain", 0, 0, 10, 10, area: 50), region("stain", 0, 0, 10, 10, area: 50)]).verdict
        == .reject)
    // Without an area the box stands for it: nothing that should count is passed over.
    #expect(
      verdict(RegionRules(rules: ["stain": .init(smallestArea: 20)]), [region("stain", 0, 0, 5, 5)]).verdict == .reject)
  }

  @Test func whatDoesNotRestOnRegionsStands() {
    let rules = RegionRules(rules: ["stain": .init(smallestArea: 1000)])
    #expect(verdict(rules, []).verdict == .reject)
    // Another class has no rule, and counts.
    #expect(verdict(rules, [region("stain", 0, 0, 2, 2), region("crack", 0, 0, 2, 2)]).verdict == .reject)
    // Only regions of another class than the judged one.
    let others = RegionRules(rules: ["stain": .init(smallestArea: 1000), "crack": .init(smallestArea: 1000)])
    #expect(verdict(others, [region("crack", 0, 0, 2, 2)]).verdict == .reject)
    #expect(
      verdict(others, [region("stain", 0, 0, 2, 2)], Judgement(.reject, "stain", .nan, ["no number"])).verdict
        == .reject)
    #expect(verdict(RegionRules(), [region("stain", 0, 0, 2, 2)]).verdict == .reject)
    // A rule for all other classes.
    let any = RegionRules(other: .init(smallestArea: 1000))
    #expect(verdict(any, [region("stain", 0, 0, 2, 2)]).verdict == .accept)
    let many = (0..<32).map { region("stain", Double($0), 0, 2, 2) }
    #expect(verdict(any, many).verdict == .reject)
  }

  @Test func rulesAreReadBackFromAPolicy() throws {
    let rules = RegionRules(
      zones: [
        "face": .rectangle(Box(x: 1, y: 2, width: 3, height: 4)),
        "rim": .polygon([Point(0, 0), Point(5.5, 0), Point(0, 5)]),
      ], rules: ["stain": .init(zones: ["face", "rim"], smallestArea: 12.5)],
      other: .init(longestSide: 3, count: 2))
    let policy = Policy(thresholds: .even, regions: rules)
    #expect(try Policy(json: policy.json) == policy)
    #expect(throws: JSONError.self) { _ = try Policy(json: #"{"regions":{"rules":{"stain":3}}}"#) }
  }
}
