/// A node of a graph as a person reads it.
public struct GraphRow: Sendable, Hashable {
  public var name: String
  /// ONNX's name of the operation with what tells it from others of its kind, such as `Conv 3x3 /2`.
  public var operation: String
  /// What was fused into it, in order.
  public var fused: [String]
  /// Of the output, row-major.
  public var shape: [Int]
  /// Multiplications of convolutions and matrix products; 0 for all else.
  public var multiplications: Int
}

extension Graph {
  /// The nodes in their order, for inputs of these shapes.
  ///
  /// - Throws: as `inferShapes`.
  public func rows(for inputShapes: [String: [Int]]) throws(GraphError) -> [GraphRow] {
    let shapes = try inferShapes(inputShapes)
    return nodes.map { node in
      let inputs = node.inputs.map { shapes[$0] ?? [] }
      let shape = shapes[node.output] ?? []
      return GraphRow(
        name: node.name.isEmpty ? node.output : node.name, operation: node.operation.text(inputs),
        fused: node.postOperations.map(\.text), shape: shape,
        multiplications: node.operation.multiplications(inputs, shape))
    }
  }
}

extension PostOperation {
  fileprivate var text: String {
    switch self {
    case .activation(let activation): activation.text
    case .sum: "Add"
    }
  }
}

extension Activation {
  /// The case's name, without its numbers: `relu`, `hardSwish`.
  fileprivate var text: String { String("\(self)".prefix { $0 != "(" }) }
}

extension Operation {
  fileprivate func text(_ inputs: [[Int]]) -> String {
    switch self {
    case .convolution(let convolution): "Conv " + Self.text(convolution, inputs)
    case .transposedConvolution(let convolution): "ConvTranspose " + Self.text(convolution, inputs)
    case .batchNormalization: "BatchNormalization"
    case .instanceNormalization: "InstanceNormalization"
    case .layerNormalization: "LayerNormalization"
    case .activation(let activation): activation.text
    case .binary(let operation): operation.rawValue
    case .gemm: "Gemm"
    case .matrixProduct: "MatMul"
    case .dense: "Dense"
    case .quantizedConvolution(let quantized): "Conv " + Self.text(quantized.convolution, inputs) + " bytes"
    case .quantizedBridge(let bridge): bridge.operation.text(inputs) + " bytes"
    case .attention: "Attention"
    case .maxPooling(let pooling): "MaxPool " + Self.window(pooling.kernel, pooling.strides)
    case .averagePooling(let pooling): "AveragePool " + Self.window(pooling.kernel, pooling.strides)
    case .globalAveragePooling: "GlobalAveragePool"
    case .globalMaxPooling: "GlobalMaxPool"
    case .reduce(let reduction, _, _): reduction.rawValue
    case .concatenation: "Concat"
    case .resize(let resize): "Resize \(resize.mode.rawValue)"
    case .softmax: "Softmax"
    case .flatten: "Flatten"
    case .reshape: "Reshape"
    case .transpose: "Transpose"
    case .squeeze: "Squeeze"
    case .unsqueeze: "Unsqueeze"
    case .slice: "Slice"
    case .pad: "Pad"
    case .identity: "Identity"
    case .quantize(let quantization): "QuantizeLinear \(quantization.type.rawValue)"
    case .dequantize(let quantization): "DequantizeLinear \(quantization.type.rawValue)"
    case .interpreted(let interpreted): interpreted.node.operation + " (interpreted)"
    }
  }

  private static func window(_ kernel: [Int], _ strides: [Int]) -> String {
    let size = kernel.map(String.init).joined(separator: "x")
    return strides == [1, 1] ? size : size + " /\(strides[0])"
  }

  private static func text(_ convolution: Convolution, _ inputs: [[Int]]) -> String {
    var text = window(inputs.count > 1 ? Array(inputs[1].suffix(2)) : [], convolution.strides)
    if convolution.groups > 1 { text += " groups \(convolution.groups)" }
    if convolution.dilations != [1, 1] { text += " dilated \(convolution.dilations[0])" }
    return text
  }

  fileprivate func multiplications(_ inputs: [[Int]], _ shape: [Int]) -> Int {
    func product(_ sizes: some Sequence<Int>) -> Int { sizes.reduce(1, &*) }
    return switch self {
    case .convolution, .quantizedConvolution: product(shape) &* product(inputs[1].dropFirst())
    case .transposedConvolution: product(inputs[0]) &* product(inputs[1].dropFirst())
    case .gemm(let gemm): product(shape) &* inputs[0][gemm.transposesA ? 0 : 1]
    case .matrixProduct, .dense: product(shape) &* (inputs[0].last ?? 1)
    case .attention:
      product(inputs[0]) &* (inputs[1].dropLast().last ?? 1) &+ product(shape) &* (inputs[2].dropLast().last ?? 1)
    default: 0
    }
  }
}
