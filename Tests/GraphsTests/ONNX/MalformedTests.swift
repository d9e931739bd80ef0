import SwiftProtobuf
import Testing

@testable import Graphs

/// Damaged and hostile files: an error that says what is wrong, never a crash.
@Suite struct MalformedTests {
  private func message(_ change: (inout ONNXModelProto) -> Void, of name: String = "conv 3x3") throws -> String {
    var model = try ONNXModelProto(serializedBytes: try Case.named(name).graph.onnx())
    change(&model)
    let bytes: [UInt8] = try model.serializedBytes()
    do throws(GraphError) {
      let graph = try Graph(onnx: bytes)
      _ = try graph.inferShapes(["x": Case.named(name).shape])
    } catch {
      return error.description
    }
    return "accepted"
  }

  @Test func bytesThatAreNoModel() throws {
    #expect(throws: GraphError.malformed("its bytes are not a protocol buffer of a model")) {
      try Graph(onnx: [0xff, 0xff, 0xff, 0xff])
    }
    #expect(throws: GraphError.malformed("it holds no graph")) { try Graph(onnx: []) }
  }

  @Test func filesThatAreNoFiles() {
    #expect(throws: GraphError.file(path: "/nonexistent.onnx", code: 2, reason: "No such file or directory")) {
      try Graph(contentsOf: "/nonexistent.onnx")
    }
    #expect(throws: GraphError.file(path: "/tmp", code: 0, reason: "it is not a regular file")) {
      try Graph(contentsOf: "/tmp")
    }
    #expect(throws: GraphError.file(path: "/dev/null", code: 0, reason: "it is not a regular file")) {
      try Graph(contentsOf: "/dev/null")
    }
  }

  @Test func unknownOperationsAreNamed() throws {
    let message = try message { $0.graph.node[0].opType = "LSTM" }
    #expect(
      message
        == "The model uses LSTM (node 'conv', opset 17) in a way that is not supported: this operation is not known."
    )
    #expect(try self.message { $0.graph.node[0].domain = "com.microsoft" }.contains("com.microsoft.Conv"))
    #expect(try self.message { $0.opsetImport[0].version = 9 }.contains("opset 9 is not one of 11 to 21"))
    #expect(try self.message { $0.opsetImport = [] }.contains("which operator set"))
  }

  @Test func attributesThatNobodyReadAreRefused() throws {
    let extra = try message { $0.graph.node[0].attribute.append(.int("surprise", 1)) }
    #expect(extra.contains("attribute 'surprise' is unknown"))
    #expect(try message { $0.graph.node[0].attribute.append(.ints("strides", [1, 1])) }.contains("'strides' twice"))
    let wrong = try message { $0.graph.node[0].attribute = [.float("group", 1)] }
    #expect(wrong.contains("attribute 'group' of the wrong type"))
    #expect(try message { $0.graph.node[0].attribute = [.ints("strides", [0, 1])] }.contains("impossible value 0"))
    #expect(
      try message { $0.graph.node[0].attribute = [.ints("pads", [1, 1, -1, 1])] }.contains("impossible value -1"))
    #expect(try message { $0.graph.node[0].attribute = [.ints("strides", [1])] }.contains("only images are supported"))
    #expect(try message { $0.graph.node[0].attribute = [.int("group", 3)] }.contains("in 3 groups"))
  }

  @Test func tensorsThatContradictTheirShape() throws {
    func tensor(_ change: (inout ONNXTensorProto) -> Void) throws -> String {
      try message { change(&$0.graph.initializer[1]) }
    }
    #expect(try tensor { $0.dims = [24, 16, 3, 4] }.contains("holds 13824 bytes instead of 18432"))
    #expect(try tensor { $0.dims = [24, -16, 3, -3] }.contains("impossible shape"))
    #expect(try tensor { $0.dims = [1 << 31, 1 << 31, 1 << 31] }.contains("impossible shape"))
    #expect(try tensor { $0.dims = [1 << 20, 1 << 20] }.contains("impossible shape"))
    #expect(try tensor { $0.dims = [0, 16, 3, 3] }.contains("bytes instead of 0"))
    #expect(try tensor { $0.rawData = $0.rawData.dropLast() }.contains("holds 13823 bytes"))
    #expect(try tensor { $0.dataType = 10 }.contains("element type 10"))
    #expect(try tensor { $0.dataType = 99 }.contains("element type 99"))
    #expect(try tensor { $0.dataLocation = .external }.contains("another file"))
    #expect(try tensor { $0.name = "" }.contains("no name"))
    #expect(try tensor { $0.name = "conv.bias" }.contains("stands there twice"))
  }

  @Test func graphsThatDoNotHangTogether() throws {
    #expect(try message { $0.graph.node[0].input[0] = "nobody" }.contains("reads the value 'nobody'"))
    #expect(try message { $0.graph.node[0].input[0] = "y" }.contains("missing, or a cycle"))
    #expect(try message { $0.graph.node.append($0.graph.node[0]) }.contains("'y' is made twice"))
    #expect(try message { $0.graph.node[0].input = ["x"] }.contains("has 1 inputs instead of 2 to 3"))
    #expect(try message { $0.graph.node[0].output = [] }.contains("has no output"))
    #expect(try message { $0.graph.output = [] }.contains("no outputs"))
    #expect(try message { $0.graph.output[0].name = "z" }.contains("nothing makes the output 'z'"))
    #expect(try message { $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = 3 }.contains("is 3, not 16"))
    #expect(
      try message { $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = -3 }.contains("axis of -3 elements"))
    #expect(try message { $0.graph.input[0].type.tensorType.elemType = 2 }.contains("element type 2 instead of float"))
  }

  @Test func everyTruncationIsRefusedOrHarmless() throws {
    let bytes = try Case.named("conv 1x1").graph.onnx()
    for length in bytes.indices { exercise(Array(bytes.prefix(length))) }
  }

  /// Random damage; the seed is fixed, so a crash comes back. `GRAPHS_FUZZ=100000` looks for longer.
  @Test(arguments: [
    "conv 1x1", "slice", "reshape", "pad", "resize linear 2x", "dense", "max pool ceil", "gelu", "concat rows",
  ])
  func randomDamageIsRefusedOrHarmless(_ name: String) throws {
    let bytes = try Case.named(name).graph.onnx()
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    func random() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    for _ in 0..<(environment("GRAPHS_FUZZ").flatMap(Int.init) ?? 200) {
      var damaged = bytes
      for _ in 0...random() % 4 { damaged[random() % damaged.count] = UInt8(truncatingIfNeeded: random()) }
      exercise(damaged)
    }
  }

  private func exercise(_ bytes: [UInt8]) {
    guard let graph = try? Graph(onnx: bytes) else { return }
    var inputs: [String: [Int]] = [:]
    for input in graph.inputs {
      inputs[input.name] = input.shape?.map { if case .fixed(let size) = $0 { size } else { 2 } } ?? [1, 12, 5, 6]
    }
    _ = try? graph.onnx()
    guard let shapes = try? graph.inferShapes(inputs) else { return }
    // What is accepted must also compile and run, or be refused.
    guard shapes.values.allSatisfy({ $0.reduce(1, *) < 100_000 }),
      let compiled = try? GraphCompiler(graph).compile(inputShapes: inputs, threads: 1)
    else { return }
    try? compiled.run(compiled.inputs.map { numbers($0.shape, seed: 1).floats! })
  }
}
