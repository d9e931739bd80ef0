import Inspection
import Testing

@Suite struct JSONTests {
  @Test func writesMembersInOrderAndEscapes() {
    var writer = JSONWriter()
    writer.object {
      $0.member("z", "a\"b\\c\n\t\u{1}\u{2028}é😀/")
      $0.member("a", 3)
      $0.array("list") {
        $0.element(1.5)
        $0.element("x")
        $0.object { $0.member("yes", true) }
        $0.array { $0.element(Double.nan) }
      }
      $0.object("empty") { _ in }
      $0.null("none")
    }
    let expected =
      #"{"z":"a\"b\\c\n\t\u0001\u2028é😀/","a":3,"list":[1.5,"x",{"yes":true},[null]],"empty":{},"none":null}"#
    #expect(writer.text == expected)
  }

  @Test func indented() {
    var writer = JSONWriter(indented: true)
    writer.object {
      $0.object("a") { $0.member("b", 1) }
      $0.object("c") { _ in }
      $0.array("d") {
        $0.element(1)
        $0.element(2)
      }
    }
    #expect(writer.text == "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": {},\n  \"d\": [1,2]\n}")
  }

  @Test func insideHTMLNothingEndsTheScript() {
    var writer = JSONWriter(insideHTML: true)
    writer.object { $0.member("name", "</script><!--&") }
    #expect(writer.text == #"{"name":"\u003c/script\u003e\u003c!--\u0026"}"#)
  }

  @Test(arguments: [Float(0.987), 0.1, 1, 0, 1e-10, 3.4e38, 0.33333334, .leastNonzeroMagnitude, -0.0, 123456.79])
  func floatsReadBackAsWritten(value: Float) throws {
    var writer = JSONWriter()
    writer.object { $0.member("v", value) }
    #expect(try JSON(parsing: writer.bytes)["v"]?.floatValue?.bitPattern == value.bitPattern)
  }

  @Test func shortestDigits() {
    var writer = JSONWriter()
    writer.array {
      $0.element(Float(0.987))
      $0.element(88.0)
      $0.element(0.1 + 0.2)
      $0.element(Float.infinity)
    }
    #expect(writer.text == "[0.987,88,0.30000000000000004,null]")
  }

  @Test func readsWhatJSONAllows() throws {
    let json = try JSON(parsing: Array(#" {"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\n\/"],"b":{}} "#.utf8))
    #expect(json["a"]?.arrayValue?[1].doubleValue == -2500)
    #expect(json["a"]?.arrayValue?[5].stringValue == "é😀\n/")
    #expect(json["a"]?.arrayValue?[2].boolValue == true)
    #expect(json["b"]?.objectValue?.isEmpty == true)
    #expect(json["c"] == nil)
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", "1e", "nul", "\"abc", "\"\\x\"", "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\u{1}\"", "1 2", "{a:1}", "+1", "NaN", "[1 2]", "\"\\u12g4\"",
  ]) func refusesWhatIsNot(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test func refusesBrokenUTF8AndBottomlessNesting() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    let error = #expect(throws: JSONError.self) {
      try JSON(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000))
    }
    #expect(error?.description == "not JSON at byte 65: nested deeper than 64")
  }
}

@Suite struct FileNameTests {
  @Test(arguments: [
    (Array("washer é 😀.png".utf8), "washer é 😀.png"), ([0x61, 0xFF, 0x62], "a\\xFFb"),
    ([0xC3], "\\xC3"), ([0xE2, 0x82], "\\xE2\\x82"), (Array("a\\xFFb".utf8), "a\\x5CxFFb"),
    (Array("C:\\dir".utf8), "C:\\dir"), ([0x5C], "\\"), ([], ""), ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
  ]) func textAndBack(bytes: [UInt8], text: String) {
    #expect(FileName.text(bytes) == text)
    #expect(FileName.bytes(text) == bytes)
  }

  @Test func everyPairOfBytesSurvives() {
    var seen = PartNames()
    for high in UInt8.min...UInt8.max {
      for low in [0x00, 0x41, 0x5C, 0x78, 0x80, 0xBF, 0xC3, 0xFF] as [UInt8] {
        let name = [high, low, 0x78, 0x34, 0x31]
        let text = FileName.text(name)
        #expect(FileName.bytes(text) == name)
        seen.insert(text)
      }
    }
    #expect(seen.count == 256 * 8, "two names with one text")
  }
}

@Suite struct PartNamesTests {
  @Test func namesThatSwiftCallsEqualAreTwoFiles() {
    #expect("caf\u{e9}" == "cafe\u{301}")
    var names = PartNames()
    #expect(names.insert("caf\u{e9}") && !names.contains("cafe\u{301}"))
    #expect(names.insert("cafe\u{301}") && !names.insert("cafe\u{301}") && names.count == 2)
  }
}

@Suite struct TimestampTests {
  /// `datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds")`
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1_769_850_843_201, "2026-01-31T09:14:03.201Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
  ]) func textAndBack(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
    #expect(Timestamp(text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2026-01-31", "2026-13-31T09:14:03.201Z", "2026-01-31T09:14:03.2x1Z", "2026-01-31T25:14:03.201Z",
  ])
  func refusesOthers(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func clockIsNow() {
    #expect(Timestamp.now() > Timestamp(milliseconds: 1_700_000_000_000))
  }
}
