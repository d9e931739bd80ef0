extension NodeReader {
  /// QuantizeLinear and DequantizeLinear with constant scales and zero points; nil for other nodes.
  ///
  /// - Parameter known: the type of the integers that the node reads, where that is known.
  mutating func readQuantization(_ known: Quantization.IntegerType?) throws(GraphError) -> Operation? {
    guard node.opType == "QuantizeLinear" || node.opType == "DequantizeLinear" else { return nil }
    let quantizes = node.opType == "QuantizeLinear"
    let axis = try integer("axis", default: 1, in: -8...7)
    // Saturation is a choice for 8-bit floats only.
    _ = try flag("saturate", default: true)
    let output = try integer("output_dtype", default: 0)
    guard try integer("block_size", default: 0) == 0 else { throw unsupported("it has a scale for each block") }
    try finish(inputs: 2...3)
    guard let scale = try constant(1, "its scale") else { throw malformed("lacks its scale") }
    guard let scales = scale.floats else { throw malformed("has a scale that is no floating-point number") }
    guard scale.shape.count <= 1 else { throw malformed("has scales of shape \(scale.shape)") }

    let zero = try constant(2, "its zero point")
    if !quantizes, known == nil, constants[node.input[0]] != nil {
      throw malformed("dequantises '\(node.input[0])', which holds no 8 or 32-bit integers")
    }
    let type = try integerType(zero, known: quantizes ? try declaredType(output) : known)
    guard !quantizes || type != .int32 else { throw malformed("quantises to int32") }
    var zeroPoints = [Int](repeating: 0, count: scales.count)
    if let zero {
      guard zero.shape == scale.shape || zero.count == 1 && scales.count == 1 else {
        throw malformed("has zero points of shape \(zero.shape) for scales of shape \(scale.shape)")
      }
      zeroPoints = zero.quantizedIntegers ?? []
    }
    let quantization = Quantization(
      scales: scales, zeroPoints: zeroPoints, axis: scale.shape.isEmpty || scales.count == 1 ? nil : axis, type: type)
    if let defect = quantization.defect { throw malformed(defect) }
    return quantizes ? .quantize(quantization) : .dequantize(quantization)
  }

  private func declaredType(_ number: Int) throws(GraphError) -> Quantization.IntegerType? {
    switch ONNXTensorProto.DataType(rawValue: number) {
    case .undefined: return nil
    case .int8: return .int8
    case .uint8: return .uint8
    default: throw unsupported("it quantises to the element type \(number)")
    }
  }

  /// The integers' type: the zero point's, or else what is known of them; unsigned bytes where nothing is.
  private func integerType(
    _ zero: Constant?, known: Quantization.IntegerType?
  ) throws(GraphError) -> Quantization.IntegerType {
    guard let zero else { return known ?? .uint8 }
    guard let type = zero.quantizedType else {
      throw unsupported("its zero point is of another type than int8, uint8 and int32")
    }
    guard known == nil || known == type else {
      throw malformed("has a zero point of \(type.rawValue) for values of \(known!.rawValue)")
    }
    return type
  }
}

extension Graph {
  /// The type of the integers that a value holds, as far as the nodes so far tell.
  func quantizedType(of value: String) -> Quantization.IntegerType? {
    if let constant = constants[value] { return constant.quantizedType }
    guard let producer = nodes.last(where: { $0.output == value }),
      case .quantize(let quantization) = producer.operation
    else { return nil }
    return quantization.type
  }
}

extension Constant {
  /// The values of a tensor of 8 or 32-bit integers.
  var quantizedIntegers: [Int]? {
    switch elements {
    case .int8(let values): values.map(Int.init)
    case .uint8(let values): values.map(Int.init)
    case .int32(let values): values.map(Int.init)
    case .float, .int64: nil
    }
  }
}
