extension ShapeInference {
  /// Rows and columns added before and after, with automatic padding worked out.
  static func padding(
    _ padding: Padding, input: [Int], kernel: [Int], strides: [Int], dilations: [Int]
  ) -> (before: [Int], after: [Int]) {
    if case .explicit(let before, let after) = padding { return (before, after) }
    var before = [0, 0]
    var after = [0, 0]
    for axis in 0..<2 {
      let output = (input[axis] + strides[axis] - 1) / strides[axis]
      let extent = (kernel[axis] - 1) * dilations[axis] + 1
      let total = max(0, (output - 1) * strides[axis] + extent - input[axis])
      before[axis] = padding == .sameUpper ? total / 2 : total - total / 2
      after[axis] = total - before[axis]
    }
    return (before, after)
  }

  private func extents(_ kernel: [Int], _ dilations: [Int]) -> [Int] {
    [(kernel[0] - 1) * dilations[0] + 1, (kernel[1] - 1) * dilations[1] + 1]
  }

  func convolution(_ convolution: Convolution) throws(GraphError) -> [Int] {
    let x = try image(0)
    let weights = try image(1)
    try check(convolution)
    guard weights[0] > 0, weights[0].isMultiple(of: convolution.groups), weights[2] > 0, weights[3] > 0,
      weights[1] > 0, x[1] == weights[1] * convolution.groups
    else {
      throw malformed("convolves \(x) with weights of shape \(weights) in \(convolution.groups) groups")
    }
    try vector(2, weights[0], optional: true)
    let kernel = Array(weights.suffix(2))
    let size = Array(x.suffix(2))
    let (before, after) = ShapeInference.padding(
      convolution.padding, input: size, kernel: kernel, strides: convolution.strides,
      dilations: convolution.dilations)
    let extent = extents(kernel, convolution.dilations)
    var output: [Int] = []
    for axis in 0..<2 {
      let room = size[axis] + before[axis] + after[axis] - extent[axis]
      guard room >= 0 else { throw tooSmall(size) }
      output.append(room / convolution.strides[axis] + 1)
    }
    return [x[0], weights[0]] + output
  }

  func transposedConvolution(_ convolution: Convolution) throws(GraphError) -> [Int] {
    let x = try image(0)
    let weights = try image(1)
    try check(convolution)
    guard case .explicit(let before, let after) = convolution.padding else {
      throw malformed("pads a transposed convolution automatically")
    }
    guard x[1] == weights[0], weights[0].isMultiple(of: convolution.groups), weights.allSatisfy({ $0 > 0 }) else {
      throw malformed("convolves \(x) with weights of shape \(weights) in \(convolution.groups) groups")
    }
    let channels = try product(weights[1], convolution.groups)
    try vector(2, channels, optional: true)
    let extent = extents(Array(weights.suffix(2)), convolution.dilations)
    var output: [Int] = []
    for axis in 0..<2 {
      guard convolution.outputPadding[axis] < max(convolution.strides[axis], convolution.dilations[axis]) else {
        throw malformed("has an output padding as large as its stride")
      }
      let size =
        (x[axis + 2] - 1) * convolution.strides[axis] + extent[axis] + convolution.outputPadding[axis] - before[axis]
        - after[axis]
      guard size > 0 else { throw tooSmall(Array(x.suffix(2))) }
      output.append(size)
    }
    return [x[0], channels] + output
  }

  func pooling(_ pooling: Pooling) throws(GraphError) -> [Int] {
    let x = try image(0)
    guard pooling.kernel.count == 2, pooling.strides.count == 2, pooling.dilations.count == 2,
      (pooling.kernel + pooling.strides + pooling.dilations).allSatisfy({ (1...65535).contains($0) })
    else { throw malformed("has an impossible window") }
    let size = Array(x.suffix(2))
    let (before, after) = ShapeInference.padding(
      pooling.padding, input: size, kernel: pooling.kernel, strides: pooling.strides, dilations: pooling.dilations)
    let extent = extents(pooling.kernel, pooling.dilations)
    var output: [Int] = []
    for axis in 0..<2 {
      // A window that lies wholly in the padding has no value.
      guard before[axis] < extent[axis], after[axis] < extent[axis] else {
        throw malformed("pads by as much as its window")
      }
      let room = size[axis] + before[axis] + after[axis] - extent[axis]
      guard room >= 0 else { throw tooSmall(size) }
      let stride = pooling.strides[axis]
      var count = (pooling.ceilMode ? (room + stride - 1) : room) / stride + 1
      if pooling.ceilMode, (count - 1) * stride >= size[axis] + before[axis] { count -= 1 }
      output.append(count)
    }
    return [x[0], x[1]] + output
  }

  private func check(_ convolution: Convolution) throws(GraphError) {
    guard convolution.strides.count == 2, convolution.dilations.count == 2, convolution.outputPadding.count == 2,
      convolution.groups > 0, (convolution.strides + convolution.dilations).allSatisfy({ (1...65535).contains($0) })
    else { throw malformed("has an impossible window") }
  }

  func product(_ a: Int, _ b: Int) throws(GraphError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow, product <= 1 << 32 else { throw .memory(bytes: Int.max) }
    return product
  }

  private func tooSmall(_ size: [Int]) -> GraphError {
    .shape("an image of \(size[1])x\(size[0]) is too small at node '\(node.name)'")
  }
}
