import Testing

@testable import Classification
@testable import Samples

@Suite struct PixelSupervisionTests {
  /// Two pictures of 2 x 3 cells, three classes, class 0 good.
  private func batch(_ coverage: [Int: Float], valid: [Float] = [1, 1], classes: Int = 3) -> Batch {
    var targets = [Float](repeating: 0, count: 2 * classes * 6)
    for (index, share) in coverage { targets[index] = share }
    return Batch(
      count: 2, channels: 1, height: 16, width: 24, images: [], targets: [], labels: [0, 2], pixelTargets: targets,
      pixelValid: valid, cellsHigh: 2, cellsWide: 3, sampleIndices: [0, 1])
  }

  /// What three classes' supervision is after `batch`; nil where that has no masks.
  private func supervision(_ batch: Batch, pixelClasses: Int = 3, background: Int = 0) -> PixelSupervision? {
    var supervision = PixelSupervision(classes: 3, pixelClasses: pixelClasses, background: background)
    return supervision.read(batch) ? supervision : nil
  }

  @Test func marksEveryCellThatADefectCrosses() throws {
    // Picture 1, class 2: cells 1 (fully), 4 (a fiftieth) and 5 (too little).
    let base = (1 * 3 + 2) * 6
    let wanted = try #require(
      supervision(
        batch([base + 1: 1, base + 4: 0.02, base + 5: 0.005])))
    var owners: [Int?] = []
    for n in 0..<2 {
      for cell in 0..<6 {
        let column = (0..<3).map { wanted.targets[(n * 3 + $0) * 6 + cell] }
        #expect(column.reduce(0, +) == 1)
        owners.append(column.firstIndex(of: 1))
      }
    }
    #expect(owners == [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0])
    // (6 / 2)^0.75 for the two marked cells, 1 elsewhere.
    let heavy = Float(2.2795071)
    #expect(wanted.weights.enumerated().allSatisfy { abs($1 - ([7, 10].contains($0) ? heavy : 1)) < 1e-5 })
    #expect(wanted.planes == [0, 0, 0, 0, 0, 1])
    #expect(abs(wanted.meanWeight - (10 + 2 * heavy) / 12) < 1e-5)
  }

  @Test func unknownPicturesCountForNothing() throws {
    let wanted = try #require(
      supervision(batch([:], valid: [1, 0])))
    #expect(wanted.weights == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    #expect(wanted.targets[18...].allSatisfy { $0 == 0 })
    #expect(wanted.planes.allSatisfy { $0 == 0 } && wanted.meanWeight == 1)
    let none = try #require(supervision(batch([:], valid: [0, 0])))
    #expect(none.meanWeight == 0)
  }

  @Test func backgroundBesideAllClassesWhereNoneIsGood() throws {
    // Class 0 is a defect too, and the background is the channel behind the classes.
    let wanted = try #require(
      supervision(batch([0 * 6 + 3: 0.7, 1 * 6 + 3: 0.2]), pixelClasses: 4, background: 3))
    #expect(wanted.targets[0 * 6 + 3] == 1 && wanted.targets[1 * 6 + 3] == 0)
    #expect(wanted.targets[3 * 6 + 2] == 1)
    #expect(wanted.planes == [1, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func weightsAreBounded() throws {
    var large = batch([:])
    (large.cellsHigh, large.cellsWide) = (100, 100)
    large.pixelTargets = [Float](repeating: 0, count: 2 * 3 * 10_000)
    large.pixelTargets![1 * 10_000] = 1
    let wanted = try #require(supervision(large))
    #expect(wanted.weights[0] == 64 && wanted.weights[1] == 1)
  }

  @Test func noMasksNoSupervision() {
    var plain = batch([:])
    plain.pixelTargets = nil
    #expect(supervision(plain) == nil)
  }

  /// A batch leaves nothing of the one before, larger or smaller.
  @Test func oneServesAllBatches() throws {
    var large = batch([(1 * 3 + 2) * 6 + 1: 1])
    (large.cellsHigh, large.cellsWide) = (4, 6)
    large.pixelTargets = (0..<2 * 3 * 24).map { $0 % 5 == 0 ? 1 : 0 }
    let batches = [large, batch([(1 * 3 + 2) * 6 + 4: 1]), batch([:], valid: [0, 1]), large]
    var one = PixelSupervision(classes: 3, pixelClasses: 3, background: 0)
    for batch in batches {
      let isRead = one.read(batch)
      #expect(isRead)
      let wanted = try #require(supervision(batch))
      #expect(one.targets == wanted.targets && one.weights == wanted.weights)
      #expect(one.planes == wanted.planes && one.meanWeight == wanted.meanWeight)
    }
  }
}
