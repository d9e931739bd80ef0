import Imaging
import Samples
import Testing

@testable import Synthesis

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Surfaces of whole pictures under other light")
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

  private func model(_ width: Int, exposure: Float = 1, channels: Int = 1) -> GeneratorCard.Model {
    let plane = picture(width).planes.planes[0].pixels.map { UInt8(($0 * 255 * exposure).rounded()) }
    let bytes = (0..<channels).flatMap { _ in plane }
    return GeneratorCard.Model(
      site: DefectSite(
        source: "\(width)", x: 0.5, y: 0.5, pictureWidth: 100, pictureHeight: 80, width: 1, height: 1, areaShare: 1,
        shareOnPart: 1, cutsPart: false, pose: nil),
      scale: 1, mask: Data(), appearance: Data(), detail: Data(bytes), looks: [])
  }

  /// As networks give levels.
  private func painted(_ level: (_ column: Int) -> Float) -> Planes {
    Planes([
      Image(width: 32, height: 32, pixels: (0..<32 * 32).map { (level($0 % 32) - 0.5) * WholePicture.contrast })
    ])
  }

  private func levels(_ made: Planes) -> [Float] { made.planes[0].pixels.map { $0 / WholePicture.contrast + 0.5 } }

  private func even(_ level: Float) -> Planes {
    WholePicture.light(on: Planes([Image(width: 100, height: 80, repeating: level)]), side: 32)
  }

  /// Texture is as strong under any light.
  private let same = SurfaceContrast([])

  /// Of fifteen pictures of one class.
  private func contrast(_ exponent: Float) -> SurfaceContrast {
    SurfaceContrast([
      (0..<15).map { .init(level: -Float($0) / 10, strength: 0.1 * exponential(-exponent * Float($0) / 10)) }
    ])
  }

  private func mean(_ levels: [Float], _ columns: Range<Int>) -> Float {
    var sum: Float = 0
    for y in 0..<80 { for x in columns { sum += levels[y * 100 + x] } }
    return sum / Float(80 * columns.count)
  }

  @Test("the surface of another picture than the light's, under that light")
  func another() {
    let textures = WholeTextures([model(9), model(2)], configuration)
    for light in [Float(0.2), 0.7] {
      var random = SplitMix64(seed: 1)
      let (made, number) = textures.put(under: even(light), beside: 0, contrast: same, random: &random)
      #expect(number == 1 && made.width == 100 && made.height == 80)
      let levels = levels(made)
      // Stripes of two rows, as strong as they are under any light: only the other picture has them.
      var changes = 0
      for y in 1..<80 {
        let (above, below) = (levels[(y - 1) * 100 + 50], levels[y * 100 + 50])
        if max(above, below) / min(above, below) > 1.3 {
          changes += 1
          #expect(abs(max(above, below) / min(above, below) - 1.5) < 0.05)
        }
      }
      #expect((38...40).contains(changes), "\(changes)")
      #expect(abs(mean(levels, 0..<100) - light) < 0.04 * light, "\(mean(levels, 0..<100))")
      // Little is left of the light that the surface was under: it doubled from one side to the other.
      let slope = mean(levels, 60..<80) / mean(levels, 20..<40)
      #expect(abs(slope - 1) < 0.05, "\(slope)")
    }
  }

  @Test("a real picture's light, changed by what differs between two painted ones")
  func light() {
    let textures = WholeTextures([model(9), model(2)], configuration)
    let flat = painted { _ in 0.4 }
    func exposed(_ light: Planes) -> [Float] { light.planes[0].pixels.map { exponential($0) } }
    let own = exposed(textures.light(of: 0, changedBy: flat, from: flat))
    let brighter = exposed(textures.light(of: 0, changedBy: painted { _ in 0.6 }, from: flat))
    let striped = exposed(textures.light(of: 0, changedBy: painted { $0 % 2 == 0 ? 0.38 : 0.42 }, from: flat))
    let ramp = exposed(textures.light(of: 0, changedBy: painted { 0.2 + 0.4 * Float($0) / 31 }, from: flat))
    let middle = 16 * 32
    // It grows from left to right on the picture.
    #expect(own[middle + 26] / own[middle + 6] > 1.2)
    #expect(zip(own, brighter).allSatisfy { abs($1 / $0 - 1.5) < 0.01 })
    #expect(zip(own, striped).allSatisfy { abs($1 / $0 - 1) < 0.02 })
    #expect(ramp[middle + 26] / own[middle + 26] > 1.15 && ramp[middle + 6] / own[middle + 6] < 0.85)
  }

  @Test("a light as bright as that on another picture, lying as it lay, of its own colour")
  func leveled() {
    let textures = WholeTextures([model(9), model(2, exposure: 0.5)], configuration)
    let flat = painted { _ in 0.4 }
    let ramp = WholePicture.light(
      on: Planes([Image(width: 32, height: 32, pixels: (0..<32 * 32).map { 0.04 + 0.01 * Float($0 / 32) })]), side: 32)
    for number in 0..<2 {
      let own = textures.light(of: number, changedBy: flat, from: flat)
      let made = textures.leveled(ramp, as: number)
      #expect(abs(mean(made) - mean(own)) < 1e-4 && abs(mean(ramp) - mean(own)) > 0.05)
      for index in [0, 500, 1023] {
        let (before, after) = (ramp.planes[0].pixels, made.planes[0].pixels)
        #expect(abs((after[index] - after[300]) - (before[index] - before[300])) < 1e-4)
      }
    }
    // Red, and half as bright in the other planes: so it stays.
    let half = ramp.planes[0].map { $0 - natural(2) }
    let colored = WholeTextures(
      [model(9, channels: 3)], GeneratorConfiguration(side: 32, channels: 3, classes: 1, hasMasks: false))
    let made = colored.leveled(Planes([ramp.planes[0], half, half]), as: 0)
    #expect(abs(made.planes[0].pixels[500] - made.planes[1].pixels[500] - natural(2)) < 1e-4)
    #expect(mean(made) > mean(ramp) + 0.2)
  }

  private func mean(_ light: Planes) -> Float {
    light.planes.map { $0.pixels.reduce(0, +) / Float($0.pixels.count) }.reduce(0, +) / Float(light.planes.count)
  }

  @Test("a texture under less light is stronger by the exponent that was learned, most where it was brightest")
  func strongerInTheDark() {
    let textures = WholeTextures([model(9), model(2)], configuration)
    // The stripes' own light was 75 of 255 on one side and 145 on the other: either side may lie left.
    var isMirrored: Set<Bool> = []
    for seed in 0..<8 {
      var random = SplitMix64(seed: UInt64(seed))
      let made = levels(textures.put(under: even(0.2), beside: 0, contrast: contrast(-0.5), random: &random).levels)
      func strength(_ column: Int) -> Float {
        let ratios = (30..<50).map { y in
          let (above, below) = (made[(y - 1) * 100 + column], made[y * 100 + column])
          return max(above, below) / min(above, below)
        }
        return natural(ratios.max()!) / natural(1.5)
      }
      let (left, right) = (strength(15), strength(85))
      isMirrored.insert(left > right)
      for (found, light) in [(min(left, right), Float(75)), (max(left, right), 145)] {
        let expected = exponential(-0.5 * natural(0.2 * 255 / light))
        #expect(abs(found / expected - 1) < 0.08, "\(seed): \(found) \(expected)")
      }
    }
    #expect(isMirrored.count == 2)
  }

  @Test("how contrast goes with light is learned within classes, from pictures enough under lights that differ")
  func exponent() {
    #expect(abs(contrast(-0.3).exponent + 0.3) < 1e-4 && abs(contrast(0.4).exponent - 0.4) < 1e-4)
    #expect(contrast(-3).exponent == -1)
    func pictures(_ count: Int, level: Float, step: Float, strength: Float) -> [SurfaceContrast.Picture] {
      (0..<count).map {
        .init(level: level + step * Float($0), strength: strength * exponential(-0.3 * step * Float($0)))
      }
    }
    // A class that is darker and has less texture by itself.
    let two = [
      pictures(8, level: -0.5, step: 0.1, strength: 0.3), pictures(8, level: -2, step: 0.1, strength: 0.01),
    ]
    #expect(abs(SurfaceContrast(two).exponent + 0.3) < 1e-4)
    #expect(SurfaceContrast([pictures(9, level: 0, step: 0.1, strength: 0.3)]).exponent == 0)
    #expect(SurfaceContrast([pictures(20, level: 0, step: 0.01, strength: 0.3)]).exponent == 0)
    // What chance may have made counts less, and may count nothing; light that changes a lot changes contrast by no
    // more than twice.
    func scattered(_ noise: Float) -> SurfaceContrast {
      SurfaceContrast([
        (0..<12).map { number in
          let level = -0.04 * Float(number)
          return .init(level: level, strength: 0.1 * exponential(-0.3 * level + ([1, -1, -1, 1][number % 4]) * noise))
        }
      ])
    }
    #expect(abs(scattered(0).exponent + 0.3) < 1e-4 && (-0.29...(-0.2)).contains(scattered(0.05).exponent))
    #expect(scattered(0.3).exponent == 0)
    #expect(contrast(-1).factor(from: -1, to: -5) == 2 && contrast(-1).factor(from: -5, to: -1) == 0.5)
    // One without any texture tells nothing, and does no harm.
    #expect(abs(SurfaceContrast([two[0] + [.init(level: -3, strength: 0)], two[1]]).exponent + 0.3) < 1e-4)
  }

  @Test("a picture's level and its texture's strength are measured apart")
  func measured() {
    let pictures = WholeTextures([model(9), model(2)], configuration).contrasts
    // Both have the same light; stripes of two rows are finer than those of nine.
    #expect(abs(pictures[0].level - pictures[1].level) < 0.03)
    #expect(abs(exponential(pictures[1].level) / (107 / 255) - 1) < 0.05, "\(exponential(pictures[1].level))")
    #expect(pictures[1].strength > 2 * pictures[0].strength && pictures[1].strength < 0.25)
  }

  @Test("levels end at white")
  func white() {
    let textures = WholeTextures([model(9), model(2)], configuration)
    var random = SplitMix64(seed: 1)
    let levels = levels(textures.put(under: even(1), beside: 0, contrast: same, random: &random).levels)
    #expect(levels.max() == 1 && levels.min()! > 0.5)
  }

  @Test("with a single picture its own surface is taken")
  func single() {
    var random = SplitMix64(seed: 1)
    let textures = WholeTextures([model(2)], configuration)
    #expect(textures.put(under: even(0.5), beside: 0, contrast: same, random: &random).model == 0)
  }
}
