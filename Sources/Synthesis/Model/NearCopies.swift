import Imaging

/// Tells whether a painted defect is a real one over again.
///
/// Both are seen as what they do to the part: the logarithm of the factor times the cover, a little blurred. A near-copy
/// is a draw of which a real defect, mirrored or not and moved by a few pixels, leaves less than ``remainder`` of the
/// energy over, after its strength has been fitted.
struct NearCopies: Sendable {
  /// A window and its energy.
  private struct Effect: Sendable {
    var values: [Float]
    var energy: Float
    /// Outside it nothing is done.
    var box: PixelRect
  }

  /// Share of the energy that is left over of a copy at most.
  static let remainder: Float = 0.08
  /// Farthest that a copy is moved, in pixels of the window.
  private static let reach = 4

  private let side: Int
  private let models: [Effect]

  private let isWhole: Bool

  /// - Parameter isWhole: whether all of a picture is learned: then what counts is how it differs from its mean.
  init(_ models: [GeneratorCard.Model], side: Int, channels: Int, isWhole: Bool = false) {
    self.side = isWhole ? side / 2 : side
    self.isWhole = isWhole
    self.models = models.flatMap { model -> [Effect] in
      let (mask, look) = (Array(model.mask), Array(model.appearance))
      let planes = Planes(
        (0..<channels).map { channel in
          Image(
            width: side, height: side,
            pixels: look[channel * side * side..<(channel + 1) * side * side].map(DefectDetail.level))
        })
      let cover = Image(width: side, height: side, pixels: mask.map { Float($0) / 255 })
      let values = Self.values(planes, cover, isWhole: isWhole)
      let size = isWhole ? side / 2 : side
      func turned(_ values: [Float], _ place: (Int, Int) -> Int) -> [Float] {
        values.indices.map { values[place($0 % size, $0 / size)] }
      }
      let mirrored = turned(values) { x, y in y * size + size - 1 - x }
      var all = [values, mirrored]
      // Surfaces have no top.
      if isWhole { all += all.map { turned($0) { x, y in (size - 1 - y) * size + x } } }
      return all.map { Self.effect($0, size) }
    }
  }

  /// Whether a draw is a near-copy.
  func contain(appearance: Planes, cover: Image<Float>) -> Bool {
    least(appearance: appearance, cover: cover) < Self.remainder
  }

  /// The least share of the draw's energy that a real defect leaves over.
  func least(appearance: Planes, cover: Image<Float>) -> Float {
    let draw = Self.effect(Self.values(appearance, cover, isWhole: isWhole), side)
    guard draw.energy > 1e-6 else { return 1 }
    var least: Float = 1
    for model in models where model.energy > 1e-6 {
      for dy in -Self.reach...Self.reach {
        for dx in -Self.reach...Self.reach {
          let product = self.product(draw, model, dx, dy)
          guard product > 0 else { continue }
          // With the best strength, |a - s b|^2 = |a|^2 - (a'b)^2 / |b|^2.
          least = min(least, 1 - product * product / (draw.energy * model.energy))
        }
      }
    }
    return least
  }

  /// The product of a draw with a model that is moved.
  private func product(_ draw: Effect, _ model: Effect, _ dx: Int, _ dy: Int) -> Float {
    let (a, b) = (draw.box, model.box)
    let left = max(a.x, b.x + dx)
    let right = min(a.x + a.width, b.x + b.width + dx)
    guard left < right else { return 0 }
    var sum: Float = 0
    let (these, those) = (draw.values.span, model.values.span)
    for y in max(a.y, b.y + dy)..<max(max(a.y, b.y + dy), min(a.y + a.height, b.y + b.height + dy)) {
      let (row, other) = (y * side, (y - dy) * side - dx)
      for x in left..<right { sum += these[row + x] * those[other + x] }
    }
    return sum
  }

  private static func values(_ appearance: Planes, _ cover: Image<Float>, isWhole: Bool) -> [Float] {
    if isWhole {
      let half = appearance.gray.resized(width: cover.width / 2, height: cover.height / 2)
      let mean = half.pixels.reduce(0, +) / Float(half.pixels.count)
      return half.pixels.map { $0 - mean }
    }
    let gray = appearance.gray.pixels
    return Image(
      width: cover.width, height: cover.height, pixels: zip(gray, cover.pixels).map { $0 * $1 }
    ).blurred(sigma: 1).pixels
  }

  private static func effect(_ values: [Float], _ side: Int) -> Effect {
    let limit = 0.01 * (values.map(\.magnitude).max() ?? 0)
    var (left, top, right, bottom) = (side, side, 0, 0)
    for y in 0..<side {
      for x in 0..<side where values[y * side + x].magnitude > limit {
        (left, right) = (min(left, x), max(right, x + 1))
        (top, bottom) = (min(top, y), max(bottom, y + 1))
      }
    }
    return Effect(
      values: values, energy: values.reduce(0) { $0 + $1 * $1 },
      box: PixelRect(x: left, y: top, width: max(0, right - left), height: max(0, bottom - top)))
  }
}
