/// What a `checks` mapping says. The outer `nil` is not said, the inner one is off.
struct ChecksSection {
  var frozen: Int??
  var black: Int??
  var overexposed: Double??

  init() {}

  init(_ field: Field) {
    guard let fields = Fields(field, "checks", keys: ["frozen", "black", "overexposed"]) else { return }
    let usual = Recipe.Checks()
    frozen = Self.value(fields["frozen"], usual.frozen) { $0.integer(2...10_000) }
    black = Self.value(fields["black"], usual.black) { $0.integer(1...255) }
    overexposed = Self.value(fields["overexposed"], usual.overexposed) { field in
      guard let share = field.share() else { return nil }
      if share <= 0 || share >= 1 { field.report("\"overexposed\" must be more than 0 % and less than 100 %, or off") }
      return share
    }
  }

  /// - Parameter usual: what `on` means.
  private static func value<Value>(_ field: Field?, _ usual: Value?, _ read: (Field) -> Value?) -> Value?? {
    guard let field else { return .none }
    if case .scalar(let text, true) = field.node.content, let truth = YAMLNode.truth(text) {
      return .some(truth ? usual : nil)
    }
    return read(field).map { .some($0) } ?? .none
  }

  func over(_ defaults: ChecksSection) -> ChecksSection {
    var all = self
    all.frozen = frozen ?? defaults.frozen
    all.black = black ?? defaults.black
    all.overexposed = overexposed ?? defaults.overexposed
    return all
  }

  var filled: Recipe.Checks {
    var checks = Recipe.Checks()
    if let frozen { checks.frozen = frozen }
    if let black { checks.black = black }
    if let overexposed { checks.overexposed = overexposed }
    return checks
  }
}
