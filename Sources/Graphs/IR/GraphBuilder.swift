/// Builds a graph node by node. Each method adds one node and returns the name of its value, which is the node's name.
///
/// ```swift
/// var builder = GraphBuilder(name: "classifier")
/// var x = builder.input("image", shape: ["batch", 1, "height", "width"])
/// x = builder.convolution(x, name: "stem.conv", weights: weights, Convolution(strides: [2, 2], padding: .all(2)))
/// x = builder.activation(x, name: "stem.relu", .relu)
/// builder.output(x, as: "features")
/// let graph = try builder.build()
/// ```
public struct GraphBuilder: Sendable {
  private var graph: Graph

  public init(name: String) {
    graph = Graph(name: name)
  }

  /// The finished graph.
  ///
  /// - Throws: `GraphError.malformed` if a value is missing or made twice.
  public func build() throws(GraphError) -> Graph {
    try graph.validate()
    return graph
  }

  /// Free-form properties of the model file, such as labels and preprocessing as JSON.
  public var metadata: [String: String] {
    get { graph.metadata }
    set { graph.metadata = newValue }
  }

  @discardableResult
  public mutating func input(_ name: String, shape: [Dimension]) -> String {
    graph.inputs.append(GraphValue(name: name, shape: shape))
    return name
  }

  @discardableResult
  public mutating func constant(_ name: String, _ value: Constant) -> String {
    precondition(graph.constants[name] == nil, "the constant '\(name)' exists already")
    graph.constants[name] = value
    return name
  }

  /// Any operation; its constants must have been added.
  @discardableResult
  public mutating func node(_ operation: Operation, name: String, inputs: [String]) -> String {
    graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, output: name))
    return name
  }

  /// Declares an output, under another name if `name` is given.
  public mutating func output(_ value: String, as name: String? = nil, shape: [Dimension]? = nil) {
    let name = name ?? value
    if name != value {
      if let index = graph.nodes.firstIndex(where: { $0.output == value }),
        !graph.outputs.contains(where: { $0.name == value })
      {
        graph.nodes[index].output = name
        for reader in graph.nodes.indices {
          graph.nodes[reader].inputs = graph.nodes[reader].inputs.map { $0 == value ? name : $0 }
        }
      } else {
        graph.nodes.append(Node(name: name, operation: .identity, inputs: [value], output: name))
      }
    }
    graph.outputs.append(GraphValue(name: name, shape: shape))
  }

  // MARK: Operations

  /// `weights` are `[out, in / groups, kh, kw]`; `bias` has one number for each output channel.
  public mutating func convolution(
    _ x: String, name: String, weights: Constant, bias: [Float]? = nil, _ convolution: Convolution = Convolution()
  ) -> String {
    node(.convolution(convolution), name: name, inputs: [x] + parameters(name, weights, bias))
  }

  /// `weights` are `[in, out / groups, kh, kw]`.
  public mutating func transposedConvolution(
    _ x: String, name: String, weights: Constant, bias: [Float]? = nil, _ convolution: Convolution = Convolution()
  ) -> String {
    node(.transposedConvolution(convolution), name: name, inputs: [x] + parameters(name, weights, bias))
  }

  /// `x wᵀ + b` with `weights` `[out, in]` for x `[batch, in]`.
  public mutating func dense(_ x: String, name: String, weights: Constant, bias: [Float]? = nil) -> String {
    node(.gemm(Gemm(transposesB: true)), name: name, inputs: [x] + parameters(name, weights, bias))
  }

  public mutating func batchNormalization(
    _ x: String, name: String, scale: [Float], shift: [Float], mean: [Float], variance: [Float], epsilon: Float = 1e-5
  ) -> String {
    let parameters = [("scale", scale), ("shift", shift), ("mean", mean), ("variance", variance)]
    let names = parameters.map { constant("\(name).\($0.0)", Constant($0.1, shape: [$0.1.count])) }
    return node(.batchNormalization(epsilon: epsilon), name: name, inputs: [x] + names)
  }

  public mutating func instanceNormalization(
    _ x: String, name: String, scale: [Float], shift: [Float], epsilon: Float = 1e-5
  ) -> String {
    let names = [("scale", scale), ("shift", shift)].map {
      constant("\(name).\($0.0)", Constant($0.1, shape: [$0.1.count]))
    }
    return node(.instanceNormalization(epsilon: epsilon), name: name, inputs: [x] + names)
  }

  public mutating func activation(_ x: String, name: String, _ activation: Activation) -> String {
    node(.activation(activation), name: name, inputs: [x])
  }

  public mutating func binary(_ operation: BinaryOperation, _ a: String, _ b: String, name: String) -> String {
    node(.binary(operation), name: name, inputs: [a, b])
  }

  public mutating func add(_ a: String, _ b: String, name: String) -> String { binary(.add, a, b, name: name) }

  public mutating func multiply(_ a: String, _ b: String, name: String) -> String {
    binary(.multiply, a, b, name: name)
  }

  public mutating func maxPooling(_ x: String, name: String, _ pooling: Pooling) -> String {
    node(.maxPooling(pooling), name: name, inputs: [x])
  }

  public mutating func averagePooling(_ x: String, name: String, _ pooling: Pooling) -> String {
    node(.averagePooling(pooling), name: name, inputs: [x])
  }

  public mutating func globalAveragePooling(_ x: String, name: String) -> String {
    node(.globalAveragePooling, name: name, inputs: [x])
  }

  public mutating func globalMaxPooling(_ x: String, name: String) -> String {
    node(.globalMaxPooling, name: name, inputs: [x])
  }

  public mutating func concatenate(_ values: [String], axis: Int, name: String) -> String {
    node(.concatenation(axis: axis), name: name, inputs: values)
  }

  public mutating func resize(_ x: String, name: String, _ resize: Resize) -> String {
    node(.resize(resize), name: name, inputs: [x])
  }

  public mutating func softmax(_ x: String, axis: Int, name: String) -> String {
    node(.softmax(axis: axis), name: name, inputs: [x])
  }

  public mutating func flatten(_ x: String, axis: Int = 1, name: String) -> String {
    node(.flatten(axis: axis), name: name, inputs: [x])
  }

  public mutating func reduce(
    _ reduction: Reduction, _ x: String, axes: [Int], keepsAxes: Bool = true, name: String
  ) -> String {
    node(.reduce(reduction, axes: axes, keepsAxes: keepsAxes), name: name, inputs: [x])
  }

  private mutating func parameters(_ name: String, _ weights: Constant, _ bias: [Float]?) -> [String] {
    var names = [constant("\(name).weight", weights)]
    if let bias { names.append(constant("\(name).bias", Constant(bias, shape: [bias.count]))) }
    return names
  }
}
