extension Graph {
  /// The shape of every value when the inputs have these shapes.
  ///
  /// - Throws: `GraphError.shape` where an input's shape contradicts its declaration or does not fit the network,
  ///   `GraphError.malformed` where the network contradicts itself, `GraphError.memory` where a tensor is absurdly large.
  public func inferShapes(_ inputShapes: [String: [Int]]) throws(GraphError) -> [String: [Int]] {
    var shapes = constants.mapValues(\.shape)
    var symbols: [String: Int] = [:]
    for input in inputs {
      guard let shape = inputShapes[input.name] else { throw .shape("its input '\(input.name)' is missing") }
      guard shape.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
        throw .shape("'\(input.name)' would have the shape \(shape)")
      }
      try input.check(shape, &symbols)
      shapes[input.name] = shape
    }
    for node in nodes {
      var known: [[Int]?] = []
      for name in node.inputs { known.append(name.isEmpty ? nil : shapes[name]) }
      let inference = ShapeInference(node: node, shapes: known)
      for name in node.inputs { try inference.check(constants[name], name) }
      let shape = try inference.result()
      guard try elementCount(shape) > 0 else { throw inference.malformed("computes an empty tensor") }
      for case .sum(let index) in node.postOperations where known[index] != shape {
        throw inference.malformed("adds a value of shape \(known[index] ?? []) to its result of shape \(shape)")
      }
      shapes[node.output] = shape
    }
    return shapes
  }

  /// The element count of a shape, refused beyond 2^32: far more than any machine that Assay runs on can hold.
  func elementCount(_ shape: [Int]) throws(GraphError) -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= 1 << 32 else { throw .memory(bytes: overflow ? Int.max : product &* 4) }
      count = product
    }
    return count
  }
}

extension GraphValue {
  func check(_ actual: [Int], _ symbols: inout [String: Int]) throws(GraphError) {
    guard let shape else { return }
    guard shape.count == actual.count else {
      throw .shape("'\(name)' has \(shape.count) axes, not \(actual.count)")
    }
    for (axis, (declared, size)) in zip(shape, actual).enumerated() {
      switch declared {
      case .fixed(let expected):
        guard expected == size else { throw .shape("axis \(axis) of '\(name)' is \(expected), not \(size)") }
      case .symbolic(let symbol) where !symbol.isEmpty:
        let expected = symbols[symbol] ?? size
        guard expected == size else {
          throw .shape("axis \(axis) of '\(name)' is '\(symbol)' = \(expected), not \(size)")
        }
        symbols[symbol] = size
      case .symbolic: break
      }
    }
  }
}

/// The rules for one node.
struct ShapeInference: AxisReader {
  let node: Node
  let shapes: [[Int]?]

  func malformed(_ reason: String) -> GraphError { .malformed("node '\(node.name)' \(reason)") }

  func shape(_ index: Int) throws(GraphError) -> [Int] {
    guard index < shapes.count, let shape = shapes[index] else { throw malformed("lacks input \(index)") }
    return shape
  }

  func image(_ index: Int) throws(GraphError) -> [Int] {
    let shape = try shape(index)
    guard shape.count == 4 else {
      throw malformed("needs an image [batch, channels, height, width], not the shape \(shape)")
    }
    return shape
  }

  func vector(_ index: Int, _ count: Int, optional: Bool = false) throws(GraphError) {
    if optional, index >= shapes.count || shapes[index] == nil { return }
    let shape = try shape(index)
    guard shape == [count] else { throw malformed("needs \(count) numbers as input \(index), not the shape \(shape)") }
  }

