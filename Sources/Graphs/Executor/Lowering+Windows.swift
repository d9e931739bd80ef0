import CDNN

extension Lowering {
  /// Weights, bias and source for a (transposed) convolution primitive.
  struct Operands {
    var source: [Int]
    var result: [Int]
    /// In oneDNN's order: groups first, if any, then output and input channels.
    var weights: [Int]
    var hasBias: Bool
    var window: cdnn_window
    var posts: [cdnn_post]
  }

  /// What `posts` mean to oneDNN, or nil for one that it does not have.
  private func posts(_ node: Node) -> [cdnn_post]? {
    var list: [cdnn_post] = []
    for post in node.postOperations {
      switch post {
      case .sum:
        list.append(cdnn_post(kind: Int32(CDNN_POST_SUM.rawValue), algorithm: 0, alpha: 1, beta: 0))
      case .activation(let activation):
        guard activation.steps != nil else { return nil }
        list += activation.posts
      }
    }
    return list
  }

  mutating func lower(_ node: Node, _ convolution: Convolution) throws(GraphError) -> Bool {
    if !engine.usesHalves, try lowerWinograd(node, convolution) { return true }
    guard let constant = graph.constants[node.inputs[1]], constant.isFloat, let posts = posts(node) else {
      return false
    }
    let x = shapes[node.inputs[0]]!
    let kernel = Array(constant.shape.suffix(2))
    let (before, after) = ShapeInference.padding(
      convolution.padding, input: Array(x.suffix(2)), kernel: kernel, strides: convolution.strides,
      dilations: convolution.dilations)
    let groups = convolution.groups
    let shape = constant.shape
    let operands = Operands(
      source: x, result: self.shape(node),
      weights: groups == 1 ? shape : [groups, shape[0] / groups] + shape.dropFirst(),
      hasBias: node.input(2) != nil,
      window: cdnn_window(
        stride: convolution.strides, dilation: convolution.dilations, before: before, after: after, kernel: kernel),
      posts: posts)
    if engine.usesHalves {
      if try lowerHalves(node, operands, name: node.inputs[1], { constant.floats! }) { return true }
      if try lowerWinograd(node, convolution) { return true }
    }
    return try lower(node, operands, transposed: false, name: node.inputs[1]) { constant.floats! }
  }

  mutating func lowerTransposed(_ node: Node, _ convolution: Convolution) throws(GraphError) -> Bool {
    guard let constant = graph.constants[node.inputs[1]], constant.isFloat, let posts = posts(node),
      case .explicit(let before, let after) = convolution.padding
    else { return false }
    let x = try located(node.inputs[0])
    let shape = constant.shape
    let groups = convolution.groups
    let (inputs, outputs) = (shape[0] / groups, shape[1])
    let area = shape[2] * shape[3]
    let operands = Operands(
      source: x.shape, result: self.shape(node),
      weights: (groups == 1 ? [] : [groups]) + [outputs, inputs, shape[2], shape[3]], hasBias: node.input(2) != nil,
      window: cdnn_window(
        stride: convolution.strides, dilation: convolution.dilations, before: before,
        after: zip(after, convolution.outputPadding).map { $0 - $1 }, kernel: Array(shape.suffix(2))),
      posts: posts)
    return try lower(node, operands, transposed: true, name: node.inputs[1] + "/transposed") {
      // From [group, in, out, ...] to [group, out, in, ...].
      let values = constant.floats!
      var turned = values
      for group in 0..<groups {
        for input in 0..<inputs {
          for output in 0..<outputs {
            let from = ((group * inputs + input) * outputs + output) * area
            let to = ((group * outputs + output) * inputs + input) * area
            for position in 0..<area { turned[to + position] = values[from + position] }
          }
        }
      }
      return turned
    }
  }

  private func make(
    _ operands: Operands, transposed: Bool, source: Layout?, result: Layout?
  ) -> Primitive? {
    engine.convolution(
      transposed: transposed, .sized(operands.source, source), .sized(operands.weights, nil),
      bias: operands.hasBias ? .sized([operands.result[1]], .plain) : nil, .sized(operands.result, result),
      operands.window, operands.posts)
  }

  /// The same with a result in blocks of 8 channels, if the source lies so, or is a picture, and oneDNN generates code
  /// for it.
  ///
  /// On AVX2, oneDNN 3 prefers channels last where 2 preferred blocks. One is as fast as the other, but Winograd's
  /// convolutions are in blocks, and a reorder at each border takes time and memory.
  private mutating func inBlocks(
    _ operands: Operands, transposed: Bool, _ source: String
  ) throws(GraphError) -> (primitive: Primitive, source: Layout)? {
    let layout = try located(source).layout
    guard cdnn_vector_width() == 8, layout == .blocked(8) || layout == .plain && operands.source[1] <= 3,
      let primitive = make(operands, transposed: transposed, source: layout, result: .blocked(8))
    else { return nil }
    return primitive.isGenerated ? (primitive, layout) : nil
  }

