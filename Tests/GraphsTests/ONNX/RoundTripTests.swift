import Graphs
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: Case.all) func whatIsWrittenIsReadBack(_ item: Case) throws {
    let bytes = try item.graph.onnx()
    let graph = try Graph(onnx: bytes)
    #expect(graph.inputs == item.graph.inputs)
    let result = try graph.evaluate(["x": item.input])["y"]
    #expect(difference(result, try item.reference()) <= 1e-5)
    // Writing what was read changes nothing, and the same graph always gives the same bytes.
    #expect(try graph.onnx() == bytes)
    #expect(try item.graph.onnx() == bytes)
  }

  @Test func metadataIsKeptAndSorted() throws {
    var graph = Case.named("relu").graph
    graph.metadata = ["assay.labels": #"["good","scratch"]"#, "assay.b": "ü", "assay.a": ""]
    let bytes = try graph.onnx()
    #expect(try Graph(onnx: bytes).metadata == graph.metadata)
    let text = String(decoding: bytes, as: UTF8.self)
    let a = try #require(text.firstRange(of: "assay.a")), b = try #require(text.firstRange(of: "assay.b"))
    let labels = try #require(text.firstRange(of: "assay.labels"))
    #expect(a.upperBound < b.lowerBound && b.upperBound < labels.lowerBound)
  }

  @Test func filesAreWrittenWhole() throws {
    let path = "/tmp/assay-graphs-\(UInt64.random(in: 0...UInt64.max)).onnx"
    defer { removeFile(path) }
    let graph = Case.named("conv 3x3").graph
    try graph.write(to: path)
    #expect(try Graph(contentsOf: path).onnx() == (try graph.onnx()))
    #expect(!fileExists(path + ".partial"))
  }

  @Test func outputShapesFollowTheBatch() throws {
    let graph = try Graph(onnx: try Case.named("conv 5x5 stride 2 colour").graph.onnx())
    #expect(graph.outputs == [GraphValue(name: "y", shape: ["batch", 16, 10, 11])])
  }

  @Test func aFusedNodeIsWrittenAsItsParts() throws {
    var graph = Case.named("conv 3x3").graph
    graph.inputs.append(GraphValue(name: "residual", shape: ["batch", 24, 9, 7]))
    graph.nodes[0].inputs.append("residual")
    graph.nodes[0].postOperations = [.activation(.clip(low: -1, high: 1)), .sum(input: 3), .activation(.relu)]
    let inputs = ["x": numbers([1, 16, 9, 7], seed: 1), "residual": numbers([1, 24, 9, 7], seed: 9)]
    let written = try Graph(onnx: try graph.onnx())
    #expect(written.nodes.map(\.postOperations.count) == [0, 0, 0, 0])
    #expect(difference(try written.evaluate(inputs)["y"], try graph.evaluate(inputs)["y"]) == 0)
  }
}
