import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("The finest texture of large defects")
struct DefectGrainTests {
  /// Light that changes slowly, with stripes of five pixels inside a mask of so many pixels.
  private func defect(_ size: Int, stripes: Float) -> RealDefect {
    let side = 400
    var mask = [Float](repeating: 0, count: side * side)
    var picture = mask
    let first = (side - size) / 2
    for y in 0..<side {
      for x in 0..<side {
        let isInside = (first..<first + size).contains(x) && (first..<first + size).contains(y)
        mask[y * side + x] = isInside ? 1 : 0
        let level = 0.4 + 0.1 * Float(x) / Float(side)
        picture[y * side + x] = isInside ? level * (1 + ((x / 5) % 2 == 0 ? stripes : -stripes)) * 0.7 : level
      }
    }
    return RealDefect(
      source: "s", label: 1, picture: Planes([Image(width: side, height: side, pixels: picture)]),
      mask: Image(width: side, height: side, pixels: mask))!
  }

  @Test("a defect that its window shows in full has none; a large one has its stripes, and nothing of its light")
  func stripes() throws {
    #expect(DefectGrain.of(defect(40, stripes: 0.2), side: 64) == nil)
    let grain = try #require(DefectGrain.of(defect(300, stripes: 0.2), side: 64))
    let plain = try #require(DefectGrain.of(defect(300, stripes: 0), side: 64))
    #expect(grain.texture.width == 128 && grain.cover.width == 128)
    func strength(_ grain: DefectGrain) -> Float {
      let inside = grain.cover.pixels.indices.filter { grain.cover.pixels[$0] > 0.99 }
      return inside.reduce(0) { $0 + abs(grain.texture.planes[0].pixels[$1]) } / Float(inside.count)
    }
    #expect(strength(grain) > 0.05 && strength(plain) < 0.01, "\(strength(grain)), \(strength(plain))")
    #expect(grain.mirrored().mirrored().texture.planes[0] == grain.texture.planes[0])
    #expect(grain.mirrored().texture.planes[0] != grain.texture.planes[0])
  }

  /// Where a grain covers, the part's own texture gives way to it; elsewhere that goes on.
  @Test func aGrainTakesThePlaceOfThePartsOwnTexture() throws {
    let side = 64
    func plane(_ value: (Int, Int) -> Float) -> Image<Float> {
      Image(width: side, height: side, pixels: (0..<side * side).map { value($0 % side, $0 / side) })
    }
    // A part with stripes along one axis; a grain with stripes along the other, on the left half of the defect.
    let part = AnyImage.gray8(
      Image(width: 200, height: 200, pixels: (0..<40_000).map { ($0 % 200 / 3) % 2 == 0 ? 140 : 116 }))
    var patch = DefectPatch(
      source: "s", label: 0, factor: Planes([plane { _, _ in 1 }]), cover: plane { _, _ in 1 },
      seen: Planes([plane { _, _ in 0 }]))
    patch.isSoft = true
    patch.grain = DefectGrain(
      texture: Planes([plane { _, y in (y / 3) % 2 == 0 ? 0.1 : -0.1 }]), cover: plane { x, _ in x < 32 ? 1 : 0 },
      size: 4)
    let painted = try #require(Composer.paint(patch, Placement(center: Point(100, 100)), on: part))
    let levels = painted.image.gray8().pixels
    /// Mean size of the steps from one pixel to the next along an axis, well inside one half.
    func steps(_ columns: Range<Int>, _ dx: Int, _ dy: Int) -> Float {
      var (sum, count) = (Float(0), 0)
      for y in 80..<120 {
        for x in columns {
          sum += abs(Float(levels[(y + dy) * 200 + x + dx]) - Float(levels[y * 200 + x]))
          count += 1
        }
      }
      return sum / Float(count)
    }
    let (left, right) = (76..<92, 108..<124)
    #expect(steps(left, 0, 1) > 3 * steps(left, 1, 0), "\(steps(left, 0, 1)), \(steps(left, 1, 0))")
    #expect(steps(right, 1, 0) > 3 * steps(right, 0, 1), "\(steps(right, 1, 0)), \(steps(right, 0, 1))")
  }
}
