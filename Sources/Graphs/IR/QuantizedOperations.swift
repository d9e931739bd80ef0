/// A convolution that reads and makes bytes: what a file spells out with a quantisation before and behind it.
///
/// The result is `quantize(rectify(inner(convolution(x, w) + b) + residual))`, where `inner` rounds to bytes and back, and
/// the last three are there or not.
public struct QuantizedConvolution: Sendable, Hashable {
  public var convolution: Convolution
  /// Of the input: unsigned bytes, one scale.
  public var input: Quantization
  /// Of the weights: signed bytes without zero points, one scale or one for each output channel.
  public var weights: Quantization
  /// What the sum is rounded to before the residual is added.
  public var inner: Quantization?
  public var residual: Quantization?
  public var rectifies: Bool
  /// Of the result: unsigned bytes, one scale.
  public var output: Quantization
}

/// An operation between convolutions that takes bytes as they are.
public struct QuantizedBridge: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case maxPooling(Pooling)
    case averagePooling(Pooling)
    case globalAveragePooling
    /// Nearest only.
    case resize(Resize)
  }

  public var kind: Kind
  public var input: Quantization
  public var output: Quantization

  var operation: Operation {
    switch kind {
    case .maxPooling(let pooling): .maxPooling(pooling)
    case .averagePooling(let pooling): .averagePooling(pooling)
    case .globalAveragePooling: .globalAveragePooling
    case .resize(let resize): .resize(resize)
    }
  }
}

extension Node {
  /// The nodes that a quantised operation stands for, with the values between them named after its output.
  ///
  /// - Parameter addConstant: keeps the dequantised weights and returns their name.
  func spelledOut(
    _ constants: [String: Constant], addConstant: (String, Constant) -> String
  ) -> [Node]? {
    var nodes: [Node] = []
    func step(_ name: String, _ operation: Operation, _ inputs: [String]) -> String {
      let value = "\(output).\(name)"
      nodes.append(Node(name: value, operation: operation, inputs: inputs, output: value))
      return value
    }
    var value: String
    let target: Quantization
    switch operation {
    case .quantizedConvolution(let quantized):
      guard let weights = constants[inputs[1]] else { return nil }
      let numbers = quantized.weights.dequantize(weights.numbers, shape: weights.shape)
      let floats = addConstant("\(inputs[1]).floats", Constant(numbers, shape: weights.shape))
      let x = step("x", .dequantize(quantized.input), [inputs[0]])
      value = step(
        "sum", .convolution(quantized.convolution), [x, floats] + (input(2).map { [$0] } ?? []))
      if let inner = quantized.inner {
        value = step("inner", .dequantize(inner), [step("rounded", .quantize(inner), [value])])
      }
      if let residual = quantized.residual, let name = input(3) {
        value = step("both", .binary(.add), [value, step("residual", .dequantize(residual), [name])])
      }
      if quantized.rectifies { value = step("rectified", .activation(.relu), [value]) }
      target = quantized.output
    case .quantizedBridge(let bridge):
      value = step("bridged", bridge.operation, [step("x", .dequantize(bridge.input), [inputs[0]])])
      target = bridge.output
    default: return nil
    }
    nodes.append(Node(name: name, operation: .quantize(target), inputs: [value], output: output))
    return nodes
  }
}
