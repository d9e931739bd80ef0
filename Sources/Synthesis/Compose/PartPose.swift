internal import Glibc
public import Imaging

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// How a part lies in its picture: its middle, its size and its outline, by which others are laid on it.
public struct PartPose: Codable, Sendable, Hashable {
  /// The middle of the part, holes filled, in pixels.
  public var x: Double
  public var y: Double
  /// Of a disc of the same area, in pixels.
  public var radius: Double
  /// How far nearly all of the part reaches from its middle, in pixels.
  public var reach: Double
  /// Rings x angles around the middle, out to a little beyond the reach: ``on``, ``off`` or ``unknown``.
  public var outline: Data

  static let off: UInt8 = 0
  static let on: UInt8 = 1
  static let unknown: UInt8 = 2

  private static let rings = 24
  private static let angles = 240
  /// Of the outermost ring, over the part's reach.
  private static let beyond = 1.15

  /// - Parameters:
  ///   - area: the part in its picture.
  ///   - defect: 1 where a defect is: of the part, and unknown.
  /// - Returns: nil where the picture shows nothing but the part, or the part is cut off by the picture's edge.
  init?(_ area: PartArea, defect: Image<Float>? = nil) {
    guard !area.isWhole else { return nil }
    let (width, height) = (area.mask.width, area.mask.height)
    var filled = area.filled.pixels
    if let defect { for at in filled.indices where defect.pixels[at] >= 0.5 { filled[at] = 1 } }
    var (count, sumX, sumY, atEdge) = (0, 0.0, 0.0, 0)
    for row in 0..<height {
      for column in 0..<width where filled[row * width + column] >= 0.5 {
        count += 1
        sumX += Double(column) + 0.5
        sumY += Double(row) + 0.5
        if row == 0 || column == 0 || row == height - 1 || column == width - 1 { atEdge += 1 }
      }
    }
    guard count > 0 else { return nil }
    (x, y) = (sumX / Double(count), sumY / Double(count))
    radius = (Double(count) / .pi).squareRoot()
    guard Double(atEdge) < radius / 2 else { return nil }
    // By whole pixels; the last hundredth may be the defect's.
    var distances = [Int](repeating: 0, count: width + height + 1)
    for row in 0..<height {
      for column in 0..<width where filled[row * width + column] >= 0.5 {
        let (u, v) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
        distances[Int((u * u + v * v).squareRoot())] += 1
      }
    }
    var (distance, left) = (distances.count - 1, count / 100)
    while left >= distances[distance] {
      left -= distances[distance]
      distance -= 1
    }
    reach = Double(distance + 1)
    var outline = Data(capacity: Self.rings * Self.angles)
    for ring in 0..<Self.rings {
      let distance = (Double(ring) + 0.5) / Double(Self.rings) * Self.beyond * reach
      for angle in 0..<Self.angles {
        let turn = 2 * Double.pi * Double(angle) / Double(Self.angles)
        let (column, row) = (Int(x + distance * cos(turn)), Int(y + distance * sin(turn)))
        guard row >= 0 && column >= 0 && row < height && column < width else {
          outline.append(Self.off)
          continue
        }
        let at = row * width + column
        let isUnknown = defect.map { $0.pixels[at] >= 0.5 } ?? false
        outline.append(isUnknown ? Self.unknown : area.mask.pixels[at] >= 0.5 ? Self.on : Self.off)
      }
    }
    self.outline = outline
  }

  /// Whether a card's numbers can be those of a part in a picture of a size.
  func isSound(in size: ImageSize) -> Bool {
    let (width, height) = (Double(size.width), Double(size.height))
    return (0...width).contains(x) && (0...height).contains(y) && (0.5...width + height).contains(radius)
      && (radius / 2...width + height).contains(reach) && outline.count == Self.rings * Self.angles
      && outline.allSatisfy { $0 <= Self.unknown }
  }

  /// A way in which one part lies on another.
  struct Match: Sendable, Hashable {
    /// Clockwise, after mirroring.
    var degrees: Double
    var isMirrored: Bool
    /// Share of the outline that is the same, 0...1.
    var agreement: Double
  }

  /// Parts of one shape agree by more than this.
  private static let least = 0.97
  /// Ways that agree by so much less than the best are as good: parts have symmetries.
  private static let tolerance = 0.004

  /// Largest difference of how far parts of one shape reach, over their size.
  private static let stretch = 1.06

  /// The ways in which this part lies on another as well as in the best one; none for a part of another shape.
  func matches(on other: PartPose) -> [Match] {
    let longer = reach / radius * other.radius / other.reach
    guard max(longer, 1 / longer) <= Self.stretch else { return [] }
    let (mine, theirs) = (Array(outline), Array(other.outline))
    let count = Self.angles
    // Outer rings stand for more of the part.
    let known = (0..<Self.rings).reduce(0) { sum, ring in
      sum + (2 * ring + 1) * (0..<count).count { mine[ring * count + $0] != Self.unknown }
    }
    guard known > 0 else { return [] }
    func agreements(isMirrored: Bool) -> [Double] {
      (0..<count).map { shift in
        var equal = 0
        for ring in 0..<Self.rings {
          let row = ring * count
          var same = 0
          for angle in 0..<count {
            var place = isMirrored ? shift + count / 2 - angle : shift + angle
            if place < 0 { place += count } else if place >= count { place -= count }
            if mine[row + angle] == theirs[row + place] { same += 1 }
          }
          equal += (2 * ring + 1) * same
        }
        return Double(equal) / Double(known)
      }
    }
    let found = [false, true].flatMap { isMirrored -> [Match] in
      let values = agreements(isMirrored: isMirrored)
      return values.indices.compactMap { shift in
        let (before, here, after) = (values[(shift + count - 1) % count], values[shift], values[(shift + 1) % count])
        guard here >= before && here >= after else { return nil }
        // The peak of a parabola through the three.
        let bend = before - 2 * here + after
        let peak = bend < 0 ? min(max((before - after) / (2 * bend), -0.5), 0.5) : 0
        return Match(
          degrees: (Double(shift) + peak) * 360 / Double(count), isMirrored: isMirrored, agreement: here)
      }
    }
    let best = found.map(\.agreement).max() ?? 0
    guard best >= Self.least else { return [] }
    return found.filter { $0.agreement >= best - Self.tolerance }
  }
}

/// A good part as places on it are looked for.
public struct PartView: Sendable {
  public let planes: Planes
  let area: PartArea
  /// Nil where it is not wanted or cannot be told.
  let pose: PartPose?

  /// - Parameter wantsPose: whether places are drawn, rather than given or anywhere.
  public init(_ planes: Planes, wantsPose: Bool = true) {
    self.planes = planes
    area = PartArea(planes.gray)
    pose = wantsPose ? PartPose(area) : nil
  }

  public var size: ImageSize { ImageSize(width: planes.width, height: planes.height) }
}
