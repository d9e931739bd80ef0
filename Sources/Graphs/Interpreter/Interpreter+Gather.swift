extension Interpreter {
  static let gatheringEntries: [Entry] = [
    Entry("Compress", 2...2, shaping: [1], ["axis"], compress),
    Entry("Gather", 2...2, ["axis"], gather),
    Entry("GatherElements", 2...2, ["axis"], gatherElements),
    Entry("GatherND", 2...2, ["batch_dims"], gatherND),
    Entry("Scatter", 3...3, ["axis"], scatterElements),
    Entry("ScatterElements", 3...3, ["axis", "reduction"], scatterElements),
    Entry("ScatterND", 3...3, ["reduction"], scatterND),
  ]

  /// Positions along an axis of `size` elements; negative ones count from its end.
  static func positions(_ call: Invocation, _ indices: TypedTensor, size: Int) throws(GraphError) -> [Int] {
    guard !indices.type.isFloat else { throw call.malformed("has \(indices.type) as indices") }
    var result: [Int] = []
    result.reserveCapacity(indices.count)
    for value in indices.integers {
      let position = value < 0 ? value + Int64(size) : value
      guard position >= 0, position < size else { throw call.malformed("reads element \(value) of \(size)") }
      result.append(Int(position))
    }
    return result
  }

  private static func gather(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices) = (try call.input(0), try call.input(1))
    let axis = try call.axis(try call.integer("axis", 0), rank: x.shape.count)
    let places = try positions(call, indices, size: x.shape[axis])
    let shape = Array(x.shape.prefix(axis)) + indices.shape + x.shape.dropFirst(axis + 1)
    try call.count(shape)
    var offsets = Indices.offsets(x.shape)
    let all = offsets[axis]
    offsets[axis] = places.map { all[$0] }
    return [x.taking(sums: offsets).reshaped(shape)]
  }

  private static func compress(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    var x = try call.input(0)
    let chosen = try call.input(1).integers
    var axis = 0
    if let named = try call.integer("axis") {
      axis = try call.axis(named, rank: x.shape.count)
    } else {
      x = x.reshaped([x.count])
    }
    guard chosen.count <= x.shape[axis] else { throw call.malformed("chooses from more than there is") }
    var offsets = Indices.offsets(x.shape)
    let all = offsets[axis]
    offsets[axis] = chosen.indices.filter { chosen[$0] != 0 }.map { all[$0] }
    return [x.taking(sums: offsets)]
  }

  /// Where `indices`, which replace one axis' coordinate, lead in a tensor of `shape`.
  private static func places(
    _ call: Invocation, _ indices: TypedTensor, axis: Int, shape: [Int]
  ) throws(GraphError) -> [Int] {
    guard indices.shape.count == shape.count else {
      throw call.malformed("has indices of shape \(indices.shape) for \(shape)")
    }
    for other in shape.indices where other != axis && indices.shape[other] > shape[other] {
      throw call.malformed("has indices of shape \(indices.shape) for \(shape)")
    }
    let strides = Indices.strides(shape)
    let rest = Indices.sums(
      shape.indices.map { other in (0..<indices.shape[other]).map { other == axis ? 0 : $0 * strides[other] } })
    return Swift.zip(rest, try positions(call, indices, size: shape[axis])).map { $0 + $1 * strides[axis] }
  }

  private static func gatherElements(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices) = (try call.input(0), try call.input(1))
    let axis = try call.axis(try call.integer("axis", 0), rank: x.shape.count)
    return [x.taking(try places(call, indices, axis: axis, shape: x.shape), shape: indices.shape)]
  }

  private static func combination(_ call: Invocation) throws(GraphError) -> TypedTensor.Combination? {
    let name = try call.string("reduction", "none")
    if name == "none" { return nil }
    guard let combination = TypedTensor.Combination(rawValue: name) else {
      throw call.unsupported("it combines by '\(name)'")
    }
    return combination
  }

  private static func scatterElements(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices, updates) = (try call.input(0), try call.input(1), try call.input(2))
    let axis = try call.axis(try call.integer("axis", 0), rank: x.shape.count)
    guard updates.shape == indices.shape, updates.type == x.type else {
      throw call.malformed("has \(updates.shape) updates of \(updates.type) for indices of shape \(indices.shape)")
    }
    let places = try places(call, indices, axis: axis, shape: x.shape)
    return [x.scattering(updates, at: places, try combination(call))]
  }

  /// Where the last axis of `indices` leads, which holds coordinates in the axes after the first `batch`.
  private static func starts(
    _ call: Invocation, _ indices: TypedTensor, shape: [Int], batch: Int
  ) throws(GraphError) -> (starts: [Int], depth: Int) {
    guard let depth = indices.shape.last, depth > 0, batch >= 0, batch < indices.shape.count,
      batch + depth <= shape.count, indices.shape.prefix(batch) == shape.prefix(batch), !indices.type.isFloat
    else { throw call.malformed("has indices of shape \(indices.shape) for \(shape)") }
    let strides = Indices.strides(shape)
    let values = indices.integers
    let batches = shape.prefix(batch).reduce(1, *)
    let each = values.count / depth / max(1, batches)
    let batchSize = batch == 0 ? 0 : strides[batch - 1]
    var starts: [Int] = []
    for tuple in 0..<values.count / depth {
      var start = batch == 0 ? 0 : tuple / max(1, each) * batchSize
      for part in 0..<depth {
        let size = shape[batch + part]
        let value = values[tuple * depth + part]
        let position = value < 0 ? value + Int64(size) : value
        guard position >= 0, position < size else { throw call.malformed("reads element \(value) of \(size)") }
        start += Int(position) * strides[batch + part]
      }
      starts.append(start)
    }
    return (starts, depth)
  }

  private static func gatherND(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices) = (try call.input(0), try call.input(1))
    let batch = try call.integer("batch_dims", 0)
    let (starts, depth) = try starts(call, indices, shape: x.shape, batch: batch)
    let tail = Array(x.shape.dropFirst(batch + depth))
    let inner = tail.reduce(1, *)
    let shape = indices.shape.dropLast() + tail
    try call.count(shape)
    return [x.taking(starts.flatMap { $0..<$0 + inner }, shape: shape)]
  }

  private static func scatterND(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices, updates) = (try call.input(0), try call.input(1), try call.input(2))
    let (starts, depth) = try starts(call, indices, shape: x.shape, batch: 0)
    let tail = Array(x.shape.dropFirst(depth))
    let inner = tail.reduce(1, *)
    guard updates.shape == indices.shape.dropLast() + tail, updates.type == x.type else {
      throw call.malformed("has \(updates.shape) updates of \(updates.type) for indices of shape \(indices.shape)")
    }
    return [x.scattering(updates, at: starts.flatMap { $0..<$0 + inner }, try combination(call))]
  }
}
