extension Interpreter {
  static func slice(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard let starts = try call.list(1, or: "starts"), let ends = try call.list(2, or: "ends"),
      starts.count == ends.count
    else { throw call.malformed("has as many starts as ends, or none") }
    let axes = try call.axes(try call.list(3, or: "axes") ?? Array(starts.indices), rank: x.shape.count)
    let steps = try call.list(4) ?? [Int](repeating: 1, count: starts.count)
    guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0) else {
      throw call.malformed("has other numbers of axes, starts and steps, or a step of zero")
    }
    var offsets = Indices.offsets(x.shape)
    for (index, axis) in axes.enumerated() {
      let size = x.shape[axis]
      let step = steps[index]
      let start = starts[index] < 0 ? starts[index] + size : starts[index]
      let end = ends[index] < 0 ? ends[index] + size : ends[index]
      let first = min(max(start, 0), step > 0 ? size : size - 1)
      let last = min(max(end, step > 0 ? 0 : -1), size)
      let all = offsets[axis]
      offsets[axis] = stride(from: first, to: last, by: step).map { all[$0] }
    }
    return [x.taking(sums: offsets)]
  }

  static func split(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", 0), rank: x.shape.count)
    let size = x.shape[axis]
    let sizes: [Int]
    if let listed = try call.list(1, or: "split") {
      sizes = listed
    } else {
      let count = try call.integer("num_outputs", call.node.outputs.count)
      guard count > 0, count <= max(1, size) else {
        throw call.malformed("splits \(size) elements into \(count) parts")
      }
      // The last part may be smaller; the early operator sets had no such case.
      let part = (size + count - 1) / count
      sizes = (0..<count).map { min(part, max(0, size - $0 * part)) }
    }
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= size }), sizes.reduce(0, +) == size,
      sizes.count >= call.node.outputs.count
    else { throw call.malformed("splits \(size) elements into \(sizes)") }
    var offsets = Indices.offsets(x.shape)
    let all = offsets[axis]
    var start = 0
    var parts: [TypedTensor] = []
    for size in sizes {
      offsets[axis] = Array(all[start..<start + size])
      parts.append(x.taking(sums: offsets))
      start += size
    }
    return parts
  }

  static func pad(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let rank = x.shape.count
    guard let amounts = try call.list(1, or: call.opset < 2 ? "paddings" : "pads") else {
      throw call.malformed("does not say by how much")
    }
    let axes = try call.axes(try call.list(3) ?? Array(0..<rank), rank: rank)
    guard amounts.count == 2 * axes.count, amounts.allSatisfy({ Swift.abs($0) <= Invocation.largest }) else {
      throw call.malformed("pads the shape \(x.shape) by \(amounts)")
    }
    var filler = call.optional(2)
    if let value = try call.float("value") { filler = TypedTensor(x.type, [1], doubles: [value]) }
    let mode = try call.string("mode", "constant")
    var lists: [[Int]] = []
    let offsets = Indices.offsets(x.shape)
    var shape = x.shape
    for (index, axis) in axes.enumerated() { shape[axis] += amounts[index] + amounts[index + axes.count] }
    try call.count(shape)
    for axis in 0..<rank {
      let before = axes.firstIndex(of: axis).map { amounts[$0] } ?? 0
      let size = x.shape[axis]
      guard size > 0 || mode == "constant" || shape[axis] == 0 else {
        throw call.malformed("repeats elements of an empty axis")
      }
      var list: [Int] = []
      for index in 0..<shape[axis] {
        let place = index - before
        switch mode {
        case "constant": list.append(place >= 0 && place < size ? offsets[axis][place] : Indices.outside)
        case "edge": list.append(offsets[axis][min(max(place, 0), size - 1)])
        case "wrap": list.append(offsets[axis][((place % size) + size) % size])
        case "reflect":
          // Back and forth between the first and the last element, neither of them twice.
          let period = max(1, 2 * (size - 1))
          let phase = ((place % period) + period) % period
          list.append(offsets[axis][phase < size ? phase : period - phase])
        default: throw call.unsupported("it pads by '\(mode)'")
        }
      }
      lists.append(list)
    }
    return [x.taking(sums: lists, filler: filler)]
  }

  static func centerCropPad(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let rank = x.shape.count
    guard let sizes = try call.list(1) else { throw call.malformed("lacks a shape") }
    let axes = try call.axes(try call.integers("axes") ?? Array(0..<rank), rank: rank)
    guard axes.count == sizes.count else { throw call.malformed("has \(sizes.count) sizes for \(axes.count) axes") }
    var shape = x.shape
    for (axis, size) in Swift.zip(axes, sizes) { shape[axis] = size }
    try call.count(shape)
    let offsets = Indices.offsets(x.shape)
    let lists = x.shape.indices.map { axis in
      let (size, wanted) = (x.shape[axis], shape[axis])
      let start = wanted < size ? -((size - wanted) / 2) : (wanted - size) / 2
      return (0..<wanted).map { index in
        let place = index - start
        return place >= 0 && place < size ? offsets[axis][place] : Indices.outside
      }
    }
    return [x.taking(sums: lists)]
  }
}
