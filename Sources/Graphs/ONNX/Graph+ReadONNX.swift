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
  /// - Throws: `GraphError.file` if it cannot be read, and what `init(onnx:)` throws.
  public init(contentsOf path: String) throws(GraphError) {
    try self.init(onnx: try ModelFile.read(path))
  }

  /// Reads an ONNX model (opset 11 to 21, single precision).
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no consistent model, `.unsupported` naming operation, node and
  ///   opset for what Assay does not run, `.unsupportedModel` for element types and structures it does not know.
  public init(onnx bytes: [UInt8]) throws(GraphError) {
    let model: ONNXModelProto
    do {
      model = try ONNXModelProto(serializedBytes: bytes)
    } catch {
      throw .malformed("its bytes are not a protocol buffer of a model")
    }
    guard model.hasGraph else { throw .malformed("it holds no graph") }
    let standard = model.opsetImport.filter { Graph.isStandard($0.domain) }
    guard let version = standard.first?.version, standard.count == 1 else {
      throw .malformed("it does not say which operator set it uses")
    }
    guard version >= Int64(Graph.supportedOpsets.lowerBound), version <= Int64(Graph.supportedOpsets.upperBound) else {
      throw .unsupportedModel(
        "opset \(version) is not one of \(Graph.supportedOpsets.lowerBound) to \(Graph.supportedOpsets.upperBound)")
    }
    try self.init(model.graph, opset: Int(version))
    for property in model.metadataProps {
      guard metadata.updateValue(property.value, forKey: property.key) == nil else {
        throw .malformed("the property '\(property.key)' stands there twice")
      }
    }
  }

  static func isStandard(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

  private init(_ proto: ONNXGraphProto, opset: Int) throws(GraphError) {
    self.init(name: proto.name)
    for tensor in proto.initializer {
      guard !tensor.name.isEmpty else { throw .malformed("an initializer has no name") }
      guard constants[tensor.name] == nil else {
        throw .malformed("the initializer '\(tensor.name)' stands there twice")
      }
      constants[tensor.name] = try Constant(tensor, name: tensor.name)
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
      var reader = try NodeReader(node, opset: opset, constants: constants)
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
