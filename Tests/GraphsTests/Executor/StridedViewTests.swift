import Testing

@testable import Graphs

/// Views against lists of offsets.
@Suite struct StridedViewTests {
  private func offsets(_ view: StridedView) -> [Int] {
    guard !view.shape.isEmpty else { return [view.start] }
    return (0..<view.shape.dropLast().reduce(1, *)).flatMap { row in
      (0..<view.shape.last!).map { view.offset(row: row) + $0 * view.step }
    }
  }

  private func plain(_ shape: [Int]) -> StridedView { StridedView(broadcasting: shape, to: shape) }

  private func transposed(_ view: StridedView, _ order: [Int]) -> StridedView {
    StridedView(shape: order.map { view.shape[$0] }, strides: order.map { view.strides[$0] }, start: view.start)
  }

  @Test(arguments: [
    ([6, 4], [2, 3, 4], true), ([2, 3, 4], [24], true), ([2, 3, 4], [6, 2, 2], true), ([1, 5, 1], [5], true),
    ([4, 6], [1, 4, 1, 3, 2], true),
  ]) func reshapingKeepsTheOrder(_ from: [Int], _ to: [Int], _ works: Bool) throws {
    let view = plain(from)
    let reshaped = try #require(view.reshaped(to: to))
    #expect(offsets(reshaped) == offsets(view))
    #expect(reshaped.isRowMajor)
  }

  @Test func headsCanBeSplitButNotMergedOutOfOrder() throws {
    // [tokens][3][heads * depth], the second of the three.
    var part = plain([5, 3, 8])
    part.start = 8
    part = StridedView(shape: [5, 8], strides: [24, 1], start: 8)
    let split = try #require(part.reshaped(to: [5, 2, 4]))
    #expect(offsets(split) == offsets(part))
    let heads = transposed(split, [1, 0, 2])
    #expect(heads.reshaped(to: [10, 4]) == nil)
    #expect(heads.reshaped(to: [2, 20]) == nil)
    let wider = try #require(heads.reshaped(to: [2, 1, 5, 2, 2]))
    #expect(offsets(wider) == offsets(heads))
    #expect(!heads.isRowMajor)
  }

  @Test func mergingLeavesTheSamePairs() {
    let source = transposed(plain([3, 2, 4, 5]), [1, 0, 2, 3])
    let target = plain([2, 3, 4, 5])
    let (a, b) = source.merged(with: target)
    #expect(a.shape == [2, 3, 20] && b.shape == a.shape)
    #expect(offsets(a) == offsets(source))
    #expect(offsets(b) == offsets(target))
    let (one, other) = plain([1, 1]).merged(with: plain([1, 1]))
    #expect(offsets(one) == [0] && offsets(other) == [0])
  }
}
