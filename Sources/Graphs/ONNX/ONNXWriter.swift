#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Collects the nodes of a file, and the constants that operations need which take their arguments as inputs.
struct ONNXWriter {
  private(set) var nodes: [ONNXNodeProto] = []
  private(set) var constants: [String: Constant] = [:]
  let graph: Graph
  /// Shapes of values for some input size, where they are known.
  let shapes: [String: [Int]]
  private var names: Set<String>

  init(_ graph: Graph, shapes: [String: [Int]]) {
    self.shapes = shapes
    self.graph = graph
    names = Set(graph.constants.keys)
    names.formUnion(graph.inputs.map(\.name))
    names.formUnion(graph.nodes.map(\.output))
  }

  /// A value name that nothing else has.
  mutating func fresh(_ base: String) -> String {
    var name = base
    var count = 0
    while !names.insert(name).inserted {
      count += 1
      name = "\(base).\(count)"
    }
    return name
  }

  mutating func constant(_ values: [Int], for node: Node, _ what: String) -> String {
    let name = fresh("\(node.output).\(what)")
    constants[name] = Constant(values.map { Int64($0) }, shape: [values.count])
    return name
  }

  mutating func constant(_ value: Float, for node: Node, _ what: String) -> String {
    let name = fresh("\(node.output).\(what)")
    constants[name] = Constant([value], shape: [])
    return name
  }

  mutating func addConstant(_ constant: Constant, _ name: String) { constants[name] = constant }

  mutating func emit(
    _ type: String, _ name: String, inputs: [String], output: String, _ attributes: [ONNXAttributeProto] = []
  ) {
    var proto = ONNXNodeProto()
    proto.opType = type
    proto.name = name
    proto.input = inputs
    while proto.input.last?.isEmpty == true { proto.input.removeLast() }
    proto.output = [output]
    proto.attribute = attributes
    nodes.append(proto)
  }

  /// The node itself, then what was fused into it.
  mutating func write(_ node: Node) throws(GraphError) {
    guard !node.postOperations.isEmpty else { return try write(node, output: node.output) }
    var value = fresh("\(node.output).base")
    try write(node, output: value)
    for (index, post) in node.postOperations.enumerated() {
      let isLast = index == node.postOperations.count - 1
      let next = isLast ? node.output : fresh("\(node.output).step")
      let name = isLast ? node.output : next
      switch post {
      case .activation(let activation):
        write(activation, Node(name: name, operation: .identity, inputs: [value], output: next), output: next)
      case .sum(let input):
        emit("Add", "\(name).add", inputs: [value, node.inputs[input]], output: next)
      }
      value = next
    }
  }

  /// How many inputs the operation itself takes; a fused residual stands behind them.
  private func operands(_ node: Node) -> [String] {
    guard let first = node.postOperations.compactMap({ if case .sum(let index) = $0 { index } else { nil } }).min()
    else { return node.inputs }
    return Array(node.inputs.prefix(first))
  }

  private mutating func write(_ node: Node, output: String) throws(GraphError) {
    let inputs = operands(node)
    func plain(_ type: String, _ attributes: [ONNXAttributeProto] = []) {
      emit(type, node.name, inputs: inputs, output: output, attributes)
    }
    switch node.operation {
    case .convolution(let convolution):
      plain("Conv", kernelShape(node) + attributes(convolution))
    case .transposedConvolution(let convolution):
      plain(
        "ConvTranspose",
        kernelShape(node) + attributes(convolution) + [.ints("output_padding", convolution.outputPadding)])
    case .batchNormalization(let epsilon): plain("BatchNormalization", [.float("epsilon", epsilon)])
    case .instanceNormalization(let epsilon): plain("InstanceNormalization", [.float("epsilon", epsilon)])
    case .layerNormalization(let axis, let epsilon):
      plain("LayerNormalization", [.int("axis", axis), .float("epsilon", epsilon)])
    case .activation(let activation): write(activation, node, output: output)
    case .binary(let operation): plain(operation.rawValue)
    case .gemm(let gemm):
      plain(
        "Gemm",
        [
          .float("alpha", gemm.alpha), .float("beta", gemm.beta), .int("transA", gemm.transposesA ? 1 : 0),
          .int("transB", gemm.transposesB ? 1 : 0),
        ])
    case .matrixProduct: plain("MatMul")
    case .dense: writeDense(node, output: output)
    case .attention(let scale): try writeAttention(node, scale: scale, output: output)
    case .maxPooling(let pooling):
      plain("MaxPool", attributes(pooling) + [.ints("dilations", pooling.dilations)])
    case .averagePooling(let pooling):
      guard pooling.dilations == [1, 1] else { throw unsupported(node, "AveragePool", "it is dilated") }
      plain("AveragePool", attributes(pooling) + [.int("count_include_pad", pooling.includesPadding ? 1 : 0)])
    case .globalAveragePooling: plain("GlobalAveragePool")
    case .globalMaxPooling: plain("GlobalMaxPool")
    case .identity: plain("Identity")
    case .quantize(let quantization): write(quantization, node, "QuantizeLinear", output: output)
    case .dequantize(let quantization): write(quantization, node, "DequantizeLinear", output: output)
    default: try writeShaping(node, output: output)
    }
  }

  func unsupported(_ node: Node, _ type: String, _ reason: String) -> GraphError {
    .unsupported(operation: type, node: node.name, opset: Graph.writtenOpset, reason: reason)
  }

  // MARK: Attributes

  private func kernelShape(_ node: Node) -> [ONNXAttributeProto] {
    guard let weights = graph.constants[node.inputs[1]] else { return [] }
    return [.ints("kernel_shape", Array(weights.shape.suffix(2)))]
  }

  private func attributes(_ convolution: Convolution) -> [ONNXAttributeProto] {
    [.ints("strides", convolution.strides), .ints("dilations", convolution.dilations), attribute(convolution.padding)]
      + [.int("group", convolution.groups)]
  }

  private func attributes(_ pooling: Pooling) -> [ONNXAttributeProto] {
    [
      .ints("kernel_shape", pooling.kernel), .ints("strides", pooling.strides), attribute(pooling.padding),
      .int("ceil_mode", pooling.ceilMode ? 1 : 0),
    ]
  }

  private func attribute(_ padding: Padding) -> ONNXAttributeProto {
    switch padding {
    case .explicit(let before, let after): .ints("pads", before + after)
    case .sameUpper: .string("auto_pad", "SAME_UPPER")
    case .sameLower: .string("auto_pad", "SAME_LOWER")
    }
  }
}

extension ONNXAttributeProto {
  private init(_ name: String, _ type: AttributeType) {
    self.init()
    self.name = name
    self.type = type
  }

  static func int(_ name: String, _ value: Int) -> Self {
    var attribute = Self(name, .int)
    attribute.i = Int64(value)
    return attribute
  }

  static func float(_ name: String, _ value: Float) -> Self {
    var attribute = Self(name, .float)
    attribute.f = value
    return attribute
  }

  static func ints(_ name: String, _ values: [Int]) -> Self {
    var attribute = Self(name, .ints)
    attribute.ints = values.map { Int64($0) }
    return attribute
  }

  static func string(_ name: String, _ value: String) -> Self {
    var attribute = Self(name, .string)
    attribute.s = Data(value.utf8)
    return attribute
  }
}
