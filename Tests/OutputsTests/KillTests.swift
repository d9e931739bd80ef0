import FileTestSupport
import Glibc
import Testing

@testable import Outputs

@Suite struct KillTests {
  /// `kill -9` at 20 moments: afterwards every decision has arrived, in order but for repeats.
  @Test(arguments: ["again", "replay"]) func noDecisionIsLost(_ mode: String) throws {
    let folder = TestFolder()
    let count = 1200
    let arguments = [
      "feed", mode, folder.path + "/queue", folder.path + "/decisions.jsonl", folder.path + "/target", "\(count)",
    ]
    var state: UInt64 = 12345
    var kills = 0
    for _ in 0..<20 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let end = try run(arguments, killedAfter: 0.01 + Double(state >> 40) / Double(1 << 24) * 0.05).end
      #expect(end == .killed(SIGKILL) || end == .exited(0))
      if end == .killed(SIGKILL) { kills += 1 }
    }
    #expect(kills > 0)
    let last = try run(arguments)
    #expect(last.end == .exited(0), "\(last.output)")

    let decisions = text(folder.path + "/decisions.jsonl").split(separator: "\n")
    #expect(decisions.count == count)
    var next = 0
    var repeats = 0
    var isOrdered = true
    for line in text(folder.path + "/target").split(separator: "\n") {
      if next < decisions.count && line == decisions[next] {
        next += 1
      } else {
        isOrdered = isOrdered && decisions[..<next].suffix(64).contains(line)
        repeats += 1
      }
    }
    #expect(isOrdered)
    #expect(next == count)
    // At most a batch for each end.
    #expect(repeats <= 8 * 20)
  }

  @Test func descriptorsAndChildrenStayConstant() throws {
    let folder = TestFolder()
    let (end, output) = try run(["descriptors", folder.path])
    #expect(end == .exited(0))
    let words = output.split(whereSeparator: { $0 == " " || $0 == "\n" })
    #expect(words.count == 6 && words[1] == words[3] && words[5] == "0", "\(output)")
  }
}
