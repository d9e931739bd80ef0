import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Graph {
  /// The operator sets that are read.
  public static let supportedOpsets = 11...21

  /// Reads the model file at `path`.
  ///
  /// - Throws: what `ONNXFile(contentsOf:)` and `init(_:)` throw.
  public init(contentsOf path: String) throws(GraphError) {
    try self.init(try ONNXFile(contentsOf: path))
  }

  /// Reads an ONNX model (opset 11 to 21, single precision).
  ///
  /// - Throws: what `ONNXFile(_:folder:)` and `init(_:)` throw.
  public init(onnx bytes: [UInt8]) throws(GraphError) {
    try self.init(try ONNXFile(bytes))
  }

  /// The network of a file in the operations that the executor has (opset 11 to 21, single precision), as Assay writes
  /// it. ``ONNXModel`` reads all others.
  ///
  /// - Throws: `GraphError.malformed` for a model that contradicts itself, `.unsupported` naming operation, node and
  ///   opset for what Assay does not run, `.unsupportedModel` for element types and structures it does not know.
  public init(_ file: ONNXFile) throws(GraphError) {
    try file.check(Graph.supportedOpsets)
    try self.init(file.proto.graph, file)
    metadata = file.metadata
  }

  static func isStandard(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

  private init(_ proto: ONNXGraphProto, _ file: ONNXFile) throws(GraphError) {
    let opset = file.opset
    self.init(name: proto.name)
    for tensor in proto.initializer {
      guard !tensor.name.isEmpty else { throw .malformed("an initializer has no name") }
      guard constants[tensor.name] == nil else {
        throw .malformed("the initializer '\(tensor.name)' stands there twice")
      }
      constants[tensor.name] = try Constant(tensor, name: tensor.name, file: file)
    }
    // Before IR version 4 every initializer was also listed as an input.
    for input in proto.input where constants[input.name] == nil {
      inputs.append(try GraphValue(input))
    }
    for output in proto.output { outputs.append(try GraphValue(output)) }
    for node in proto.node {
      guard Graph.isStandard(node.domain) else {
        throw .unsupported(
          operation: "\(node.domain).\(node.opType)", node: node.name, opset: opset,
          reason: "only the standard operator set is read")
      }
      var reader = try NodeReader(node, opset: opset, constants: constants, file: file)
      try reader.read(into: &self)
    }
    try validate()
    // Shapes and axes have become part of their operations.
    let used = Set(nodes.flatMap(\.inputs)).union(outputs.map(\.name))
    constants = constants.filter { used.contains($0.key) }
  }
}

extension GraphValue {
  init(_ info: ONNXValueInfoProto) throws(GraphError) {
    guard !info.name.isEmpty else { throw .malformed("a graph input or output has no name") }
    guard case .tensorType(let tensor)? = info.type.value else {
      // An output's type may be left out.
      guard info.type.value == nil else { throw .unsupportedModel("'\(info.name)' is not a tensor") }
      self.init(name: info.name, shape: nil)
      return
    }
    guard tensor.elemType == Int32(ONNXTensorProto.DataType.float.rawValue) else {
      throw .unsupportedModel("'\(info.name)' has the element type \(tensor.elemType) instead of float")
    }
    self.init(name: info.name, shape: try GraphValue.dimensions(tensor, name: info.name))
  }

  /// The shape that a file declares, nil where it does not.
  static func dimensions(_ tensor: ONNXTypeProto.Tensor, name: String) throws(GraphError) -> [Dimension]? {
    guard tensor.hasShape else { return nil }
    var shape: [Dimension] = []
    for dimension in tensor.shape.dim {
      switch dimension.value {
      case .dimValue(let size):
        guard size >= 0, size <= Int32.max else {
          throw .malformed("'\(name)' declares an axis of \(size) elements")
        }
        shape.append(.fixed(Int(size)))
      case .dimParam(let symbol): shape.append(.symbolic(symbol))
      case nil: shape.append(.symbolic(""))
      }
    }
    guard shape.count <= 8 else { throw .unsupportedModel("'\(name)' has \(shape.count) axes, more than 8") }
    return shape
  }
}
