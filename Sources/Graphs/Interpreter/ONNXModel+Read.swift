extension ONNXModel {
  /// Reads the model file at `path`, with weights in files beside it.
  ///
  /// - Throws: what `ONNXFile(contentsOf:)` and `init(_:)` throw.
  public init(contentsOf path: String) throws(GraphError) {
    try self.init(try ONNXFile(contentsOf: path))
  }

  /// Reads an ONNX model.
  ///
  /// - Parameter folder: where files with weights may lie; nil refuses a model that has such.
  /// - Throws: what `ONNXFile(_:folder:)` and `init(_:)` throw.
  public init(onnx bytes: [UInt8], folder: String? = nil) throws(GraphError) {
    try self.init(try ONNXFile(bytes, folder: folder))
  }

  /// The model of a file.
  ///
  /// - Throws: `GraphError.malformed` for a model that contradicts itself, `.unsupported` naming operation, node and
  ///   opset for what the ``Interpreter`` does not know, `.unsupportedModel` for unknown element types and structures.
  public init(_ file: ONNXFile) throws(GraphError) {
    try file.check(Interpreter.supportedOpsets)
    let graph = file.proto.graph
    var constants: [String: TypedTensor] = [:]
    for tensor in graph.initializer {
      guard !tensor.name.isEmpty else { throw .malformed("an initializer has no name") }
      guard constants[tensor.name] == nil else {
        throw .malformed("the initializer '\(tensor.name)' stands there twice")
      }
      constants[tensor.name] = try TypedTensor(tensor, name: tensor.name, file: file)
    }
    var inputs: [Value] = []
    // Before IR version 4 every initializer was also listed as an input.
    for input in graph.input where constants[input.name] == nil { inputs.append(try Value(input)) }
    var outputs: [Value] = []
    for output in graph.output { outputs.append(try Value(output)) }
    var nodes: [ModelNode] = []
    for node in graph.node { nodes.append(try ModelNode(node, file: file)) }
    try self.init(
      name: graph.name, opset: file.opset, inputs: inputs, outputs: outputs, nodes: nodes, constants: constants,
      metadata: file.metadata)
  }
}

extension ONNXModel.Value {
  init(_ info: ONNXValueInfoProto) throws(GraphError) {
    guard !info.name.isEmpty else { throw .malformed("a graph input or output has no name") }
    guard case .tensorType(let tensor)? = info.type.value else {
      // An output's type may be left out.
      guard info.type.value == nil else { throw .unsupportedModel("'\(info.name)' is not a tensor") }
      self.init(name: info.name, type: nil, shape: nil)
      return
    }
    guard let type = ElementType(rawValue: tensor.elemType) else {
      throw .unsupportedModel("'\(info.name)' has the element type \(tensor.elemType), which is not known")
    }
    self.init(name: info.name, type: type, shape: try GraphValue.dimensions(tensor, name: info.name))
  }
}
