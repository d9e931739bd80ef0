/// An axis-aligned rectangle: `[x, y, width, height]` in pixels of the source image, the origin at the top left.
public struct Box: Sendable, Hashable {
  public var x: Double
  public var y: Double
  public var width: Double
  public var height: Double

  public init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Square pixels; 0 for an empty box and for one that is not finite.
  public var area: Double {
    let area = max(width, 0) * max(height, 0)
    return area.isFinite ? area : 0
  }

  private var isFinite: Bool { x.isFinite && y.isFinite && width.isFinite && height.isFinite }

  /// Square pixels that both boxes cover; 0 if one of them is not finite.
  public func intersection(_ other: Box) -> Double {
    guard isFinite && other.isFinite else { return 0 }
    return Box(
      x: 0, y: 0, width: min(x + width, other.x + other.width) - max(x, other.x),
      height: min(y + height, other.y + other.height) - max(y, other.y)
    ).area
  }

  /// Intersection over union, 0...1.
  public func intersectionOverUnion(_ other: Box) -> Double {
    let shared = intersection(other)
    let union = area + other.area - shared
    return union > 0 ? shared / union : 0
  }
}

/// How many true regions were found, and how many predicted ones are false alarms. Adds up over images.
public struct RegionHits: Sendable, Hashable {
  /// True regions.
  public var trueRegions = 0
  /// True regions that a prediction covers.
  public var hits = 0
  /// Predicted regions.
  public var predictedRegions = 0
  /// Predicted regions that cover no true one.
  public var falseAlarms = 0

  public init() {}

  /// Matches boxes one to one, greedily from the highest score down, each with the free true box of the largest
  /// overlap, if that is at least `minimumOverlap` (intersection over union): the PASCAL VOC rule (Everingham et al.
  /// 2010, doi 10.1007/s11263-009-0275-4, section 4.2). A score that is not a number ranks last.
  public init(predicted: [(box: Box, score: Double)], truth: [Box], minimumOverlap: Double = 0.5) {
    trueRegions = truth.count
    predictedRegions = predicted.count
    let order = predicted.indices.sorted {
      let a = predicted[$0].score.isNaN ? -Double.infinity : predicted[$0].score
      let b = predicted[$1].score.isNaN ? -Double.infinity : predicted[$1].score
      return a > b || (a == b && $0 < $1)
    }
    var taken = Array(repeating: false, count: truth.count)
    for index in order {
      var best: (index: Int, overlap: Double)?
      for (candidate, box) in truth.enumerated() where !taken[candidate] {
        let overlap = predicted[index].box.intersectionOverUnion(box)
        if overlap >= minimumOverlap && overlap > (best?.overlap ?? 0) { best = (candidate, overlap) }
      }
      if let best {
        taken[best.index] = true
        hits += 1
      } else {
        falseAlarms += 1
      }
    }
  }

  /// Compares masks region by region, a region being pixels that touch at a side or a corner. A true region is hit
  /// when at least `minimumCoverage` of its pixels are predicted; a predicted region is a false alarm when it touches
  /// no true pixel.
  ///
  /// - Precondition: both masks have `width * height` pixels in row-major order.
  public init(predicted: [Bool], truth: [Bool], width: Int, height: Int, minimumCoverage: Double = 0.1) {
    for region in connectedRegions(truth, width: width, height: height) {
      trueRegions += 1
      let covered = region.reduce(0) { $0 + (predicted[$1] ? 1 : 0) }
      if covered > 0 && Double(covered) >= minimumCoverage * Double(region.count) { hits += 1 }
    }
    for region in connectedRegions(predicted, width: width, height: height) {
      predictedRegions += 1
      if !region.contains(where: { truth[$0] }) { falseAlarms += 1 }
    }
  }

  /// Found of all true regions, with its interval.
  public var hitRate: Rate { Rate(successes: hits, trials: trueRegions) }

  public static func += (sum: inout RegionHits, other: RegionHits) {
    sum.trueRegions += other.trueRegions
    sum.hits += other.hits
    sum.predictedRegions += other.predictedRegions
    sum.falseAlarms += other.falseAlarms
  }
}

/// Pixel indices of every 8-connected region of a mask, in the order of their first pixel.
public func connectedRegions(_ mask: [Bool], width: Int, height: Int) -> [[Int]] {
  precondition(mask.count == width * height, "\(mask.count) pixels cannot fill \(width) x \(height)")
  var open = mask
  var regions: [[Int]] = []
  for start in mask.indices where open[start] {
    open[start] = false
    var region = [start]
    var next = 0
    while next < region.count {
      let (y, x) = region[next].quotientAndRemainder(dividingBy: width)
      next += 1
      for v in max(y - 1, 0)...min(y + 1, height - 1) {
        for u in max(x - 1, 0)...min(x + 1, width - 1) where open[v * width + u] {
          open[v * width + u] = false
          region.append(v * width + u)
        }
      }
    }
    regions.append(region)
  }
  return regions
}

/// Intersection over union of two masks, 0...1; 1 where both are empty.
public func intersectionOverUnion(_ a: [Bool], _ b: [Bool]) -> Double {
  precondition(a.count == b.count, "masks of \(a.count) and \(b.count) pixels")
  var both = 0
  var either = 0
  for (p, q) in zip(a, b) {
    both += p && q ? 1 : 0
    either += p || q ? 1 : 0
  }
  return either == 0 ? 1 : Double(both) / Double(either)
}
