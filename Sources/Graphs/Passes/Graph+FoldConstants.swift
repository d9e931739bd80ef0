extension Graph {
  /// Larger results are left to be computed: a constant costs memory and file for ever.
  private static let largestFold = 1 << 22

  /// Computes now what depends on constants only.
  ///
  /// Quantised weights stay as they are, with the node that dequantises them, for what computes with integers;
  /// ``foldDequantized()`` computes those that nothing took.
  mutating func foldConstants() throws(GraphError) {
    let readers = QuantizationReaders(self)
    var kept: [Node] = []
    for node in nodes {
      let operands = node.inputs.map { $0.isEmpty ? nil : constants[$0] }
      let isConstant = zip(node.inputs, operands).allSatisfy {
        $0.isEmpty || $1?.isFloat == true || node.operation.dequantizes && $1?.quantizedType != nil
      }
      guard isConstant, !(node.operation.dequantizes && readers.areProducts(node.output)) else {
        kept.append(node)
        continue
      }
      let shape = try ShapeInference(node: node, shapes: operands.map { $0?.shape }).result()
      guard try elementCount(shape) <= Graph.largestFold, shape.allSatisfy({ $0 > 0 }) else {
        kept.append(node)
        continue
      }
      if case .quantize(let quantization) = node.operation, readers.dequantize(node.output),
        let values = operands[0]?.floats
      {
        constants[node.output] = quantization.pack(values, shape: shape)
      } else {
        constants[node.output] = try node.evaluate(constants, shape: shape)
      }
    }
    nodes = kept
  }

  /// Computes now the weights that are still quantised, for kernels that take floats.
  mutating func foldDequantized() throws(GraphError) {
    var kept: [Node] = []
    for node in nodes {
      if case .dequantize = node.operation, let constant = constants[node.inputs[0]] {
        constants[node.output] = try node.evaluate(constants, shape: constant.shape)
      } else {
        kept.append(node)
      }
    }
    nodes = kept
    removeDeadNodes()
  }
}

extension Operation {
  var dequantizes: Bool { if case .dequantize = self { true } else { false } }

  /// Whether it is a sum of products with weights, which integers can compute.
  var isProduct: Bool {
    switch self {
    case .convolution, .transposedConvolution, .gemm, .matrixProduct: true
    default: false
    }
  }
}

/// Who reads a value, as far as quantised constants need to know.
private struct QuantizationReaders {
  /// Values that something else than a product reads, and values that something else than a dequantisation reads.
  private var others: Set<String> = []
  private var undequantized: Set<String> = []

  init(_ graph: Graph) {
    others.formUnion(graph.outputs.map(\.name))
    undequantized.formUnion(graph.outputs.map(\.name))
    for node in graph.nodes {
      if !node.operation.isProduct { others.formUnion(node.inputs) }
      if !node.operation.dequantizes { undequantized.formUnion(node.inputs) }
    }
  }

  func areProducts(_ value: String) -> Bool { !others.contains(value) }
  func dequantize(_ value: String) -> Bool { !undequantized.contains(value) }
}
