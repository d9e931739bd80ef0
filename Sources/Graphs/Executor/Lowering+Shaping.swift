extension Lowering {
  /// The same numbers in the same order under another shape: nothing to do at run time.
  mutating func lowerView(_ node: Node) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    if node.operation == .identity {
      define(node.output, try located(node.inputs[0]))
      return true
    }
    var place = try located(node.inputs[0], .plain, for: node)
    place.shape = shape(node)
    define(node.output, place)
    return true
  }

  mutating func lowerConcatenation(_ node: Node, axis: Int) throws(GraphError) -> Bool {
    let shape = shape(node)
    let axis = axis < 0 ? axis + shape.count : axis
    var layout = Layout.plain
    if axis == 1, shape.count == 4 {
      // Whole blocks can be copied; only the last part may end within one.
      let layouts = try node.inputs.map { name throws(GraphError) in try located(name).layout }
      let counts = try node.inputs.map { name throws(GraphError) in try located(name).shape[1] }
      if case .blocked(let size)? = layouts.first(where: { $0 != .plain }),
        counts.dropLast().allSatisfy({ $0.isMultiple(of: size) })
      {
        layout = .blocked(size)
      }
    }
    var parts: [(storage: Int, chunk: Int)] = []
    for name in node.inputs {
      let place = try located(name, layout, for: node)
      let outer = place.shape.prefix(axis).reduce(1, *)
      parts.append((place.storage, layout.count(place.shape) / outer))
    }
    let result = allocate(shape, layout)
    let outer = shape.prefix(axis).reduce(1, *)
    let to = result.storage
    let stride = layout.count(shape) / outer
    let pieces = parts
    emit(node.name, "concatenate", touching: parts.map(\.storage) + [to]) { storages in
      for index in 0..<outer {
        var target = unsafe storages[to] + index * stride
        for piece in pieces {
          unsafe target.update(from: storages[piece.storage] + index * piece.chunk, count: piece.chunk)
          unsafe target += piece.chunk
        }
      }
    }
    define(node.output, result)
    return true
  }

  /// Transposes, slices and pads: rows gathered by strides.
  mutating func lowerCopy(_ node: Node) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    let x = try located(node.inputs[0], .plain, for: node)
    let shape = shape(node)
    let strides = StridedView.strides(x.shape)
    /// What is copied: a part of the result, and where it comes from.
    var view: StridedView
    var part = shape
    var target = StridedView(shape: shape, strides: StridedView.strides(shape), start: 0)
    var fill: Float?
    switch node.operation {
    case .transpose(let permutation):
      let permutation = permutation.isEmpty ? Array(shape.indices.reversed()) : permutation
      view = StridedView(shape: shape, strides: permutation.map { strides[$0] }, start: 0)
    case .slice(let ranges):
      view = StridedView(shape: shape, strides: strides, start: 0)
      let inference = ShapeInference(node: node, shapes: [x.shape])
      for range in try inference.sliceRanges(ranges, shape: x.shape) {
        view.start += range.start * strides[range.axis]
        view.strides[range.axis] *= range.step
      }
    case .pad(let before, _, let value):
      part = x.shape
      view = StridedView(shape: part, strides: strides, start: 0)
      let full = StridedView.strides(shape)
      target = StridedView(shape: part, strides: full, start: zip(before, full).reduce(0) { $0 + $1.0 * $1.1 })
      fill = value
    default: return false
    }
    let result = allocate(shape, .plain)
    let (from, to, count) = (x.storage, result.storage, shape.reduce(1, *))
    let rows = part.dropLast().reduce(1, *)
    let width = part.last ?? 1
    let (source, destination, filling) = (view, target, fill)
    emit(node.name, "copy", touching: [from, to]) { storages in
      if let filling { unsafe storages[to].update(repeating: filling, count: count) }
      for row in 0..<rows {
        let input = unsafe storages[from] + source.offset(row: row)
        let output = unsafe storages[to] + destination.offset(row: row)
        let step = source.step
        for column in 0..<width { unsafe output[column] = input[column &* step] }
      }
    }
    define(node.output, result)
    return true
  }
}

/// A tensor as offsets into memory, for row after row of its last axis.
struct StridedView: Sendable {
  var shape: [Int]
  var strides: [Int]
  var start: Int

  init(shape: [Int], strides: [Int], start: Int) {
    self.shape = shape
    self.strides = strides
    self.start = start
  }

  /// A row-major tensor of `shape` seen as if it had the shape `target`.
  init(broadcasting shape: [Int], to target: [Int]) {
    let own = StridedView.strides(shape)
    let missing = target.count - shape.count
    self.init(
      shape: target, strides: target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] },
      start: 0)
  }

  static func strides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }

  /// Between neighbours of a row.
  var step: Int { strides.last ?? 1 }

  /// Where row number `row` begins.
  func offset(row: Int) -> Int {
    var rest = row
    var offset = start
    for axis in shape.indices.dropLast().reversed() {
      offset += rest % shape[axis] * strides[axis]
      rest /= shape[axis]
    }
    return offset
  }
}
