import Metrics
import Testing

@Suite struct RegionHitsTests {
  @Test func overlapOfBoxes() {
    let a = Box(x: 0, y: 0, width: 10, height: 10)
    #expect(a.intersectionOverUnion(a) == 1)
    #expect(close(a.intersectionOverUnion(Box(x: 5, y: 0, width: 10, height: 10)), 1.0 / 3))
    #expect(a.intersectionOverUnion(Box(x: 10, y: 0, width: 5, height: 5)) == 0)
    #expect(a.intersectionOverUnion(Box(x: 20, y: 20, width: 5, height: 5)) == 0)
    #expect(Box(x: 0, y: 0, width: 0, height: 0).intersectionOverUnion(Box(x: 0, y: 0, width: 0, height: 0)) == 0)
    #expect(a.intersectionOverUnion(Box(x: .nan, y: 0, width: 5, height: 5)) == 0)
  }

  @Test func eachTrueBoxIsFoundOnce() {
    let truth = [Box(x: 0, y: 0, width: 10, height: 10), Box(x: 50, y: 50, width: 10, height: 10)]
    let hits = RegionHits(
      predicted: [
        (Box(x: 1, y: 0, width: 10, height: 10), 0.6), (Box(x: 0, y: 0, width: 10, height: 10), 0.9),
        (Box(x: 80, y: 0, width: 4, height: 4), .nan),
      ], truth: truth)
    #expect(hits.trueRegions == 2 && hits.hits == 1 && hits.predictedRegions == 3 && hits.falseAlarms == 2)
    #expect(hits.hitRate.value == 0.5)
  }

  @Test func masksRegionByRegion() {
    // Two true regions (the left touches itself only at a corner), one predicted on the left, one stray.
    let truth = bitmap(["#...#", ".#..#", ".....", "....."])
    let predicted = bitmap(["#....", ".....", ".....", "..##."])
    let hits = RegionHits(predicted: predicted, truth: truth, width: 5, height: 4)
    #expect(hits.trueRegions == 2 && hits.hits == 1 && hits.predictedRegions == 2 && hits.falseAlarms == 1)
    #expect(RegionHits(predicted: predicted, truth: truth, width: 5, height: 4, minimumCoverage: 0.6).hits == 0)
    #expect(close(intersectionOverUnion(predicted, truth), 1.0 / 6))
    #expect(intersectionOverUnion([false], [false]) == 1)
  }

  @Test func regionsOfAMask() {
    let mask = bitmap(["##..", "...#", "#.#."])
    #expect(connectedRegions(mask, width: 4, height: 3) == [[0, 1], [7, 10], [8]])
    #expect(connectedRegions([], width: 0, height: 0).isEmpty)
    let full = connectedRegions(Array(repeating: true, count: 300 * 200), width: 300, height: 200)
    #expect(full.count == 1 && full[0].count == 60000)
  }

  @Test func imagesAddUp() {
    let one = RegionHits(
      predicted: [(Box(x: 0, y: 0, width: 2, height: 2), 1)], truth: [Box(x: 0, y: 0, width: 2, height: 2)])
    var sum = one
    sum += one
    #expect(sum.hits == 2 && sum.trueRegions == 2 && sum.falseAlarms == 0 && sum.predictedRegions == 2)
  }

  private func bitmap(_ rows: [String]) -> [Bool] { rows.flatMap { $0.map { $0 == "#" } } }
}
