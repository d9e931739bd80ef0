import Testing

@testable import Samples

@Suite struct CSVTests {
  private func parse(_ text: String) throws -> [[String]] {
    try CSV.records(Array(text.utf8)).map(\.fields)
  }

  @Test func quotingAndLineEnds() throws {
    #expect(try parse("a,b\r\nc,\"d, \"\"e\"\"\"\n") == [["a", "b"], ["c", "d, \"e\""]])
    #expect(try parse("\u{FEFF}a,b\rc,d") == [["a", "b"], ["c", "d"]])
    #expect(try parse("a,,\n\n,\n") == [["a", "", ""], ["", ""]])
    #expect(try parse("\"\"\n") == [[""]])
    #expect(try parse("a;b\n1,5;2\n") == [["a", "b"], ["1,5", "2"]])
    #expect(try parse("") == [])
  }

  @Test func lineNumbersCountThoseInsideQuotes() throws {
    let records = try CSV.records(Array("a,b\n\"x\ny\",1\nz,2\n".utf8))
    #expect(records.map(\.line) == [1, 2, 4])
  }

  @Test func malformed() {
    #expect(throws: CSV.Malformed(line: 2, reason: "a quoted field is never closed")) {
      try CSV.records(Array("a,b\nc,\"d\n".utf8))
    }
    #expect(throws: CSV.Malformed(line: 2, reason: "there are characters after a quoted field")) {
      try CSV.records(Array("a,b\n\"c\"d,e\n".utf8))
    }
    #expect(throws: CSV.Malformed.self) { try CSV.records([0xFF, 0xFE, 0x61, 0]) }
  }

  @Test func writtenFieldsReadBack() throws {
    let fields = ["plain", "a,b", "say \"hi\"", "two\nlines", ""]
    let line = fields.map(CSV.field).joined(separator: ",") + "\n"
    #expect(try parse(line) == [fields])
  }
}
