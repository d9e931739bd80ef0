/// A static network: values connected by name, each made by a graph input, a constant or one node.
///
/// Tensors are single precision (or 64-bit integers where they are shapes and indices), row-major, images as
/// `[batch, channels, height, width]`. Nodes stand in topological order: a node only reads what stands before it.
/// `Graph(onnx:)` and `GraphBuilder` make graphs that satisfy this; `validate()` checks it.
public struct Graph: Sendable, Hashable {
  /// The graph's name as it is written into the file.
  public var name: String
  /// What the caller supplies, with declared shapes.
  public var inputs: [GraphValue]
  /// What the caller gets back. A shape may be left empty of knowledge (`shape == nil`).
  public var outputs: [GraphValue]
  public var nodes: [Node]
  /// Weights and other fixed tensors by value name.
  public var constants: [String: Constant]
  /// Free-form properties, written sorted by key into `metadata_props`. Assay's own keys start with `assay.`.
  public var metadata: [String: String]

  public init(
    name: String, inputs: [GraphValue] = [], outputs: [GraphValue] = [], nodes: [Node] = [],
    constants: [String: Constant] = [:], metadata: [String: String] = [:]
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.constants = constants
    self.metadata = metadata
  }
}

/// An input or output of a graph.
public struct GraphValue: Sendable, Hashable {
  public var name: String
  /// Nil where the file does not say.
  public var shape: [Dimension]?

  public init(name: String, shape: [Dimension]?) {
    self.name = name
    self.shape = shape
  }
}

/// The size of one axis as a file declares it.
public enum Dimension: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  case fixed(Int)
  /// Known at run time only; the same name is the same size throughout the graph. An empty name is unknown.
  case symbolic(String)

  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(stringLiteral value: String) { self = .symbolic(value) }
}

/// One operation with its inputs and its one output.
///
/// ONNX's optional extra outputs (a dropout mask, the running statistics of a training batch norm) do not exist here;
/// a `Split` becomes several slices on reading.
public struct Node: Sendable, Hashable {
  public var name: String
  public var operation: Operation
  /// Value names in the operation's order; an empty name is an optional input that is left out.
  public var inputs: [String]
  public var output: String
  /// Applied to the result in this order, in the same pass over memory. Made by the fusion passes.
  public var postOperations: [PostOperation]

  public init(
    name: String, operation: Operation, inputs: [String], output: String, postOperations: [PostOperation] = []
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    self.postOperations = postOperations
  }

  /// The name of input `index`, or nil where it is left out.
  func input(_ index: Int) -> String? {
    index < inputs.count && !inputs[index].isEmpty ? inputs[index] : nil
  }
}

/// Something that a node does to its own result before storing it.
public enum PostOperation: Sendable, Hashable {
  case activation(Activation)
  /// Adds the value `inputs[input]`, which has the shape of the result.
  case sum(input: Int)
}
