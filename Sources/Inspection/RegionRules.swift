public import Imaging
public import Metrics

/// Which found regions of a part count; the others are no reason to reject it.
public struct RegionRules: Sendable, Hashable {
  /// An area of the picture.
  public enum Zone: Sendable, Hashable {
    case rectangle(Box)
    /// Corners in order; the last is joined with the first.
    case polygon([Point])
  }

  /// What a region must be to count.
  public struct Rule: Sendable, Hashable {
    /// It must touch one of these zones; nil for none.
    public var zones: [String]?
    /// Square pixels.
    public var smallestArea: Double?
    /// Pixels of its box's longer side.
    public var longestSide: Double?
    /// Fewer than these do not count, whatever they are.
    public var count: Int?

    public init(
      zones: [String]? = nil, smallestArea: Double? = nil, longestSide: Double? = nil, count: Int? = nil
    ) {
      self.zones = zones
      self.smallestArea = smallestArea
      self.longestSide = longestSide
      self.count = count
    }
  }

  /// By name, in pixels of the picture.
  public var zones: [String: Zone]
  /// By class label.
  public var rules: [String: Rule]
  /// For classes without their own; nil counts all of their regions.
  public var other: Rule?

  public init(zones: [String: Zone] = [:], rules: [String: Rule] = [:], other: Rule? = nil) {
    self.zones = zones
    self.rules = rules
    self.other = other
  }

  /// The judgement with the regions looked at: a part that was not accepted is, where none of its regions counts.
  ///
  /// A verdict stands where it does not rest on regions: without any, without one of the judged class, with more than can
  /// be told, or with scores that cannot be trusted.
  public func applied(to judgement: Judgement, regions: [DefectRegion], good: LabelScore) -> Judgement {
    guard judgement.verdict != .accept, !rules.isEmpty || other != nil, judgement.score.isFinite,
      regions.count < PartRegions.most, regions.contains(where: { $0.label == judgement.label })
    else { return judgement }
    var reasons: [String] = []
    for (label, own) in Dictionary(grouping: regions, by: \.label).sorted(by: { $0.key < $1.key }) {
      guard let rule = rules[label] ?? other else { return judgement }
      let left = own.filter { why($0, rule) == nil }
      guard left.count < rule.count ?? 1 else { return judgement }
      let whys = own.compactMap { why($0, rule) }
      let which = own.count == 1 ? "1 region of \(label) does" : "\(own.count) regions of \(label) do"
      let few = left.isEmpty ? [] : ["fewer than \(rule.count ?? 1)"]
      var said: Set<String> = []
      let words = (whys + few).filter { said.insert($0).inserted }
      reasons.append("\(which) not count: " + words.joined(separator: ", "))
    }
    return Judgement(.accept, good.label, good.score, judgement.reasons + reasons)
  }

  /// Why a region does not count; nil where it does.
  private func why(_ region: DefectRegion, _ rule: Rule) -> String? {
    if let names = rule.zones, !names.contains(where: { zones[$0]?.touches(region.box) ?? true }) {
      return "outside zone \(names.joined(separator: " and "))"
    }
    // A box is at least as large as what is in it: without an area nothing is passed over that should count.
    if let least = rule.smallestArea, (region.area ?? region.box.width * region.box.height) < least {
      return "smaller than \(Self.text(least)) square pixels"
    }
    if let least = rule.longestSide, max(region.box.width, region.box.height) < least {
      return "shorter than \(Self.text(least)) pixels"
    }
    return nil
  }

  private static func text(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension RegionRules.Zone {
  /// Whether any of a box lies in the zone.
  func touches(_ box: Box) -> Bool {
    switch self {
    case .rectangle(let own):
      return box.x < own.x + own.width && own.x < box.x + box.width && box.y < own.y + own.height
        && own.y < box.y + box.height
    case .polygon(let corners):
      let (left, top, right, bottom) = (box.x, box.y, box.x + box.width, box.y + box.height)
      if corners.contains(where: { $0.x > left && $0.x < right && $0.y > top && $0.y < bottom }) { return true }
      let ends = [Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)]
      if ends.contains(where: { Self.contains(corners, $0) }) { return true }
      if Self.contains(corners, Point((left + right) / 2, (top + bottom) / 2)) { return true }
      let sides = zip(ends, ends.dropFirst() + ends.prefix(1))
      let edges = Array(zip(corners, corners.dropFirst() + corners.prefix(1)))
      return sides.contains { side in edges.contains { Self.cross(side.0, side.1, $0.0, $0.1) } }
    }
  }

  /// By the number of edges that a ray to the right crosses.
  private static func contains(_ corners: [Point], _ point: Point) -> Bool {
    var isInside = false
    for (a, b) in zip(corners, corners.dropFirst() + corners.prefix(1)) where (a.y > point.y) != (b.y > point.y) {
      if point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x { isInside.toggle() }
    }
    return isInside
  }

  /// Whether two lines cross between their ends.
  private static func cross(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> Bool {
    func side(_ p: Point, _ q: Point, _ r: Point) -> Double { (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x) }
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
  }
}
