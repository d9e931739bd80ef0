import SwiftProtobuf
import Testing

@testable import Graphs

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Quantised models as files: what is written is read back, and what contradicts itself is refused.
@Suite struct QuantizedFileTests {
  @Test func whatIsWrittenIsReadBack() throws {
    let graph = try QuantizationTests.convolution()
    let bytes = try graph.onnx()
    let read = try Graph(onnx: bytes)
    #expect(read.constants["w.int8"] == graph.constants["w.int8"])
    #expect(read.nodes.map(\.operation) == graph.nodes.map(\.operation))
    #expect(try read.onnx() == bytes)
    let input = numbers([1, 6, 5, 7], seed: 1)
    #expect(try read.evaluate(["x": input]) == graph.evaluate(["x": input]))
    // Integers in as few bytes as they have.
    let proto = try ONNXModelProto(serializedBytes: bytes)
    let weights = try #require(proto.graph.initializer.first { $0.name == "w.int8" })
    #expect(weights.dataType == 3 && weights.rawData.count == 4 * 6 * 9)
    let zeros = try #require(proto.graph.initializer.first { $0.name == "w.zero" })
    #expect(zeros.dataType == 3 && zeros.dims == [4])
    #expect(proto.graph.node.first { $0.name == "w" }?.opType == "DequantizeLinear")
  }

  @Test func theGeneralReaderAgrees() throws {
    let graph = try QuantizationTests.convolution()
    let shapes = ["x": [1, 6, 5, 7]]
    let specialized = try ONNXModel(onnx: try graph.onnx()).specialized(for: shapes)
    #expect(specialized.constants["w.int8"] == graph.constants["w.int8"])
    #expect(specialized.nodes.map(\.operation) == graph.nodes.map(\.operation))
    let input = numbers([1, 6, 5, 7], seed: 1)
    #expect(try specialized.evaluate(["x": input])["y"] == graph.evaluate(["x": input])["y"])
  }

