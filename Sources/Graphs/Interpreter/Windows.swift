/// A window that moves over the spatial axes of a tensor.
struct Windows {
  let size: [Int]
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let before: [Int]
  let after: [Int]
  let output: [Int]

  /// - Parameters:
  ///   - size: of the spatial axes.
  ///   - kernel: the window's, unless an attribute says so.
  ///   - ceilMode: whether a last window that sticks out counts.
  init(_ call: Invocation, size: [Int], kernel given: [Int]? = nil, ceilMode: Bool = false) throws(GraphError) {
    let rank = size.count
    let ones = [Int](repeating: 1, count: rank)
    let declared = try call.integers("kernel_shape")
    guard let kernel = given ?? declared else { throw call.malformed("lacks a window") }
    let strides = try call.integers("strides") ?? ones
    let dilations = try call.integers("dilations") ?? ones
    var pads = try call.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard rank > 0, kernel.count == rank, strides.count == rank, dilations.count == rank, pads.count == 2 * rank,
      (kernel + strides + dilations).allSatisfy({ (1...65535).contains($0) }),
      pads.allSatisfy({ (-65535...65535).contains($0) })
    else { throw call.malformed("has an impossible window") }
    try call.count(kernel)
    let extents = (0..<rank).map { (kernel[$0] - 1) * dilations[$0] + 1 }
    let automatic = try call.string("auto_pad", "NOTSET")
    switch automatic {
    case "NOTSET", "": break
    case "VALID": pads = [Int](repeating: 0, count: 2 * rank)
    case "SAME_UPPER", "SAME_LOWER":
      for axis in 0..<rank {
        let count = (size[axis] + strides[axis] - 1) / strides[axis]
        let total = max(0, (count - 1) * strides[axis] + extents[axis] - size[axis])
        pads[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        pads[axis + rank] = total - pads[axis]
      }
    default: throw call.malformed("pads by '\(automatic)'")
    }
    var output: [Int] = []
    for axis in 0..<rank {
      let room = size[axis] + pads[axis] + pads[axis + rank] - extents[axis]
      guard room >= 0 else { throw call.malformed("moves a window of \(extents) over \(size), which is smaller") }
      let stride = strides[axis]
      var count = (ceilMode ? room + stride - 1 : room) / stride + 1
      // A window that starts in the padding behind the end has nothing to see.
      if ceilMode, (count - 1) * stride >= size[axis] + pads[axis] { count -= 1 }
      output.append(count)
    }
    try call.count(output)
    self.init(
      size: size, kernel: kernel, strides: strides, dilations: dilations, before: Array(pads.prefix(rank)),
      after: Array(pads.suffix(rank)), output: output)
  }

  init(
    size: [Int], kernel: [Int], strides: [Int], dilations: [Int], before: [Int], after: [Int], output: [Int]
  ) {
    self.size = size
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.before = before
    self.after = after
    self.output = output
  }

  var area: Int { size.reduce(1, *) }
  var taps: Int { kernel.reduce(1, *) }
  var positions: Int { output.reduce(1, *) }

  /// For each tap of the window and then each position of it, the element that is seen, negative outside.
  func places() -> [Int] {
    let steps = Indices.strides(size)
    let axes = size.indices.map { axis in
      (0..<kernel[axis]).map { tap in
        (0..<output[axis]).map { position in
          let coordinate = position * strides[axis] + tap * dilations[axis] - before[axis]
          return coordinate >= 0 && coordinate < size[axis] ? coordinate * steps[axis] : Indices.outside
        }
      }
    }
    return combined(axes)
  }

  /// For each tap and position, 1 where the window is within the padded image, 0 where it sticks out of that too.
  func isCovered() -> [Bool] {
    let axes = size.indices.map { axis in
      (0..<kernel[axis]).map { tap in
        (0..<output[axis]).map { position in
          let coordinate = position * strides[axis] + tap * dilations[axis] - before[axis]
          return coordinate < size[axis] + after[axis] ? 0 : Indices.outside
        }
      }
    }
    return combined(axes).map { $0 >= 0 }
  }

  private func combined(_ axes: [[[Int]]]) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(taps * positions)
    for tap in 0..<taps {
      var rest = tap
      var chosen: [[Int]] = []
      for axis in size.indices.reversed() {
        chosen.append(axes[axis][rest % kernel[axis]])
        rest /= kernel[axis]
      }
      result += Indices.sums(chosen.reversed())
    }
    return result
  }
}
