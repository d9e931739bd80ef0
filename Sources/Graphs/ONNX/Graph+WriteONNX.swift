import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Graph {
  /// The operator set and the IR version that are written.
  public static let writtenOpset = 17
  private static let irVersion: Int64 = 8

  /// Writes the model file at `path`, whole or not at all.
  public func write(to path: String) throws(GraphError) {
    try ModelFile.write(try onnx(), to: path)
  }

  /// The graph as ONNX (opset 17). The same graph always gives the same bytes: constants and properties are sorted, and
  /// nothing depends on time or place. Fused nodes are written as the nodes that they were made of.
  ///
  /// - Throws: `GraphError.malformed` for a graph that is not valid, `.unsupported` for a node that opset 17 cannot say.
  public func onnx() throws(GraphError) -> [UInt8] {
    try validate()
    let probes = probeShapes()
    var writer = ONNXWriter(self, shapes: probes?.first ?? [:])
    for node in nodes { try writer.write(node) }

    var proto = ONNXGraphProto()
    proto.name = name.isEmpty ? "graph" : name
    proto.node = writer.nodes
    let constants = constants.merging(writer.constants) { first, _ in first }
    let used = Set(writer.nodes.flatMap(\.input)).union(outputs.map(\.name))
    proto.initializer = constants.keys.filter(used.contains).sorted().map { constants[$0]!.tensor(named: $0) }
    proto.input = inputs.map { $0.valueInfo(shape: $0.shape) }
    let inferred = outputShapes(probes)
    proto.output = outputs.map { $0.valueInfo(shape: $0.shape ?? inferred[$0.name]) }

    var opset = ONNXOperatorSetIdProto()
    opset.domain = ""
    opset.version = Int64(Graph.writtenOpset)
    var model = ONNXModelProto()
    model.irVersion = Graph.irVersion
    model.producerName = "assay"
    model.graph = proto
    model.opsetImport = [opset]
    model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    do {
      return try model.serializedBytes()
    } catch {
      throw .unsupportedModel("it is too large for an ONNX file")
    }
  }

  /// The shapes of all values for two sets of input sizes; nil where the network takes neither.
  private func probeShapes() -> (first: [String: [Int]], second: [String: [Int]])? {
    let batch: Dimension? = inputs.first?.shape?.first
    func probe(_ batchSize: Int, _ extent: Int) -> [String: [Int]]? {
      var shapes: [String: [Int]] = [:]
      for input in inputs {
        shapes[input.name] = input.shape?.map { dimension in
          switch dimension {
          case .fixed(let size): size
          case .symbolic: dimension == batch ? batchSize : extent
          }
        }
      }
      return try? inferShapes(shapes)
    }
    guard let first = probe(2, 256), let second = probe(3, 256 + 64) else { return nil }
    return (first, second)
  }

  /// Output shapes from two sets of sizes: what stays is fixed, what follows the batch is the batch.
  private func outputShapes(
    _ probes: (first: [String: [Int]], second: [String: [Int]])?
  ) -> [String: [Dimension]] {
    guard let (first, second) = probes else { return [:] }
    let batch: Dimension? = inputs.first?.shape?.first
    var result: [String: [Dimension]] = [:]
    for output in outputs {
      guard let a = first[output.name], let b = second[output.name], a.count == b.count else { continue }
      result[output.name] = zip(a, b).map { sizes in
        if sizes.0 == sizes.1 { return .fixed(sizes.0) }
        if let batch, sizes == (2, 3) { return batch }
        return .symbolic("")
      }
    }
    return result
  }
}

extension GraphValue {
  fileprivate func valueInfo(shape: [Dimension]?) -> ONNXValueInfoProto {
    var tensor = ONNXTypeProto.Tensor()
    tensor.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
    if let shape {
      tensor.shape.dim = shape.map { dimension in
        var proto = ONNXTensorShapeProto.Dimension()
        switch dimension {
        case .fixed(let size): proto.value = .dimValue(Int64(size))
        case .symbolic(let name): proto.value = name.isEmpty ? nil : .dimParam(name)
        }
        return proto
      }
    }
    var info = ONNXValueInfoProto()
    info.name = name
    info.type.value = .tensorType(tensor)
    return info
  }
}
