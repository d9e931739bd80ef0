import FileTestSupport
import Glibc
import Testing

@testable import Recipes

/// Text that is no recipe is refused in bounded time, with bounded memory, and with a place.
@Suite struct HostileTests {
  @Test(arguments: [
    ("", "/line/line.yaml: is empty; `assay recipe example` prints one to begin with"),
    ("# nothing\n", "/line/line.yaml: is empty; `assay recipe example` prints one to begin with"),
    ("a: 1\n\tb: 2", "/line/line.yaml:2:1: tabs cannot indent; use spaces"),
    ("a: @b", "/line/line.yaml:1:4: a value cannot begin with \"@\"; put it in quotes"),
    ("a: b: c", "/line/line.yaml:1:5: a \":\" cannot stand here; check the indentation, or put the text in quotes"),
    ("a: [1, 2\nb: 3", "/line/line.yaml:2:2: a list in brackets needs a \",\" or its \"]\" here"),
    ("a: {b: 1\nc: 3", "/line/line.yaml:2:2: keys in braces need a \",\" or their \"}\" here"),
    ("a: \"b", "/line/line.yaml:1:6: a quote is not closed"),
    (
      "a:\n    b: 1\n  c: 2",
      "/line/line.yaml:3:3: this does not line up with what is above; check the indentation and "
        + "the brackets"
    ),
    ("a: 1\n---\nb: 2", "/line/line.yaml:2:1: a second document begins here; a recipe is one document"),
    ("a: *b", "/line/line.yaml:1:4: *b stands for nothing: no &b comes before it"),
    ("a: &x [*x]", "/line/line.yaml:1:8: *x stands for nothing: no &x comes before it"),
    (
      "a: !!python/object:os.system x",
      "/line/line.yaml:1:4: the type \"tag:yaml.org,2002:python/object:os.system\" is "
        + "not for recipes; write the value without it"
    ),
    ("<<: [1]\na: 1", "/line/line.yaml:1:1: << takes the keys of one *name, not a list"),
    ("a: \u{1}", "/line/line.yaml:1:4: control characters are not allowed"),
  ])
  func refused(text: String, message: String) {
    #expect(problems(text) == [message])
  }

  /// What this thread computed for, so that a busy machine fails no test.
  private func seconds(_ work: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    work()
    return now() - start
  }

  private func message(_ bytes: [UInt8]) -> String? {
    do throws(RecipeError) {
      _ = try Recipe(bytes: bytes, path: "x")
      return nil
    } catch {
      return error.description
    }
  }

  @Test func bytes() {
    let good = Array("model: m\ncameras: {a: {device: x}}\n".utf8)
    #expect(message(good) == nil)
    #expect(message([0xef, 0xbb, 0xbf] + good) == nil)
    #expect(message(good + [0] + good) == "x:3:1: holds a byte 0; a recipe is plain text in UTF-8")
    #expect(message(good + Array("# é ".utf8) + [0xe9]) == "x:3:5: is not UTF-8 from here on; save it as UTF-8")
    #expect(message([0xff, 0xfe, 0x61, 0x00])?.hasPrefix("x:1:4: holds a byte 0") == true)
    // Cut within a character.
    #expect(message(Array("a: é".utf8.dropLast()))?.hasPrefix("x:1:4: is not UTF-8") == true)
  }

  /// Nine lines that stand for a billion values.
  @Test func billionLaughs() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<10 {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    let took = seconds {
      #expect(problems(text)[0].contains("holds more than 50000 values, aliases written out, which no recipe does"))
    }
    #expect(took < 2)
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "[{a: "])
  func deepNesting(part: String) {
    let text = String(String(repeating: part, count: 1_000_000 / part.utf8.count))
    let took = seconds { #expect(problems(text).count == 1) }
    #expect(took < 2)
    let lines = (0..<1000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(problems(lines)[0].hasSuffix("is nested more than 32 levels deep, which no recipe is"))
  }

  /// The longest text of each kind that is looked at at all.
  @Test(arguments: ["a", "a: b\n", "\"", "a\n", "&a ", "- [a, b]\n", "#", ":", "a: {b: c}\n", "%", "|", "é\n", "'\\n"])
  func longText(part: String) {
    let text = String(repeating: part, count: YAMLReader.longestText / part.utf8.count)
    let took = seconds { #expect(!problems(text).isEmpty) }
    #expect(took < 8)
  }

  @Test func tooLong() {
    let folder = TestFolder()
    folder.write([UInt8](repeating: UInt8(ascii: "#"), count: YAMLReader.longestText + 1), "long.yaml")
    let path = folder.path + "/long.yaml"
    let error = #expect(throws: RecipeError.self) { try Recipe(contentsOf: path) }
    #expect(error?.description == "\(path): is longer than 1048576 bytes, which no recipe is")
  }

  /// A thousand faults: the first fifty, and that there are more.
  @Test func manyProblems() {
    let text = "model: m\ncameras: {a: {device: x}}\n" + (0..<1000).map { "key\($0): 1\n" }.joined()
    let all = problems(text)
    #expect(all.count == 51)
    #expect(all[0].hasPrefix("/line/line.yaml:3:1: unknown key \"key0\" in the station"))
    #expect(all[50] == "/line/line.yaml: and perhaps more; mend these first")
  }

  /// What is wrong is shown so that no terminal obeys it.
  @Test func messagesAreTame() {
    #expect(
      problems(camera("\"\\e[2J\\u202Ekey\": 1"))[0].contains("unknown key \"\\u{1b}[2J"))
    let long = String(repeating: "x", count: 100_000)
    #expect(problems(camera("\(long): 1")).allSatisfy { $0.utf8.count < 400 })
    #expect(problems(camera("timeout: \(long)")).allSatisfy { $0.utf8.count < 400 })
    #expect(problems(camera("format: {rate: 1\(String(repeating: "0", count: 1000))}")).allSatisfy { $0.count < 400 })
    #expect(problems(camera("keep: 1", top: "model: m\nkeep: {budget: \(long)}")).allSatisfy { $0.utf8.count < 400 })
  }

  /// Every prefix and every text with one byte changed either reads or is refused with a sentence: nothing traps.
  @Test func damaged() {
    let bytes = Array(Recipe.example.utf8)
    var refused = 0
    for length in stride(from: 0, to: bytes.count, by: 7) {
      if message(Array(bytes[..<length])) != nil { refused += 1 }
    }
    var state: UInt64 = 1
    for _ in 0..<600 {
      var damaged = bytes
      for _ in 0..<2 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      if message(damaged) != nil { refused += 1 }
    }
    #expect(refused > 500)
  }
}
