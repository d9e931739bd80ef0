import Imaging
import Samples
import Testing

@testable import Classification

@Suite struct TrainingPlanTests {
  private func set(good: Int?, masks: Bool, count: Int = 30) -> PartSet {
    let parts = (0..<count).map { index in
      Part(
        id: "\(index)", imagePath: "\(index).png", maskPath: masks && index % 3 != 0 ? "m.png" : nil,
        label: index % 3, split: .train, contentHash: ContentHash(digest: UInt64(index), length: 1))
    }
    return PartSet(root: "x", layout: .manifest, classes: ["a", "b", "c"], goodIndex: good, parts: parts)
  }

  private let looks = (sizes: [ImageSize(width: 400, height: 300)], isColor: false)

  @Test func inputSuitsThePictures() throws {
    let masked = try TrainingPlan(set(good: 0, masks: true), TrainingSettings(), looks: looks)
    #expect(masked.preprocessing.width == 256 && masked.preprocessing.height == 192)
    #expect(masked.preprocessing.channels == 1)
    let plain = try TrainingPlan(set(good: 0, masks: false), TrainingSettings(), looks: looks)
    #expect(plain.preprocessing.width * plain.preprocessing.height <= 160 * 128)
    for plan in [masked, plain] {
      #expect(plan.preprocessing.width % 16 == 0 && plan.preprocessing.height % 16 == 0)
    }
    let small = try TrainingPlan(
      set(good: 0, masks: true), TrainingSettings(), looks: ([ImageSize(width: 5, height: 3)], true))
    #expect(small.preprocessing.width == 32 && small.preprocessing.height == 32 && small.preprocessing.channels == 3)
  }

  @Test func pixelHeadOnlyWithMasks() throws {
    let plain = try TrainingPlan(set(good: 0, masks: false), TrainingSettings(), looks: looks)
    #expect(plain.network.pixelClasses == 0 && plain.pixelLabels.isEmpty && plain.crop == nil)
    #expect(plain.cropSteps(TrainingSettings(), steps: 100) == 0)
    let masked = try TrainingPlan(set(good: 1, masks: true), TrainingSettings(), looks: looks)
    #expect(masked.network.pixelClasses == 3 && masked.pixelLabels == ["a", "b", "c"] && masked.background == 1)
    #expect(masked.crop != nil && masked.cropSteps(TrainingSettings(), steps: 100) == 60)
    let noGood = try TrainingPlan(set(good: nil, masks: true), TrainingSettings(), looks: looks)
    #expect(noGood.network.pixelClasses == 4 && noGood.pixelLabels.last == "background" && noGood.background == 3)
    #expect(noGood.crop == nil)
  }

  @Test func steps() throws {
    let plain = try TrainingPlan(set(good: 0, masks: false), TrainingSettings(), looks: looks)
    #expect(plain.steps(TrainingSettings(steps: 7), count: 1000) == 7)
    #expect(plain.steps(TrainingSettings(epochs: 2), count: 100) == (200 + plain.batchSize - 1) / plain.batchSize)
    #expect(plain.steps(TrainingSettings(epochs: 0.0001), count: 10) == 1)
    // However small or large the set, the default stays in bounds.
    #expect(plain.steps(TrainingSettings(), count: 1) >= 100)
    #expect(plain.steps(TrainingSettings(), count: 10_000_000) <= 10_000)
  }

  @Test(arguments: [[16, 16], [100, 96], [64], [64, 64, 64], [64, 8192], [0, 64], [-64, 64]])
  func impossibleInputs(size: [Int]) {
    #expect(throws: TrainingError.self) {
      _ = try TrainingPlan(set(good: 0, masks: false), TrainingSettings(inputSize: size), looks: looks)
    }
  }

  @Test func impossibleChannels() {
    #expect(throws: TrainingError.self) {
      _ = try TrainingPlan(set(good: 0, masks: false), TrainingSettings(channels: 2), looks: looks)
    }
  }

  @Test func cropsAreHalfAnInput() {
    let half = Crop.side(of: ImageSize(width: 256, height: 192), multiple: 16)
    #expect(half.width == 128 && half.height == 96)
    let least = Crop.side(of: ImageSize(width: 32, height: 16), multiple: 16)
    #expect(least.width == 32 && least.height == 16)
  }
}
