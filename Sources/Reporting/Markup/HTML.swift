/// Markup that is safe by construction: text that is put into a literal by interpolation is escaped, other markup is
/// put in as it is.
///
/// ```swift
/// let row: HTML = "<td>\(fileName)</td>"  // <td>a&lt;b.png</td>
/// ```
public struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
  /// The markup.
  public private(set) var text: String

  public var description: String { text }
  public var isEmpty: Bool { text.isEmpty }
  /// The markup in UTF-8, to be written to a file.
  public var bytes: [UInt8] { Array(text.utf8) }

  public init() { text = "" }
  public init(stringLiteral value: String) { text = value }
  public init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  /// Takes `markup` as it is; only for what this module made itself.
  init(trusted markup: String) { text = markup }

  /// `text` with everything escaped that means something in markup.
  public static func escaped(_ text: String) -> HTML { "\(text)" }

  public static func += (a: inout HTML, b: HTML) { a.text += b.text }
  public static func + (a: HTML, b: HTML) -> HTML { HTML(trusted: a.text + b.text) }

  public struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
    public mutating func appendLiteral(_ literal: String) { text += literal }
    public mutating func appendInterpolation(_ markup: HTML) { text += markup.text }
    public mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
    public mutating func appendInterpolation(_ value: Int) { text += value.description }
    /// A coordinate: at most two decimals.
    public mutating func appendInterpolation(_ value: Double) { text += Format.coordinate(value) }
    public mutating func appendInterpolation(_ plain: String) {
      for scalar in plain.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        // Not allowed in HTML; and the marks that turn the direction of text could make a name read as another.
        case "\u{0}"..<"\u{9}", "\u{B}", "\u{C}", "\u{E}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{202A}"..<"\u{202F}",
          "\u{2066}"..<"\u{206A}":
          text += "\u{FFFD}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
  }
}

extension Sequence where Element == HTML {
  func joined() -> HTML { HTML(trusted: map(\.text).joined()) }
}
