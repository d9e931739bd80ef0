/// A recipe as keys and values in one order that never changes: what the YAML, the JSON and the differences are made of.
enum RecipeTree: Hashable {
  struct Member: Hashable {
    var key: String
    var value: RecipeTree
  }

  case text(String)
  /// A number, `true` or `false`: the same in YAML and JSON.
  case literal(String)
  case list([RecipeTree])
  case keys([Member])

  static func keys(_ members: KeyValuePairs<String, RecipeTree?>) -> RecipeTree {
    .keys(members.compactMap { key, value in value.map { Member(key: key, value: $0) } })
  }

  static func number(_ value: some BinaryInteger) -> RecipeTree { .literal("\(value)") }
  static func number(_ value: Double) -> RecipeTree { .literal(Quantities.text(value)) }
  static func number(_ value: Float) -> RecipeTree { .literal(value == value.rounded() ? "\(Int(value))" : "\(value)") }
  static func list(_ values: [RecipeTree], orNil: Bool) -> RecipeTree? { values.isEmpty && orNil ? nil : .list(values) }
}

// MARK: - Writing

extension RecipeTree {
  /// Block style for keys, braces and brackets within lists.
  func yaml(indent: Int = 0) -> String {
    guard case .keys(let members) = self else { return flow + "\n" }
    let blanks = String(repeating: " ", count: indent)
    var text = ""
    for member in members {
      text += blanks + Self.word(member.key) + ":"
      switch member.value {
      case .keys(let inner) where !inner.isEmpty:
        text += "\n" + member.value.yaml(indent: indent + 2)
      case .list(let items) where items.contains(where: { if case .keys = $0 { true } else { false } }):
        text += "\n" + items.map { "\(blanks)  - \($0.flow)\n" }.joined()
      default:
        text += " " + member.value.flow + "\n"
      }
    }
    return text
  }

  /// On one line.
  var flow: String {
    switch self {
    case .text(let text): Self.word(text)
    case .literal(let text): text
    case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
    case .keys(let members):
      "{" + members.map { Self.word($0.key) + ": " + $0.value.flow }.joined(separator: ", ") + "}"
    }
  }

  var json: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .literal(let text): text
    case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
    case .keys(let members):
      "{" + members.map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
    }
  }

  /// Without quotes only what YAML cannot take for anything else.
  private static func word(_ text: String) -> String {
    func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z") }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "/"),
      text.utf8.last != UInt8(ascii: " "),
      text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "/-_. ".utf8.contains($0) }), YAMLNode.truth(text) == nil,
      text.lowercased() != "null"
    else { return quoted(text) }
    return text
  }

  /// JSON's quotes, which YAML reads as well.
  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0xfeff {
          let digits = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
