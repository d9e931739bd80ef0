import Metrics
import Testing

@testable import Inspection

/// A finished log, edited: what is found, and where.
@Suite struct LogVerificationTests {
  private let count = 40

  /// Lines of a finished log, each with its line feed, and how it ended.
  private func log() throws -> (lines: [[UInt8]], seal: LogSeal) {
    var lines: [[UInt8]] = []
    var seal: LogSeal?
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let head = LogHead(version: "1", source: "parts", stations: [.init(camera: nil, model: model, policy: Policy())])
      var log = try DecisionLog(path: path, head: head)
      for first in stride(from: 0, to: count, by: 8) {
        try log.append((first..<first + 8).map { decision("p\($0)", $0) })
      }
      seal = try log.finish()
      lines = contents(path).split(separator: 0x0A).map { Array($0) + [0x0A] }
    }
    return (lines, try #require(seal))
  }

  private func verify(_ lines: [[UInt8]], _ seal: LogSeal?) -> LogVerification {
    LogVerification(lines.flatMap { $0 }, seal: seal)
  }

  @Test func aFinishedLogIsWhole() throws {
    let (lines, seal) = try log()
    let found = verify(lines, seal)
    #expect(found.faults.isEmpty && found.isFinished)
    #expect(found.lines == count + 2 && found.decisions == count && found.last == seal.sha256)
    #expect(String(decoding: lines[0], as: UTF8.self).hasPrefix(#"{"log":"begin","time":"#))
    // The decisions are read as ever.
    var ids: [String] = []
    for line in lines[1...count] { ids.append(try Decision(jsonLine: line).id) }
    #expect(ids == (0..<count).map { "p\($0)" })
  }

  /// A chain goes on where a run is resumed, also behind a torn line.
  @Test func aResumedLogIsWhole() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let head = LogHead(version: "1", stations: [.init(camera: "top", model: model, policy: Policy())])
      do {
        var log = try DecisionLog(path: path, head: head)
        try log.append([decision("a"), decision("b", 1)])
      }
      let whole = contents(path)
      #expect(!LogVerification(whole, seal: nil).isFinished)
      #expect(LogVerification(whole, seal: nil).faults.isEmpty)
      put(whole + Array(#"{"id":"c","sou"#.utf8), path)
      var log = try DecisionLog(path: path, start: .resume, head: head)
      try log.append([decision("c", 2)])
      let seal = try #require(try log.finish())
      let found = try LogVerification(path: path, seal: seal)
      #expect(found.faults.isEmpty && found.isFinished && found.decisions == 3 && found.lines == 6)
      let kinds = contents(path).split(separator: 0x0A).filter { LogRecord.isRecord($0) }
      #expect(kinds.count == 3 && LogRecord.isEnd(kinds[2]))
    }
  }

  /// A hundred edits drawn at random: every one is found, at the line where it was made.
  @Test func everyEditIsFoundAtItsLine() throws {
    let (lines, seal) = try log()
    var random = SplitMix(state: 7)
    for trial in 0..<100 {
      var edited = lines
      let k = Int(random.next() % UInt64(lines.count))
      let kind = trial % 5
      var expected = k + 1
      switch kind {
      case 0:
        // Some byte of the line becomes another.
        let at = Int(random.next() % UInt64(lines[k].count - 1))
        edited[k][at] = edited[k][at] == UInt8(ascii: "7") ? UInt8(ascii: "8") : UInt8(ascii: "7")
      case 1:
        edited.remove(at: k)
      case 2:
        let other = (k + 1 + Int(random.next() % UInt64(lines.count - 1))) % lines.count
        edited.swapAt(k, other)
        expected = min(k, other) + 1
      case 3:
        // The log is cut off in the middle of a line.
        let keep = 1 + Int(random.next() % UInt64(lines[k].count - 2))
        edited = Array(lines[..<k]) + [Array(lines[k][..<keep])]
      default:
        edited.append(random.next() % 2 == 0 ? decision("q", 99).jsonLine : lines[k])
        expected = lines.count + 1
      }
      let found = verify(edited, seal)
      #expect(!found.faults.isEmpty, "edit \(trial) of kind \(kind) at line \(expected)")
      #expect(found.faults.first?.line == expected, "edit \(trial) of kind \(kind): \(found.faults)")
    }
  }

  /// A change of what the link itself says is found at its line too.
  @Test func aChangedLinkIsFound() throws {
    let (lines, seal) = try log()
    for (from, to) in [(#""line":12"#, #""line":13"#), (#""previous":""#, #""previous":"0"#)] {
      var edited = lines
      let text = String(decoding: lines[11], as: UTF8.self)
      guard let range = text.firstRange(of: from) else { Issue.record("no \(from)"); continue }
      var changed = text.replacingCharacters(range, to)
      if from.contains("previous") { changed.remove(at: changed.index(changed.endIndex, offsetBy: -4)) }
      edited[11] = Array(changed.utf8)
      let found = verify(edited, seal)
      #expect(found.faults.map(\.line) == [12], "\(found.faults)")
    }
  }

  @Test func whatEveryFaultSays() throws {
    let (lines, seal) = try log()
    func faults(_ edit: (inout [[UInt8]]) -> Void) -> [String] {
      var edited = lines
      edit(&edited)
      return verify(edited, seal).faults.map(\.description)
    }
    #expect(
      faults { $0[4][20] = 0x7A } == ["line 5: was changed: its SHA-256 is not the one that the next line names"])
    #expect(faults { $0.remove(at: 4) } == ["line 5: line 5 is missing before it"])
    #expect(faults { $0.removeSubrange(4..<7) } == ["line 5: lines 5 to 7 are missing before it"])
    #expect(
      faults { $0.insert(decision("q").jsonLine, at: 4) } == ["line 5: was added: it has no link to the line before it"]
    )
    #expect(
      faults { $0.removeLast() } == [
        "line 42: is missing, and what came behind it: the run ended with line 42"
      ])
    #expect(
      faults { $0[41][20] = 0x7A } == ["line 42: is not the line that the run ended with (summary.json)"])
  }

  /// Whoever makes the chain anew from a line on is found by the summary.
  @Test func aLogWrittenAnewIsFoundByItsEnd() throws {
    let (lines, seal) = try log()
    var chain = LogChain()
    let forged = lines.enumerated().map { index, line -> [UInt8] in
      let text = String(decoding: line, as: UTF8.self)
      let cut = text.firstRange(of: #","line":"#)!
      var body = String(text[..<cut.lowerBound]) + "}\n"
      if index == 5 { body = body.replacingCharacters(body.firstRange(of: "reject")!, "accept") }
      return chain.link(Array(body.utf8))
    }
    #expect(verify(forged, nil).faults.isEmpty)
    #expect(verify(forged, seal).faults.map(\.line) == [42])
  }
}

extension String {
  /// The first place of a text; Foundation has this, and nothing else here needs it.
  fileprivate func firstRange(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(_ range: Range<String.Index>, _ text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}

/// Steele et al. 2014, doi 10.1145/2714064.2660195.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
