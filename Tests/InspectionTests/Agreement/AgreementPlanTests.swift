import Testing

@testable import Inspection

@Suite("Agreement plan")
struct AgreementPlanTests {
  private static func candidates(_ counts: [(String, Int)]) -> [AgreementPlan.Candidate] {
    counts.flatMap { label, count in
      (0..<count).map { AgreementPlan.Candidate(image: "set/\(label)/\($0).png", reference: label) }
    }
  }

  private static func deal(
    _ counts: [(String, Int)], parts: Int, repeats: Int = 3, appraisers: [String] = ["machine"], seed: UInt64 = 0
  ) -> AgreementPlan {
    .deal(
      candidates(counts), good: "good", parts: parts, repeats: repeats, appraisers: appraisers, seed: seed)
  }

  private static func count(_ plan: AgreementPlan, _ label: String) -> Int {
    plan.parts.count { $0.reference == label }
  }

  @Test(
    "half good, half defective, the defects spread over their classes",
    arguments: [
      // Candidates of good, crack, stain and tear; what is asked for; what is chosen.
      ([100, 50, 50, 50], 12, [6, 2, 2, 2]), ([100, 50, 1, 50], 12, [6, 3, 1, 2]), ([100, 1, 1, 1], 12, [9, 1, 1, 1]),
      ([2, 50, 50, 50], 12, [2, 4, 3, 3]), ([2, 1, 1, 1], 12, [2, 1, 1, 1]), ([5, 5, 0, 0], 3, [1, 2, 0, 0]),
    ] as [([Int], Int, [Int])])
  func choice(_ have: [Int], _ asked: Int, _ chosen: [Int]) {
    let labels = ["good", "crack", "stain", "tear"]
    let plan = Self.deal(Array(zip(labels, have)), parts: asked)
    #expect(labels.map { Self.count(plan, $0) } == chosen)
    #expect(Set(plan.parts.map(\.image)).count == chosen.reduce(0, +))
    #expect(plan.appraisals.count == 3 * plan.parts.count)
  }

  @Test("every part in every repeat by everyone, in another order, never twice in a row")
  func orders() {
    let plan = Self.deal([("good", 9), ("crack", 9)], parts: 4, repeats: 20, appraisers: ["anna", "ben"])
    #expect(Set(plan.appraisals).count == 4 * 20 * 2 && plan.appraisals.count == 4 * 20 * 2)
    var orders: Set<[Int]> = []
    for appraiser in 0..<2 {
      let own = plan.appraisals.filter { $0.appraiser == appraiser }
      #expect(own.map(\.repetition) == (0..<20).flatMap { Array(repeating: $0, count: 4) })
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.part != $1.part })
      for start in stride(from: 0, to: 80, by: 4) { orders.insert(own[start..<start + 4].map(\.part)) }
    }
    #expect(orders.count > 10)
  }

  @Test("the seed decides, and not the order of the files")
  func seeds() {
    let counts = [("good", 20), ("crack", 20)]
    let plan = Self.deal(counts, parts: 10, seed: 7)
    #expect(plan == Self.deal(counts.reversed(), parts: 10, seed: 7))
    #expect(plan != Self.deal(counts, parts: 10, seed: 8))
    #expect(plan.parts.map(\.id) == (1...10).map { $0 < 10 ? "P0\($0)" : "P\($0)" })
  }

  @Test("what is written is read back, with pictures from the plan's folder; a sheet tells nothing")
  func files() throws {
    let counts = [("good, \"so\"", 3), ("good", 3)]
    let plan = Self.deal(counts, parts: 4, repeats: 2, appraisers: ["anna", "Ben J."])
    let read = try AgreementPlan(csv: plan.csv, path: "plan.csv")
    // The parts are in another order now, that of the lines.
    #expect(Set(read.parts) == Set(plan.parts) && read.csv == plan.csv)
    #expect(try AgreementPlan(csv: plan.csv, path: "a/plan.csv").parts.allSatisfy { $0.image.hasPrefix("a/set/") })
    let sheet = String(decoding: plan.sheet(of: 1, images: ["1.png", "2.png", "3.png", "4.png"]), as: UTF8.self)
    #expect(sheet.hasPrefix("order,repeat,part,image,verdict\n1,1,P0") && !sheet.contains("good"))
    #expect(sheet.split(separator: "\n").count == 9)
  }

  @Test(
    "a plan that does not fit says where",
    arguments: [
      ("", "plan.csv is empty."), ("order,part\n", "plan.csv, line 1: there is no column called `appraiser`."),
      ("appraiser,repeat,part,image,reference\n", "plan.csv asks for no verdict."),
      ("anna,0,P1,,good", "plan.csv, line 2: repeat `0` is not a number from 1 to 1000."),
      ("anna,1,P1,,", "plan.csv, line 2: its column `reference` is empty."),
      (
        "anna,1,P1,,good\nanna,2,P1,,bad",
        "plan.csv, line 3: part P1 has another image or reference than in lines before."
      ),
      (
        "anna,1,P1,,good\n\nanna,1,P1,,good",
        "plan.csv, line 4: part P1 in repeat 1 by anna is planned twice, first in line 2."
      ),
      (
        "anna,1,P1,,good\nanna,2,P1,,good\nanna,2,P2,,bad",
        "plan.csv does not ask anna for part P2 in repeat 1; every appraiser judges every part in every repeat."
      ),
      ("anna,1,\"P1,,good", "plan.csv, line 2: a quoted field is never closed."),
    ])
  func faults(_ text: String, _ message: String) {
    let head = text.hasPrefix("anna") ? "appraiser,repeat,part,image,reference\n" : ""
    #expect {
      try AgreementPlan(csv: Array((head + text).utf8), path: "plan.csv")
    } throws: {
      "\($0)" == message
    }
  }

  @Test("names of appraisers", arguments: [("anna", true), ("Jürgen K.", true), ("", false), ("a/b", false)])
  func names(_ name: String, _ fits: Bool) { #expect(AgreementPlan.isName(name) == fits) }
}
