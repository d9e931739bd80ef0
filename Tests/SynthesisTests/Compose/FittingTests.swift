import Imaging
import Testing

@testable import Synthesis

@Suite("Fitting defects to edges and holes")
struct FittingTests {
  private let side = 40

  private func image(_ value: (_ x: Int, _ y: Int) -> Float) -> Image<Float> {
    Image(width: side, height: side, pixels: (0..<side * side).map { value($0 % side, $0 / side) })
  }

  private func disc(_ x: Int, _ y: Int, _ radius: Int) -> Image<Float> {
    image { (u, v) in (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius ? 1 : 0 }
  }

  private func fit(
    _ cover: Image<Float>, to part: Image<Float>, cutsPart: Bool = false, staysOnPart: Bool = false
  ) -> (patch: DefectPatch, cover: Image<Float>) {
    var placement = Placement(center: Point(0, 0))
    placement.cutsPart = cutsPart
    placement.staysOnPart = staysOnPart
    return Fitting.fit(
      patch(cover), cover, to: PartArea(part: part), in: PixelRect(x: 0, y: 0, width: side, height: side), placement)
  }

  private func patch(_ cover: Image<Float>) -> DefectPatch {
    DefectPatch(source: "a", label: 0, factor: Planes([cover.map { $0 > 0 ? 0.4 : 0.9 }]), cover: cover)
  }

  @Test("a hole that is filled is filled to its rim")
  func hole() {
    let hole = disc(20, 20, 6)
    let cover = disc(22, 20, 6)
    let (fitted, wide) = fit(cover, to: hole.map { 1 - $0 })
    for at in hole.pixels.indices where hole.pixels[at] > 0 { #expect(wide.pixels[at] == 1) }
    // Beside the defect its own surroundings go on.
    #expect(fitted.factor.planes[0].pixels[20 * side + 14] == 0.9)
    #expect(wide.pixels[20 * side + 8] == 0)
  }

  @Test("a hole beside the defect stays")
  func beside() {
    let cover = disc(14, 20, 6)
    let (_, wide) = fit(cover, to: disc(24, 20, 6).map { 1 - $0 })
    #expect(wide.pixels == cover.pixels)
  }

  @Test("the ground beside a part is no hole, however much of it is covered")
  func ground() {
    let part = image { x, y in x + y > 30 ? 1 : 0 }
    let cover = disc(10, 10, 9)
    #expect(fit(cover, to: part).cover.pixels == cover.pixels)
  }

  @Test("a stain ends where a hole begins, and a filled hole is filled all the same")
  func staysOnPart() {
    let hole = disc(24, 20, 6)
    let beside = disc(14, 20, 8)
    let stain = fit(beside, to: hole.map { 1 - $0 }, staysOnPart: true).cover
    #expect(stain.pixels[20 * side + 20] == 0 && stain.pixels[20 * side + 10] == 1)
    let plug = disc(23, 20, 7)
    #expect(fit(plug, to: hole.map { 1 - $0 }, staysOnPart: true).cover.pixels[20 * side + 24] == 1)
  }

  @Test("of an edge that is broken off no rim is left, but of a stain's neighbour nothing is taken")
  func edge() {
    let part = image { x, _ in x < 30 ? 1 : 0 }
    let cover = image { x, y in (18..<28).contains(x) && (12..<28).contains(y) ? 1 : 0 }
    let (fitted, wide) = fit(cover, to: part, cutsPart: true)
    for y in 14..<26 {
      for x in 28..<30 {
        #expect(wide.pixels[y * side + x] == 1)
        #expect(abs(fitted.factor.planes[0].pixels[y * side + x] - 0.4) < 0.05)
      }
    }
    #expect(wide.pixels[20 * side + 10] == 0 && wide.pixels[4 * side + 28] == 0)
    #expect(fit(cover, to: part).cover.pixels == cover.pixels)
  }
}