  func result() throws(GraphError) -> [Int] {
    switch node.operation {
    case .convolution(let convolution): return try self.convolution(convolution)
    case .transposedConvolution(let convolution): return try transposedConvolution(convolution)
    case .batchNormalization:
      let x = try shape(0)
      guard x.count >= 2 else { throw malformed("needs channels, not the shape \(x)") }
      for index in 1...4 { try vector(index, x[1]) }
      return x
    case .instanceNormalization:
      let x = try image(0)
      for index in 1...2 { try vector(index, x[1]) }
      return x
    case .layerNormalization(let first, _):
      let x = try shape(0)
      let tail = Array(x.suffix(from: try axis(first, rank: x.count)))
      for index in 1...2 where index < shapes.count && shapes[index] != nil {
        guard try shape(index) == tail else { throw malformed("needs an input \(index) of shape \(tail)") }
      }
      return x
    case .activation, .identity: return try shape(0)
    case .binary: return try broadcast(try shape(0), try shape(1))
    case .gemm(let gemm): return try self.gemm(gemm)
    case .matrixProduct: return try matrixProduct(try shape(0), try shape(1))
    case .dense:
      let result = try matrixProduct(try shape(0), try shape(1))
      try vector(2, result[result.count - 1], optional: true)
      return result
    case .attention: return try attention()
    case .quantizedConvolution(let quantized): return try convolution(quantized.convolution)
    case .quantizedBridge(let bridge):
      return try ShapeInference(
        node: Node(name: node.name, operation: bridge.operation, inputs: node.inputs, output: node.output),
        shapes: shapes
      ).result()
    case .maxPooling(let pooling), .averagePooling(let pooling): return try self.pooling(pooling)
    case .globalAveragePooling, .globalMaxPooling:
      let x = try image(0)
      return [x[0], x[1], 1, 1]
    case .quantize(let quantization), .dequantize(let quantization):
      let x = try shape(0)
      try check(quantization, x)
      return x
    case .interpreted(let interpreted):
      guard shapes.prefix(interpreted.inputShapes.count).elementsEqual(interpreted.inputShapes, by: { $0 == $1 }) else {
        throw .shape("node '\(node.name)' was made for inputs of other shapes")
      }
      return interpreted.outputShape
    default: return try reshaping()
    }
  }

  /// Integers are read by what dequantises them, and nothing else.
  func check(_ constant: Constant?, _ name: String) throws(GraphError) {
    guard let constant, !constant.isFloat else { return }
    if case .quantizedConvolution = node.operation, constant.quantizedType == .int8 { return }
    guard case .dequantize(let quantization) = node.operation, let type = constant.quantizedType else {
      throw malformed("computes with the integers '\(name)'")
    }
    guard type == quantization.type else {
      throw malformed("dequantises the \(type.rawValue) '\(name)' as \(quantization.type.rawValue)")
    }
  }

  private func check(_ quantization: Quantization, _ x: [Int]) throws(GraphError) {
    if let defect = quantization.defect { throw malformed(defect) }
    if case .quantize = node.operation, quantization.type == .int32 { throw malformed("quantises to int32") }
    guard let axis = quantization.axis else { return }
    let size = x[try self.axis(axis, rank: x.count)]
    guard quantization.scales.count == size else {
      throw malformed("has \(quantization.scales.count) scales for axis \(axis) of the shape \(x)")
    }
  }

  func broadcast(_ a: [Int], _ b: [Int]) throws(GraphError) -> [Int] {
    let rank = max(a.count, b.count)
    var result: [Int] = []
    for axis in 0..<rank {
      let first = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
      let second = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
      guard first == second || first == 1 || second == 1 else {
        throw malformed("combines the shapes \(a) and \(b), which do not fit")
      }
      result.append(first == 1 ? second : first)
    }
    return result
  }

  private func gemm(_ gemm: Gemm) throws(GraphError) -> [Int] {
    let a = try shape(0)
    let b = try shape(1)
    guard a.count == 2, b.count == 2 else { throw malformed("needs two matrices, not the shapes \(a) and \(b)") }
    let (m, k) = gemm.transposesA ? (a[1], a[0]) : (a[0], a[1])
    let (inner, n) = gemm.transposesB ? (b[1], b[0]) : (b[0], b[1])
    guard k == inner else { throw malformed("multiplies the shapes \(a) and \(b), which do not fit") }
    if shapes.count > 2, let c = shapes[2] {
      guard try broadcast([m, n], c) == [m, n] else { throw malformed("adds the shape \(c) to \([m, n])") }
    }
    return [m, n]
  }

  private func attention() throws(GraphError) -> [Int] {
    let (q, k, v) = (try shape(0), try shape(1), try shape(2))
    let rank = q.count
    guard rank >= 3, k.count == rank, v.count == rank, q.dropLast(2) == k.dropLast(2), q.dropLast(2) == v.dropLast(2),
      q[rank - 1] == k[rank - 1], k[rank - 2] == v[rank - 2]
    else { throw malformed("attends with the shapes \(q), \(k) and \(v), which do not fit") }
    if shapes.count > 3, let mask = shapes[3] {
      let scores = Array(q.dropLast()) + [k[rank - 2]]
      guard try broadcast(scores, mask) == scores else { throw malformed("adds the shape \(mask) to \(scores)") }
    }
    return Array(q.dropLast()) + [v[rank - 1]]
  }

  private func matrixProduct(_ a: [Int], _ b: [Int]) throws(GraphError) -> [Int] {
    guard a.count >= 2, b.count >= 2, a[a.count - 1] == b[b.count - 2] else {
      throw malformed("multiplies the shapes \(a) and \(b), which do not fit")
    }
    return try broadcast(Array(a.dropLast(2)), Array(b.dropLast(2))) + [a[a.count - 2], b[b.count - 1]]
  }
}
