/// Positions in row-major tensors, as lists.
enum Indices {
  /// An offset that leads outside; sums of several stay negative and do not overflow.
  static let outside = -(1 << 50)

  /// How far apart neighbours along each axis are.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= max(1, shape[axis])
    }
    return strides
  }

  /// All sums of one offset from each list, the last list varying quickest.
  static func sums(_ lists: [[Int]], start: Int = 0) -> [Int] {
    var result = [start]
    for offsets in lists {
      var next: [Int] = []
      next.reserveCapacity(result.count * offsets.count)
      for base in result { for offset in offsets { next.append(base &+ offset) } }
      result = next
    }
    return result
  }

  /// For each axis the offsets of its positions.
  static func offsets(_ shape: [Int]) -> [[Int]] {
    let strides = strides(shape)
    return shape.indices.map { axis in (0..<shape[axis]).map { $0 * strides[axis] } }
  }

  /// Where the elements of `shape` lie that are seen as `target`; nil where that is everywhere in order.
  static func broadcast(_ shape: [Int], to target: [Int]) -> [Int]? {
    if shape == target { return nil }
    let own = offsets(shape)
    let missing = target.count - shape.count
    return sums(
      target.indices.map { axis in
        if axis >= missing, shape[axis - missing] != 1 { return own[axis - missing] }
        return [Int](repeating: 0, count: target[axis])
      })
  }
}
