import Glibc
import Imaging
import Testing

@testable import Samples

@Suite struct WarpTests {
  /// The obvious way, in double precision.
  private func slow(_ source: [UInt8], _ width: Int, _ height: Int, _ map: Affine) -> [Double] {
    var result: [Double] = []
    func at(_ x: Int, _ y: Int) -> Double { Double(source[Warp.reflect(y, height) * width + Warp.reflect(x, width)]) }
    for y in 0..<height {
      for x in 0..<width {
        let sx = Double(map.a) * Double(x) + Double(map.b) * Double(y) + Double(map.c)
        let sy = Double(map.d) * Double(x) + Double(map.e) * Double(y) + Double(map.f)
        let x0 = Int(floor(sx))
        let y0 = Int(floor(sy))
        let fx = sx - floor(sx)
        let fy = sy - floor(sy)
        let top = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx
        let bottom = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx
        result.append(top * (1 - fy) + bottom * fy)
      }
    }
    return result
  }

  private func warp(_ source: [UInt8], _ width: Int, _ height: Int, _ map: Affine) -> [UInt8] {
    var result = [UInt8](repeating: 7, count: source.count)
    var span = result.mutableSpan
    Warp.plane(source.span, width: width, height: height, map, into: &span)
    return result
  }

  @Test(arguments: [(1, 1), (1, 5), (7, 1), (2, 2), (13, 17), (40, 31)])
  func agreesWithItsSlowTwin(width: Int, height: Int) {
    let image = picture(width, height, seed: 3)
    var random = SplitMix64(seed: 9)
    for _ in 0..<40 {
      let map = Affine.about(
        width: width, height: height, degrees: random.uniform(-180, 180), scale: random.uniform(0.4, 2.5),
        flipX: random.chance(0.5), flipY: random.chance(0.5), shiftX: random.uniform(-9, 9),
        shiftY: random.uniform(-9, 9))
      let fast = warp(image.pixels, width, height, map)
      let twin = slow(image.pixels, width, height, map)
      // 8-bit weights: at most 2 of 256 parts of the largest step, and rounding.
      for (a, b) in zip(fast, twin) { #expect(abs(Double(a) - b) <= 2.6) }
    }
  }

  @Test func mirrorsAreExact() {
    let (width, height) = (13, 9)
    let image = picture(width, height, seed: 4)
    #expect(warp(image.pixels, width, height, Affine()) == image.pixels)
    let map = Affine.about(width: width, height: height, flipX: true)
    #expect(map.mirrorsOnly)
    #expect(warp(image.pixels, width, height, map) == image.flippedHorizontally().pixels)
    let vertical = Affine.about(width: width, height: height, flipY: true)
    #expect(warp(image.pixels, width, height, vertical) == image.flippedVertically().pixels)
  }

  /// A quarter turn counterclockwise takes the top right corner to the top left one.
  @Test func turnsCounterclockwise() {
    let image = picture(16, 16, seed: 5)
    let map = Affine.about(width: 16, height: 16, degrees: 90)
    let turned = warp(image.pixels, 16, 16, map)
    for y in 0..<16 {
      for x in 0..<16 { #expect(abs(Int(turned[y * 16 + x]) - Int(image[15 - y, x])) <= 1) }
    }
  }

  @Test func shiftsAndScalesTheWayTheyShould() {
    let dot = rectangle(21, 21, x: 10..<11, y: 10..<11).pixels
    let shifted = warp(dot, 21, 21, Affine.about(width: 21, height: 21, shiftX: 3, shiftY: -2))
    #expect(shifted[8 * 21 + 13] == 255)
    let block = rectangle(21, 21, x: 8..<13, y: 8..<13).pixels
    let larger = warp(block, 21, 21, Affine.about(width: 21, height: 21, scale: 2))
    #expect(larger.reduce(0) { $0 + ($1 > 127 ? 1 : 0) } > 70)
  }

  @Test func sineIsClose() {
    for step in -400...400 {
      let turns = Float(step) / 170
      #expect(abs(Double(Turns.sine(turns)) - sin(Double(turns) * 2 * .pi)) < 1e-6)
      #expect(abs(Double(Turns.cosine(turns)) - cos(Double(turns) * 2 * .pi)) < 1e-6)
    }
  }
}
