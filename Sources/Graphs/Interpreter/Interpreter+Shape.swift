extension Interpreter {
  static let shapingEntries: [Entry] = viewEntries + arrangingEntries + gatheringEntries + makingEntries

  private static let viewEntries: [Entry] = [
    Entry("Flatten", 1...1, ["axis"], flatten),
    Entry("Reshape", 1...2, shaping: [1], ["allowzero", "shape", "consumed_inputs"], reshape),
    Entry("Shape", 1...1, ["start", "end"], shape),
    Entry("Size", 1...1, [], size),
    Entry("Squeeze", 1...2, shaping: [1], ["axes"], squeeze),
    Entry("Unsqueeze", 1...2, shaping: [1], ["axes"], unsqueeze),
  ]

  private static let arrangingEntries: [Entry] = [
    Entry("CenterCropPad", 2...2, shaping: [1], ["axes"], centerCropPad),
    Entry("Concat", 1...Int.max, ["axis"], concat),
    Entry("DepthToSpace", 1...1, ["blocksize", "mode"], depthToSpace),
    Entry("Expand", 2...2, shaping: [1], [], expand),
    Entry("Pad", 1...4, shaping: [1, 3], ["mode", "pads", "paddings", "value"], pad),
    Entry("ReverseSequence", 2...2, ["batch_axis", "time_axis"], reverseSequence),
    Entry("Slice", 1...5, shaping: [1, 2, 3, 4], ["axes", "starts", "ends"], slice),
    Entry("SpaceToDepth", 1...1, ["blocksize", "mode"], spaceToDepth),
    Entry("Split", 1...2, outputs: Int.max, shaping: [1], ["axis", "split", "num_outputs"], split),
    Entry("Tile", 2...3, shaping: [1, 2], [], tile),
    Entry("Transpose", 1...1, ["perm"], transpose),
    Entry("Trilu", 1...2, ["upper"], trilu),
  ]

  // MARK: The same elements

  private static func flatten(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", 1), rank: x.shape.count, includingEnd: true)
    return [x.reshaped([x.shape.prefix(axis).reduce(1, *), x.shape.suffix(from: axis).reduce(1, *)])]
  }

  private static func reshape(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard var shape = try call.list(1, or: "shape") else { throw call.malformed("lacks a shape") }
    if try !call.flag("allowzero") {
      for axis in shape.indices where shape[axis] == 0 {
        guard axis < x.shape.count else { throw call.malformed("keeps axis \(axis) of the shape \(x.shape)") }
        shape[axis] = x.shape[axis]
      }
    }
    let free = shape.indices.filter { shape[$0] == -1 }
    if let axis = free.first {
      shape[axis] = 1
      let others = try call.count(shape)
      guard free.count == 1, others > 0, x.count.isMultiple(of: others) else {
        throw call.malformed("turns the shape \(x.shape) into \(try call.list(1, or: "shape") ?? [])")
      }
      shape[axis] = x.count / others
    }
    guard try call.count(shape) == x.count else { throw call.malformed("turns the shape \(x.shape) into \(shape)") }
    return [x.reshaped(shape)]
  }

  private static func shape(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let sizes = try call.input().shape
    let range = try shapeRange(call, rank: sizes.count)
    return [TypedTensor(sizes[range].map { Int64($0) }, shape: [range.count])]
  }

  /// Which axes a Shape node tells.
  static func shapeRange(_ call: Invocation, rank: Int) throws(GraphError) -> Range<Int> {
    let ends = [try call.integer("start", 0), try call.integer("end", rank)].map { end in
      min(max(end < 0 ? end + rank : end, 0), rank)
    }
    return ends[0]..<max(ends[0], ends[1])
  }

  private static func size(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    [TypedTensor([Int64(try call.input().count)], shape: [])]
  }

  private static func squeeze(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    var axes = x.shape.indices.filter { x.shape[$0] == 1 }
    if let listed = try call.list(1, or: "axes") { axes = try call.axes(listed, rank: x.shape.count) }
    guard axes.allSatisfy({ x.shape[$0] == 1 }) else { throw call.malformed("drops axes \(axes) of \(x.shape)") }
    return [x.reshaped(x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })]
  }

  private static func unsqueeze(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard let listed = try call.list(1, or: "axes") else { throw call.malformed("lacks axes") }
    let axes = try call.axes(listed, rank: x.shape.count + listed.count)
    var sizes = x.shape[...]
    let shape = (0..<x.shape.count + axes.count).map { axes.contains($0) ? 1 : sizes.removeFirst() }
    return [x.reshaped(shape)]
  }

  // MARK: Elements in another order

  private static func transpose(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let permutation = try call.integers("perm") ?? x.shape.indices.reversed()
    guard permutation.sorted() == Array(x.shape.indices) else {
      throw call.malformed("orders the axes of \(x.shape) by \(permutation)")
    }
    return [x.transposed(permutation)]
  }

  private static func concat(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let inputs = try call.all()
    let first = inputs[0].shape
    let axis = try call.axis(try call.integer("axis", 1), rank: first.count)
    for input in inputs {
      var shape = input.shape
      guard shape.count == first.count, input.type == inputs[0].type else {
        throw call.malformed("joins \(inputs.map(\.shape)) of several ranks or types")
      }
      shape[axis] = first[axis]
      guard shape == first else { throw call.malformed("joins the shapes \(inputs.map(\.shape)) at axis \(axis)") }
    }
    var shape = first
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    try call.count(shape)
    let outer = first.prefix(axis).reduce(1, *)
    var starts: [Int] = []
    var start = 0
    for input in inputs {
      starts.append(start)
      start += input.count
    }
    var places: [Int] = []
    places.reserveCapacity(start)
    for row in 0..<outer {
      for (input, start) in Swift.zip(inputs, starts) {
        let length = input.count / outer
        places += start + row * length..<start + (row + 1) * length
      }
    }
    return [try concatenated(inputs).taking(places, shape: shape)]
  }

  private static func expand(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard let shape = try call.list(1) else { throw call.malformed("lacks a shape") }
    try call.count(shape)
    return [call.expanded(x, to: try call.broadcast([x.shape, shape]))]
  }

  private static func tile(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    var repeats = try call.list(1) ?? []
    if call.opset < 6 {
      guard let count = try call.list(2)?.first, let axis = repeats.first else { throw call.malformed("lacks an axis") }
      repeats = x.shape.indices.map { $0 == axis ? count : 1 }
    }
    guard repeats.count == x.shape.count, repeats.allSatisfy({ $0 >= 0 && $0 <= Invocation.largest }) else {
      throw call.malformed("repeats the shape \(x.shape) by \(repeats)")
    }
    var shape: [Int] = []
    for (size, count) in Swift.zip(x.shape, repeats) {
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      guard !overflow else { throw .memory(bytes: Int.max) }
      shape.append(product)
    }
    try call.count(shape)
    let offsets = Indices.offsets(x.shape)
    return [x.taking(sums: offsets.indices.map { axis in (0..<repeats[axis]).flatMap { _ in offsets[axis] } })]
  }

  private static func depthToSpace(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let block = try call.integer("blocksize", 0)
    guard x.shape.count == 4, (1...4096).contains(block), x.shape[1].isMultiple(of: block * block) else {
      throw call.malformed("turns the channels of \(x.shape) into blocks of \(block)")
    }
    let (n, c, h, w) = (x.shape[0], x.shape[1] / (block * block), x.shape[2], x.shape[3])
    try call.count([n, c, h, block, w, block])
    let isColumnsFirst = try call.string("mode", "DCR") == "CRD"
    let split = x.reshaped(isColumnsFirst ? [n, c, block, block, h, w] : [n, block, block, c, h, w])
    return [
      split.transposed(isColumnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]).reshaped([n, c, h * block, w * block])
    ]
  }

  private static func spaceToDepth(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let block = try call.integer("blocksize", 0)
    guard x.shape.count == 4, (1...4096).contains(block), x.shape[2].isMultiple(of: block),
      x.shape[3].isMultiple(of: block)
    else { throw call.malformed("turns the blocks of \(block) of \(x.shape) into channels") }
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / block, x.shape[3] / block)
    let isColumnsFirst = try call.string("mode", "DCR") == "CRD"
    let split = x.reshaped([n, c, h, block, w, block])
    return [
      split.transposed(isColumnsFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]).reshaped([n, c * block * block, h, w])
    ]
  }

  private static func reverseSequence(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let (batch, time) = (try call.integer("batch_axis", 1), try call.integer("time_axis", 0))
    guard x.shape.count >= 2, [batch, time].sorted() == [0, 1], let lengths = try call.list(1),
      lengths.count == x.shape[batch], lengths.allSatisfy({ (0...x.shape[time]).contains($0) })
    else { throw call.malformed("reverses sequences that \(x.shape) does not have") }
    let strides = Indices.strides(x.shape)
    let inner = x.shape.dropFirst(2).reduce(1, *)
    var places: [Int] = []
    for first in 0..<x.shape[0] {
      for second in 0..<x.shape[1] {
        let (b, t) = batch == 0 ? (first, second) : (second, first)
        let source = t < lengths[b] ? lengths[b] - 1 - t : t
        let start = b * strides[batch] + source * strides[time]
        places += start..<start + inner
      }
    }
    return [x.taking(places, shape: x.shape)]
  }

  private static func trilu(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard x.shape.count >= 2 else { throw call.malformed("needs matrices, not the shape \(x.shape)") }
    let k = Int(
      Int64(clamping: try call.scalar(1) ?? 0).clamped(to: Int64(-Invocation.bound)...Int64(Invocation.bound)))
    let isUpper = try call.flag("upper", true)
    let (rows, columns) = (x.shape[x.shape.count - 2], x.shape[x.shape.count - 1])
    let places = (0..<x.count).map { index in
      let (row, column) = (index / columns % rows, index % columns)
      return (isUpper ? column - row >= k : column - row <= k) ? index : -1
    }
    return [x.taking(places, shape: x.shape)]
  }
}

extension Int64 {
  func clamped(to range: ClosedRange<Int64>) -> Int64 { Swift.min(Swift.max(self, range.lowerBound), range.upperBound) }
}
