import Foundation
import Imaging
import Testing

@testable import Samples

@Suite struct AugmentationTests {
  private let settings = Preprocessing(width: 40, height: 32, mean: [0], std: [1])

  private func apply(
    _ plan: Augmentation.Plan, _ planes: [UInt8], _ mask: [UInt8]? = nil
  ) -> (values: [Float], mask: [UInt8]) {
    var augmenter = Augmenter(settings)
    var values = [Float](repeating: 0, count: settings.valueCount)
    var span = values.mutableSpan
    let size = ImageSize(width: settings.width, height: settings.height)
    augmenter.apply(plan, to: PreparedImage(planes: planes, mask: mask, source: size), into: &span, at: 0)
    return (values, augmenter.mask)
  }

  private func plan(_ augmentation: Augmentation, _ seed: UInt64 = 1) -> Augmentation.Plan {
    augmentation.plan(seed: seed, width: settings.width, height: settings.height)
  }

  /// An augmentation with one change that is always made, at one strength.
  private func always(_ path: WritableKeyPath<Augmentation, Augmentation.Change>, _ strength: Float) -> Augmentation {
    var augmentation = Augmentation.none
    augmentation[keyPath: path] = Augmentation.Change(1, strength, strength)
    return augmentation
  }

  @Test func noneChangesNothing() {
    let image = picture(40, 32, seed: 1)
    #expect(apply(plan(.none), image.pixels).values == image.pixels.map { settings.normalized(Float($0), channel: 0) })
  }

  /// The mask moves with the image to the last bit: an image that is its own mask stays so.
  @Test func masksStayOnTheirImages() {
    let block = rectangle(40, 32, x: 14..<26, y: 11..<20).pixels
    var augmentation = Augmentation.none
    augmentation.flipHorizontal = 0.5
    augmentation.flipVertical = 0.5
    augmentation.rotate = .init(1, -180, 180)
    augmentation.scale = .init(1, 0.8, 1.3)
    augmentation.shift = .init(1, -0.1, 0.1)
    for seed in 0..<50 {
      let result = apply(plan(augmentation, UInt64(seed)), block, block)
      #expect(result.values == result.mask.map { settings.normalized(Float($0), channel: 0) })
      #expect(result.mask.contains(255))
    }
  }

  @Test func aDefectIsNotPushedOut() {
    let corner = rectangle(40, 32, x: 0..<6, y: 0..<6).pixels
    let image = picture(40, 32, seed: 2).pixels
    for sign: Float in [-1, 1] {
      let shift = plan(always(\.shift, 0.4 * sign))
      let result = apply(shift, image, corner)
      // To the upper left nothing would be left of it; to the lower right it stays in the picture.
      let sum = result.mask.reduce(0) { $0 + Int($1) }
      #expect(sum * 2 >= 36 * 255)
      #expect((result.mask == corner) == (sign < 0))
      if sign < 0 { #expect(result.values == image.map { settings.normalized(Float($0), channel: 0) }) }
    }
  }

  /// Against the formulas in double precision.
  @Test func levels() {
    let image = picture(40, 32, seed: 3).pixels
    let mean = Double(image.reduce(0) { $0 + Int($1) }) / Double(image.count) / 255
    func check(_ augmentation: Augmentation, _ formula: (Double) -> Double) {
      for (value, level) in zip(apply(plan(augmentation), image).values, image) {
        let expected = min(1, max(0, formula(Double(level) / 255)))
        #expect(abs(Double(value) - expected) < 1e-5)
      }
    }
    check(always(\.brightness, 0.2)) { $0 + 0.2 }
    check(always(\.brightness, -0.3)) { $0 - 0.3 }
    check(always(\.contrast, 1.5)) { ($0 - mean) * 1.5 + mean }
    check(always(\.gamma, 0.7)) { pow($0, 0.7) }
  }

  @Test func noiseHasItsDeviation() {
    let flat = [UInt8](repeating: 128, count: settings.valueCount)
    let values = apply(plan(always(\.noise, 0.05)), flat).values.map { Double($0) - 128 / 255 }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    #expect(abs(mean) < 0.006)
    #expect(abs(deviation - 0.05) < 0.005)
    #expect(apply(plan(always(\.noise, 0.05), 2), flat).values.map(Double.init) != values)
  }

  @Test func blurAgreesWithItsSlowTwin() {
    let image = picture(40, 32, seed: 4).pixels
    let sigma = 0.9
    let taps = (-2...2).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let total = taps.reduce(0, +)
    func at(_ x: Int, _ y: Int) -> Double { Double(image[min(31, max(0, y)) * 40 + min(39, max(0, x))]) }
    let values = apply(plan(always(\.blur, Float(sigma))), image).values
    for y in 0..<32 {
      for x in 0..<40 {
        var sum = 0.0
        for (i, a) in taps.enumerated() {
          for (j, b) in taps.enumerated() { sum += a * b * at(x + j - 2, y + i - 2) }
        }
        #expect(abs(Double(values[y * 40 + x]) * 255 - sum / total / total) < 1.1)
      }
    }
  }

  @Test func cutOutCoversImageAndMask() {
    let block = [UInt8](repeating: 255, count: settings.valueCount)
    let result = apply(plan(always(\.cutOut, 0.5)), picture(40, 32, seed: 5).pixels, block)
    #expect(result.mask.count { $0 == 0 } == 20 * 16)
    let values = Set(zip(result.values, result.mask).filter { $0.1 == 0 }.map(\.0))
    #expect(values.count == 1)
  }

  @Test func plansAreDrawnFromTheirSeed() {
    let augmentation = Augmentation()
    #expect(plan(augmentation, 5) == plan(augmentation, 5))
    #expect(Set((0..<100).map { plan(augmentation, $0) }).count == 100)
    // Switching one change off leaves the others as they were.
    var without = augmentation
    without.rotate = .off
    without.scale = .off
    for seed: UInt64 in 0..<20 {
      #expect(plan(augmentation, seed).gamma == plan(without, seed).gamma)
      #expect(plan(augmentation, seed).noiseSeed == plan(without, seed).noiseSeed)
    }
  }

  @Test func namesOfClassesForbidChanges() {
    #expect(Augmentation.suited(to: ["good", "scratch", "rolled-in_scale"]) == Augmentation())
    let handed = Augmentation.suited(to: ["good", "label_left"])
    #expect(handed.flipHorizontal == 0 && handed.flipVertical == 0 && handed.rotate == Augmentation().rotate)
    #expect(Augmentation.suited(to: ["Too Dark"]).brightness == .off)
    #expect(Augmentation.suited(to: ["misaligned"]).rotate == .off)
    #expect(Augmentation.suited(to: ["undersize"]).scale == .off)
  }

  @Test func card() {
    #expect(Augmentation.none.card == ["none"])
    let lines = Augmentation().card
    #expect(lines[0] == "flip left to right: in 50 % of images")
    #expect(lines[2] == "rotate: -4 to 4 degrees, in 80 % of images")
    #expect(lines.contains("shift: -0.05 to 0.05 of width and height, in 80 % of images"))
    #expect(!lines.contains { $0.hasPrefix("mix-up") || $0.hasPrefix("blur") || $0.hasPrefix("cut-out") })
  }

  @Test func jsonKeepsEverything() throws {
    var augmentation = Augmentation()
    augmentation.mixUp = .init(0.25, 0.1, 0.5)
    let json = try JSONEncoder().encode(augmentation)
    #expect(try JSONDecoder().decode(Augmentation.self, from: json) == augmentation)
  }
}
