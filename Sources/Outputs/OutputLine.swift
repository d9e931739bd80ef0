/// One decision on its way to an output: a line of JSON without its line feed, and its number.
public struct OutputLine: Sendable, Hashable {
  /// The place of the line in `decisions.jsonl`, from 1. Numbers grow by one from line to line.
  public let number: UInt64
  public let bytes: [UInt8]

  /// - Parameter bytes: one line; a line feed at its end is left out.
  public init(number: UInt64, bytes: [UInt8]) {
    self.number = number
    self.bytes = bytes.last == 0x0A ? bytes.dropLast() : bytes
  }

  /// A line whose JSON object begins with `"number"`, so that a receiver can tell a repeat, and can say which lines it
  /// missed.
  public init(number: UInt64, numbering json: [UInt8]) {
    let body = json.last == 0x0A ? json.dropLast() : json[...]
    guard body.first == UInt8(ascii: "{") else {
      self.init(number: number, bytes: Array(body))
      return
    }
    let rest = body.dropFirst()
    var bytes = Array("{\"number\":\(number)".utf8)
    bytes.reserveCapacity(bytes.count + rest.count + 1)
    if rest.first(where: { $0 != 0x20 }) != UInt8(ascii: "}") { bytes.append(UInt8(ascii: ",")) }
    bytes.append(contentsOf: rest)
    self.init(number: number, bytes: bytes)
  }
}

/// Reads lines again from where they were first written, `decisions.jsonl`: those with numbers from `first`, in order,
/// at most `limit` of them. No lines mean that there are none from there on. Is called from an output's own threads.
public typealias OutputReplay = @Sendable (_ first: UInt64, _ limit: Int) throws -> [OutputLine]
