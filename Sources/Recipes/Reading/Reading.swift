/// One reading of one file: what has been found wrong so far, and where everything stands.
final class Reading {
  let path: String
  /// Absolute; what relative paths are resolved against.
  let folder: String
  private(set) var problems: [RecipeProblem] = []
  var marks = RecipeMarks()

  /// Nobody reads more, and hostile text could have a hundred thousand.
  static let mostProblems = 50

  init(path: String, folder: String) {
    self.path = path
    self.folder = folder
  }

  /// The whole of a file.
  ///
  /// - Parameter kind: what the file is, and the command that prints one: `recipe`, `policy`.
  /// - Throws: ``RecipeError`` where it is no YAML, or empty.
  static func root(of bytes: [UInt8], path: String, kind: String) throws(RecipeError) -> Field {
    let root: YAMLNode?
    do throws(YAMLError) {
      root = try YAMLReader.read(bytes)
    } catch {
      throw RecipeError([RecipeProblem(path: path, position: error.mark, message: error.message)])
    }
    guard let root, !root.isEmpty else {
      let message = "is empty; `assay \(kind) example` prints one to begin with"
      throw RecipeError([RecipeProblem(path: path, position: nil, message: message)])
    }
    let reading = Reading(path: path, folder: RecipeFile.folder(of: path))
    return Field(reading: reading, path: "", key: "the \(kind)", keyMark: root.mark, node: root)
  }

  func report(_ mark: YAMLNode.Mark?, _ message: String) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(RecipeProblem(path: path, position: mark, message: message))
  }

  /// - Throws: all that was reported, in the file's order.
  func finish() throws(RecipeError) {
    guard !problems.isEmpty else { return }
    var seen: Set<RecipeProblem> = []
    var all = problems.filter { seen.insert($0).inserted }
    let order = all.indices.sorted { a, b in
      let (p, q) = (all[a].position, all[b].position)
      if let p, let q { return p == q ? a < b : p < q }
      return p == nil && q == nil ? a < b : q != nil
    }
    all = order.map { all[$0] }
    if problems.count == Self.mostProblems {
      all.append(RecipeProblem(path: path, position: nil, message: "and perhaps more; mend these first"))
    }
    throw RecipeError(all)
  }

  func resolve(_ path: String) -> String {
    var path = path[...]
    while path.hasPrefix("./") { path = path.dropFirst(2).drop { $0 == "/" } }
    if path.hasPrefix("/") { return String(path) }
    return folder.hasSuffix("/") ? folder + path : folder + "/" + path
  }
}

/// The keys of one mapping, checked against those that are known there.
struct Fields {
  let reading: Reading
  /// Keys that lead here, with a dot behind; empty at the top.
  let prefix: String
  let mark: YAMLNode.Mark
  /// What the mapping is, for messages: "a camera".
  let what: String
  /// In the file's order.
  let all: [Field]
  /// Whether more keys were written than are known here.
  let hasUnknown: Bool

  /// - Parameter keys: `nil` where every name is allowed.
  init?(_ field: Field, _ what: String, keys: [String]?) {
    guard case .mapping(let pairs) = field.node.content else {
      field.refuse("must be keys with values", "such as \(keys?.first ?? "name"): ...")
      return nil
    }
    reading = field.reading
    prefix = field.path.isEmpty ? "" : field.path + "."
    mark = field.node.mark
    self.what = what
    var found: [Field] = []
    var first: [String: YAMLNode.Mark] = [:]
    for (key, value) in pairs {
      guard case .scalar(let name, _) = key.content else {
        reading.report(key.mark, "a key must be text, not \(key.kind)")
        continue
      }
      if let before = first[name] {
        reading.report(key.mark, "the key \(YAMLNode.quoted(name)) is there already, in line \(before.line)")
        continue
      }
      first[name] = key.mark
      if let keys, !keys.contains(name) {
        reading.report(key.mark, Suggestions.unknown(name, in: what, among: keys))
        continue
      }
      let field = Field(reading: reading, path: prefix + name, key: name, keyMark: key.mark, node: value)
      reading.marks.places[field.path] = value.mark
      // A key with nothing behind it is most likely a value that was forgotten.
      if value.isEmpty { field.refuse("needs a value", nil) }
      found.append(field)
    }
    all = found
    hasUnknown = found.count < pairs.count
  }