  private mutating func lower(
    _ node: Node, _ operands: Operands, transposed: Bool, name: String, _ values: () -> [Float]
  ) throws(GraphError) -> Bool {
    guard var primitive = make(operands, transposed: transposed, source: nil, result: nil) else { return false }
    var sourceLayout = primitive.layout(CDNN_SRC, operands.source)
    var resultLayout = primitive.layout(CDNN_DST, operands.result)
    if resultLayout == .channelsLast, let blocked = try inBlocks(operands, transposed: transposed, node.inputs[0]) {
      primitive = blocked.primitive
      sourceLayout = blocked.source
      resultLayout = .blocked(8)
    }
    if sourceLayout == nil || resultLayout == nil {
      // A layout that only oneDNN understands would be lost on every other kernel.
      guard let plain = make(operands, transposed: transposed, source: .plain, result: .plain) else { return false }
      primitive = plain
      sourceLayout = .plain
      resultLayout = .plain
    }
    let source = try located(node.inputs[0], sourceLayout!, for: node)
    let packed = try weights.packed(
      name, for: primitive, CDNN_WEIGHTS, shape: operands.weights, engine: engine, values)
    var arguments = [(CDNN_SRC, storage: source.storage), (CDNN_WEIGHTS, program.fixed(packed))]
    if let bias = node.input(2) { arguments.append((CDNN_BIAS, try located(bias).storage)) }

    let result: Located
    if case .sum(let index)? = node.postOperations.first(where: { if case .sum = $0 { true } else { false } }) {
      result = try accumulator(node.inputs[index], resultLayout!, for: node, beside: source)
    } else {
      result = allocate(operands.result, resultLayout!)
    }
    arguments.append((CDNN_DST, result.storage))
    emit(node.name, primitive, arguments)
    define(node.output, result)
    return true
  }

  /// Memory that holds `value` and may be added to: its own where nobody else needs it, else a copy.
  mutating func accumulator(
    _ value: String, _ layout: Layout, for node: Node, beside source: Located
  ) throws(GraphError) -> Located {
    let place = try located(value, layout, for: node)
    if isLastRead(value, place, by: node), place.storage != source.storage { return place }
    let copy = allocate(place.shape, layout)
    let (from, to, count) = (place.storage, copy.storage, layout.count(place.shape))
    emit(node.name, "copy", touching: [from, to]) { unsafe $0[to].update(from: $0[from], count: count) }
    return copy
  }

  mutating func lower(_ node: Node, _ pooling: Pooling, takesMaximum: Bool) throws(GraphError) -> Bool {
    guard pooling.dilations == [1, 1] else { return false }
    let source = shapes[node.inputs[0]]!
    let result = shape(node)
    var (before, after) = ShapeInference.padding(
      pooling.padding, input: Array(source.suffix(2)), kernel: pooling.kernel, strides: pooling.strides,
      dilations: pooling.dilations)
    for axis in 0..<2 {
      let missing =
        (result[axis + 2] - 1) * pooling.strides[axis] + pooling.kernel[axis] - source[axis + 2]
        - before[axis] - after[axis]
      guard missing > 0 else { continue }
      // What a last window in ceil mode covers beyond the padding is not padding to an average.
      if !takesMaximum && pooling.includesPadding { return false }
      after[axis] += missing
    }
    // oneDNN wants some of the image in every window.
    for axis in 0..<2 where before[axis] >= pooling.kernel[axis] || after[axis] >= pooling.kernel[axis] { return false }
    let algorithm =
      takesMaximum ? CDNN_MAX : pooling.includesPadding ? CDNN_AVERAGE_WITH_PADDING : CDNN_AVERAGE
    let window = cdnn_window(
      stride: pooling.strides, dilation: pooling.dilations, before: before, after: after, kernel: pooling.kernel)
    if try lowerHalves(node, algorithm, window) { return true }
    let x = try located(node.inputs[0])
    let primitive = engine.pooling(algorithm, .sized(x.shape, x.layout), .sized(result, x.layout), window)
    guard let primitive else { return false }
    let place = allocate(result, x.layout)
    emit(node.name, primitive, [(CDNN_SRC, x.storage), (CDNN_DST, place.storage)])
    define(node.output, place)
    return true
  }
}
