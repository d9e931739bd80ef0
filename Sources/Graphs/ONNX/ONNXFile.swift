import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A model file that has been opened and read once: its structure, its properties, and where its weights lie.
///
/// ``Graph`` and ``ONNXModel`` are made from one. Large weights stay in the file, which stays open, until they are
/// wanted.
///
/// ```swift
/// let file = try ONNXFile(contentsOf: "network.onnx")
/// let model = try ONNXModel(file)
/// ```
public struct ONNXFile: Sendable {
  let source: ByteSource
  /// The model without the data of large tensors.
  let proto: ONNXModelProto
  /// Where that lies, by ``ONNXTensorProto/place``.
  let places: [Range<Int>]
  let external: ExternalData?

  /// The version of the standard operator set.
  public let opset: Int
  /// Free-form properties.
  public let metadata: [String: String]
  /// The program that wrote it; empty where it does not say.
  public var producer: String { proto.producerName }
  /// Bytes of the file.
  public var byteCount: Int { source.count }

  /// Opens the model file at `path`, with weights in files beside it.
  ///
  /// - Throws: `GraphError.file` if it cannot be read, `.malformed` for bytes that are no model.
  public init(contentsOf path: String) throws(GraphError) {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    try self.init(try ByteSource(path: path), folder: folder)
  }

  /// - Parameter folder: where files with weights may lie; nil refuses a model that has such.
  public init(_ bytes: [UInt8], folder: String? = nil) throws(GraphError) {
    try self.init(ByteSource(bytes), folder: folder)
  }

  private init(_ source: ByteSource, folder: String?) throws(GraphError) {
    self.source = source
    let scan = try WireScan(source)
    places = scan.places
    do {
      proto = try ONNXModelProto(serializedBytes: scan.kept)
    } catch {
      throw WireScan.notProtobuf
    }
    guard proto.hasGraph else { throw .malformed("it holds no graph") }
    let standard = proto.opsetImport.filter { Graph.isStandard($0.domain) }
    guard let version = standard.first?.version, standard.count == 1 else {
      throw .malformed("it does not say which operator set it uses")
    }
    guard let opset = Int(exactly: version), opset >= 0 else {
      throw .malformed("it uses operator set \(version), which there is not")
    }
    self.opset = opset
    external = folder.map { ExternalData(folder: $0) }
    var metadata: [String: String] = [:]
    for property in proto.metadataProps {
      guard metadata.updateValue(property.value, forKey: property.key) == nil else {
        throw .malformed("the property '\(property.key)' stands there twice")
      }
    }
    self.metadata = metadata
  }

  /// Whether weights lie in files beside it.
  public var hasExternalData: Bool {
    proto.graph.initializer.contains { $0.dataLocation == .external || !$0.externalData.isEmpty }
      || proto.graph.node.contains { node in
        node.attribute.contains { $0.t.contains { $0.dataLocation == .external || !$0.externalData.isEmpty } }
      }
  }

  func check(_ known: ClosedRange<Int>) throws(GraphError) {
    guard known.contains(opset) else {
      throw .unsupportedModel("opset \(opset) is not one of \(known.lowerBound) to \(known.upperBound)")
    }
  }

  /// The data of a tensor that was left out, or nil for one that has its own.
  func stored(_ tensor: ONNXTensorProto) -> Range<Int>? {
    guard tensor.hasPlace, let index = Int(exactly: tensor.place), places.indices.contains(index) else { return nil }
    return places[index]
  }

  // MARK: All of it

  /// Lends the file's bytes from the first to the last, some at a time: for a digest, say.
  ///
  /// - Throws: `GraphError.file` where it was changed since it was opened, and what `body` throws.
  public func forEachChunk(_ body: ([UInt8]) throws -> Void) throws {
    var position = 0
    while position < source.count {
      let end = min(source.count, position + 1 << 20)
      try body(try source.bytes(position..<end))
      position = end
    }
  }

  /// Writes the file anew with other properties: the graph stays as it is, byte by byte.
  ///
  /// - Parameters:
  ///   - metadata: properties to add.
  ///   - isReplaced: which of the present ones are left out.
  /// - Throws: `GraphError.file` if it cannot be written. The target is then as it was.
  public func write(
    to path: String, metadata added: [String: String], replacing isReplaced: (String) -> Bool
  ) throws(GraphError) {
    var scan = try WireScan(fieldsOf: source)
    var runs: [Range<Int>] = []
    var position = 0
    while position < source.count {
      let field = try scan.field(at: position, end: source.count)
      position = field.whole.upperBound
      if field.number == 14, field.type == 2,
        let entry = try? ONNXStringStringEntryProto(serializedBytes: try source.bytes(field.payload)),
        added[entry.key] != nil || isReplaced(entry.key)
      {
        continue
      }
      if runs.last?.upperBound == field.whole.lowerBound {
        runs[runs.count - 1] = runs[runs.count - 1].lowerBound..<field.whole.upperBound
      } else {
        runs.append(field.whole)
      }
    }
    var tail: [UInt8] = []
    for (key, value) in added.sorted(by: { $0.key < $1.key }) {
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      guard let bytes: [UInt8] = try? entry.serializedBytes() else { continue }
      WireScan.append(14 << 3 | 2, to: &tail)
      WireScan.append(UInt64(bytes.count), to: &tail)
      tail += bytes
    }
    try ModelFile.write(to: path) { (put: ([UInt8]) throws(GraphError) -> Void) throws(GraphError) in
      for run in runs {
        var position = run.lowerBound
        while position < run.upperBound {
          let end = min(run.upperBound, position + 1 << 20)
          try put(try source.bytes(position..<end))
          position = end
        }
      }
      try put(tail)
    }
  }
}
