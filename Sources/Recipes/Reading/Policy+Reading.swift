extension Recipe.Policy {
  init(_ field: Field) {
    guard let fields = Fields(field, "policy", keys: ["reject", "review", "confidence", "classes"]) else {
      self.init()
      return
    }
    self.init(fields)
  }

  /// Of keys that stand among others.
  init(_ fields: Fields) {
    self.init()
    thresholds = Self.thresholds(fields)
    confidence = fields["confidence"]?.share().map { Float($0) }
    guard let field = fields["classes"], let all = Fields(field, "classes", keys: nil) else { return }
    classes = all.all.compactMap { field in
      guard !field.node.isEmpty, let own = Fields(field, "a class's policy", keys: ["reject", "review"]) else {
        return nil
      }
      return ClassThresholds(label: field.key, thresholds: Self.thresholds(own))
    }
    classes.sort { $0.label < $1.label }
  }

  private static func thresholds(_ fields: Fields) -> Thresholds {
    let thresholds = Thresholds(
      reject: fields["reject"]?.share().map { Float($0) }, review: fields["review"]?.share().map { Float($0) })
    if let message = thresholds.contradiction { fields["review"]?.report(message) }
    return thresholds
  }

  /// The first of its thresholds that contradict each other.
  var contradiction: String? {
    ([thresholds] + classes.map(\.thresholds)).lazy.compactMap(\.contradiction).first
  }

  func over(_ defaults: Recipe.Policy) -> Recipe.Policy {
    func over(_ own: Thresholds, _ other: Thresholds?) -> Thresholds {
      Thresholds(reject: own.reject ?? other?.reject, review: own.review ?? other?.review)
    }
    var all = self
    all.thresholds = over(thresholds, defaults.thresholds)
    all.confidence = confidence ?? defaults.confidence
    let labels = Set(classes.map(\.label)).union(defaults.classes.map(\.label)).sorted()
    all.classes = labels.map { label in
      let own = classes.first { $0.label == label }?.thresholds ?? Thresholds()
      let other = defaults.classes.first { $0.label == label }?.thresholds
      return ClassThresholds(label: label, thresholds: over(own, other))
    }
    return all
  }
}

extension Recipe.Policy.Thresholds {
  var contradiction: String? {
    guard let reject, let review, review > reject else { return nil }
    return "\"review\" \(review) must not be more than \"reject\" \(reject): what is rejected is never reviewed"
  }
}
