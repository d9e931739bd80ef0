extension Augmentation {
  /// What is done to one image: every random number is drawn before any pixel is touched.
  struct Plan: Sendable, Hashable {
    var map: Affine
    var isGeometric: Bool
    /// The map to take where `map` would lose the defect: mirroring and turning only.
    var milder: Affine
    var brightness: Float
    var contrast: Float
    var gamma: Float
    var noise: Float
    var blur: Float
    /// Left, top, width, height of the rectangle that is painted over; nil for none.
    var cutOut: SIMD4<Int32>?
    /// Weight of the partner; 0 for none.
    var mixUp: Float
    var noiseSeed: UInt64
  }

  func plan(seed: UInt64, width: Int, height: Int) -> Plan {
    var random = SplitMix64(seed: seed)
    let flipX = random.chance(flipHorizontal)
    let flipY = random.chance(flipVertical)
    let turns = random.chance(quarterTurns)
    let quarter = random.index(4)
    let degrees =
      rotate.draw(&random, otherwise: 0) + (turns && width == height ? Float(90 * quarter) : 0)
    let factor = scale.draw(&random, otherwise: 1)
    let wider = stretch.draw(&random, otherwise: 1)
    let shiftX = shift.draw(&random, otherwise: 0) * Float(width)
    let shiftY = shift.draw(&random, otherwise: 0) * Float(height)
    let map = Affine.about(
      width: width, height: height, degrees: degrees, scale: max(0.05, factor), stretch: max(0.05, wider), flipX: flipX,
      flipY: flipY, shiftX: shiftX, shiftY: shiftY)
    let milder = Affine.about(width: width, height: height, flipX: flipX, flipY: flipY)
    var plan = Plan(
      map: map, isGeometric: map != Affine(), milder: milder, brightness: brightness.draw(&random, otherwise: 0),
      contrast: contrast.draw(&random, otherwise: 1), gamma: gamma.draw(&random, otherwise: 1),
      noise: noise.draw(&random, otherwise: 0), blur: min(2, blur.draw(&random, otherwise: 0)), cutOut: nil,
      mixUp: 0, noiseSeed: 0)
    let side = min(1, cutOut.draw(&random, otherwise: 0))
    let cutWidth = Int((Float(width) * side).rounded())
    let cutHeight = Int((Float(height) * side).rounded())
    let left = random.index(width - cutWidth + 1)
    let top = random.index(height - cutHeight + 1)
    if cutWidth > 0 && cutHeight > 0 {
      plan.cutOut = SIMD4(Int32(left), Int32(top), Int32(cutWidth), Int32(cutHeight))
    }
    plan.mixUp = min(0.5, max(0, mixUp.draw(&random, otherwise: 0)))
    plan.noiseSeed = random.next()
    return plan
  }
}
