extension Recipe.Trigger {
  private static let keys = ["every", "software", "presence"]
  private static let example = "such as every frame, {every: 200 ms}, {software: stdin}, {presence: {on: 10 %}}"

  init?(_ field: Field) {
    if let text = field.scalar {
      switch text {
      case "every frame": self = .everyFrame
      case "presence": self = .presence(Recipe.Presence())
      default:
        guard text.hasPrefix("every "), let interval = Quantities.duration(String(text.dropFirst(6))) else {
          field.refuse("must be a trigger", Self.example)
          return nil
        }
        guard Self.intervals.contains(interval) else {
          field.report("\"trigger\" must be from every 1 ms to every 24 h, not \(text)")
          return nil
        }
        self = .every(interval)
      }
      return
    }
    guard let fields = Fields(field, "trigger", keys: Self.keys) else { return nil }
    guard fields.all.count == 1, let only = fields.all.first, !only.node.isEmpty else {
      fields.reportUnlessOne("a trigger is one of every, software, presence", field)
      return nil
    }
    switch only.key {
    case "every":
      if only.scalar == "frame" {
        self = .everyFrame
      } else {
        guard let interval = only.duration(Self.intervals) else { return nil }
        self = .every(interval)
      }
    case "software":
      guard let software = Recipe.Software(only) else { return nil }
      self = .software(software)
    default:
      guard let presence = Recipe.Presence(only) else { return nil }
      self = .presence(presence)
    }
  }

  private static let intervals: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)
}

extension Recipe.Software {
  private static let example = "such as stdin, signal SIGUSR1, {socket: /run/assay/trigger.sock}"

  init?(_ field: Field) {
    if let text = field.scalar {
      let words = text.split(separator: " ", maxSplits: 1)
      if text == "stdin" {
        self = .standardInput
      } else if words.count == 2, words[0] == "signal" {
        guard let signal = Recipe.UserSignal(field, String(words[1])) else { return nil }
        self = .signal(signal)
      } else if words.count == 2, words[0] == "socket", !words[1].hasPrefix("~") {
        self = .socket(field.reading.resolve(String(words[1])))
      } else {
        field.refuse("must be where triggers come from", Self.example)
        return nil
      }
    } else {
      guard let fields = Fields(field, "software", keys: ["socket", "signal"]) else { return nil }
      guard fields.all.count == 1, let only = fields.all.first, !only.node.isEmpty else {
        fields.reportUnlessOne("a software trigger is one of stdin, socket, signal", field)
        return nil
      }
      if only.key == "socket" {
        guard let path = only.file() else { return nil }
        self = .socket(path)
      } else {
        guard let name = only.text(longest: 20), let signal = Recipe.UserSignal(only, name) else { return nil }
        self = .signal(signal)
      }
    }
    if case .socket(let path) = self, !Recipe.Output.fits(path, field) { return nil }
  }
}

extension Recipe.UserSignal {
  init?(_ field: Field, _ name: String) {
    guard let signal = Self(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: " or ")
      field.report("a trigger's signal is \(names), not \(YAMLNode.quoted(name))")
      return nil
    }
    self = signal
  }
}

extension Recipe.Presence {
  private static let keys = [
    "mode", "region", "on", "off", "hold", "longest", "learn", "contrast", "adapt", "relearn",
  ]

  init?(_ field: Field) {
    guard let fields = Fields(field, "presence", keys: Self.keys) else { return nil }
    self.init()
    if let field = fields["mode"] {
      if let mode = field.scalar.flatMap({ Mode(rawValue: $0) }) {
        self.mode = mode
      } else {
        field.refuse("must be passes or stands", nil)
      }
    }
    region = fields["region"].flatMap { Recipe.Shape($0) }
    on = fields["on"]?.share() ?? on
    // Half is enough for hysteresis where nobody says otherwise.
    off = fields["off"]?.share() ?? on / 2
    if let field = fields["hold"] { hold = Hold(field) }
    longest = fields["longest"]?.duration(.milliseconds(10) ... .seconds(3600))
    learn = fields["learn"]?.integer(3...10_000) ?? learn
    contrast = fields["contrast"]?.number(1...255, "a number of grey levels") ?? contrast
    adapt = fields["adapt"]?.duration(.milliseconds(100) ... .seconds(3600)) ?? adapt
    relearn = fields["relearn"]?.duration(.seconds(1) ... .seconds(86_400)) ?? relearn
    if on <= 0 { (fields["on"] ?? field).report("\"on\" must be more than 0, or a part is always there") }
    if off >= on, on > 0 {
      (fields["off"] ?? field).report(
        "\"off\" must be less than \"on\", or a part could come and go at once: \(Recipe.percent(off)) and "
          + Recipe.percent(on))
    }
  }
}

extension Recipe.Presence.Hold {
  init(_ field: Field) {
    self.init()
    guard let fields = Fields(field, "hold", keys: ["on", "off", "rest"]) else { return }
    on = fields["on"]?.integer(1...1000) ?? on
    off = fields["off"]?.integer(1...1000) ?? off
    rest = fields["rest"]?.integer(1...1000) ?? rest
  }
}

extension Recipe {
  /// As `10 %`, to what a recipe can say.
  static func percent(_ share: Double) -> String {
    Quantities.text((share * 1_000_000).rounded() / 10_000) + " %"
  }
}
