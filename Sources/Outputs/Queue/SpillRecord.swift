/// A line that waits, or a run of lines that were dropped from memory and are to be read again by ``OutputReplay``.
enum OutputEntry: Sendable, Hashable {
  case line(OutputLine)
  case gap(first: UInt64, last: UInt64)

  var first: UInt64 {
    switch self {
    case .line(let line): line.number
    case .gap(let first, _): first
    }
  }

  var last: UInt64 {
    switch self {
    case .line(let line): line.number
    case .gap(_, let last): last
    }
  }

  /// The part of it that is not delivered when `number` is.
  func after(_ number: UInt64) -> OutputEntry {
    if case .gap(let first, let last) = self, first <= number, last > number {
      .gap(first: number + 1, last: last)
    } else {
      self
    }
  }

  /// How many lines it stands for.
  var count: Int { Int(clamping: last - first + 1) }

  /// Bytes in memory.
  var size: Int {
    switch self {
    case .line(let line): line.bytes.count + 64
    case .gap: 64
    }
  }
}

/// How an entry lies in a spill file, little-endian: what it is (4 bytes), the body's length (4), the first number (8),
/// the FNV-1a hash of the two before it and the body (8), and the body: the line, or a gap's last number.
///
/// A record whose end a crash tore off, or that a power cut left as zeros, does not match its hash.
enum SpillRecord {
  static let headerSize = 24
  /// No line is longer: a length beyond it is damage, and must not be allocated.
  static let largestBody = 1 << 26
  private static let lineMark: UInt32 = 0x314C_5341  // "ASL1"
  private static let gapMark: UInt32 = 0x3147_5341  // "ASG1"

  static func append(_ entry: OutputEntry, to bytes: inout [UInt8]) {
    let body: [UInt8]
    let mark: UInt32
    switch entry {
    case .line(let line):
      (mark, body) = (lineMark, line.bytes)
    case .gap(_, let last):
      (mark, body) = (gapMark, littleEndian(last, 8))
    }
    let number = littleEndian(entry.first, 8)
    bytes.append(contentsOf: littleEndian(UInt64(mark), 4))
    bytes.append(contentsOf: littleEndian(UInt64(body.count), 4))
    bytes.append(contentsOf: number)
    bytes.append(contentsOf: littleEndian(hash(mark, number[...], body[...]), 8))
    bytes.append(contentsOf: body)
  }

  enum Parsed: Equatable {
    /// A record of `size` bytes.
    case record(OutputEntry, size: Int)
    /// It goes on behind these bytes; `size` is known once its head is there.
    case short(size: Int?)
    case damaged
  }

  /// Reads the record at the front of `bytes`.
  static func parse(_ bytes: ArraySlice<UInt8>) -> Parsed {
    guard bytes.count >= headerSize else { return .short(size: nil) }
    let start = bytes.startIndex
    let mark = UInt32(truncatingIfNeeded: value(bytes[start..<start + 4]))
    let length = Int(value(bytes[start + 4..<start + 8]))
    guard mark == lineMark || mark == gapMark, length <= largestBody else { return .damaged }
    let size = headerSize + length
    guard bytes.count >= size else { return .short(size: size) }
    let number = bytes[start + 8..<start + 16]
    let body = bytes[start + headerSize..<start + size]
    guard hash(mark, number, body) == value(bytes[start + 16..<start + 24]) else { return .damaged }
    if mark == lineMark { return .record(.line(OutputLine(number: value(number), bytes: Array(body))), size: size) }
    guard length == 8, value(body) >= value(number) else { return .damaged }
    return .record(.gap(first: value(number), last: value(body)), size: size)
  }

  static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe Array($0.prefix(count)) }
  }

  static func value(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var result: UInt64 = 0
    for byte in bytes.reversed() { result = result << 8 | UInt64(byte) }
    return result
  }

  private static func hash(_ mark: UInt32, _ number: ArraySlice<UInt8>, _ body: ArraySlice<UInt8>) -> UInt64 {
    var hash = fnv1a(number, from: 0xcbf2_9ce4_8422_2325 ^ UInt64(mark))
    hash = fnv1a(littleEndian(UInt64(body.count), 4)[...], from: hash)
    return fnv1a(body, from: hash)
  }

  /// Fowler, Noll and Vo's hash of 64 bits, variant 1a.
  static func fnv1a(_ bytes: ArraySlice<UInt8>, from start: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
    var hash = start
    unsafe bytes.withUnsafeBufferPointer { bytes in
      for index in bytes.indices { hash = unsafe (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
    }
    return hash
  }
}
