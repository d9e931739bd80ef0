/// What looking through a log's chain has found.
public struct LogVerification: Sendable, Hashable {
  /// Something wrong, and where.
  public struct Fault: Sendable, Hashable, CustomStringConvertible {
    /// Line of the file, from 1.
    public var line: Int
    public var reason: String

    public var description: String { "line \(line): \(reason)" }
  }

  public var lines = 0
  public var decisions = 0
  /// Lines that have a link at all.
  public var linked = 0
  public var faults: [Fault] = []
  /// Whether the last line ends a run: one that was killed goes without, until it is resumed.
  public var isFinished = false
  /// SHA-256 of the last whole line, hexadecimal.
  public var last = LogChain.none

  /// Looks through a log.
  ///
  /// - Parameter seal: how the log ended when the run was over; nil where nothing tells.
  /// - Throws: ``DecisionLogError`` where the file cannot be read.
  public init(path: String, seal: LogSeal?) throws(DecisionLogError) {
    var scan = Scan(seal)
    try LineReader.read(path: path) { line, isWhole in scan.add(line, isWhole: isWhole) }
    self = scan.result()
  }

  /// - Parameter text: a log's bytes.
  init(_ text: [UInt8], seal: LogSeal?) {
    var scan = Scan(seal)
    var rest = text[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x0A)
      scan.add(Array(rest[..<(end ?? rest.endIndex)]), isWhole: end != nil)
      rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
    }
    self = scan.result()
  }

  private init() {}

  /// Holds each line against the one before it and the two behind it: where two do not fit together, which of them is
  /// wrong shows in whether the third fits.
  private struct Scan {
    private struct Line {
      var place: Int
      var digest: String
      var link: LogChain.Link?
      var isEnd: Bool
    }

    private var found = LogVerification()
    private let seal: LogSeal?
    private var before: Line?
    private var current: Line?
    private var next: Line?
    private var place = 0
    private var tornAt: Int?
    /// What the number of the current line should be: its place, once lines that are missing are counted.
    private var number = 0
    /// Whether the current line was put in between others.
    private var isPutIn = false

    init(_ seal: LogSeal?) { self.seal = seal }

    mutating func add(_ line: [UInt8], isWhole: Bool) {
      place += 1
      guard isWhole else {
        tornAt = place
        return
      }
      found.lines += 1
      if !LogRecord.isRecord(line) && !GapRecord.isRecord(line) { found.decisions += 1 }
      let last = Line(
        place: place, digest: LogChain.digest(line), link: LogChain.Link(line), isEnd: LogRecord.isEnd(line))
      if last.link != nil { found.linked += 1 }
      found.last = last.digest
      found.isFinished = last.isEnd
      move(last)
    }

    private mutating func move(_ last: Line?) {
      if current != nil { judge(afterNext: last) }
      // A line that was put in is no line before the next.
      if let current, !isPutIn { before = current }
      (current, next) = (next, last)
    }

    /// Judges the current line, now that those behind it are known.
    private mutating func judge(afterNext: Line?) {
      guard let line = current else { return }
      isPutIn = false
      number += 1
      let expected = before?.digest ?? LogChain.none
      // What this line was, as far as the next one knows, unless that was changed itself.
      var known = claim(next, number + 1)
      if let next, known != nil, known != line.digest, isChanged(next, afterNext), line.link?.previous == expected {
        known = nil
      }
      guard let link = line.link else {
        if let known {
          report(line.place, "was changed: it does not end with its link")
          current?.digest = known
        } else {
          report(line.place, "was added: it has no link to the line before it")
          number -= 1
          isPutIn = true
        }
        return
      }
      if let known, known != line.digest {
        report(
          line.place,
          link.number == number && link.previous != expected
            ? "was changed, and its link with it" : "was changed: its SHA-256 is not the one that the next line names")
        current?.digest = known
      } else if link.number > number {
        report(
          line.place,
          (link.number == number + 1 ? "line \(number) is" : "lines \(number) to \(link.number - 1) are")
            + " missing before it")
        number = link.number
      } else if link.number < number {
        report(line.place, "is out of place: it was line \(link.number)")
        number = link.number
      } else if link.previous != expected {
        report(line.place, "does not follow the line before it: one of them was replaced")
      }
    }

    /// The digest that a line names of the one before it, if it is the line of that number.
    private func claim(_ line: Line?, _ number: Int) -> String? {
      line?.link.flatMap { $0.number == number ? $0.previous : nil }
    }

    /// Whether the next line is not what the one behind it knows, or, at the end, the summary.
    private func isChanged(_ next: Line, _ afterNext: Line?) -> Bool {
      guard afterNext == nil else { return claim(afterNext, number + 2).map { $0 != next.digest } ?? false }
      return seal.map { $0.lines == next.place && $0.sha256 != next.digest } ?? false
    }

    private mutating func report(_ line: Int, _ reason: String) {
      found.faults.append(Fault(line: line, reason: reason))
    }

    mutating func result() -> LogVerification {
      move(nil)
      move(nil)
      if let tornAt {
        found.isFinished = false
        report(tornAt, "is cut off: it does not end with a line feed")
      }
      if let seal, found.faults.isEmpty {
        if found.lines < seal.lines {
          report(
            found.lines + 1, "is missing, and what came behind it: the run ended with line \(seal.lines)")
        } else if found.lines > seal.lines {
          report(seal.lines + 1, "was added after the run had ended")
        } else if found.last != seal.sha256 {
          report(found.lines, "is not the line that the run ended with (summary.json)")
        }
      }
      return found
    }
  }
}
