/// Writes JSON with its members in the order of the calls, so that files are the same byte for byte from run to run.
///
/// Numbers get the shortest digits that read back as the same value. JSON has no NaN and no infinity: they become
/// `null`.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object {
///   $0.member("id", "part-1")
///   $0.object("frame") { $0.member("width", 640) }
/// }
/// ```
public struct JSONWriter: Sendable {
  /// What has been written, UTF-8.
  public private(set) var bytes: [UInt8] = []
  private let indented: Bool
  private let insideHTML: Bool
  private var depth = 0
  private var needsComma = false

  /// - Parameters:
  ///   - indented: members of objects go on lines of their own.
  ///   - insideHTML: escapes what could end or confuse a surrounding `<script>`.
  public init(indented: Bool = false, insideHTML: Bool = false) {
    self.indented = indented
    self.insideHTML = insideHTML
  }

  /// ``bytes`` as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  // MARK: Containers

  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    separate()
    container("{", "}", body)
  }
  public mutating func object(_ key: String, _ body: (inout JSONWriter) -> Void) {
    self.key(key)
    container("{", "}", body)
  }
  public mutating func array(_ body: (inout JSONWriter) -> Void) {
    separate()
    container("[", "]", body)
  }
  public mutating func array(_ key: String, _ body: (inout JSONWriter) -> Void) {
    self.key(key)
    container("[", "]", body)
  }

  // MARK: Members of an object

  public mutating func member(_ key: String, _ value: String) {
    self.key(key)
    string(value)
  }
  public mutating func member(_ key: String, _ value: Int) {
    self.key(key)
    append(value.description)
  }
  public mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    append(value ? "true" : "false")
  }
  public mutating func member(_ key: String, _ value: Float) {
    self.key(key)
    append(value.isFinite ? shortest(value.description) : "null")
  }
  public mutating func member(_ key: String, _ value: Double) {
    self.key(key)
    append(value.isFinite ? shortest(value.description) : "null")
  }
  public mutating func null(_ key: String) {
    self.key(key)
    append("null")
  }

  // MARK: Elements of an array

  public mutating func element(_ value: String) {
    separate()
    string(value)
  }
  public mutating func element(_ value: Int) {
    separate()
    append(value.description)
  }
  public mutating func element(_ value: Float) {
    separate()
    append(value.isFinite ? shortest(value.description) : "null")
  }
  public mutating func element(_ value: Double) {
    separate()
    append(value.isFinite ? shortest(value.description) : "null")
  }

  // MARK: Pieces

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func container(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
    append(open)
    needsComma = false
    depth += 1
    body(&self)
    depth -= 1
    if indented && open == "{" && needsComma { newLine() }
    append(close)
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func key(_ key: String) {
    separate()
    if indented { newLine() }
    string(key)
    append(indented ? ": " : ":")
    needsComma = false
  }

  private mutating func newLine() {
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: 2 * depth))
  }

  /// Swift writes whole numbers with ".0", which says nothing.
  private func shortest(_ description: String) -> String {
    description.hasSuffix(".0") ? String(description.dropLast(2)) : description
  }

  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes.append(contentsOf: "\\\"".utf8)
      case "\\": bytes.append(contentsOf: "\\\\".utf8)
      case "\n": bytes.append(contentsOf: "\\n".utf8)
      case "\r": bytes.append(contentsOf: "\\r".utf8)
      case "\t": bytes.append(contentsOf: "\\t".utf8)
      case "\u{0}"..<"\u{20}", "\u{7F}", "\u{2028}", "\u{2029}": unicodeEscape(scalar)
      case "<", ">", "&":
        if insideHTML { unicodeEscape(scalar) } else { bytes.append(UInt8(ascii: scalar)) }
      default: bytes.append(contentsOf: UTF8.encode(scalar)!)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  private mutating func unicodeEscape(_ scalar: Unicode.Scalar) {
    let digits = String(scalar.value, radix: 16)
    bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
  }
}
