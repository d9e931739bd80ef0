extension Recipe {
  static func outputs(_ field: Field?) -> [Output] {
    guard let field else { return [] }
    guard let items = field.items() else {
      field.refuse("must be a list", "such as [{socket: /run/assay/decisions.sock}]")
      return []
    }
    var outputs: [Output] = []
    for item in items {
      guard let output = Output(item) else { continue }
      if outputs.contains(where: { $0.target == output.target }) {
        item.report("this output is there already; each would get every decision twice")
      }
      outputs.append(output)
    }
    return outputs
  }
}

extension Recipe.Output {
  init?(_ field: Field) {
    guard let fields = Fields(field, "an output", keys: ["command", "socket", "feed", "timeout"]) else { return nil }
    timeout =
      fields["timeout"]?.duration(.milliseconds(10) ... .seconds(3600)) ?? .seconds(fields.has("socket") ? 30 : 2)
    if let field = fields["feed"] {
      let known = Recipe.Feed.allCases.map(\.rawValue)
      if let feed = field.scalar.flatMap({ Recipe.Feed(rawValue: $0) }) {
        self.feed = feed
        if fields.has("socket") { field.report("\"feed\" is a command's; a socket gives every reader line after line") }
      } else {
        let near = field.scalar.flatMap { Suggestions.nearest($0, among: known) }
        field.refuse("must be each, lines or acknowledged", near.map { "did you mean \(YAMLNode.quoted($0))?" })
      }
    }
    switch (fields.has("command"), fields.has("socket")) {
    case (true, false):
      guard let command = fields["command"].flatMap({ Recipe.Command($0) }) else { return nil }
      target = .command(command)
    case (false, true):
      guard let field = fields["socket"], let path = field.file(), Self.fits(path, field) else { return nil }
      target = .socket(path)
    default:
      if fields.has("command") || !fields.hasUnknown { field.report("an output is either a command or a socket") }
      return nil
    }
  }

  /// Whether a UNIX socket's address can hold the path.
  static func fits(_ path: String, _ field: Field) -> Bool {
    guard path.utf8.count > 107 else { return true }
    field.report("the socket's path \(path) is longer than the 107 bytes that the system allows")
    return false
  }
}

extension Recipe.Command {
  init?(_ field: Field) {
    guard let items = field.items() else {
      guard let line = field.text(longest: 4000) else { return nil }
      self = .shell(line)
      return
    }
    // An empty argument is one too, an empty program is none.
    let words = items.compactMap(\.scalar)
    guard words.count == items.count, let program = words.first, !program.isEmpty else {
      field.refuse("must be a line for the shell, or a list of a program and its arguments", nil)
      return nil
    }
    self = .arguments(words)
  }
}

extension Recipe.Keep {
  init(_ field: Field?) {
    self.init()
    guard let field,
      let fields = Fields(field, "keep", keys: ["rejects", "reviews", "accepts", "budget", "days", "raw"])
    else {
      return
    }
    rejects = fields["rejects"].flatMap { Self.sampling($0) } ?? rejects
    reviews = fields["reviews"].flatMap { Self.sampling($0) } ?? reviews
    accepts = fields["accepts"].flatMap { Self.sampling($0) } ?? accepts
    if let field = fields["budget"] { budget = field.scalar == "unlimited" ? nil : Self.budget(field) }
    days = fields["days"]?.integer(1...36_500)
    raw = fields["raw"]?.truth() ?? raw
  }

  private static func sampling(_ field: Field) -> Recipe.Sampling? {
    if let text = field.scalar, let sampling = Quantities.sampling(text) { return sampling }
    field.refuse("must be all, none, a rate such as 1 in 100, or a share such as 5 %", nil)
    return nil
  }

  private static func budget(_ field: Field) -> Int64? {
    guard let text = field.scalar, let bytes = Quantities.bytes(text) else {
      field.refuse("must be a size with its unit, or unlimited", "such as 20 GB, 500 MB")
      return nil
    }
    guard bytes >= 1_000_000 else {
      field.report("\"budget\" must be at least 1 MB, not \(text)")
      return nil
    }
    return bytes
  }
}
