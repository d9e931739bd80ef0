import Inspection
import Testing

@Suite("Part ids in the names of pictures")
struct PartIDsTests {
  @Test(arguments: [
    ("_(SN[0-9]+)", "left_SN0042.png", "SN0042"), ("[0-9]+", "part-17.png", "17"), ("(a)?b(c+)", "xbcc.png", "cc"),
  ])
  func finds(_ pattern: String, _ name: String, _ id: String) throws {
    #expect(try PartIDs(pattern: pattern).id(in: name) == id)
  }

  @Test func aPictureWithoutOneIsToldOf() throws {
    let ids = try PartIDs(pattern: "_(SN[0-9]+)")
    let items = [
      InspectionInput.Item(id: "a", path: "in/a_SN1.png"), InspectionInput.Item(id: "b", path: "in/b.png"),
      InspectionInput.Item(id: "c", path: "in_SN3/c.png"),
    ]
    #expect(try ids.named([items[0]]).map(\.part) == ["SN1"])
    let error = #expect(throws: InspectionError.self) { _ = try ids.named(items) }
    #expect(
      error?.description.hasPrefix("in/b.png has a name in which _(SN[0-9]+) finds no part id, and 1 more have none")
        == true, "\(error?.description ?? "")")
  }

  @Test func whatIsNoExpressionIsRefused() {
    #expect(throws: InspectionError.self) { _ = try PartIDs(pattern: "(SN") }
  }
}
