/// Lines on their way through a stream: what is not written yet, and what is not confirmed yet.
struct LineFlow: Sendable {
  /// Bytes that are to be written.
  private(set) var unsent: ArraySlice<UInt8> = []
  /// Lines in the stream: the number, and at which byte of all that was ever written it ends.
  private var lines: ArraySlice<(number: UInt64, end: Int)> = []
  private var appended = 0
  private var sent = 0
  /// The last line that is in the stream.
  private(set) var last: UInt64 = 0

  mutating func append(_ line: OutputLine) {
    unsent.append(contentsOf: line.bytes)
    unsent.append(0x0A)
    appended += line.bytes.count + 1
    last = line.number
    lines.append((line.number, appended))
  }

  /// A line that is no decision.
  mutating func append(text: String) {
    let bytes = Array(text.utf8) + [0x0A]
    unsent.append(contentsOf: bytes)
    appended += bytes.count
  }

  /// So many bytes were written.
  mutating func advance(_ count: Int) {
    unsent = unsent.dropFirst(count)
    if unsent.isEmpty { unsent = [] }
    sent += count
  }

  /// Takes the first line out; nil when none is written wholly.
  mutating func confirmFirst() -> UInt64? {
    guard let first = lines.first, first.end <= sent else { return nil }
    lines.removeFirst()
    return first.number
  }
}
