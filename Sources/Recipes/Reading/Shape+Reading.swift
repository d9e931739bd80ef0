extension Recipe.Shape {
  private static let keys = ["polygon", "rectangle", "mask"]
  /// Drawn by hand; what is finer is a mask.
  private static let mostCorners = 1000

  init?(_ field: Field) {
    guard let fields = Fields(field, "an area", keys: Self.keys) else { return nil }
    guard fields.all.count == 1, let only = fields.all.first, !only.node.isEmpty else {
      fields.reportUnlessOne("an area is one of polygon, rectangle, mask", field)
      return nil
    }
    switch only.key {
    case "rectangle":
      guard let rectangle = Recipe.Rectangle(only) else { return nil }
      self = .rectangle(rectangle)
    case "mask":
      guard let path = only.file() else { return nil }
      self = .mask(path)
    default:
      guard let corners = Self.corners(only) else { return nil }
      self = .polygon(corners)
    }
  }

  private static func corners(_ field: Field) -> [Recipe.Point]? {
    guard let items = field.items() else {
      field.refuse("must be a list of corners", "such as [[10, 10], [200, 10], [200, 150]]")
      return nil
    }
    guard (3...mostCorners).contains(items.count) else {
      field.report("\"polygon\" must have from 3 to \(mostCorners) corners, not \(items.count)")
      return nil
    }
    var corners: [Recipe.Point] = []
    for item in items {
      guard let pair = item.items(), pair.count == 2 else {
        item.refuse("must be a list of corners [x, y]", nil)
        return nil
      }
      guard let x = pair[0].integer(0...16384), let y = pair[1].integer(0...16384) else { return nil }
      corners.append(Recipe.Point(x, y))
    }
    // Twice the area, by the shoelace formula. A figure of eight can have none, and is no region either.
    var area = 0
    for (a, b) in zip(corners, corners.dropFirst() + corners.prefix(1)) { area += a.x * b.y - b.x * a.y }
    guard area != 0 else {
      field.report("\"polygon\" encloses nothing: its corners lie on one line, or its outline crosses itself")
      return nil
    }
    return corners
  }

  /// The right lower end, beyond the last pixel; `nil` for a mask, which has the picture's size.
  var extent: Recipe.Point? {
    switch self {
    case .polygon(let corners): Recipe.Point(corners.map(\.x).max() ?? 0, corners.map(\.y).max() ?? 0)
    case .rectangle(let r): Recipe.Point(r.x + r.width, r.y + r.height)
    case .mask: nil
    }
  }
}

extension Recipe.Rectangle {
  init?(_ field: Field) {
    guard let items = field.items(), items.count == 4 else {
      field.refuse("must be [x, y, width, height]", nil)
      return nil
    }
    guard let x = items[0].integer(0...16384), let y = items[1].integer(0...16384),
      let width = items[2].integer(1...16384), let height = items[3].integer(1...16384)
    else { return nil }
    self.init(x, y, width, height)
  }
}

extension Recipe.Alignment {
  init?(_ field: Field) {
    guard let fields = Fields(field, "alignment", keys: ["template", "search", "angle", "least_score"]) else {
      return nil
    }
    template = fields["template"]?.file() ?? ""
    if !fields.has("template") { field.report("\"alignment\" needs \"template\", a picture of the part") }
    search = fields["search"].flatMap { Recipe.Rectangle($0) }
    angle = fields["angle"]?.number(0...180, "a number of degrees") ?? 10
    leastScore = fields["least_score"]?.share() ?? 0.7
    if leastScore <= 0 { fields["least_score"]?.report("\"least_score\" must be more than 0, or anything is found") }
  }
}
