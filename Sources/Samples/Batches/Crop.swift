/// Windows of training images, most of them around a masked defect.
///
/// A small defect is a few cells of a large image and teaches slowly; in a window it is a large part of what the network
/// sees. A window that shows no defect is labelled good, which only the mask can tell.
public struct Crop: Sendable, Hashable {
  /// Pixels.
  public var width: Int
  public var height: Int
  /// Share of the defective images whose window is laid around the defect; the others' lie anywhere.
  public var aimed: Float

  public init(width: Int, height: Int, aimed: Float = 0.85) {
    precondition(width > 0 && height > 0, "a crop of \(width) x \(height)")
    self.width = width
    self.height = height
    self.aimed = aimed
  }

  /// Pixels covered by more than 40 % that a window must show to count as defective.
  private static let leastPixels = 6
  private static let leastLevel: UInt8 = 102

  static func shows(_ mask: [UInt8]) -> Bool {
    var count = 0
    for level in mask where level > leastLevel { count += 1 }
    return count >= leastPixels
  }

  /// The first pixel of a window in the image that `plan` makes of `sample`.
  func window(
    on sample: PreparedImage, _ plan: Augmentation.Plan, _ preprocessing: Preprocessing, seed: UInt64
  ) -> SIMD2<Int> {
    var random = SplitMix64(seed: seed, 0x63_726F_70)
    let aims = random.chance(aimed)
    let share = SIMD2(random.unit(), random.unit())
    let room = SIMD2(max(0, preprocessing.width - width), max(0, preprocessing.height - height))
    let anywhere = SIMD2(Int(share.x * Float(room.x + 1)), Int(share.y * Float(room.y + 1)))
    let turn = random.next()
    guard aims, let mask = sample.mask, let pixel = Self.pixel(of: mask, turn),
      let at = plan.map.result(
        ofX: Float(pixel % preprocessing.width), y: Float(pixel / preprocessing.width))
    else { return min(anywhere, room) }
    // The defect comes to lie anywhere in the middle seven tenths of the window.
    let place = 0.15 + 0.7 * share
    let wanted = SIMD2(
      Int((at.x - place.x * Float(width)).rounded()), Int((at.y - place.y * Float(height)).rounded()))
    return min(max(wanted, SIMD2(0, 0)), room)
  }

  /// One of the mask's pixels, all equally likely.
  private static func pixel(of mask: [UInt8], _ turn: UInt64) -> Int? {
    var count = 0
    for level in mask where level > leastLevel { count += 1 }
    guard count > 0 else { return nil }
    var left = Int(turn % UInt64(count))
    for (index, level) in mask.enumerated() where level > leastLevel {
      if left == 0 { return index }
      left -= 1
    }
    return nil
  }
}

private func min(_ a: SIMD2<Int>, _ b: SIMD2<Int>) -> SIMD2<Int> { SIMD2(Swift.min(a.x, b.x), Swift.min(a.y, b.y)) }
private func max(_ a: SIMD2<Int>, _ b: SIMD2<Int>) -> SIMD2<Int> { SIMD2(Swift.max(a.x, b.x), Swift.max(a.y, b.y)) }
