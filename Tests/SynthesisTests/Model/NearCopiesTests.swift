import Imaging
import Samples
import Testing

@testable import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Near-copies")
struct NearCopiesTests {
  private static let side = 64

  private func model(_ window: DefectWindow) -> GeneratorCard.Model {
    GeneratorCard.Model(
      site: window.site, scale: window.scale, mask: Data(window.cover.pixels.map { UInt8($0 * 255) }),
      appearance: Data(window.appearance.planes[0].pixels.map(DefectDetail.byte)), detail: Data(),
      looks: [])
  }

  @Test("100 planted copies are all found: mirrored, moved, fainter, noisier")
  func planted() {
    let models = (0..<20).map { Rendered.real(1 + Int($0) % 2, $0) }
    let copies = NearCopies(
      models.map { model(DefectWindow($0, side: Self.side)) }, side: Self.side, channels: 1)
    for number in 0..<100 {
      var random = SplitMix64(seed: 5, UInt64(number))
      var variation = DefectWindow.Variation()
      variation.isMirrored = random.chance(0.5)
      variation.x = Double(random.uniform(-3, 3))
      variation.y = Double(random.uniform(-3, 3))
      let strength = random.uniform(0.7, 1.2)
      let window = DefectWindow(models[number % models.count], side: Self.side, variation)
      let look = window.appearance.map { $0.map { $0 * strength + 0.02 * random.normal() } }
      let left = copies.least(appearance: look, cover: window.cover)
      #expect(left < NearCopies.remainder, "copy \(number)")
    }
  }

  @Test("defects of another shape or another texture are none")
  func others() {
    let copies = NearCopies(
      (0..<10).map { model(DefectWindow(Rendered.real(1, $0), side: Self.side)) }, side: Self.side, channels: 1)
    var likenesses = 0
    for number in 0..<20 {
      let line = DefectWindow(Rendered.real(2, UInt64(number)), side: Self.side)
      #expect(!copies.contain(appearance: line.appearance, cover: line.cover))
      // The shape of a spot, with a texture of its own.
      var random = SplitMix64(seed: 6, UInt64(number))
      let spot = DefectWindow(Rendered.real(1, UInt64(number % 10)), side: Self.side)
      let noise = Image(
        width: Self.side, height: Self.side, pixels: (0..<Self.side * Self.side).map { _ in random.normal() }
      ).blurred(sigma: 2)
      let look = Planes([
        Image(
          width: Self.side, height: Self.side,
          pixels: zip(spot.appearance.planes[0].pixels, noise.pixels).map { 0.5 * $0 + 6 * $1 })
      ])
      if copies.contain(appearance: look, cover: spot.cover) { likenesses += 1 }
    }
    // The smallest spots have too few pixels for a texture.
    #expect(likenesses <= 3)
    let nothing = Image<Float>(width: Self.side, height: Self.side, repeating: 0)
    #expect(!copies.contain(appearance: Planes([nothing]), cover: nothing))
  }
}
