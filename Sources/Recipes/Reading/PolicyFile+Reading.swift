extension PolicyFile {
  /// Reads a policy's file.
  ///
  /// - Throws: ``RecipeError`` with everything that is wrong, each with its line.
  public init(contentsOf path: String) throws(RecipeError) {
    switch RecipeFile.read(path, longest: YAMLReader.longestText) {
    case .success(let bytes): try self.init(bytes: bytes, path: path)
    case .failure(let reason):
      throw RecipeError([RecipeProblem(path: path, position: nil, message: reason.message)])
    }
  }

  /// Reads a policy's text as if it were the file at `path`.
  ///
  /// - Throws: ``RecipeError``, as ``init(contentsOf:)`` does.
  public init(yaml: String, path: String) throws(RecipeError) { try self.init(bytes: Array(yaml.utf8), path: path) }

  private static let keys = [
    "policy", "reject", "review", "confidence", "classes", "mm_per_pixel", "image", "zones", "regions",
  ]

  init(bytes: [UInt8], path: String) throws(RecipeError) {
    let top = try Reading.root(of: bytes, path: path, kind: "policy")
    let reading = top.reading
    guard let fields = Fields(top, "the policy", keys: Self.keys) else {
      try reading.finish()
      preconditionFailure("a root that is no mapping was not reported")
    }
    self.init(
      path: path, name: fields["policy"]?.text(longest: 100) ?? RecipeFile.stem(of: path),
      thresholds: Recipe.Policy(fields), millimetersPerPixel: nil, image: nil, zones: [], regions: [])
    if let field = fields["mm_per_pixel"], let side = field.number(0...1000, "a number of millimetres") {
      if side > 0 { millimetersPerPixel = side } else { field.report("\"mm_per_pixel\" must be more than 0") }
    }
    if let field = fields["image"] { image = Self.size(field) }
    zones = Self.zones(fields["zones"])
    regions = Self.regions(fields["regions"], zones: Set(zones.map(\.name)), isMetric: millimetersPerPixel != nil)
    marks = reading.marks
    if let image {
      for problem in problems(width: image.width, height: image.height) {
        reading.report(problem.position, problem.message)
      }
    }
    try reading.finish()
    marks = reading.marks
  }

  private static func size(_ field: Field) -> Recipe.Size? {
    guard let pair = field.items(), pair.count == 2 else {
      field.refuse("must be [width, height] in pixels", "such as [640, 480]")
      return nil
    }
    guard let width = pair[0].integer(1...16384), let height = pair[1].integer(1...16384) else { return nil }
    return Recipe.Size(width, height)
  }

  private static func zones(_ field: Field?) -> [Zone] {
    guard let field, let fields = Fields(field, "zones", keys: nil) else { return [] }
    return fields.all.compactMap { field in
      guard !field.node.isEmpty, let shape = Recipe.Shape(field) else { return nil }
      if case .mask = shape {
        field.report("a zone is a polygon or a rectangle")
        return nil
      }
      return Zone(name: field.key, shape: shape)
    }
  }

  private static func regions(_ field: Field?, zones: Set<String>, isMetric: Bool) -> [RegionRule] {
    guard let field, let fields = Fields(field, "regions", keys: nil) else { return [] }
    return fields.all.compactMap { field in
      let keys = ["zone", "smallest_area", "longest_side", "count"]
      guard !field.node.isEmpty, let own = Fields(field, "a class's regions", keys: keys) else { return nil }
      if own.all.isEmpty && !own.hasUnknown { field.report("\(field.name) says nothing of its regions") }
      return RegionRule(
        label: field.key, zones: own["zone"].flatMap { names($0, among: zones) },
        smallestArea: own["smallest_area"].flatMap { quantity($0, power: 2, isMetric) },
        longestSide: own["longest_side"].flatMap { quantity($0, power: 1, isMetric) },
        count: own["count"]?.integer(1...32))
    }
  }

  /// A zone's name, or a list of them.
  private static func names(_ field: Field, among zones: Set<String>) -> [String]? {
    (field.items() ?? [field]).compactMap { item in
      guard let name = item.text(longest: 100) else { return nil }
      guard zones.contains(name) else {
        let near = Suggestions.nearest(name, among: zones.sorted()).map { "; did you mean \(YAMLNode.quoted($0))?" }
        item.report(
          "there is no zone \(YAMLNode.quoted(name))"
            + (near
              ?? (zones.isEmpty
                ? "; draw it under \"zones\"" : "; there are \(zones.sorted().joined(separator: ", "))"))
        )
        return nil
      }
      return name
    }
  }

  private static func quantity(_ field: Field, power: Int, _ isMetric: Bool) -> Quantity? {
    let (pixels, metric) = power == 2 ? ("px2", "mm2") : ("px", "mm")
    guard let text = field.scalar, let (value, unit) = Quantities.number(text),
      ["", "px", pixels, metric, power == 2 ? "mm\u{B2}" : metric].contains(unit)
    else {
      field.refuse(
        "must be a number of pixels or \(power == 2 ? "square " : "")millimetres", "such as 20 px, 0.5 \(metric)")
      return nil
    }
    guard value > 0, value < 1e9 else {
      field.report("\(field.name) must be more than 0")
      return nil
    }
    let inMillimeters = unit.hasPrefix("mm")
    if inMillimeters && !isMetric {
      field.report("\(field.name) is in millimetres, but \"mm_per_pixel\" is missing")
      return nil
    }
    return Quantity(value: value, isMetric: inMillimeters)
  }
}
