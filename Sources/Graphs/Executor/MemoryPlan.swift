/// Where in one block of memory each intermediate value lies, so that values which do not live at the same time share.
///
/// Greedy by size (Pisarchyk and Lee 2020, arXiv 2001.03288): the largest first, each in the smallest gap between the
/// values that live at the same time.
struct MemoryPlan {
  struct Item {
    var bytes: Int
    /// Steps from the first that writes to the last that reads, inclusive.
    var lifetime: ClosedRange<Int>
  }

  /// Offset of each item; every one a multiple of 64.
  let offsets: [Int]
  /// Size of the whole block.
  let bytes: Int

  init(_ items: [Item]) {
    var offsets = [Int](repeating: 0, count: items.count)
    var placed: [Int] = []
    var total = 0
    let order = items.indices.sorted { (items[$0].bytes, $1) > (items[$1].bytes, $0) }
    for index in order {
      let size = (items[index].bytes + 63) / 64 * 64
      // In order of offset, so that gaps show.
      let others = placed.filter { items[$0].lifetime.overlaps(items[index].lifetime) }.sorted {
        offsets[$0] < offsets[$1]
      }
      var best: (offset: Int, gap: Int)?
      var end = 0
      for other in others {
        let gap = offsets[other] - end
        if gap >= size, gap < best?.gap ?? .max { best = (end, gap) }
        end = max(end, offsets[other] + (items[other].bytes + 63) / 64 * 64)
      }
      offsets[index] = best?.offset ?? end
      total = max(total, offsets[index] + size)
      placed.append(index)
    }
    self.offsets = offsets
    bytes = total
  }
}