  /// The field, or nothing where the key is missing or empty.
  subscript(key: String) -> Field? { all.first { $0.key == key && !$0.node.isEmpty } }

  /// For a choice between keys; where there is none because it is misspelt, that was said.
  func reportUnlessOne(_ message: String, _ field: Field) {
    if all.count > 1 || all.isEmpty && !hasUnknown { field.report(message) }
  }

  func has(_ key: String) -> Bool { all.contains { $0.key == key } }
}

/// A value under its key. What cannot be read is reported and comes back as `nil`.
struct Field {
  let reading: Reading
  let path: String
  let key: String
  let keyMark: YAMLNode.Mark
  let node: YAMLNode

  var name: String { YAMLNode.quoted(key) }

  func report(_ message: String) { reading.report(node.mark, message) }

  /// `"rate" must be a number, not the text "fast"`, and an example.
  func refuse(_ must: String, _ example: String?) {
    let instead = node.isEmpty ? "" : ", not \(node.kind)"
    reading.report(node.isEmpty ? keyMark : node.mark, "\(name) \(must)\(instead)" + (example.map { "; \($0)" } ?? ""))
  }

  /// A scalar's text, however it is written.
  var scalar: String? {
    if case .scalar(let text, _) = node.content { text } else { nil }
  }

  /// One line of text.
  func text(longest: Int = 1000) -> String? {
    guard let text = scalar else {
      refuse("must be text", nil)
      return nil
    }
    guard !text.isEmpty, text.utf8.count <= longest,
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      report("\(name) must be one line of text with at most \(longest) bytes")
      return nil
    }
    return text
  }

  func number(_ range: ClosedRange<Double>, _ what: String = "a number") -> Double? {
    guard case .scalar(let text, true) = node.content, let value = YAMLNode.number(text) else {
      refuse("must be \(what)", nil)
      return nil
    }
    guard range.contains(value) else {
      let least = Quantities.text(range.lowerBound)
      report("\(name) must be from \(least) to \(Quantities.text(range.upperBound)), not \(text)")
      return nil
    }
    return value
  }

  func integer(_ range: ClosedRange<Int>) -> Int? {
    guard case .scalar(let text, true) = node.content, let value = Int(text) else {
      refuse("must be a whole number", nil)
      return nil
    }
    guard range.contains(value) else {
      report("\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(text)")
      return nil
    }
    return value
  }

  func truth() -> Bool? {
    if case .scalar(let text, true) = node.content, let truth = YAMLNode.truth(text) { return truth }
    refuse("must be yes or no", nil)
    return nil
  }

  func duration(_ range: ClosedRange<Duration>) -> Duration? {
    guard let text = scalar, let value = Quantities.duration(text) else {
      refuse("must be a time with its unit", "such as 2 s, 200 ms, 5 min")
      return nil
    }
    guard range.contains(value) else {
      report(
        "\(name) must be from \(Quantities.text(range.lowerBound)) to \(Quantities.text(range.upperBound)), not \(text)"
      )
      return nil
    }
    return value
  }

  /// A share in 0...1, written so or in percent.
  func share() -> Double? {
    if let text = scalar, let value = Quantities.percent(text) {
      if (0...1).contains(value) { return value }
      report("\(name) must be from 0 % to 100 %, not \(text)")
      return nil
    }
    return number(0...1, "a share such as 0.1 or 10 %")
  }

  /// An absolute path.
  func file() -> String? {
    guard let text = text(longest: 4000) else { return nil }
    guard !text.hasPrefix("~") else {
      report("\(name) names \(YAMLNode.quoted(text)), but ~ is not expanded; write the whole path")
      return nil
    }
    return reading.resolve(text)
  }

  /// The values of a list, each with this field's key.
  func items() -> [Field]? {
    guard case .sequence(let nodes) = node.content else { return nil }
    return nodes.enumerated().map { index, node in
      reading.marks.places["\(path).\(index)"] = node.mark
      return Field(reading: reading, path: "\(path).\(index)", key: key, keyMark: node.mark, node: node)
    }
  }
}
