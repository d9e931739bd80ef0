import Testing

@testable import Inspection

@Suite("Appraisals")
struct AppraisalsTests {
  private static let plan = """
    order,appraiser,repeat,part,image,reference,verdict
    1,anna,1,P1,,good,
    2,anna,1,P2,,crack,
    3,anna,2,P2,,crack,
    4,anna,2,P1,,good,
    1,ben,1,P1,,good,
    2,ben,1,P2,,crack,
    3,ben,2,P1,,good,
    4,ben,2,P2,,crack,

    """
  private static let sheet = "repeat,part,verdict\n1,P1,OK\n1,P2, nok \n2,P2,Pass\n2,P1,review\n"
  private static let table = "appraiser;repeat;part;verdict\nben;1;P1;accept\nben;2;P1;good\nben;1;P2;fail\n"

  private func gathered(_ files: [(path: String, text: String)]) throws -> Appraisals {
    var all = Appraisals(try AgreementPlan(csv: Array(Self.plan.utf8), path: "plan.csv"), path: "plan.csv")
    for file in files { try all.add(csv: Array(file.text.utf8), path: file.path) }
    return all
  }

  @Test("a person's sheet and a table make a study")
  func study() throws {
    let files = [("x/plan.sheet-anna.csv", Self.sheet), ("ben.csv", Self.table + "ben;2;P2;reject\n;;;\n")]
    let study = try gathered(files.map { (path: $0.0, text: $0.1) }).study(good: nil)
    #expect(study.parts.map(\.isDefect) == [false, true])
    #expect(study.appraisers.map(\.name) == ["anna", "ben"])
    #expect(study.appraisers[0].verdicts == [[.accept, .review], [.reject, .accept]])
    #expect(study.appraisers[1].verdicts == [[.accept, .accept], [.reject, .reject]])
    let other = try gathered(files.map { (path: $0.0, text: $0.1) }).study(good: "Crack")
    #expect(other.parts.map(\.isDefect) == [true, false])
  }

  @Test("a verdict that is missing is named")
  func missing() throws {
    let one = [(path: "plan.sheet-anna.csv", text: Self.sheet), (path: "ben.csv", text: Self.table)]
    #expect {
      try gathered(one).study(good: nil)
    } throws: {
      "\($0)"
        == "plan.csv asks ben for part P2 in repeat 2, and no file has that verdict; fill it in, or give its file by "
        + "--appraisals."
    }
    #expect {
      try gathered([one[0]]).study(good: nil)
    } throws: {
      "\($0)".hasPrefix("plan.csv asks ben for part P1 in repeat 1, and no file has that verdict, nor 3 others; ")
    }
    let all = [one[0], (path: "ben.csv", text: Self.table + "ben;2;P2;reject\n")]
    #expect {
      try gathered(all).study(good: "fine")
    } throws: {
      "\($0)" == "plan.csv has no part of class fine, which --good names; it has crack, good."
    }
  }

  @Test(
    "a line that does not fit is named",
    arguments: [
      ("anna,1,P1,maybe", "line 2: `maybe` is no verdict on part P1 in repeat 1; write accept or reject."),
      ("anna,1,P1,", "line 2: part P1 in repeat 1 has no verdict; fill in accept or reject."),
      ("anna,1,P9,ok", "line 2: part P9 is not in plan.csv."),
      ("anna,3,P1,ok", "line 2: repeat `3` is not a number from 1 to 2."),
      ("carl,1,P1,ok", "line 2: carl is no appraiser of plan.csv, which has anna, ben."),
      (
        "anna,1,P1,ok\nanna,1,P1,ok",
        "line 3: part P1 in repeat 1 has a verdict of anna's already, from line 2 of a.csv."
      ),
      (",1,P1,ok", "line 2: its column `appraiser` is empty."),
    ])
  func faults(_ line: String, _ message: String) {
    #expect {
      try gathered([(path: "a.csv", text: "appraiser,repeat,part,verdict\n" + line)])
    } throws: {
      "\($0)" == "a.csv, " + message
    }
  }

  @Test(
    "whose a sheet is",
    arguments: [
      ("plan.sheet-anna.csv", "anna"), ("a.sheet-x/plan.sheet-Jürgen K..CSV", "Jürgen K."), ("plan.csv", nil),
      ("plan.sheet-.csv", nil), ("p.sheet-a.sheet-b.csv", "b"), ("plan.sheet-anna.txt", nil),
    ] as [(String, String?)])
  func owners(_ path: String, _ owner: String?) { #expect(Appraisals.appraiser(ofSheet: path) == owner) }

  @Test("a file that does not say whose it is")
  func nobody() {
    #expect {
      try gathered([(path: "anna.csv", text: Self.sheet)])
    } throws: {
      "\($0)".hasPrefix("anna.csv has no column `appraiser`, and is not called PLAN.sheet-NAME.csv either")
    }
  }
}
