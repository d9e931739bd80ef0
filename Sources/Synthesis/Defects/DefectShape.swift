internal import Glibc
internal import Imaging

/// Size, elongation and orientation of a mask, by its second moments.
public struct DefectShape: Sendable, Hashable {
  /// Pixels.
  public let area: Int
  /// Standard deviation along the long axis over that along the short one, at least 1.
  public let elongation: Double
  /// Of the long axis against the picture's rows, clockwise, -90...90 degrees.
  public let degrees: Double
  /// Mean of the factor inside: below 1 is darker than the part.
  public let factor: Double

  /// - Returns: nil for an empty cover.
  public init?(_ patch: DefectPatch) {
    var (count, sumX, sumY, sumXX, sumYY, sumXY, sumFactor) = (0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    let factors = patch.factor.gray
    for y in 0..<patch.height {
      for x in 0..<patch.width where patch.cover.pixels[y * patch.width + x] >= 0.5 {
        let (u, v) = (Double(x), Double(y))
        count += 1
        sumX += u
        sumY += v
        sumXX += u * u
        sumYY += v * v
        sumXY += u * v
        sumFactor += Double(factors.pixels[y * patch.width + x])
      }
    }
    guard count > 0 else { return nil }
    let n = Double(count)
    // A pixel is a square: its own moment keeps a line of one pixel from being endlessly thin.
    let xx = sumXX / n - sumX * sumX / n / n + 1.0 / 12
    let yy = sumYY / n - sumY * sumY / n / n + 1.0 / 12
    let xy = sumXY / n - sumX * sumY / n / n
    let root = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
    area = count
    elongation = (((xx + yy) / 2 + root) / max((xx + yy) / 2 - root, 1.0 / 12)).squareRoot()
    degrees = atan2(2 * xy, xx - yy) / 2 * 180 / .pi
    factor = sumFactor / n
  }
}
