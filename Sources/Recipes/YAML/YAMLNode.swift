/// A node of a YAML document with its place in the text.
struct YAMLNode {
  typealias Mark = RecipeProblem.Position

  enum Content {
    /// `isPlain` tells `off` from `"off"`: what stands in quotes is text and nothing else.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the text's order; keys may occur twice, which is for the reader to report.
    case mapping([(key: YAMLNode, value: YAMLNode)])
  }

  var content: Content
  var mark: Mark
  /// Nodes in this tree, itself included.
  var count: Int

  /// What it is, for "must be a number, not a list".
  var kind: String {
    switch content {
    case .scalar(let text, let isPlain):
      if isEmpty { return "nothing" }
      if isPlain && Self.truth(text) != nil { return "on or off" }
      if isPlain && Self.number(text) != nil { return "the number \(text)" }
      return "the text \(Self.quoted(text))"
    case .sequence: return "a list"
    case .mapping: return "a set of keys"
    }
  }

  /// A key with nothing behind it.
  var isEmpty: Bool {
    if case .scalar(let text, true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
    return false
  }

  /// YAML 1.1's words for truth, which people write and the kernel's tools print.
  static func truth(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "on", "yes", "true": true
    case "off", "no", "false": false
    default: nil
    }
  }

  /// A decimal number; neither YAML's octal nor its base 60, with which `1:30` would be 90.
  static func number(_ text: String) -> Double? {
    let bytes = text.utf8
    guard bytes.count <= 40, bytes.contains(where: { (48...57).contains($0) }),
      bytes.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }), let value = Double(text),
      value.isFinite
    else { return nil }
    return value
  }

  /// In double quotes, on one line, not longer than a message can bear.
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars.prefix(60) {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      default:
        // Terminals obey control characters, C1 among them.
        if scalar.properties.generalCategory == .control {
          out += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + (text.unicodeScalars.dropFirst(60).isEmpty ? "\"" : "...\"")
  }
}

/// Text that is not YAML, or not YAML that a recipe may be made of.
struct YAMLError: Error {
  var mark: YAMLNode.Mark?
  var message: String

  init(_ mark: YAMLNode.Mark?, _ message: String) {
    self.mark = mark
    self.message = message
  }
}