  @Test func numbersInTheOtherFieldAreRead() throws {
    var proto = try ONNXModelProto(serializedBytes: try QuantizationTests.convolution().onnx())
    let index = try #require(proto.graph.initializer.firstIndex { $0.name == "w.int8" })
    let bytes = proto.graph.initializer[index].rawData.map { Int32(Int8(bitPattern: $0)) }
    proto.graph.initializer[index].clearRawData()
    proto.graph.initializer[index].int32Data = bytes
    #expect(
      try Graph(onnx: try proto.serializedBytes()).constants["w.int8"]
        == QuantizationTests.convolution().constants["w.int8"])
    proto.graph.initializer[index].int32Data[3] = 128
    #expect(throws: GraphError.malformed("tensor 'w.int8' holds numbers that do not fit its element type")) {
      try Graph(onnx: try proto.serializedBytes())
    }
  }

  @Test func aMissingZeroPointIsZero() throws {
    var proto = try ONNXModelProto(serializedBytes: try QuantizationTests.convolution().onnx())
    for index in proto.graph.node.indices where proto.graph.node[index].opType.hasSuffix("quantizeLinear") {
      proto.graph.node[index].input.removeLast()
    }
    for index in proto.graph.node.indices where proto.graph.node[index].opType.hasSuffix("QuantizeLinear") {
      proto.graph.node[index].input.removeLast()
    }
    let graph = try Graph(onnx: try proto.serializedBytes())
    let types = graph.nodes.compactMap { node -> Quantization? in
      switch node.operation {
      case .quantize(let quantization), .dequantize(let quantization): quantization
      default: nil
      }
    }
    #expect(types.map(\.type) == [.uint8, .uint8, .int8, .int32, .uint8, .uint8])
    #expect(types.allSatisfy { $0.zeroPoints.allSatisfy { $0 == 0 } })
  }

  // MARK: Refusals

  private func message(_ change: (inout ONNXGraphProto) -> Void) throws -> String {
    var proto = try ONNXModelProto(serializedBytes: try QuantizationTests.convolution().onnx())
    change(&proto.graph)
    let bytes: [UInt8] = try proto.serializedBytes()
    do throws(GraphError) {
      let graph = try Graph(onnx: bytes)
      _ = try graph.inferShapes(["x": [1, 6, 5, 7]])
    } catch {
      // Both readers refuse.
      #expect(throws: GraphError.self) {
        try ONNXModel(onnx: bytes).specialized(for: ["x": [1, 6, 5, 7]]).inferShapes(["x": [1, 6, 5, 7]])
      }
      return error.description
    }
    return "accepted"
  }

  private static func change(
    _ name: String, _ change: @escaping (inout ONNXTensorProto) -> Void
  ) -> (inout ONNXGraphProto) -> Void {
    { graph in
      let index = graph.initializer.firstIndex { $0.name == name }!
      change(&graph.initializer[index])
    }
  }

  private static func floats(_ values: [Float]) -> (inout ONNXTensorProto) -> Void {
    { tensor in tensor = Constant(values, shape: tensor.dims.isEmpty ? [] : [values.count]).tensor(named: tensor.name) }
  }

  @Test(arguments: [Float(0), -0.01, .nan, .infinity])
  func scalesThatAreNoScales(_ scale: Float) throws {
    #expect(try message(Self.change("x.q.scale", Self.floats([scale]))).contains("which is not a positive number"))
    let one = try message(Self.change("w.scale", Self.floats([0.01, scale, 0.01, 0.01])))
    #expect(one.contains("node 'w' has the scale") && one.contains("not a positive number"))
  }

  @Test func scalesAndZeroPointsThatDoNotFit() throws {
    #expect(try message { $0.node[0].input = ["x"] }.contains("has 1 inputs instead of 2 to 3"))
    #expect(try message { $0.node[0].input[1] = "" }.contains("lacks an input"))
    #expect(try message { $0.node[0].input[1] = "x" }.contains("its scale is computed at run time"))
    #expect(
      try message(Self.change("w.scale", Self.floats([1, 1, 1]))).contains("zero points of shape [4] for scales"))
    let short = try message { graph in
      Self.change("w.scale", Self.floats([1, 1, 1]))(&graph)
      Self.change("w.zero") { $0 = Constant([Int8(0), 0, 0], shape: [3]).tensor(named: $0.name) }(&graph)
    }
    #expect(short.contains("has 3 scales for axis 0 of the shape [4, 6, 3, 3]"), "\(short)")
    let other = try message(
      Self.change("w.zero") { $0 = Constant([UInt8](repeating: 0, count: 4), shape: [4]).tensor(named: $0.name) })
    #expect(other.contains("zero point of uint8 for values of int8"), "\(other)")
    let activation = try message(
      Self.change("x.dq.zero") { $0 = Constant([Int8(0)], shape: []).tensor(named: $0.name) })
    #expect(activation.contains("zero point of int8 for values of uint8"), "\(activation)")
    let wide = try message(
      Self.change("x.q.zero") { $0 = Constant([Int32(0)], shape: []).tensor(named: $0.name) })
    #expect(wide.contains("quantises to int32"), "\(wide)")
    let far = try message { graph in
      let index = graph.node.firstIndex { $0.name == "w" }!
      graph.node[index].attribute = [.int("axis", 5)]
    }
    #expect(far.contains("names axis 5"), "\(far)")
  }

  @Test func integersThatNothingDequantises() throws {
    let message = try message { graph in
      let index = graph.node.firstIndex { $0.name == "conv" }!
      graph.node[index].input[1] = "w.int8"
    }
    #expect(message.contains("computes with the integers 'w.int8'"), "\(message)")
    let floats = try self.message(
      Self.change("w.int8") { $0 = numbers([4, 6, 3, 3], seed: 1).tensor(named: $0.name) })
    #expect(floats.contains("which holds no 8 or 32-bit integers"), "\(floats)")
  }

  @Test func randomDamageIsRefusedOrHarmless() throws {
    let bytes = try QuantizationTests.convolution().onnx()
    var state: UInt64 = 0x2545_f491_4f6c_dd1d
    func random() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33)
    }
    var accepted = 0
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0...random() % 3 { damaged[random() % damaged.count] = UInt8(truncatingIfNeeded: random()) }
      guard let graph = try? Graph(onnx: damaged), let input = graph.inputs.first, graph.inputs.count == 1 else {
        continue
      }
      let shapes = [input.name: [1, 6, 5, 7]]
      _ = try? ONNXModel(onnx: damaged).specialized(for: shapes)
      guard let inferred = try? graph.inferShapes(shapes), inferred.values.allSatisfy({ $0.reduce(1, *) < 100_000 }),
        let compiled = try? GraphCompiler(graph).compile(inputShapes: shapes, threads: 1)
      else { continue }
      try? compiled.run([numbers([1, 6, 5, 7], seed: 1).floats!])
      accepted += 1
    }
    // Most damage is to weights.
    #expect(accepted > 50)
  }
}
