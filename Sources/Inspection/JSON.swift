/// A JSON value (RFC 8259) that keeps the order of an object's members and the digits of a number as they were
/// written, so that a score read back is the score that was written.
public enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// The number's text.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Hashable {
    public let key: String
    public let value: JSON
  }

  /// The member of that name, if this is an object that has one.
  public subscript(_ key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  public var stringValue: String? { if case .string(let text) = self { text } else { nil } }
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var intValue: Int? { if case .number(let text) = self { Int(text) } else { nil } }
  public var doubleValue: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  public var floatValue: Float? { if case .number(let text) = self { Float(text) } else { nil } }
  public var arrayValue: [JSON]? { if case .array(let values) = self { values } else { nil } }
  public var objectValue: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// Reads one value and nothing after it but white space.
  ///
  /// - Throws: ``JSONError`` with the byte at which the text stops being JSON.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    var parser = JSONParser(Array(bytes))
    self = try parser.document()
  }
}

/// Text that is not JSON.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Bytes before the fault.
  public let offset: Int
  public let reason: String

  public var description: String { "not JSON at byte \(offset): \(reason)" }
}

/// A recursive-descent parser over bytes; nesting is limited, so that no input can exhaust the stack.
struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private static let deepest = 64

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault("text after the value") }
    return value
  }

  private func fault(_ reason: String) -> JSONError { JSONError(offset: position, reason: reason) }
  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth <= Self.deepest else { throw fault("nested deeper than \(Self.deepest)") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw fault("the text ends where a value should be")
    default: return try number()
    }
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
    guard bytes[position...].starts(with: text.utf8) else { throw fault("unknown word") }
    position += text.utf8.count
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [JSON.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw fault("a member needs a name") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
      members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw fault("an object is not closed") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var values: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw fault("an array is not closed") }
    return .array(values)
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    func digits(_ parser: inout JSONParser) -> Int {
      let first = parser.position
      while let byte = parser.current, byte >= 0x30 && byte <= 0x39 { parser.position += 1 }
      return parser.position - first
    }
    _ = take(UInt8(ascii: "-"))
    let leadingZero = current == UInt8(ascii: "0")
    let whole = digits(&self)
    guard whole > 0 else { throw fault("not a value") }
    guard !leadingZero || whole == 1 else { throw fault("a number starts with 0") }
    if take(UInt8(ascii: ".")) {
      guard digits(&self) > 0 else { throw fault("a number ends with its point") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits(&self) > 0 else { throw fault("a number ends with its exponent") }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw fault("a control character in a string")
      default: text.append(byte)
      }
    }
    throw fault("a string is not closed")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = current else { throw fault("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexadecimal())
      if code >= 0xD800 && code < 0xDC00 {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault("half a surrogate pair") }
        let low = UInt32(try hexadecimal())
        guard low >= 0xDC00 && low < 0xE000 else { throw fault("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
      text.append(contentsOf: Character(scalar).utf8)
    default: throw fault("unknown escape")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    var code: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw fault("four hexadecimal digits are missing")
      }
      code = code << 4 | UInt16(digit)
      position += 1
    }
    return code
  }
}
