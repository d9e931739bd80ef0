extension Graph {
  /// Computes the graph in the plainest way: one node after the other, one number after the other.
  ///
  /// The meaning that the executor is tested against, and what folds constants; far too slow for images.
  ///
  /// - Throws: as `inferShapes`.
  public func evaluate(_ inputs: [String: Constant]) throws(GraphError) -> [String: Constant] {
    let shapes = try inferShapes(inputs.mapValues(\.shape))
    var values = constants
    for input in self.inputs { values[input.name] = inputs[input.name] }
    for node in nodes {
      values[node.output] = try node.evaluate(values, shape: shapes[node.output]!)
    }
    var results: [String: Constant] = [:]
    for output in outputs { results[output.name] = values[output.name] }
    return results
  }
}

extension Node {
  /// The node's value, whose shape has been inferred.
  func evaluate(_ values: [String: Constant], shape: [Int]) throws(GraphError) -> Constant {
    let operands = inputs.map { values[$0] ?? Constant([Float](), shape: [0]) }
    let tensors = operands.map { ReferenceTensor(shape: $0.shape, values: $0.floats ?? []) }
    let has = { (index: Int) in self.input(index) != nil }
    var result: ReferenceTensor
    switch operation {
    case .convolution(let convolution):
      let bias = has(2) ? tensors[2].values : nil
      result = tensors[0].convolution(tensors[1], bias: bias, convolution, shape: shape)
    case .transposedConvolution(let convolution):
      let bias = has(2) ? tensors[2].values : nil
      result = tensors[0].transposedConvolution(tensors[1], bias: bias, convolution, shape: shape)
    case .batchNormalization(let epsilon):
      result = tensors[0].batchNormalization(tensors[1...4].map(\.values), epsilon: epsilon)
    case .instanceNormalization(let epsilon):
      result = tensors[0].normalization(from: 2, epsilon: epsilon)
      result.scaleChannels(tensors[1].values, tensors[2].values)
    case .layerNormalization(let axis, let epsilon):
      result = tensors[0].normalization(from: axis < 0 ? axis + shape.count : axis, epsilon: epsilon)
      result.scaleTail(tensors[1].values, has(2) ? tensors[2].values : nil)
    case .activation(let activation): result = tensors[0].map(activation.callAsFunction)
    case .binary(let operation): result = tensors[0].combine(tensors[1], operation, shape: shape)
    case .gemm(let gemm): result = tensors[0].gemm(tensors[1], has(2) ? tensors[2] : nil, gemm, shape: shape)
    case .matrixProduct: result = tensors[0].matrixProduct(tensors[1], shape: shape)
    case .quantizedConvolution, .quantizedBridge: return try evaluateSpelledOut(values)
    case .dense:
      result = tensors[0].matrixProduct(tensors[1], shape: shape)
      if has(2) { result = result.combine(tensors[2], .add, shape: shape) }
    case .attention(let scale):
      result = tensors[0].attention(tensors[1], tensors[2], mask: has(3) ? tensors[3] : nil, scale: scale, shape: shape)
    case .maxPooling(let pooling): result = tensors[0].pooling(pooling, takesMaximum: true, shape: shape)
    case .averagePooling(let pooling): result = tensors[0].pooling(pooling, takesMaximum: false, shape: shape)
    case .globalAveragePooling: result = tensors[0].reduce(.mean, axes: [2, 3], shape: shape)
    case .globalMaxPooling: result = tensors[0].reduce(.max, axes: [2, 3], shape: shape)
    case .reduce(let reduction, let axes, _):
      let rank = tensors[0].shape.count
      let all = axes.isEmpty ? Array(0..<rank) : axes.map { $0 < 0 ? $0 + rank : $0 }
      result = tensors[0].reduce(reduction, axes: all, shape: shape)
    case .softmax(let axis, let trailing):
      result = tensors[0].softmax(axis: axis < 0 ? axis + shape.count : axis, trailing: trailing)
    case .resize(let resize): result = tensors[0].resize(resize, shape: shape)
    case .concatenation(let axis):
      result = ReferenceTensor.concatenation(tensors, axis: axis < 0 ? axis + shape.count : axis, shape: shape)
    case .transpose(let permutation):
      result = tensors[0].transpose(permutation.isEmpty ? shape.indices.reversed() : permutation, shape: shape)
    case .slice(let ranges):
      let inference = ShapeInference(node: self, shapes: operands.map(\.shape))
      result = tensors[0].slice(try inference.sliceRanges(ranges, shape: tensors[0].shape), shape: shape)
    case .pad(let before, _, let value): result = tensors[0].pad(before, value, shape: shape)
    case .quantize(let quantization):
      result = ReferenceTensor(shape: shape, values: quantization.quantize(tensors[0].values, shape: shape))
    case .dequantize(let quantization):
      result = ReferenceTensor(shape: shape, values: quantization.dequantize(operands[0].numbers, shape: shape))
    case .interpreted(let interpreted):
      result = ReferenceTensor(shape: shape, values: try interpreted.evaluate(tensors.map(\.values)))
    case .flatten, .reshape, .squeeze, .unsqueeze, .identity:
      result = ReferenceTensor(shape: shape, values: tensors[0].values)
    }
    for post in postOperations {
      switch post {
      case .activation(let activation): result = result.map(activation.callAsFunction)
      case .sum(let index): result = result.combine(tensors[index], .add, shape: shape)
      }
    }
    return Constant(result.values, shape: shape)
  }

  private func evaluateSpelledOut(_ values: [String: Constant]) throws(GraphError) -> Constant {
    var values = values
    var added: [(String, Constant)] = []
    let nodes = spelledOut(values) { name, constant in
      added.append((name, constant))
      return name
    }
    for (name, constant) in added { values[name] = constant }
    for node in nodes ?? [] {
      let inference = ShapeInference(node: node, shapes: node.inputs.map { $0.isEmpty ? nil : values[$0]?.shape })
      values[node.output] = try node.evaluate(values, shape: try inference.result())
    }
    return values[output] ?? Constant([Float](), shape: [0])
  }
}
