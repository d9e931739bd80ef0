import Imaging
import Testing

@testable import Synthesis

@Suite("The light under a defect")
struct GroundTests {
  private func image(_ value: (_ x: Int, _ y: Int) -> Float) -> Image<Float> {
    Image(width: 120, height: 90, pixels: (0..<120 * 90).map { value($0 % 120, $0 / 120) })
  }

  @Test("even light stays as it is, whatever is left out")
  func even() {
    let flat = image { _, _ in 0.4 }
    let mask = image { x, y in (20..<100).contains(x) && (10..<90).contains(y) ? 1 : 0 }
    for value in Ground.light(of: flat, leavingOut: mask, sigma: 6).pixels { #expect(abs(value - 0.4) < 1e-4) }
  }

  @Test("at the edge of a large place it goes on without a step")
  func edge() {
    let slope = image { x, _ in 0.2 + 0.005 * Float(x) }
    let mask = image { x, _ in (60..<120).contains(x) ? 1 : 0 }
    let dark = image { x, y in mask[x, y] > 0 ? 0.05 : slope[x, y] }
    let light = Ground.light(of: dark, leavingOut: mask, sigma: 6)
    for y in stride(from: 5, to: 85, by: 10) {
      #expect(abs(light[60, y] - slope[60, y]) < 0.03)
      for x in 50..<115 { #expect(abs(light[x, y] - light[x + 1, y]) < 0.01) }
      // Inside nothing of the defect's own darkness is left.
      #expect(light[110, y] > 0.3)
    }
  }

  @Test("where nothing is believed it is the mean of all")
  func nothing() {
    let all = image { _, _ in 1 }
    for value in Ground.light(of: image { x, _ in x < 60 ? 0.2 : 0.4 }, leavingOut: all, sigma: 6).pixels {
      #expect(value == 0.5)
    }
  }
}
