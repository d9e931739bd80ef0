import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ONNXModel {
  /// Reads the model file at `path`, with weights in files beside it.
  ///
  /// - Throws: `GraphError.file` if it cannot be read, and what `init(onnx:folder:)` throws.
  public init(contentsOf path: String) throws(GraphError) {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    try self.init(onnx: try ModelFile.read(path), folder: folder)
  }

  /// Reads an ONNX model.
  ///
  /// - Parameter folder: where files with weights may lie; nil refuses a model that has such.
  /// - Throws: `GraphError.malformed` for bytes that are no consistent model, `.unsupported` naming operation, node and
  ///   opset for what the ``Interpreter`` does not know, `.unsupportedModel` for unknown element types and structures.
  public init(onnx bytes: [UInt8], folder: String? = nil) throws(GraphError) {
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
    let known = Interpreter.supportedOpsets
    guard version >= Int64(known.lowerBound), version <= Int64(known.upperBound) else {
      throw .unsupportedModel("opset \(version) is not one of \(known.lowerBound) to \(known.upperBound)")
    }
    var metadata: [String: String] = [:]
    for property in model.metadataProps {
      guard metadata.updateValue(property.value, forKey: property.key) == nil else {
        throw .malformed("the property '\(property.key)' stands there twice")
      }
    }
    let external = folder.map { ExternalData(folder: $0) }
    var constants: [String: TypedTensor] = [:]
    for tensor in model.graph.initializer {
      guard !tensor.name.isEmpty else { throw .malformed("an initializer has no name") }
      guard constants[tensor.name] == nil else {
        throw .malformed("the initializer '\(tensor.name)' stands there twice")
      }
      constants[tensor.name] = try TypedTensor(tensor, name: tensor.name, external: external)
    }
    var inputs: [Value] = []
    // Before IR version 4 every initializer was also listed as an input.
    for input in model.graph.input where constants[input.name] == nil { inputs.append(try Value(input)) }
    var outputs: [Value] = []
    for output in model.graph.output { outputs.append(try Value(output)) }
    var nodes: [ModelNode] = []
    for node in model.graph.node { nodes.append(try ModelNode(node, opset: Int(version), external: external)) }
    try self.init(
      name: model.graph.name, opset: Int(version), inputs: inputs, outputs: outputs, nodes: nodes, constants: constants,
      metadata: metadata)
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
