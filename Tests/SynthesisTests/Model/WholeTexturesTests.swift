import Imaging
import Samples
import Testing

@testable import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Textures of whole pictures")
struct WholeTexturesTests {
  private let configuration = GeneratorConfiguration(side: 32, channels: 1, classes: 1, hasMasks: false)

  /// A picture with stripes of so many pixels, under light that grows from left to right.
  private func picture(_ width: Int) -> WholePicture {
    let pixels = (0..<100 * 80).map { index -> UInt8 in
      let (x, y) = (index % 100, index / 100)
      return UInt8((60 + Float(x)) * ((y / width) % 2 == 0 ? 1.2 : 0.8))
    }
    return WholePicture(
      source: "\(width)", label: 0, picture: .gray8(Image(width: 100, height: 80, pixels: pixels)))
  }

  private func model(_ width: Int) -> GeneratorCard.Model {
    let bound = GeneratorConfiguration.bound
    let bytes = picture(width).grain(side: 32).planes[0].pixels.map { UInt8((($0 / bound + 1) / 2 * 255).rounded()) }
    return GeneratorCard.Model(
      site: DefectSite(
        source: "\(width)", x: 0.5, y: 0.5, pictureWidth: 100, pictureHeight: 80, areaShare: 1, shareOnPart: 1),
      scale: 1, mask: Data(), appearance: Data(), grain: Data(bytes), looks: [])
  }

  private func flat(_ value: Float) -> Planes { Planes([Image(width: 32, height: 32, repeating: value)]) }

  @Test("a picture gets the finest texture of another than its model, on its own levels")
  func another() throws {
    let textures = WholeTextures([model(9), model(2)], configuration)
    for level in [Float(-1), 1] {
      var random = SplitMix64(seed: 1)
      let made = try #require(textures.put(on: flat(level), beside: 0, random: &random))
      #expect(made.width == 100 && made.height == 80)
      let levels = made.planes[0].pixels
      // Stripes of two rows: only the other model has them.
      var changes = 0
      for y in 1..<80 where abs(levels[y * 100 + 50] - levels[(y - 1) * 100 + 50]) > 0.2 { changes += 1 }
      #expect((38...40).contains(changes), "\(changes)")
      #expect(abs(levels.reduce(0, +) / 8000 - level) < 0.02)
    }
  }

  @Test("with a single picture there is no other")
  func single() {
    var random = SplitMix64(seed: 1)
    #expect(WholeTextures([model(2)], configuration).put(on: flat(0), beside: 0, random: &random) == nil)
  }

  @Test("texture holds nothing of the light")
  func light() {
    let texture = picture(2).grain(side: 32).planes[0]
    func mean(_ columns: Range<Int>) -> Float {
      var sum: Float = 0
      for y in 20..<60 { for x in columns { sum += texture.pixels[y * 100 + x] } }
      return sum / Float(40 * columns.count)
    }
    // The light alone differs by a tenth of a level, 0.47 here.
    #expect(abs(mean(30..<40) - mean(60..<70)) < 0.05)
  }
}
