import Glibc

extension ShapeInference {
  func reshaping() throws(GraphError) -> [Int] {
    let x = try shape(0)
    switch node.operation {
    case .reduce(_, let list, let keeps):
      let axes = list.isEmpty ? Array(x.indices) : try axes(list, rank: x.count)
      return x.indices.compactMap { axes.contains($0) ? (keeps ? 1 : nil) : x[$0] }
    case .concatenation(let axis): return try concatenation(axis)
    case .resize(let resize): return try self.resize(resize)
    case .softmax(let axis, _):
      _ = try self.axis(axis, rank: x.count)
      return x
    case .flatten(let axis):
      let axis = try self.axis(axis, rank: x.count, includingEnd: true)
      return [try x.prefix(axis).product(self), try x.suffix(from: axis).product(self)]
    case .reshape(let shape, let allowsZero): return try reshape(x, to: shape, allowsZero)
    case .transpose(let permutation):
      let permutation = permutation.isEmpty ? Array(x.indices.reversed()) : permutation
      guard permutation.sorted() == Array(x.indices) else {
        throw malformed("permutes \(x.count) axes by \(permutation)")
      }
      return permutation.map { x[$0] }
    case .squeeze(let list):
      let axes = list.isEmpty ? x.indices.filter { x[$0] == 1 } : try axes(list, rank: x.count)
      guard axes.allSatisfy({ x[$0] == 1 }) else { throw malformed("removes axes \(list) of the shape \(x)") }
      return x.indices.filter { !axes.contains($0) }.map { x[$0] }
    case .unsqueeze(let list):
      let axes = try axes(list, rank: x.count + list.count)
      guard x.count + axes.count <= 8 else { throw malformed("makes more than 8 axes") }
      var rest = x.makeIterator()
      return (0..<x.count + axes.count).map { axes.contains($0) ? 1 : rest.next()! }
    case .slice(let ranges): return try slice(x, ranges)
    case .pad(let before, let after, _):
      guard before.count == x.count, after.count == x.count else { throw malformed("pads other axes than \(x) has") }
      return x.indices.map { before[$0] + x[$0] + after[$0] }
    default: throw malformed("has no rule for its shape")
    }
  }

  private func concatenation(_ axis: Int) throws(GraphError) -> [Int] {
    var result = try shape(0)
    let axis = try self.axis(axis, rank: result.count)
    for index in 1..<max(1, shapes.count) {
      var other = try shape(index)
      guard other.count == result.count else { throw malformed("joins the shapes \(result) and \(other)") }
      let size = other[axis]
      other[axis] = result[axis]
      guard other == result else { throw malformed("joins shapes that differ beside axis \(axis)") }
      result[axis] += size
    }
    return result
  }

  private func resize(_ resize: Resize) throws(GraphError) -> [Int] {
    let x = try image(0)
    switch resize.target {
    case .sizes(let sizes, let channels):
      guard channels == nil || channels == x[1], sizes.count == 2, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
        throw malformed("resizes \(x) to \(sizes)")
      }
      return [x[0], x[1]] + sizes
    case .scales(let scales):
      guard scales.count == 2, scales.allSatisfy({ $0 > 0 && $0 <= 65536 }) else {
        throw malformed("resizes by \(scales)")
      }
      let sizes = (0..<2).map { Int(floorf(Float(x[$0 + 2]) * scales[$0])) }
      guard sizes.allSatisfy({ $0 > 0 }) else { throw malformed("resizes \(x) by \(scales) to nothing") }
      return [x[0], x[1]] + sizes
    }
  }

  private func reshape(_ x: [Int], to target: [Int], _ allowsZero: Bool) throws(GraphError) -> [Int] {
    guard target.count <= 8, target.allSatisfy({ $0 >= -1 }), target.filter({ $0 == -1 }).count <= 1 else {
      throw malformed("has the impossible shape \(target)")
    }
    let total = try x.product(self)
    var shape: [Int] = []
    for (axis, size) in target.enumerated() {
      if size == 0 && !allowsZero {
        guard axis < x.count else { throw malformed("keeps axis \(axis) of the shape \(x)") }
        shape.append(x[axis])
      } else {
        shape.append(size)
      }
    }
    if let free = shape.firstIndex(of: -1) {
      let others = try shape.filter { $0 != -1 }.product(self)
      guard others > 0, total.isMultiple(of: others) else { throw malformed("turns the shape \(x) into \(target)") }
      shape[free] = total / others
    }
    guard try shape.product(self) == total else { throw malformed("turns the shape \(x) into \(target)") }
    return shape
  }

  private func slice(_ x: [Int], _ ranges: [SliceRange]) throws(GraphError) -> [Int] {
    var shape = x
    for range in try sliceRanges(ranges, shape: x) {
      guard range.count > 0 else { throw malformed("takes nothing from axis \(range.axis) of the shape \(x)") }
      shape[range.axis] = range.count
    }
    return shape
  }

  /// Where each slice really begins and how much it takes, by ONNX's rules for negative and too large positions.
  func sliceRanges(
    _ ranges: [SliceRange], shape: [Int]
  ) throws(GraphError) -> [(axis: Int, start: Int, step: Int, count: Int)] {
    _ = try axes(ranges.map(\.axis), rank: shape.count)
    var result: [(axis: Int, start: Int, step: Int, count: Int)] = []
    for range in ranges {
      guard range.step != 0 else { throw malformed("slices with a step of zero") }
      let axis = try axis(range.axis, rank: shape.count)
      let size = shape[axis]
      let forward = range.step > 0
      let start = range.start < 0 ? range.start + size : range.start
      let end = range.end < 0 ? range.end + size : range.end
      let first = min(max(start, 0), forward ? size : size - 1)
      let last = min(max(end, forward ? 0 : -1), size)
      let span = forward ? last - first : first - last
      let step = abs(range.step)
      result.append((axis, first, range.step, span > 0 ? (span + step - 1) / step : 0))
    }
    return result
  }
}

extension Collection<Int> {
  fileprivate func product(_ inference: ShapeInference) throws(GraphError) -> Int {
    var result = 1
    for size in self { result = try inference.product(result, size) }
    return result
  }
}
