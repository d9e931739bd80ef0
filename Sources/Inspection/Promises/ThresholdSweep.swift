/// What every threshold on the defect score does to a judged set, in whole parts, from the strictest on.
///
/// As in ``Policy`` a part is accepted only where its score is below the threshold; one whose score is not finite is
/// rejected by every threshold. Scores are compared as `Float`, as the policy compares them, so that a threshold taken
/// from here does what is said here.
public struct ThresholdSweep: Sendable, Hashable {
  /// All thresholds between two neighbouring scores; they judge alike.
  public struct Point: Sendable, Hashable {
    /// One of them, 0...1, with as few digits as it takes.
    public let threshold: Float
    /// Defective parts below it.
    public let escapes: Int
    /// Good parts not below it.
    public let overkills: Int
  }

  /// By threshold, ascending; at least one, the first at 0.
  public let points: [Point]
  /// Parts that truly are defective.
  public let defects: Int
  /// Parts that truly are good.
  public let goods: Int

  /// - Parameters:
  ///   - scores: s = 1 - p(good) of every part.
  ///   - isDefect: for every part whether it truly is defective.
  /// - Complexity: O(n log n).
  public init(scores: [Float], isDefect: [Bool]) {
    precondition(scores.count == isDefect.count, "\(scores.count) scores, \(isDefect.count) labels")
    let defects = isDefect.count { $0 }
    let goods = isDefect.count - defects
    var points: [Point] = []
    var (acceptedDefects, acceptedGoods) = (0, 0)
    func point(_ threshold: Float) -> Point {
      Point(threshold: threshold, escapes: acceptedDefects, overkills: goods - acceptedGoods)
    }
    let order = scores.indices.filter { scores[$0].isFinite }.sorted { scores[$0] < scores[$1] }
    var below = -Float.infinity
    var place = 0
    while place < order.count {
      let score = scores[order[place]]
      if points.isEmpty, score >= 0 {
        points.append(point(0))
      } else if below >= 0, below < 1 {
        points.append(point(Self.threshold(above: below, upTo: min(score, 1))))
      }
      while place < order.count, scores[order[place]] == score {
        if isDefect[order[place]] { acceptedDefects += 1 } else { acceptedGoods += 1 }
        place += 1
      }
      below = score
    }
    if points.isEmpty { points.append(point(0)) }
    // Accepts every finite score. Where the highest is 1, no threshold does.
    if below >= 0, below < 1 { points.append(point(1)) }
    self.points = points
    self.defects = defects
    self.goods = goods
  }

  /// A threshold above one score that is at most the next, near their middle: the number of the fewest digits.
  ///
  /// - Precondition: `low < high`.
  static func threshold(above low: Float, upTo high: Float) -> Float {
    precondition(low < high, "no threshold is above \(low) and at most \(high)")
    let middle = (Double(low) + Double(high)) / 2
    var scale = 100.0
    while scale < 1e9 {
      let value = Float((middle * scale).rounded() / scale)
      if value > low, value <= high { return value }
      scale *= 10
    }
    return high
  }

  /// Thresholds with what they cost on a judged set.
  public struct Choice: Sendable, Hashable {
    public let thresholds: Policy.Thresholds
    public let counts: DecisionCounts
    /// Of a part of production, in the unit of the costs.
    public let cost: Double
  }

  /// The pair of thresholds that is the cheapest on this set; the strictest of equals.
  ///
  /// The cost of a pair is a sum of what the review threshold alone decides (escapes, looks that begin) and what the
  /// reject threshold alone decides (overkills, looks that end), so one pass over the points finds the best pair. It is
  /// chosen on the very parts that it is measured on: expect to pay more on others.
  ///
  /// - Parameter defectRate: share of defective parts in production, 0...1; nil for that of the set.
  /// - Returns: nil where production has parts of a kind that the set has none of.
  public func cheapest(_ costs: DecisionCosts, defectRate: Double? = nil) -> Choice? {
    guard let weights = DecisionCosts.weights(defects: defects, goods: goods, defectRate) else { return nil }
    var first = (index: 0, cost: Double.infinity)
    var best = (review: 0, reject: 0, cost: Double.infinity)
    for (index, point) in points.enumerated() {
      let (escapes, overkills) = (Double(point.escapes), Double(point.overkills))
      let begins =
        weights.defective * (costs.escape - costs.review) * escapes + weights.good * costs.review * overkills
      if begins < first.cost { first = (index, begins) }
      let ends = weights.defective * costs.review * escapes + weights.good * (costs.overkill - costs.review) * overkills
      if first.cost + ends < best.cost { best = (first.index, index, first.cost + ends) }
    }
    let (review, reject) = (points[best.review], points[best.reject])
    let counts = DecisionCounts(
      defective: .init(
        accepted: review.escapes, reviewed: reject.escapes - review.escapes, rejected: defects - reject.escapes),
      good: .init(
        accepted: goods - review.overkills, reviewed: review.overkills - reject.overkills, rejected: reject.overkills))
    guard let cost = costs.cost(of: counts, defectRate: defectRate) else { return nil }
    return Choice(
      thresholds: Policy.Thresholds(unchecked: reject.threshold, review: review.threshold), counts: counts, cost: cost)
  }
}
