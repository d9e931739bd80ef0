internal import Glibc

/// Spots in view that differ from the belt and belong together.
struct Blob: Sendable {
  var spots: [Int]
  var box: CellBox
  /// Spots that differ clearly.
  var strong: Int
  /// Sides of the region's box that it touches, or none though `isAtEdge` where the region is no rectangle.
  var sides: Sides
  var isAtEdge: Bool

  struct Sides: OptionSet, Sendable, Hashable {
    let rawValue: Int
    static let left = Sides(rawValue: 1)
    static let right = Sides(rawValue: 2)
    static let top = Sides(rawValue: 4)
    static let bottom = Sides(rawValue: 8)
    /// Two sides across from each other.
    var isAcross: Bool { isSuperset(of: [.left, .right]) || isSuperset(of: [.top, .bottom]) }
  }

  mutating func merge(_ other: Blob) {
    spots += other.spots
    box = box.union(other.box)
    strong += other.strong
    sides.formUnion(other.sides)
    isAtEdge = isAtEdge || other.isAtEdge
  }

  /// All blobs: spots above 1 that lie at most one spot apart, and what adjoins them above 0.7 of what counts as
  /// different. Two thresholds, so that a part is seen whole and noise is not (Canny's hysteresis).
  static func find(_ differences: [Float], _ grid: CellGrid) -> [Blob] {
    var isTaken = [Bool](repeating: false, count: differences.count)
    var blobs: [Blob] = []
    var open: [Int] = []
    for seed in differences.indices where differences[seed] > 1 && !isTaken[seed] {
      let x = seed % grid.columns, y = seed / grid.columns
      var blob = Blob(
        spots: [], box: CellBox(left: x, top: y, right: x, bottom: y), strong: 0, sides: [], isAtEdge: false)
      open.append(seed)
      isTaken[seed] = true
      while let at = open.popLast() {
        let x = at % grid.columns, y = at / grid.columns
        blob.spots.append(at)
        blob.box.add(x, y)
        if differences[at] > 1 { blob.strong += 1 }
        if grid.isEdge[at] { blob.isAtEdge = true }
        for v in max(0, y - 2)...min(grid.rows - 1, y + 2) {
          for u in max(0, x - 2)...min(grid.columns - 1, x + 2) {
            let next = v * grid.columns + u
            let isNear = abs(u - x) <= 1 && abs(v - y) <= 1
            guard !isTaken[next] && differences[next] > (isNear ? 0.7 : 1) else { continue }
            isTaken[next] = true
            open.append(next)
          }
        }
      }
      if blob.box.left == 0 { blob.sides.insert(.left) }
      if blob.box.right == grid.columns - 1 { blob.sides.insert(.right) }
      if blob.box.top == 0 { blob.sides.insert(.top) }
      if blob.box.bottom == grid.rows - 1 { blob.sides.insert(.bottom) }
      blobs.append(blob)
    }
    return blobs
  }

  /// Whether it has no outline but fades out: a shadow, a reflection or a lamp that went out, not a part.
  ///
  /// A part's brightness changes within two spots of its outline by more than half of its depth, along most of it: 0.7 was
  /// measured for discs on a textured belt, 0.02 for shadows.
  func isSoft(_ levels: [Float], _ background: BackgroundModel, _ grid: CellGrid) -> Bool {
    // Too small to have an inside.
    guard spots.count >= 6, box.width >= 3, box.height >= 3 else { return false }
    let columns = grid.columns, rows = grid.rows
    func depth(_ at: Int) -> Float {
      let expected = max(1, min(255, background.mean[at] * background.gain))
      return (max(1, levels[at]) - expected) / expected
    }
    func abreast(_ at: Int, _ dx: Int, _ dy: Int) -> Float {
      var sum = depth(at), count: Float = 1
      for (u, v) in [(at % columns + dy, at / columns + dx), (at % columns - dy, at / columns - dx)]
      where u >= 0 && u < columns && v >= 0 && v < rows && grid.isInside[v * columns + u] {
        sum += depth(v * columns + u)
        count += 1
      }
      return sum / count
    }
    let depths = spots.map { depth($0) }.sorted()
    let low = depths[depths.count / 10], high = depths[depths.count * 9 / 10]
    // A shadow only darkens, a lamp only brightens.
    guard low * high > 0 else { return false }
    let step = max(abs(low), abs(high)) / 2
    // Where the contrast is near the limit the blob has holes, whose rims are no outline.
    let isMember = closed(grid)
    var outline = 0, steep = 0
    for at in isMember.indices where isMember[at] {
      let x = at % columns, y = at / columns
      for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
        let u = x + dx, v = y + dy
        guard u >= 0 && u < columns && v >= 0 && v < rows else { continue }
        let next = v * columns + u
        guard grid.isInside[next] && !isMember[next] else { continue }
        outline += 1
        // From one spot outside to two spots inside, three abreast against the belt's texture.
        let isDeep = y - dy >= 0 && y - dy < rows && x - dx >= 0 && x - dx < columns
        let inner = isDeep && grid.isInside[at - dy * columns - dx] ? at - dy * columns - dx : at
        if abs(abreast(inner, dx, dy) - abreast(next, dx, dy)) > step { steep += 1 }
      }
    }
    return outline > 0 && Float(steep) < 0.3 * Float(outline)
  }

  /// Its spots, and those that it nearly encloses.
  private func closed(_ grid: CellGrid) -> [Bool] {
    let columns = grid.columns
    var isMember = [Bool](repeating: false, count: columns * grid.rows)
    for at in spots { isMember[at] = true }
    guard box.width > 2 && box.height > 2 else { return isMember }
    for _ in 0..<2 {
      var added: [Int] = []
      for y in max(1, box.top)...max(1, min(grid.rows - 2, box.bottom)) where y + 1 < grid.rows {
        for x in max(1, box.left)...max(1, min(columns - 2, box.right)) where x + 1 < columns {
          let at = y * columns + x
          guard !isMember[at] && grid.isInside[at] else { continue }
          var around = 0
          for v in y - 1...y + 1 { for u in x - 1...x + 1 where isMember[v * columns + u] { around += 1 } }
          if around >= 5 { added.append(at) }
        }
      }
      for at in added { isMember[at] = true }
    }
    return isMember
  }

  /// Whether the outline belongs to the remembered belt and not to the picture: something that was learned as belt has
  /// gone.
  func isHole(_ levels: [Float], _ background: BackgroundModel, _ grid: CellGrid) -> Bool {
    let isMember = closed(grid)
    var seen: Float = 0, remembered: Float = 0
    for at in spots {
      let x = at % grid.columns, y = at / grid.columns
      for (dx, dy) in [(2, 0), (-2, 0), (0, 2), (0, -2)] {
        let u = x + dx, v = y + dy
        guard u >= 0 && u < grid.columns && v >= 0 && v < grid.rows else { continue }
        let next = v * grid.columns + u
        guard grid.isInside[next] && !isMember[next] else { continue }
        seen += abs(levels[at] - levels[next])
        remembered += abs(background.mean[at] - background.mean[next]) * background.gain
      }
    }
    return remembered > 1.5 * seen + 1
  }
}
