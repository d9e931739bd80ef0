/// One operation of a model as the file has it, with its attributes typed.
public struct ModelNode: Sendable, Hashable {
  /// A compile-time argument.
  public enum Attribute: Sendable, Hashable {
    case integer(Int64)
    case float(Float)
    case string(String)
    case tensor(TypedTensor)
    case integers([Int64])
    case floats([Float])
    case strings([String])
  }

  /// The node's name, or that of its first output.
  public var name: String
  public var operation: String
  /// Value names; an empty one is an optional input or output that is left out.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [String: Attribute]

  public init(
    name: String, operation: String, inputs: [String], outputs: [String], attributes: [String: Attribute] = [:]
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }
}
