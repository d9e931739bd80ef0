/// A node that the executor has no kernel for, made ready for the ``Interpreter`` to run between kernels.
///
/// The executor's memory holds single-precision numbers, so that is how integers and bools pass through it; those beyond
/// 2^24, which would lose digits, are refused when they turn up.
public struct InterpretedNode: Sendable, Hashable {
  /// Where an input of the node comes from.
  enum Operand: Sendable, Hashable {
    case absent
    case constant(TypedTensor)
    /// Input number so and so of the graph's node, to be read as this type.
    case value(Int, ElementType)
  }

  /// The node as the file has it.
  public let node: ModelNode
  let opset: Int
  let operands: [Operand]
  /// Which of the node's outputs is made.
  let output: Int
  /// The shapes of the values that it was specialised for.
  let inputShapes: [[Int]]
  let outputShape: [Int]

  /// The largest integer up to which single precision has all.
  private static let largest = 16_777_216.0

  /// - Parameter values: of the graph node's inputs.
  func evaluate(_ values: [[Float]]) throws(GraphError) -> [Float] {
    var inputs: [TypedTensor?] = []
    for operand in operands {
      switch operand {
      case .absent: inputs.append(nil)
      case .constant(let tensor): inputs.append(tensor)
      case .value(let index, let type):
        if !type.isFloat, !values[index].allSatisfy({ Swift.abs(Double($0)) <= InterpretedNode.largest }) {
          throw tooLarge
        }
        inputs.append(TypedTensor(type, inputShapes[index], floats: values[index]))
      }
    }
    let results = try Interpreter.evaluate(node, opset: opset, inputs)
    guard output < results.count, results[output].shape == outputShape else {
      throw .shape("the result of node '\(node.name)' has another shape than \(outputShape)")
    }
    let result = results[output]
    if !result.type.isFloat, !result.doubles.allSatisfy({ Swift.abs($0) <= InterpretedNode.largest }) { throw tooLarge }
    return result.floats
  }

  private var tooLarge: GraphError {
    .unsupported(
      operation: node.operation, node: node.name, opset: opset, reason: "it computes with integers beyond 2^24")
  }
}
