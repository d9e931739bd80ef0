/// What can stand in a camera or, for all cameras, at the top. What is `nil` was not said.
struct Section {
  static let keys = ["format", "controls", "lock", "settle", "timeout", "checks", "trigger", "model", "policy"]

  var format = Recipe.Format()
  var controls: [Recipe.Control] = []
  var lock: [Recipe.Automatic]?
  var settle: Duration?
  var timeout: Duration?
  var checks = ChecksSection()
  var trigger: Recipe.Trigger?
  var model: String?
  var policy = Recipe.Policy()
  /// Whether a model is named at all, also where its name cannot be read.
  var namesModel = false

  init(_ fields: Fields) {
    if let field = fields["format"] { format = Recipe.Format(field) }
    if let field = fields["controls"] { controls = Self.controls(field) }
    if let field = fields["lock"] { lock = Self.lock(field) }
    settle = fields["settle"]?.duration(.zero ... .seconds(60))
    timeout = fields["timeout"]?.duration(.milliseconds(10) ... .seconds(3600))
    if let field = fields["checks"] { checks = ChecksSection(field) }
    if let field = fields["trigger"] { trigger = Recipe.Trigger(field) }
    model = fields["model"]?.file()
    if let field = fields["policy"] { policy = Recipe.Policy(field) }
    namesModel = fields.has("model")
  }

  /// What is said here, and for the rest what is said there.
  func over(_ defaults: Section) -> Section {
    var all = self
    all.format.size = format.size ?? defaults.format.size
    all.format.rate = format.rate ?? defaults.format.rate
    if format.pixels.isEmpty { all.format.pixels = defaults.format.pixels }
    let own = Set(controls.map(\.name))
    all.controls = defaults.controls.filter { !own.contains($0.name) } + controls
    all.lock = lock ?? defaults.lock
    all.settle = settle ?? defaults.settle
    all.timeout = timeout ?? defaults.timeout
    all.checks = checks.over(defaults.checks)
    all.trigger = trigger ?? defaults.trigger
    all.model = model ?? defaults.model
    all.policy = policy.over(defaults.policy)
    all.namesModel = namesModel || defaults.namesModel
    return all
  }

  private static func controls(_ field: Field) -> [Recipe.Control] {
    guard let fields = Fields(field, "controls", keys: nil) else { return [] }
    return fields.all.compactMap { field in
      let isName = field.key.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "_")
      }
      guard isName, (1...64).contains(field.key.utf8.count) else {
        field.reading.report(
          field.keyMark,
          "a control's name is lower-case letters, digits and \"_\", as `assay cameras show` lists it, not \(field.name)"
        )
        return nil
      }
      guard !field.node.isEmpty, let value = value(field) else { return nil }
      return Recipe.Control(name: field.key, value: value)
    }
  }

  private static func value(_ field: Field) -> Recipe.ControlValue? {
    guard case .scalar(let text, let isPlain) = field.node.content else {
      field.refuse("must be a whole number, on or off, or the name of a menu's item", nil)
      return nil
    }
    if isPlain {
      if let truth = YAMLNode.truth(text) { return .truth(truth) }
      if let integer = Int64(text) { return .integer(integer) }
      if YAMLNode.number(text) != nil {
        field.refuse("must be a whole number, as controls are", nil)
        return nil
      }
    }
    return field.text(longest: 100).map { .name($0) }
  }

  private static func lock(_ field: Field) -> [Recipe.Automatic]? {
    let names = Recipe.Automatic.allCases.map(\.rawValue)
    if field.items() == nil {
      switch field.scalar {
      case "all": return Recipe.Automatic.allCases
      case "none": return []
      default: break
      }
    }
    var locked: Set<Recipe.Automatic> = []
    for item in field.items() ?? [field] {
      guard let text = item.scalar, let automatic = Recipe.Automatic(rawValue: text) else {
        let near = item.scalar.flatMap { Suggestions.nearest($0, among: names) }
        item.refuse(
          "must be all, none or a list of " + names.joined(separator: ", "),
          near.map { "did you mean \(YAMLNode.quoted($0))?" })
        continue
      }
      if !locked.insert(automatic).inserted { item.report("\"lock\" names \(text) twice") }
    }
    return Recipe.Automatic.allCases.filter(locked.contains)
  }
}
