/// How a surface's contrast goes with the light on it: as a rule it shows more in dark pictures than in bright ones.
///
/// Were a picture light times surface and nothing else, the logarithm of its texture would be as strong under any light.
/// Cameras are not so: black is not quite 0, white is bound, tones are curved. Contrast goes with a power of the level,
/// and its exponent is learned from the real pictures: the slope of the logarithm of their finest texture's strength over
/// their mean logarithmic level, within classes (least squares), shrunk by as much as chance could have made it. On NEU
/// it is -0.25 to -0.38 with fifteen pictures a class.
struct SurfaceContrast: Sendable {
  /// What is measured of a real picture.
  struct Picture: Sendable {
    /// Mean natural logarithm of its levels.
    var level: Float
    /// Of its finest texture, as a part of the light; 0 and more.
    var strength: Float
  }

  /// Below 0 for more contrast in the dark; -1...1, and 0 where the pictures tell nothing of it.
  let exponent: Float
  /// Fewer pictures, or a smaller standard deviation of their levels, tell nothing.
  private static let leastPictures = 10
  private static let leastSpread: Float = 0.1
  /// Largest factor, and the inverse of the least: light may change by more than the pictures show.
  private static let bound: Float = 2

  /// - Parameter classes: the pictures of each class.
  init(_ classes: [[Picture]]) {
    // Sums of squares within classes: of levels, of logarithms of strengths, and of their products.
    var (level, strength, product) = (Float(0), Float(0), Float(0))
    var (count, known) = (0, 0)
    for pictures in classes {
      let points = pictures.filter { $0.strength > 0 }.map { (x: $0.level, y: natural($0.strength)) }
      guard points.count > 1 else { continue }
      let x = points.reduce(0) { $0 + $1.x } / Float(points.count)
      let y = points.reduce(0) { $0 + $1.y } / Float(points.count)
      for point in points {
        level += (point.x - x) * (point.x - x)
        strength += (point.y - y) * (point.y - y)
        product += (point.x - x) * (point.y - y)
      }
      count += points.count
      known += 1
    }
    guard count >= Self.leastPictures, count > known + 1, level >= Float(count) * Self.leastSpread * Self.leastSpread
    else {
      exponent = 0
      return
    }
    let slope = product / level
    // The square of the slope's standard error.
    let error = max(0, strength - slope * product) / Float(count - known - 1) / level
    let trust = slope == 0 ? 0 : max(0, 1 - error / (slope * slope))
    exponent = min(max(slope * trust, -1), 1)
  }

  /// What a texture's logarithm is multiplied by where the logarithm of the light changes, 0.5...2.
  func factor(from before: Float, to after: Float) -> Float {
    min(max(exponential(exponent * (after - before)), 1 / Self.bound), Self.bound)
  }
}
