import Glibc
import SwiftProtobuf
import Testing

@testable import Graphs

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Whole models: reading, refusing, running and specialising them.
@Suite struct ONNXModelTests {
  /// What exporters write for a flattening and a token: shapes computed at run time.
  private func transformerLike() -> ONNXModelProto {
    var model = ONNXModelProto()
    var opset = ONNXOperatorSetIdProto()
    opset.version = 17
    model.opsetImport = [opset]
    model.graph.name = "g"
    model.graph.input = [value("x", [1, 4, 3, 3])]
    model.graph.output = [value("y", nil)]
    model.graph.initializer = [
      Constant([Int64(0)], shape: []).tensor(named: "zero"), Constant([Int64(0)], shape: [1]).tensor(named: "first"),
      Constant([Int64(4), -1], shape: [2]).tensor(named: "rest"),
      Constant((0..<4).map { Float($0) }, shape: [1, 1, 4]).tensor(named: "token"),
    ]
    model.graph.node = [
      node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "zero"], ["batch"]),
      node("Unsqueeze", ["batch", "first"], ["batches"]),
      node("Concat", ["batches", "rest"], ["target"], [.int("axis", 0)]),
      node("Reshape", ["x", "target"], ["flat"]), node("Transpose", ["flat"], ["tokens"], [.ints("perm", [0, 2, 1])]),
      node("Concat", ["token", "tokens"], ["all"], [.int("axis", 1)]), node("Relu", ["all"], ["positive"]),
      node("Gather", ["positive", "zero"], ["y"], [.int("axis", 1)]),
    ]
    return model
  }

  private func value(_ name: String, _ shape: [Int64]?) -> ONNXValueInfoProto {
    var info = ONNXValueInfoProto()
    info.name = name
    var tensor = ONNXTypeProto.Tensor()
    tensor.elemType = 1
    if let shape {
      tensor.shape.dim = shape.map { size in
        var dimension = ONNXTensorShapeProto.Dimension()
        dimension.value = .dimValue(size)
        return dimension
      }
    }
    info.type.value = .tensorType(tensor)
    return info
  }

  private func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto] = []
  ) -> ONNXNodeProto {
    var node = ONNXNodeProto()
    node.opType = type
    node.input = inputs
    node.output = outputs
    node.attribute = attributes
    return node
  }

  private func model(_ change: (inout ONNXModelProto) -> Void = { _ in }) throws -> ONNXModel {
    var proto = transformerLike()
    change(&proto)
    return try ONNXModel(onnx: try proto.serializedBytes())
  }

  private func message(_ change: (inout ONNXModelProto) -> Void) -> String {
    do {
      _ = try model(change)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  private let x = TypedTensor((0..<36).map { Float($0) - 9 }, shape: [1, 4, 3, 3])

  // MARK: Running and specialising

  @Test func shapesAreComputedNow() throws {
    let model = try model()
    let expected = try model.run(["x": x])["y"]!
    #expect(expected.shape == [1, 4])
    #expect(expected.floats == [0, 1, 2, 3])
    let graph = try model.specialized(for: ["x": [1, 4, 3, 3]])
    // Nothing that computes shapes is left, and nothing that the executor does not know.
    #expect(graph.nodes.count == 6)
    for node in graph.nodes {
      if case .interpreted = node.operation { Issue.record("\(node.name) is left to the interpreter") }
    }
    let compiled = try GraphCompiler(graph).compile(inputShapes: ["x": [1, 4, 3, 3]], threads: 1)
    try compiled.run([x.floats])
    #expect(compiled.output("y") == expected.floats)
    #expect(throws: GraphError.self) { try model.specialized(for: ["x": [1, 4, 4, 3]]) }
    #expect(throws: GraphError.self) { try model.specialized(for: [:]) }
  }

  @Test func theInterpreterRunsWhatTheExecutorDoesNotKnow() throws {
    let model = try model {
      $0.graph.node = [
        self.node("Softsign", ["x"], ["soft"]), self.node("Greater", ["soft", "token"], ["mask"]),
        self.node("Where", ["mask", "x", "soft"], ["chosen"]),
        self.node("TopK", ["chosen", "two"], ["values", "places"], [.int("axis", 1)]),
        self.node("Cast", ["places"], ["numbers"], [.int("to", 1)]), self.node("Add", ["values", "numbers"], ["y"]),
      ]
      $0.graph.initializer = [
        Constant([Float(0.25)], shape: [1]).tensor(named: "token"),
        Constant([Int64(2)], shape: [1]).tensor(named: "two"),
      ]
    }
    let expected = try model.run(["x": x])["y"]!
    let graph = try model.specialized(for: ["x": [1, 4, 3, 3]])
    let compiled = try GraphCompiler(graph).compile(inputShapes: ["x": [1, 4, 3, 3]], threads: 1)
    try compiled.run([x.floats])
    #expect(compiled.outputs[0].shape == expected.shape)
    #expect(compiled.output("y") == expected.floats)
  }

  @Test func failuresAtRunTimeAreNotSilent() throws {
    let model = try model {
      $0.graph.node = [
        self.node("Cast", ["x"], ["index"], [.int("to", 7)]),
        self.node("Gather", ["token", "index"], ["y"], [.int("axis", 2)]),
      ]
    }
    let graph = try model.specialized(for: ["x": [1, 4, 3, 3]])
    let compiled = try GraphCompiler(graph).compile(inputShapes: ["x": [1, 4, 3, 3]], threads: 1)
    try compiled.run([[Float](repeating: 3, count: 36)])
    #expect(compiled.output("y").allSatisfy { $0 == 3 })
    #expect(throws: GraphError.kernel(node: "y", function: "its definition", status: 1)) {
      try compiled.run([[Float](repeating: 4, count: 36)])
    }
    // An index that is no number is none.
    #expect(throws: GraphError.self) { try compiled.run([[Float](repeating: .infinity, count: 36)]) }
  }

  @Test func resultsWhoseShapeIsInThePictureAreRefused() throws {
    let model = try model { $0.graph.node = [self.node("NonZero", ["x"], ["y"])] }
    #expect(try model.run(["x": x])["y"]!.shape == [4, 35])
    #expect(
      throws: GraphError.unsupported(
        operation: "NonZero", node: "y", opset: 17, reason: "the shape of its result depends on what the picture holds")
    ) { try model.specialized(for: ["x": [1, 4, 3, 3]]) }
  }

  @Test func inputsAreChecked() throws {
    let model = try model()
    #expect(throws: GraphError.shape("its input 'x' is missing")) { try model.run([:]) }
    #expect(throws: GraphError.shape("'x' takes float32, not int64")) {
      try model.run(["x": TypedTensor([Int64](repeating: 0, count: 36), shape: [1, 4, 3, 3])])
    }
    #expect(throws: GraphError.shape("axis 1 of 'x' is 4, not 9")) {
      try model.run(["x": TypedTensor([Float](repeating: 0, count: 36), shape: [1, 9, 2, 2])])
    }
  }

  // MARK: Damaged and hostile files

  @Test func contradictionsAreRefused() {
    #expect(message { $0.graph.node.swapAt(0, 1) }.contains("reads the value 'shape', which nothing before it makes"))
    #expect(message { $0.graph.node[0].input = ["y"] }.contains("missing, or a cycle"))
    #expect(message { $0.graph.node[8].output = ["all"] }.contains("'all' is made twice"))
    #expect(message { $0.graph.node[8].output = [] }.contains("has no output"))
    #expect(message { $0.graph.output = [] }.contains("no outputs"))
    #expect(message { $0.graph.output[0].name = "z" }.contains("nothing makes the output 'z'"))
    #expect(message { $0.graph.initializer.append($0.graph.initializer[0]) }.contains("'zero' stands there twice"))
    #expect(message { $0.graph.initializer[3].dims = [1, -1, 4] }.contains("impossible shape"))
    #expect(message { $0.graph.initializer[3].dims = [1 << 30, 1 << 30, 1 << 30] }.contains("impossible shape"))
    #expect(message { $0.graph.initializer[3].dims = [1, 1, 5] }.contains("holds 16 bytes instead of 20"))
    #expect(message { $0.graph.initializer[3].dataType = 8 }.contains("element type 8"))
    #expect(message { $0.opsetImport[0].version = 99 }.contains("opset 99 is not one of"))
    #expect(message { $0.opsetImport = [] }.contains("which operator set"))
  }

  @Test func whatIsUnknownIsNamed() {
    #expect(
      message { $0.graph.node[7].opType = "LSTM" }
        == "The model uses LSTM (node 'positive', opset 17) in a way that is not supported: this operation is not known."
    )
    #expect(message { $0.graph.node[7].domain = "com.microsoft" }.contains("com.microsoft.Relu"))
    #expect(message { $0.graph.node[7].attribute = [.int("surprise", 1)] }.contains("'surprise' is unknown"))
    #expect(
      message {
        $0.graph.node[7].attribute = [.int("surprise", 1)]
        $0.graph.node[7].attribute[0].type = .graph
      }.contains("neither numbers nor text"))
  }

  // MARK: Weights in other files

  /// A folder with a file of 16 bytes, a link to it, and a model beside it that stores its token there.
  private func load(_ entries: [String: String]) throws -> ONNXModel {
    var pattern = Array("/tmp/assay-external-XXXXXX".utf8CString)
    let folder = unsafe pattern.withUnsafeMutableBufferPointer { unsafe String(cString: mkdtemp($0.baseAddress!)!) }
    defer {
      for name in ["weights.bin", "link.bin", "model.onnx"] { unsafe unlink("\(folder)/\(name)") }
      unsafe rmdir(folder)
    }
    let bytes = unsafe [Float(5), 6, 7, 8].withUnsafeBytes { unsafe [UInt8]($0) }
    try ModelFile.write(bytes, to: "\(folder)/weights.bin")
    unsafe symlink("\(folder)/weights.bin", "\(folder)/link.bin")
    var proto = transformerLike()
    proto.graph.initializer[3].clearRawData()
    proto.graph.initializer[3].dataLocation = .external
    proto.graph.initializer[3].externalData = entries.map { key, value in
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    let file: [UInt8] = try proto.serializedBytes()
    try ModelFile.write(file, to: "\(folder)/model.onnx")
    #expect(throws: GraphError.self) { try ONNXModel(onnx: file) }
    return try ONNXModel(contentsOf: "\(folder)/model.onnx")
  }

  @Test func weightsBesideTheModelAreRead() throws {
    #expect(try load(["location": "weights.bin"]).run(["x": x])["y"]!.floats == [5, 6, 7, 8])
    #expect(
      try load(["location": "weights.bin", "offset": "0", "length": "16"]).constants["token"]!.floats == [5, 6, 7, 8])
  }

  @Test(arguments: [
    ["location": "/etc/passwd"], ["location": "../weights.bin"], ["location": "a/../../weights.bin"],
    ["location": "./weights.bin"], ["location": ""], [:], ["location": "link.bin"], ["location": "missing.bin"],
    ["location": "weights.bin", "offset": "4"], ["location": "weights.bin", "offset": "-4"],
    ["location": "weights.bin", "offset": "9223372036854775807"], ["location": "weights.bin", "length": "8"],
    ["location": "weights.bin", "length": "x"],
  ])
  func weightsElsewhereAreNot(entries: [String: String]) {
    #expect(throws: GraphError.self) { try load(entries) }
  }
}
