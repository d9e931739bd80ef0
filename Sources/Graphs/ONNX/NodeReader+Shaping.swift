extension NodeReader {
  /// Operations about axes, many of which moved an attribute to an input at some opset.
  mutating func readShaping(_ inputs: inout Int) throws(GraphError) -> Operation? {
    switch node.opType {
    case "Concat":
      inputs = node.input.count
      // Required, so that zero is as good as any other default.
      let axis = try integer("axis", default: 0, in: -8...7)
      guard inputs > 0 else { throw malformed("has no inputs") }
      try finish(inputs: inputs...inputs)
      return .concatenation(axis: axis)
    case "Softmax":
      let axis = try integer("axis", default: opset < 13 ? 1 : -1, in: -8...7)
      try finish(inputs: 1...1)
      return .softmax(axis: axis, trailing: opset < 13 && axis != -1)
    case "Flatten":
      let axis = try integer("axis", default: 1, in: -8...8)
      try finish(inputs: 1...1)
      return .flatten(axis: axis)
    case "Reshape":
      let allowsZero = try flag("allowzero")
      guard let shape = try constantIntegers(1, "the new shape", in: -1...0x7fff_ffff) else {
        throw malformed("lacks its shape")
      }
      try finish(inputs: 2...2)
      return .reshape(shape: shape, allowsZero: allowsZero)
    case "Transpose":
      let permutation = try integers("perm", in: 0...7) ?? []
      try finish(inputs: 1...1)
      return .transpose(permutation: permutation)
    case "Squeeze", "Unsqueeze":
      let attribute = try integers("axes", in: -8...7)
      let input = try constantIntegers(1, "axes", in: -8...7)
      guard let axes = attribute ?? input else {
        throw unsupported("the axes are not given")
      }
      try finish(inputs: 1...2)
      return node.opType == "Squeeze" ? .squeeze(axes: axes) : .unsqueeze(axes: axes)
    case "ReduceMean", "ReduceMax", "ReduceSum":
      let attribute = try integers("axes", in: -8...7)
      let input = try constantIntegers(1, "axes", in: -8...7)
      let axes = attribute ?? input ?? []
      let keeps = try flag("keepdims", default: true)
      if try flag("noop_with_empty_axes"), axes.isEmpty { return .identity }
      try finish(inputs: 1...2)
      return .reduce(Reduction(rawValue: node.opType)!, axes: axes, keepsAxes: keeps)
    case "Slice": return try readSlice()
    case "Pad": return try readPad()
    case "Resize": return .resize(try readResize())
    default: return nil
    }
  }

  private mutating func readSlice() throws(GraphError) -> Operation {
    // "To the end" is written as the largest 64-bit number.
    func positions(_ index: Int, _ what: String) throws(GraphError) -> [Int] {
      guard let values = try constant(index, what)?.integers else { throw malformed("lacks \(what)") }
      return values.map { Int(min(max($0, -0x7fff_ffff), 0x7fff_ffff)) }
    }
    let starts = try positions(1, "the starts")
    let ends = try positions(2, "the ends")
    let axes = try constantIntegers(3, "the axes", in: -8...7) ?? Array(starts.indices)
    let steps = has(4) ? try positions(4, "the steps") : Array(repeating: 1, count: starts.count)
    guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count, starts.count <= 8 else {
      throw malformed("has lists of unequal length")
    }
    guard !steps.contains(0) else { throw malformed("has a step of zero") }
    try finish(inputs: 3...5)
    return .slice(
      starts.indices.map { SliceRange(axis: axes[$0], start: starts[$0], end: ends[$0], step: steps[$0]) })
  }

  private mutating func readPad() throws(GraphError) -> Operation {
    let mode = try string("mode", default: "constant")
    guard mode == "constant" else { throw unsupported("it pads by '\(mode)'") }
    guard let pads = try constantIntegers(1, "the padding", in: 0...65535) else { throw malformed("lacks its padding") }
    let value = try constantScalar(2, "the value") ?? 0
    guard !has(3) else { throw unsupported("it pads chosen axes") }
    guard pads.count.isMultiple(of: 2) else { throw malformed("has an odd list of paddings") }
    try finish(inputs: 2...4)
    return .pad(
      before: Array(pads.prefix(pads.count / 2)), after: Array(pads.suffix(pads.count / 2)), value: value)
  }

  private mutating func readResize() throws(GraphError) -> Resize {
    let mode = try string("mode", default: "nearest")
    guard let mode = Resize.Mode(rawValue: mode) else { throw unsupported("its mode is '\(mode)'") }
    let coordinates = try string("coordinate_transformation_mode", default: "half_pixel")
    guard let coordinates = Resize.Coordinates(rawValue: coordinates) else {
      throw unsupported("its coordinates are '\(coordinates)'")
    }
    let rounding = try string("nearest_mode", default: "round_prefer_floor")
    guard let rounding = Resize.Rounding(rawValue: rounding) else { throw malformed("rounds by '\(rounding)'") }
    // Of other modes than those above.
    _ = try float("cubic_coeff_a", default: -0.75)
    _ = try float("extrapolation_value", default: 0)
    _ = try flag("exclude_outside")
    guard try !flag("antialias") else { throw unsupported("it smooths (antialias)") }
    guard try string("keep_aspect_ratio_policy", default: "stretch") == "stretch" else {
      throw unsupported("it keeps the aspect ratio")
    }
    guard try integers("axes") == nil else { throw unsupported("it resizes chosen axes") }

    let scales = try constant(2, "the scale")?.floats ?? []
    let sizes = try constantIntegers(3, "the size", in: 1...0x7fff_ffff) ?? []
    try finish(inputs: 1...4)
    if !scales.isEmpty {
      guard scales.count == 4, scales[0] == 1, scales[1] == 1 else {
        throw unsupported("it scales more than rows and columns")
      }
      guard scales.allSatisfy({ $0 > 0 && $0 <= 65536 }) else { throw malformed("has the impossible scale \(scales)") }
      return Resize(
        mode: mode, coordinates: coordinates, rounding: rounding, target: .scales(Array(scales.suffix(2))))
    }
    guard sizes.count == 4 else { throw unsupported("it has neither scales nor sizes of an image") }
    // The batch's size is whatever the caller brings; the channels are checked when shapes are inferred.
    return Resize(
      mode: mode, coordinates: coordinates, rounding: rounding,
      target: .sizes(Array(sizes.suffix(2)), channels: sizes[1]))
  }
}
