/// How much more contrast a surface shows in a dark picture than in a bright one.
///
/// Were a picture light times surface and nothing else, the logarithm of its texture would be as strong under any light.
/// Cameras are not so: black is not quite 0, white is bound, tones are curved. Contrast goes with a power of the level,
/// and its exponent is learned from the real pictures: the slope of the logarithm of their texture's strength over their
/// mean logarithmic level, within classes (least squares). On NEU it is -0.25 to -0.38 with fifteen pictures a class.
struct SurfaceContrast: Sendable {
  /// What is measured of a real picture.
  struct Picture: Sendable {
    /// Mean natural logarithm of its levels.
    var level: Float
    /// Of its texture, as a part of the light; 0 and more.
    var strength: Float
  }

  /// -1...1; 0 for pictures that tell nothing of it.
  let exponent: Float
  /// Fewer pictures, or a smaller standard deviation of their levels, tell nothing.
  private static let leastPictures = 10
  private static let leastSpread: Float = 0.1

  /// - Parameter classes: the pictures of each class.
  init(_ classes: [[Picture]]) {
    var (square, product, count) = (Float(0), Float(0), 0)
    for pictures in classes {
      let known = pictures.filter { $0.strength > 0 }
      guard known.count > 1 else { continue }
      let level = known.reduce(0) { $0 + $1.level } / Float(known.count)
      let strength = known.reduce(0) { $0 + natural($1.strength) } / Float(known.count)
      for picture in known {
        square += (picture.level - level) * (picture.level - level)
        product += (picture.level - level) * (natural(picture.strength) - strength)
      }
      count += known.count
    }
    let tells = count >= Self.leastPictures && square >= Float(count) * Self.leastSpread * Self.leastSpread
    exponent = tells ? min(max(product / square, -1), 1) : 0
  }

  /// What a texture's logarithm is multiplied by where the logarithm of the light changes.
  func factor(from before: Float, to after: Float) -> Float { exponential(exponent * (after - before)) }
}
