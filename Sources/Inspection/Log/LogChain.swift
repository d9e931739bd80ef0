internal import Crypto

/// Links the lines of a log: each carries its number and the SHA-256 of the line before it, so that no line can be
/// changed, taken out or moved without every line behind it telling (Haber and Stornetta 1991,
/// doi 10.1007/BF00196791).
///
/// A digest covers a whole line without its line feed, its own link included.
public struct LogChain: Sendable, Hashable {
  /// SHA-256 of the last line, hexadecimal; zeros where there is none.
  public private(set) var last = LogChain.none
  /// Lines so far.
  public private(set) var lines = 0

  public init() {}

  static let none = String(repeating: "0", count: 64)

  /// A line that is a JSON object with its line feed, with its link as the last members.
  mutating func link(_ line: [UInt8]) -> [UInt8] {
    precondition(line.suffix(2) == [UInt8(ascii: "}"), 0x0A], "a line that is no object")
    let own = Array(line.dropLast(2)) + Link(number: lines + 1, previous: last).bytes
    follow(own)
    return own + [0x0A]
  }

  /// Goes on behind a line, given without its line feed, whatever its link says.
  mutating func follow(_ line: some Collection<UInt8>) {
    last = Self.digest(line)
    lines += 1
  }

  /// SHA-256 of a line, hexadecimal.
  static func digest(_ line: some Collection<UInt8>) -> String {
    var hash = SHA256()
    hash.update(data: Array(line))
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in hash.finalize() {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// What a line says of its place.
  struct Link: Hashable {
    var number: Int
    var previous: String

    var bytes: [UInt8] { Array(#","line":\#(number),"previous":"\#(previous)"}"#.utf8) }

    init(number: Int, previous: String) {
      self.number = number
      self.previous = previous
    }

    /// Reads the end of a line without its line feed; nil where it is not as ``bytes`` writes it.
    init?(_ line: some BidirectionalCollection<UInt8>) {
      let tail = Array(line.suffix(120))
      // `,"previous":"`, 64 digits, `"}`
      let fixed = 79
      guard tail.count > fixed else { return nil }
      let digits = tail.suffix(66).prefix(64)
      guard digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
        let comma = tail.dropLast(fixed).lastIndex(of: UInt8(ascii: ":"))
      else { return nil }
      let number = tail[(comma + 1)..<(tail.count - fixed)]
      guard let value = Int(String(decoding: number, as: UTF8.self)), value > 0 else { return nil }
      self.init(number: value, previous: String(decoding: digits, as: UTF8.self))
      guard tail.suffix(bytes.count) == bytes[...] else { return nil }
    }
  }
}
