/// The text before it is parsed, and what the parser says about it in plainer words.
enum YAMLText {
  /// Refuses what is not UTF-8 or holds control characters.
  static func check(_ text: [UInt8]) throws(YAMLError) {
    // libyaml takes a byte 0 for the end of the text and would pass over what follows in silence.
    if let zero = text.firstIndex(of: 0) {
      throw YAMLError(position(of: zero, in: text), "holds a byte 0; a recipe is plain text in UTF-8")
    }
    guard String(validating: text, as: UTF8.self) == nil else { return }
    throw YAMLError(position(of: validLength(text), in: text), "is not UTF-8 from here on; save it as UTF-8")
  }

  private static func validLength(_ text: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = text.makeIterator()
    var length = 0
    while case .valid(let scalar) = parser.parseScalar(from: &bytes) { length += scalar.count }
    return length
  }

  /// The line and column, in characters, of a byte.
  static func position(of offset: Int, in text: [UInt8]) -> YAMLNode.Mark {
    let before = text.prefix(offset)
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    return YAMLNode.Mark(line: line, column: before[start...].count { $0 & 0xc0 != 0x80 } + 1)
  }

  /// The byte at a place, or the first of several.
  static func character(_ mark: YAMLNode.Mark, in text: [UInt8]) -> UInt8? {
    let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: mark.line, omittingEmptySubsequences: false)
    guard lines.indices.contains(mark.line - 1) else { return nil }
    return lines[mark.line - 1].lazy.filter { $0 & 0xc0 != 0x80 }.dropFirst(mark.column - 1).first
  }

  /// libyaml's words as one sentence that says what to do.
  static func sentence(_ problem: String, character: UInt8?) -> String {
    switch problem {
    case "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      return "tabs cannot indent; use spaces"
    case "found character that cannot start any token":
      guard let character, character != UInt8(ascii: "\t") else { return "tabs cannot indent; use spaces" }
      let name = YAMLNode.quoted(String(UnicodeScalar(character)))
      return "a value cannot begin with \(name); put it in quotes"
    case "mapping values are not allowed in this context":
      return "a \":\" cannot stand here; check the indentation, or put the text in quotes"
    case "could not find expected ':'", "did not find expected ':'":
      return "a key needs a \":\" and a space behind it"
    case "did not find expected key", "did not find expected '-' indicator":
      return "this does not line up with what is above; check the indentation and the brackets"
    case "found unexpected end of stream":
      return "a quote is not closed"
    case "did not find expected ',' or ']'":
      return "a list in brackets needs a \",\" or its \"]\" here"
    case "did not find expected ',' or '}'":
      return "keys in braces need a \",\" or their \"}\" here"
    default:
      return problem
    }
  }
}
