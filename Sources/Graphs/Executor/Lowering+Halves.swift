import CDNN

/// Nodes on images of bfloat16 (8 bits of exponent as in single precision, 8 of the fraction), where the processor
/// multiplies such numbers. Sums are taken in single precision, results rounded.
///
/// Each returns false, with nothing done, where the values are not in bfloat16 or oneDNN generates no kernel.
extension Lowering {
  /// How images of bfloat16 lie: as oneDNN's kernels for this processor want them.
  private static let layoutOfHalves = cdnn_has_tiles() == 1 ? Layout.channelsLast : .blocked(16)

  /// The image in bfloat16, converted if need be.
  private mutating func half(_ value: String, _ layout: Layout, for node: Node) throws(GraphError) -> Located {
    if let place = halves[value], place.layout == layout { return place }
    let copy = try converted(try located(value), to: layout, .bfloat16, from: .single, node: node.name)
    defineHalf(value, copy)
    return copy
  }

  mutating func lowerHalves(
    _ node: Node, _ operands: Operands, name: String, _ values: () -> [Float]
  ) throws(GraphError) -> Bool {
    let layout = Lowering.layoutOfHalves
    // In blocks, a picture stays plain as it comes.
    let source = operands.source[1] <= 3 && layout != .channelsLast ? .plain : layout
    guard operands.result[1] >= 16,
      let primitive = engine.convolution(
        transposed: false, .sized(operands.source, source, .bfloat16), .sized(operands.weights, nil, .bfloat16),
        bias: operands.hasBias ? .sized([operands.result[1]], .plain) : nil,
        .sized(operands.result, layout, .bfloat16), operands.window, operands.posts),
      primitive.isGenerated
    else { return false }
    let x = try half(node.inputs[0], source, for: node)
    let packed = try weights.packed(
      name, for: primitive, CDNN_WEIGHTS, shape: operands.weights, engine: engine, values)
    var arguments = [(CDNN_SRC, storage: x.storage), (CDNN_WEIGHTS, program.fixed(packed))]
    if let bias = node.input(2) { arguments.append((CDNN_BIAS, try located(bias).storage)) }
    let result: Located
    if case .sum(let index)? = node.postOperations.first(where: { if case .sum = $0 { true } else { false } }) {
      result = try halfAccumulator(node.inputs[index], layout, for: node, beside: x)
    } else {
      result = allocate(operands.result, layout, .bfloat16)
    }
    arguments.append((CDNN_DST, result.storage))
    emit(node.name, primitive, arguments)
    defineHalf(node.output, result)
    return true
  }

  /// Memory that holds `value` and may be added to.
  private mutating func halfAccumulator(
    _ value: String, _ layout: Layout, for node: Node, beside source: Located
  ) throws(GraphError) -> Located {
    let place = try half(value, layout, for: node)
    if isLastRead(value, place, by: node), place.storage != source.storage { return place }
    let copy = allocate(place.shape, layout, .bfloat16)
    let (from, to, bytes) = (place.storage, copy.storage, layout.count(place.shape) * NumberFormat.bfloat16.bytes)
    emit(node.name, "copy", touching: [from, to]) { unsafe $0.bytes(to).update(from: $0.bytes(from), count: bytes) }
    return copy
  }

  mutating func lowerHalves(_ node: Node, _ algorithm: cdnn_pooling, _ window: cdnn_window) throws(GraphError) -> Bool {
    guard let x = halves[node.inputs[0]] else { return false }
    let result = shape(node)
    let primitive = engine.pooling(
      algorithm, .sized(x.shape, x.layout, .bfloat16), .sized(result, x.layout, .bfloat16), window)
    guard let primitive, primitive.isGenerated else { return false }
    let place = allocate(result, x.layout, .bfloat16)
    emit(node.name, primitive, [(CDNN_SRC, x.storage), (CDNN_DST, place.storage)])
    defineHalf(node.output, place)
    return true
  }

  /// A matrix product with constant weights: rounds the rows to bfloat16, leaves the result in single precision.
  func halfProduct(
    rows: Int, inner: Int, columns: Int, hasBias: Bool
  ) -> Primitive? {
    guard engine.usesHalves else { return nil }
    let primitive = engine.product(
      .sized([rows, inner], .plain, .bfloat16), .sized([inner, columns], nil, .bfloat16),
      bias: hasBias ? .sized([1, columns], .plain) : nil, .sized([rows, columns], .plain), [])
    return primitive.flatMap { $0.isGenerated ? $0 : nil }
  }

  /// The rows that such a product reads.
  mutating func halfRows(_ value: String, for node: Node) throws(GraphError) -> Located {
    if let place = halves[value], place.layout == .plain { return place }
    let x = try located(value, .plain, for: node)
    let copy = try converted(x, to: .plain, .bfloat16, from: .single, node: node.name)
    if x.shape.count != 4 { defineHalf(value, copy) }
    return copy
  }
}
