import CDNN

extension Lowering {
  mutating func lower(_ node: Node, _ activation: Activation) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    var x = try located(node.inputs[0])
    guard let steps = activation.steps else {
      // Our own loop would write into the zeros beside the elements.
      if x.layout.isPadded(x.shape) { x = try located(node.inputs[0], .plain, for: node) }
      let result = isLastRead(node.inputs[0], x, by: node) ? x : allocate(x.shape, x.layout)
      let (from, to, count) = (x.storage, result.storage, x.layout.count(x.shape))
      emit(node.name, "map", touching: [from, to]) {
        unsafe Kernels.map($0[from], $0[to], count: count, activation)
      }
      define(node.output, result)
      return true
    }
    // Where zeros beside the elements would not stay zeros, oneDNN has only a slow kernel.
    if x.layout.isPadded(x.shape), activation(0) != 0 { x = try located(node.inputs[0], .plain, for: node) }
    // oneDNN knows up to five axes; to it a plain tensor may as well be a row.
    let shape = x.layout == .plain ? [x.shape.reduce(1, *)] : x.shape
    var primitives: [Primitive] = []
    for step in steps {
      let primitive = engine.elementwise(step, .sized(shape, x.layout))
      guard let primitive else { return false }
      primitives.append(primitive)
    }
    let result = isLastRead(node.inputs[0], x, by: node) ? x : allocate(x.shape, x.layout)
    for (index, primitive) in primitives.enumerated() {
      emit(node.name, primitive, [(CDNN_SRC, index == 0 ? x.storage : result.storage), (CDNN_DST, result.storage)])
    }
    define(node.output, result)
    return true
  }

  mutating func lower(_ node: Node, _ operation: BinaryOperation) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    let result = shape(node)
    let a = try located(node.inputs[0])
    let b = try located(node.inputs[1])
    if a.shape == result, b.shape == result, operation.algorithm != nil {
      return try lowerSameShape(node, operation, a, b)
    }
    if a.shape == result, let count = Lowering.channelCount(b.shape, beside: result) {
      return try lowerChannels(node, operation, node.inputs[0], node.inputs[1], count: count, isReversed: false)
    }
    if b.shape == result, let count = Lowering.channelCount(a.shape, beside: result) {
      return try lowerChannels(node, operation, node.inputs[1], node.inputs[0], count: count, isReversed: true)
    }
    return try lowerBroadcast(node, operation, result)
  }

  private mutating func lowerSameShape(
    _ node: Node, _ operation: BinaryOperation, _ a: Located, _ b: Located
  ) throws(GraphError) -> Bool {
    // Whichever is not plain says how.
    let layout = a.layout == .plain ? b.layout : a.layout
    let a = try located(node.inputs[0], layout, for: node)
    let b = try located(node.inputs[1], layout, for: node)
    let shape = layout == .plain ? [a.shape.reduce(1, *)] : a.shape
    guard let algorithm = operation.algorithm, let primitive = engine.binary(algorithm, .sized(shape, layout)) else {
      return false
    }
    let result = isLastRead(node.inputs[0], a, by: node) ? a : allocate(a.shape, layout)
    emit(node.name, primitive, [(CDNN_SRC, a.storage), (CDNN_SRC_1, b.storage), (CDNN_DST, result.storage)])
    define(node.output, result)
    return true
  }

  /// How many numbers `[batch or 1, channels or 1, 1, 1]` holds if it can be read as that; nil otherwise.
  private static func channelCount(_ shape: [Int], beside image: [Int]) -> (batch: Int, channels: Int)? {
    guard image.count == 4, shape.count <= 4 else { return nil }
    let wide = Array(repeating: 1, count: 4 - shape.count) + shape
    guard wide[2] == 1, wide[3] == 1, image[2] * image[3] > 1 else { return nil }
    return (wide[0], wide[1])
  }

  /// An image and one number for each channel: gates, scales and biases.
  private mutating func lowerChannels(
    _ node: Node, _ operation: BinaryOperation, _ image: String, _ numbers: String, count: (batch: Int, channels: Int),
    isReversed: Bool
  ) throws(GraphError) -> Bool {
    let x = try located(image)
    let y = try located(numbers, .plain, for: node)
    let result = isLastRead(image, x, by: node) ? x : allocate(x.shape, x.layout)
    let geometry = ImageGeometry(x.shape, x.layout)
    if operation == .multiply, geometry.block >= 8, count.channels == geometry.channels {
      lowerGates(node, x, y.storage, isPerImage: count.batch > 1, result.storage)
      define(node.output, result)
      return true
    }
    let (from, with, to) = (x.storage, y.storage, result.storage)
    emit(node.name, "channels", touching: [from, with, to]) {
      unsafe Kernels.channels(
        operation, $0[from], $0[with], $0[to], geometry, count: count, isReversed: isReversed)
    }
    define(node.output, result)
    return true
  }

  /// Any two shapes that fit.
  private mutating func lowerBroadcast(
    _ node: Node, _ operation: BinaryOperation, _ shape: [Int]
  ) throws(GraphError) -> Bool {
    let a = try located(node.inputs[0], .plain, for: node)
    let b = try located(node.inputs[1], .plain, for: node)
    let result = allocate(shape, .plain)
    let first = StridedView(broadcasting: a.shape, to: shape)
    let second = StridedView(broadcasting: b.shape, to: shape)
    let (x, y, to) = (a.storage, b.storage, result.storage)
    let rows = shape.dropLast().reduce(1, *)
    let width = shape.last ?? 1
    emit(node.name, "broadcast", touching: [x, y, to]) { storages in
      for row in 0..<rows {
        unsafe Kernels.combine(
          operation, storages[x] + first.offset(row: row), first.step, storages[y] + second.offset(row: row),
          second.step, storages[to] + row * width, count: width)
      }
    }
    define(node.output, result)
    return true
  }
}

extension BinaryOperation {
  /// Nil where oneDNN does not have it.
  fileprivate var algorithm: cdnn_binary? {
    switch self {
    case .add: CDNN_ADD
    case .subtract: CDNN_SUBTRACT
    case .multiply: CDNN_MULTIPLY
    case .divide: CDNN_DIVIDE
    case .power: nil
    }
  }
}
