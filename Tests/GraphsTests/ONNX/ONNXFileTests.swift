import Glibc
import SwiftProtobuf
import Testing

@testable import Graphs

/// Files that are read in parts: large weights stay where they are.
@Suite struct ONNXFileTests {
  /// x W + b with a W of 2048 x 1200 (9.8 MB), beyond what is read at once.
  private static let proto: ONNXModelProto = {
    var builder = GraphBuilder(name: "large")
    let x = builder.input("x", shape: ["n", 2048])
    let weights = (0..<2048 * 1200).map { Float($0 % 97) * 0.01 - 0.5 }
    let y = builder.dense(
      x, name: "dense", weights: Constant(weights, shape: [1200, 2048]), bias: (0..<1200).map { Float($0) })
    builder.output(y, as: "y")
    var graph = try! builder.build()
    graph.metadata = ["assay.name": "old", "maker": "test"]
    return try! ONNXModelProto(serializedBytes: try! graph.onnx() as [UInt8])
  }()

  private final class Folder {
    let path: String

    init() {
      var pattern = Array("/tmp/assay-file-XXXXXX".utf8CString)
      path = unsafe pattern.withUnsafeMutableBufferPointer { unsafe String(cString: mkdtemp($0.baseAddress!)!) }
    }

    deinit {
      for name in ["m.onnx", "copy.onnx"] { unsafe unlink("\(path)/\(name)") }
      unsafe rmdir(path)
    }

    func write(_ change: (inout ONNXModelProto) -> Void = { _ in }) throws -> String {
      var proto = ONNXFileTests.proto
      change(&proto)
      try ModelFile.write(try proto.serializedBytes(), to: "\(path)/m.onnx")
      return "\(path)/m.onnx"
    }
  }

  @Test func largeWeightsStayInTheFile() throws {
    let folder = Folder()
    let file = try ONNXFile(contentsOf: try folder.write())
    #expect(file.places.count == 1 && file.places[0].count == 2048 * 1200 * 4)
    let index = try #require(file.proto.graph.initializer.firstIndex { $0.hasPlace })
    #expect(file.proto.graph.initializer[index].rawData.isEmpty)
    let graph = try Graph(file)
    let stored = try #require(graph.constants.values.first { $0.source != nil })
    let whole = try Graph(onnx: try Self.proto.serializedBytes() as [UInt8])
    #expect(stored.floats == whole.constants.values.first { $0.shape == [1200, 2048] }?.floats)
    // Both readers, both ways, the same numbers.
    let x = (0..<2048).map { Float($0 % 5) - 2 }
    let compiled = try GraphCompiler(graph).compile(inputShape: [1, 2048], threads: 1)
    let reference = try GraphCompiler(whole).compile(inputShape: [1, 2048], threads: 1)
    let model = try ONNXModel(file).specialized(for: ["x": [1, 2048]])
    let specialized = try GraphCompiler(model).compile(inputShape: [1, 2048], threads: 1)
    for network in [compiled, reference, specialized] { try network.run(x.span) }
    #expect(compiled.output("y") == reference.output("y"))
    #expect(specialized.output("y") == reference.output("y"))
  }

  @Test func perChannelArithmeticIsFoldedWhenWeightsAreWanted() throws {
    let folder = Folder()
    var graph = try Graph(contentsOf: try folder.write())
    graph.outputs[0].name = "z"
    graph.constants["factors"] = Constant((0..<1200).map { Float($0 % 3) + 1 }, shape: [1, 1200])
    graph.nodes.append(Node(name: "scaled", operation: .binary(.multiply), inputs: ["y", "factors"], output: "z"))
    let folded = try graph.optimized()
    #expect(folded.nodes.count == 1)
    let weights = try #require(folded.constants.values.first { $0.shape == [1200, 2048] })
    #expect(weights.source != nil)
    let plain = try #require(graph.constants.values.first { $0.shape == [1200, 2048] }?.floats)
    #expect(weights.floats == plain.indices.map { plain[$0] * (Float($0 / 2048 % 3) + 1) })
  }

  @Test func aFileThatChangesIsNoticed() throws {
    let folder = Folder()
    let path = try folder.write()
    let compiler = try GraphCompiler(try Graph(contentsOf: path))
    #expect(unsafe truncate(path, 9 << 20) == 0)
    let error = #expect(throws: GraphError.self) { try compiler.compile(inputShape: [1, 2048], threads: 1) }
    #expect(error == .file(path: path, code: 0, reason: "it was changed while it was in use; start again"))
  }

  @Test func thePlaceOfWeightsCannotBeForged() throws {
    let folder = Folder()
    let path = try folder.write { proto in
      for index in proto.graph.initializer.indices where proto.graph.initializer[index].rawData.count < 10_000 {
        proto.graph.initializer[index].clearRawData()
        proto.graph.initializer[index].place = 0
      }
    }
    #expect(throws: GraphError.self) { try ONNXModel(contentsOf: path) }
    let short = try folder.write { $0.graph.initializer[0].dims[0] += 1 }
    let error = #expect(throws: GraphError.self) { try ONNXModel(contentsOf: short) }
    #expect(error?.description.contains("bytes instead of") == true)
  }

  @Test func propertiesAreAddedAndTheGraphStays() throws {
    let folder = Folder()
    let path = try folder.write()
    let file = try ONNXFile(contentsOf: path)
    let copy = folder.path + "/copy.onnx"
    try file.write(to: copy, metadata: ["assay.labels": "[\"a\"]"]) { $0.hasPrefix("assay.") }
    let written = try ONNXFile(contentsOf: copy)
    #expect(written.metadata == ["assay.labels": "[\"a\"]", "maker": "test"])
    var bytes: [[UInt8]] = []
    for path in [path, copy] {
      var proto = try ONNXModelProto(
        serializedBytes: try ByteSource(path: path).bytes(0..<ByteSource(path: path).count))
      proto.metadataProps = []
      bytes.append(try proto.serializedBytes())
    }
    #expect(bytes[0] == bytes[1])
    var count = 0
    try written.forEachChunk { count += $0.count }
    #expect(count == written.byteCount)
  }

  @Test func absurdlyManyPartsAreRefused() throws {
    // A graph of 1.1 million empty nodes takes 2 bytes each in the file, and would take hundreds in memory.
    var nodes: [UInt8] = []
    for _ in 0..<1_100_000 { nodes += [1 << 3 | 2, 0] }
    var bytes: [UInt8] = [7 << 3 | 2]
    WireScan.append(UInt64(nodes.count), to: &bytes)
    #expect(throws: GraphError.unsupportedModel("it has more than 1048576 parts")) { try ONNXFile(bytes + nodes) }
  }

  @Test(
    arguments: [[0x3a], [0x3a, 0x05, 0x0a], [0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x00], [0x3b, 0x3c]] as [[UInt8]])
  func brokenFieldsAreRefused(bytes: [UInt8]) {
    #expect(throws: GraphError.malformed("its bytes are not a protocol buffer of a model")) { try ONNXFile(bytes) }
  }
}
