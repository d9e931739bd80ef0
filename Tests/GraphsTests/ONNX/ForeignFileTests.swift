import Testing

@testable import Graphs

/// Models in half precision, and one whose weights lie in a file beside it, as `Tests/Fuzz/onnx_corpus.py` writes them.
@Suite struct ForeignFileTests {
  private static let folder = {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/\(tests)/Fuzz/corpus/onnx"
  }()

  /// For x = 0...17 the network gives max(0.75 x0 - 1.75) = 4.25 and max(2.25 x0 + 17) = 35, exact in all these types.
  @Test(arguments: ["f16_network", "bf16_network", "beside"]) func givesTheSameNumbers(name: String) throws {
    let model = try ONNXModel(contentsOf: "\(Self.folder)/\(name).onnx")
    let x = (0..<18).map { Float($0) }
    let type = try #require(model.inputs[0].type)
    let plain = try model.run(["x": TypedTensor(x, shape: [1, 2, 3, 3]).converted(to: type)])["y"]!
    #expect(plain.floats == [4.25, 35] && plain.type == type)
    let compiler = try GraphCompiler(try model.specialized(for: ["x": [1, 2, 3, 3]]))
    let compiled = try compiler.compile(inputShape: [1, 2, 3, 3], threads: 1)
    try compiled.run(x.span)
    #expect(compiled.output("y") == [4.25, 35])
  }

  @Test func weightsBesideTheModelNeedItsFolder() throws {
    let file = try ONNXFile(contentsOf: "\(Self.folder)/beside.onnx")
    #expect(file.hasExternalData)
    #expect(try Graph(file).constants["w"]?.floats == [1, -0.25, 0.25, 2])
    let bytes = try file.source.bytes(0..<file.byteCount)
    #expect(
      throws: GraphError.unsupportedModel("tensor 'w' is stored in another file; load the model from its folder")
    ) { try Graph(onnx: bytes) }
  }
}
