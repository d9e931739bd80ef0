extension Interpreter {
  private static let quantizing: Set<String> = ["axis", "block_size", "output_dtype", "saturate", "precision"]

  static let quantizingEntries: [Entry] = [
    Entry("DequantizeLinear", 2...3, quantizing, dequantize),
    Entry("DynamicQuantizeLinear", 1...1, outputs: 3, [], dynamicQuantize),
    Entry("MatMulInteger", 2...4, [], integerProduct),
    Entry("QLinearMatMul", 8...8, [], quantizedProduct),
    Entry("QuantizeLinear", 2...3, quantizing, quantize),
  ]

  /// Which of a scale's numbers belongs to each element of `shape`: one for all, for a place on an axis or for a block.
  private static func scalePlaces(_ call: Invocation, _ scale: [Int], _ shape: [Int]) throws(GraphError) -> [Int] {
    let count = shape.reduce(1, *)
    if scale.reduce(1, *) == 1, scale.count <= 1 { return [Int](repeating: 0, count: count) }
    let axis = try call.axis(try call.integer("axis", 1), rank: shape.count)
    let block = try call.integer("block_size", 0)
    let steps = Indices.strides(shape)
    if block == 0 {
      guard scale == [shape[axis]] else { throw call.malformed("has \(scale) scales for axis \(axis) of \(shape)") }
      return (0..<count).map { $0 / steps[axis] % shape[axis] }
    }
    var expected = shape
    expected[axis] = block > 0 ? (shape[axis] - 1) / block + 1 : 0
    guard block > 0, scale == expected else {
      throw call.malformed("has scales of shape \(scale) for blocks of \(block) of \(shape)")
    }
    let own = Indices.strides(scale)
    return Indices.sums(
      shape.indices.map { index in
        (0..<shape[index]).map { (index == axis ? $0 / block : $0) * own[index] }
      })
  }

  private static func quantize(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, scale) = (try call.input(0), try call.input(1))
    let zero = call.optional(2)
    let declared = try call.type("output_dtype", .uint8)
    let type = zero?.type ?? declared
    guard !type.isFloat, type != .bool, type.bytes <= 2 else { throw call.unsupported("it quantises to \(type)") }
    let places = try scalePlaces(call, scale.shape, x.shape)
    guard zero == nil || zero?.count == scale.count else { throw call.malformed("has other scales than zero points") }
    let scales = scale.doubles
    let zeros = zero?.doubles ?? [Double](repeating: 0, count: scale.count)
    let values = x.doubles
    // The quotient is rounded in the precision of the data, as every implementation has it.
    let working = x.type == .float64 || !x.type.isFloat ? ElementType.float32 : x.type
    let result = values.indices.map { index in
      let quotient = working.rounded(Float(values[index] / scales[places[index]]))
      return type.saturated(Double(quotient.rounded(.toNearestOrEven)) + zeros[places[index]])
    }
    return [TypedTensor(type, x.shape, integers: result)]
  }

  private static func dequantize(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, scale) = (try call.input(0), try call.input(1))
    guard !x.type.isFloat, scale.type.isFloat else { throw call.malformed("dequantises \(x.type) by \(scale.type)") }
    let places = try scalePlaces(call, scale.shape, x.shape)
    let zero = call.optional(2)
    guard zero == nil || zero?.count == scale.count else { throw call.malformed("has other scales than zero points") }
    let scales = scale.doubles
    let zeros = zero?.doubles ?? [Double](repeating: 0, count: scale.count)
    let values = x.doubles
    let result = values.indices.map { (values[$0] - zeros[places[$0]]) * scales[places[$0]] }
    return [TypedTensor(try call.type("output_dtype", scale.type), x.shape, doubles: result)]
  }

  private static func dynamicQuantize(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input().floats
    let shape = try call.input().shape
    let low = min(0, x.min() ?? 0)
    let high = max(0, x.max() ?? 0)
    let scale = high == low ? 1 : (high - low) / 255
    let zero = ElementType.uint8.saturated(Double(-low / scale))
    let result = x.map { ElementType.uint8.saturated(Double(($0 / scale).rounded(.toNearestOrEven)) + Double(zero)) }
    return [
      TypedTensor(.uint8, shape, integers: result), TypedTensor([scale], shape: []),
      TypedTensor(.uint8, [], integers: [zero]),
    ]
  }

  /// Bytes with their zero point taken off: one for all, or one for each place on an axis.
  static func centered(
    _ call: Invocation, _ index: Int, zero: Int, channelAxis: Int?
  ) throws(GraphError) -> TypedTensor {
    let x = try call.input(index)
    guard !x.type.isFloat, x.type.bytes == 1 else { throw call.malformed("has \(x.type) as input \(index)") }
    guard let zero = call.optional(zero) else { return x.converted(to: .int64) }
    guard zero.type == x.type else { throw call.malformed("has zero points of \(zero.type) for \(x.type)") }
    let zeros = zero.integers
    if zeros.count == 1 {
      return TypedTensor(x.integers.map { $0 - zeros[0] }, shape: x.shape)
    }
    if let channelAxis, channelAxis < x.shape.count, zeros.count == x.shape[channelAxis] {
      let step = Indices.strides(x.shape)[channelAxis]
      let values = x.integers
      return TypedTensor(values.indices.map { values[$0] - zeros[$0 / step % zeros.count] }, shape: x.shape)
    }
    // Shaped so that it is broadcast.
    guard try call.broadcast([zero.shape, x.shape]) == x.shape else {
      throw call.malformed("has zero points of shape \(zero.shape) for \(x.shape)")
    }
    let expanded = call.expanded(zero, to: x.shape).integers
    return TypedTensor(Swift.zip(x.integers, expanded).map { $0 - $1 }, shape: x.shape)
  }

  private static func integerProduct(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    // A list of zero points belongs to the rows of the left and the columns of the right matrix.
    let a = try centered(call, 0, zero: 2, channelAxis: max(0, try call.input(0).shape.count - 2))
    let b = try centered(call, 1, zero: 3, channelAxis: max(0, try call.input(1).shape.count - 1))
    let (shape, values) = try matrixProduct(call, a.integers, a.shape, b.integers, b.shape)
    return [TypedTensor(.int32, shape, integers: values)]
  }

  private static func quantizedProduct(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let a = try centered(call, 0, zero: 2, channelAxis: max(0, try call.input(0).shape.count - 2))
    let b = try centered(call, 3, zero: 5, channelAxis: max(0, try call.input(3).shape.count - 1))
    let (shape, sums) = try matrixProduct(call, a.integers, a.shape, b.integers, b.shape)
    let columns = shape.last ?? 1
    let rows = shape.count > 1 ? shape[shape.count - 2] : 1
    let (aScales, bScales, yScales) = (try call.input(1).doubles, try call.input(4).doubles, try call.input(6).doubles)
    let zero = try call.input(7)
    let zeros = zero.doubles
    guard aScales.count == 1 || aScales.count == rows, bScales.count == 1 || bScales.count == columns,
      yScales.count == 1 || yScales.count == rows, zeros.count == yScales.count
    else { throw call.malformed("has scales that do not fit the shape \(shape)") }
    let result = sums.indices.map { index in
      let row = index / columns % rows
      let scale =
        aScales[aScales.count == 1 ? 0 : row] * bScales[bScales.count == 1 ? 0 : index % columns]
        / yScales[yScales.count == 1 ? 0 : row]
      let rounded = (Double(sums[index]) * scale).rounded(.toNearestOrEven)
      return zero.type.saturated(rounded + zeros[zeros.count == 1 ? 0 : row])
    }
    return [TypedTensor(zero.type, shape, integers: result)]
  }
}
