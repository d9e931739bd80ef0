/// What a quality engineer decides beside the network, as a YAML file says it: thresholds, and which found regions count.
public struct PolicyFile: Sendable, Hashable {
  /// The file, as it was named.
  public var path: String
  /// What it is called; without a name the file's, less `.yaml`.
  public var name: String
  /// Thresholds; what is nil is the model's.
  public var thresholds: Recipe.Policy
  /// Side of a pixel in millimetres; nil where lengths are in pixels alone.
  public var millimetersPerPixel: Double?
  /// Size of the pictures that zones are drawn in; nil where it is not said.
  public var image: Recipe.Size?
  /// By name, in the file's order.
  public var zones: [Zone]
  /// In the file's order; the class `any` stands for all without a rule of their own.
  public var regions: [RegionRule]
  var marks = RecipeMarks()

  public struct Zone: Sendable, Hashable {
    public var name: String
    /// A polygon or a rectangle.
    public var shape: Recipe.Shape
  }

  /// Which regions of a class count. A part whose regions all do not count is accepted.
  public struct RegionRule: Sendable, Hashable {
    /// A class's label, or `any`.
    public var label: String
    /// Zones of which a region must touch one; nil for everywhere.
    public var zones: [String]?
    /// A smaller region does not count.
    public var smallestArea: Quantity?
    /// A region whose longest side is shorter does not count.
    public var longestSide: Quantity?
    /// Fewer regions than these do not count, whatever they are.
    public var count: Int?

    public static let any = "any"
  }

  /// A length or an area, above 0.
  public struct Quantity: Sendable, Hashable {
    public var value: Double
    /// Millimetres or square millimetres; else pixels.
    public var isMetric: Bool

    /// In pixels, or square pixels with `power` 2.
    public func pixels(_ millimetersPerPixel: Double?, power: Int) -> Double {
      guard isMetric, let side = millimetersPerPixel else { return value }
      return value / (power == 2 ? side * side : side)
    }
  }

  /// Where a value stands, by the path of its keys, such as `regions.stain.zone`; the nearest key above it where it has no
  /// place of its own.
  public func position(of keys: String) -> RecipeProblem.Position? {
    var keys = keys[...]
    while true {
      if let place = marks.places[String(keys)] { return place }
      guard let dot = keys.lastIndex(of: ".") else { return nil }
      keys = keys[..<dot]
    }
  }

  /// A problem with the value at this path of keys, to be reported like those found in reading.
  public func problem(at keys: String, _ message: String) -> RecipeProblem {
    RecipeProblem(path: path, position: position(of: keys), message: message)
  }

  /// What does not fit a model's classes.
  ///
  /// - Parameters:
  ///   - labels: of the model.
  ///   - good: its acceptable class.
  public func problems(labels: [String], good: String?) -> [RecipeProblem] {
    var problems: [RecipeProblem] = []
    func check(_ label: String, at keys: String) {
      if label == good {
        problems.append(problem(at: keys, "\(YAMLNode.quoted(label)) is the model's good class, which has no rules"))
      } else if !labels.contains(label) {
        let known = labels.filter { $0 != good }
        let near = Suggestions.nearest(label, among: known).map { "; did you mean \(YAMLNode.quoted($0))?" }
        problems.append(
          problem(
            at: keys,
            "the model knows no class \(YAMLNode.quoted(label))" + (near ?? "; it has \(known.joined(separator: ", "))")
          ))
      }
    }
    for entry in thresholds.classes { check(entry.label, at: "classes.\(entry.label)") }
    for rule in regions where rule.label != RegionRule.any { check(rule.label, at: "regions.\(rule.label)") }
    return problems
  }

  /// Zones that do not lie within pictures of a size.
  public func problems(width: Int, height: Int) -> [RecipeProblem] {
    zones.compactMap { zone in
      guard let end = zone.shape.extent, end.x > width || end.y > height else { return nil }
      return problem(
        at: "zones.\(zone.name)",
        "the zone \(YAMLNode.quoted(zone.name)) reaches to \(end.x), \(end.y), but the picture is \(width) x \(height) pixels"
      )
    }
  }
}
