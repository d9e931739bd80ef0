extension Lowering {
  /// The same numbers in the same order under another shape: nothing to do at run time.
  mutating func lowerView(_ node: Node) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    if node.operation == .identity, views[node.inputs[0]] == nil {
      define(node.output, try located(node.inputs[0]))
      return true
    }
    if let view = views[node.inputs[0]], let reshaped = view.view.reshaped(to: shape(node)) {
      try define(node, View(storage: view.storage, view: reshaped))
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

  /// Transposes and slices, which are views until somebody needs them otherwise, and pads, which are copied.
  mutating func lowerCopy(_ node: Node) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    var view = try view(node.inputs[0], for: node)
    let shape = shape(node)
    let strides = view.view.strides
    switch node.operation {
    case .transpose(let permutation):
      let permutation = permutation.isEmpty ? Array(shape.indices.reversed()) : permutation
      view.view.strides = permutation.map { strides[$0] }
      view.view.shape = shape
      try define(node, view)
    case .slice(let ranges):
      let inference = ShapeInference(node: node, shapes: [view.view.shape])
      for range in try inference.sliceRanges(ranges, shape: view.view.shape) {
        view.view.start += range.start * strides[range.axis]
        view.view.strides[range.axis] *= range.step
      }
      view.view.shape = shape
      try define(node, view)
    case .pad(let before, _, let value):
      let result = allocate(shape, .plain)
      let full = StridedView.strides(shape)
      let target = StridedView(
        shape: view.view.shape, strides: full, start: zip(before, full).reduce(0) { $0 + $1.0 * $1.1 })
      copy(node.name, view, to: result, target, fill: value)
      define(node.output, result)
    default: return false
    }
    return true
  }
}
