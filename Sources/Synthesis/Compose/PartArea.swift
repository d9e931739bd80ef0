public import Imaging

/// Where in a picture the part is, and where what it lies on.
///
/// A picture whose levels fall into two clear groups, of which one makes up most of the picture's edge, shows a part on a
/// ground; any other shows nothing but the part.
public struct PartArea: Sendable {
  /// 1 on the part.
  public let mask: Image<Float>
  /// 1 on the part's largest piece and in its holes.
  public let filled: Image<Float>
  public let isWhole: Bool

  /// Least share of the variance that lies between the groups (Otsu 1979, doi 10.1109/TSMC.1979.4310076), and least share
  /// of the picture's edge that the ground has.
  private static let separation = 0.8
  private static let edge = 0.7

  /// - Parameter leavingOut: 1 where a defect is, which is neither.
  public init(_ image: Image<Float>, leavingOut defect: Image<Float>? = nil) {
    let smooth = image.blurred(sigma: 2)
    var histogram = [Int](repeating: 0, count: 256)
    for (index, level) in smooth.pixels.enumerated() where (defect?.pixels[index] ?? 0) < 0.5 {
      histogram[Int(min(max(level, 0), 1) * 255)] += 1
    }
    let whole = Image<Float>(width: image.width, height: image.height, repeating: 1)
    guard let (threshold, share) = Self.otsu(histogram), share >= Self.separation else {
      self.init(whole: whole)
      return
    }
    let limit = Float(threshold + 1) / 255
    var (bright, count) = (0, 0)
    for y in 0..<image.height {
      for x in 0..<image.width where x == 0 || y == 0 || x == image.width - 1 || y == image.height - 1 {
        count += 1
        if smooth.pixels[y * image.width + x] >= limit { bright += 1 }
      }
    }
    let brightEdge = Double(bright) / Double(max(count, 1))
    guard max(brightEdge, 1 - brightEdge) >= Self.edge else {
      self.init(whole: whole)
      return
    }
    // Holes of the part belong to the ground too.
    let isPartBright = brightEdge < 0.5
    self.init(part: smooth.map { ($0 >= limit) == isPartBright ? 1 : 0 })
  }

  private init(whole: Image<Float>) {
    (mask, filled, isWhole) = (whole, whole, true)
  }

  /// - Parameter mask: 1 on the part.
  init(part mask: Image<Float>) {
    self.mask = mask
    filled = Self.filled(mask)
    isWhole = false
  }

  /// The largest piece of a part, and its holes.
  private static func filled(_ mask: Image<Float>) -> Image<Float> {
    let ground = ConnectedComponents.label(mask.map { $0 < 0.5 })
    let isOutside = [false] + ground.regions.map { $0.touchesEdge(of: mask.width, mask.height) }
    let pieces = ConnectedComponents.label(ground.labels.map { !isOutside[Int($0)] })
    guard let largest = pieces.regions.max(by: { $0.area < $1.area })?.label else { return mask }
    return pieces.labels.map { $0 == largest ? 1 : 0 }
  }

  /// How much of another mask lies on the part; 1 for an empty one.
  ///
  /// - Parameter withHoles: whether the part's holes count as the part.
  public func share(of other: Image<Float>, withHoles: Bool = false) -> Double {
    let own = withHoles ? filled : mask
    var (on, all) = (0, 0)
    for (index, value) in other.pixels.enumerated() where value >= 0.5 {
      all += 1
      if own.pixels[index] >= 0.5 { on += 1 }
    }
    return all > 0 ? Double(on) / Double(all) : 1
  }

  /// The last level of the darker group, and the share of the variance between the groups; nil for a flat picture.
  static func otsu(_ histogram: [Int]) -> (threshold: Int, share: Double)? {
    let count = Double(histogram.reduce(0, +))
    guard count > 0 else { return nil }
    var mean = 0.0
    var square = 0.0
    for (level, number) in histogram.enumerated() {
      mean += Double(level * number) / count
      square += Double(level * level * number) / count
    }
    let variance = square - mean * mean
    guard variance > 1 else { return nil }
    var (weight, sum, best) = (0.0, 0.0, (threshold: 0, between: 0.0))
    for (level, number) in histogram.enumerated().dropLast() {
      weight += Double(number) / count
      sum += Double(level * number) / count
      guard weight > 0 && weight < 1 else { continue }
      let difference = mean * weight - sum
      let between = difference * difference / (weight * (1 - weight))
      if between > best.between { best = (level, between) }
    }
    return (best.threshold, best.between / variance)
  }
}

extension Region {
  /// Whether it reaches the edge of a picture of a size.
  func touchesEdge(of width: Int, _ height: Int) -> Bool {
    box.x == 0 || box.y == 0 || box.x + box.width == width || box.y + box.height == height
  }
}
