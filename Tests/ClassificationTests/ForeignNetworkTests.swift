import Graphs
import Samples
import Testing

@testable import Classification

/// Networks of other programs: what their inputs and outputs mean.
@Suite struct ForeignNetworkTests {
  /// Logits of `count` classes for the mean level m of a colour picture: class k gets k m. `end` is what stands behind.
  private static func model(
    _ count: Int = 3, shape: [Dimension] = ["n", 3, "h", "w"], softmax: Bool = false, sigmoid: Bool = false
  ) throws -> ONNXModel {
    var builder = GraphBuilder(name: "foreign")
    let x = builder.input("pixels", shape: shape)
    let mean = builder.flatten(builder.globalAveragePooling(x, name: "mean"), name: "flat")
    let weights = (0..<count).flatMap { [Float](repeating: Float($0 + (count == 1 ? 1 : 0)), count: 3) }
    var y = builder.dense(mean, name: "fc", weights: Constant(weights, shape: [count, 3]))
    if softmax { y = builder.softmax(y, axis: 1, name: "softmax") }
    if sigmoid { y = builder.activation(y, name: "sigmoid", .sigmoid) }
    builder.output(y, as: "scores")
    return try ONNXModel(onnx: try builder.build().onnx())
  }

  private static func info(_ labels: [String], _ network: ForeignNetwork, good: Int? = 0) -> ModelInfo {
    ModelInfo(
      name: "f", labels: labels, goodIndex: good, pixelLabels: network.map == nil ? [] : labels,
      preprocessing: Preprocessing(
        width: 8, height: 8, channels: 3, mean: [0, 0, 0], std: [1, 1, 1]), thresholds: .usual, provenance: nil,
      foreign: network)
  }

  private static func judge(_ model: ONNXModel, _ info: ModelInfo, _ level: Float) throws -> Judged {
    let graph = try info.foreign!.graph(model, info: info, path: "f.onnx")
    let judge = try Classifier(graph, info: info, path: "f.onnx").judge(threads: 1)
    return try judge.judge([Float](repeating: level, count: 3 * 64).span)
  }

  private static func network(_ scores: ForeignNetwork.Scores) -> ForeignNetwork {
    ForeignNetwork(input: "pixels", output: "scores", scores: scores)
  }

  @Test func logitsAndProbabilities() throws {
    let labels = ["good", "a", "b"]
    let expected: [Float] = [0.090_030_57, 0.244_728_47, 0.665_240_96]  // softmax of 0, 1, 2
    for (softmax, scores) in [(false, ForeignNetwork.Scores.logits), (true, .probabilities)] {
      let model = try Self.model(softmax: softmax)
      let guessed = try ForeignNetwork(
        guessing: model, input: nil, output: nil, map: nil, scores: nil, path: "f.onnx")
      #expect(guessed == Self.network(scores))
      let judged = try Self.judge(model, Self.info(labels, guessed), 1.0 / 3)
      for (a, b) in zip(judged.probabilities, expected) { #expect(abs(a - b) < 1e-5) }
      #expect(judged.heat == nil)
    }
  }

  @Test func whatIsNoProbabilityAcceptsNothing() throws {
    // Logits taken for probabilities: 0, 3, 6.
    let judged = try Self.judge(Self.model(), Self.info(["good", "a", "b"], Self.network(.probabilities)), 1)
    #expect(judged.probabilities.allSatisfy { $0.isNaN })
  }

  @Test func oneScoreIsThatOfADefect() throws {
    let p: Float = 0.731_058_6  // sigmoid(1)
    for (good, expected) in [(0, [1 - p, p]), (1, [p, 1 - p])] {
      let labels = good == 0 ? ["good", "bad"] : ["bad", "good"]
      let byLogit = try Self.judge(Self.model(1), Self.info(labels, Self.network(.logits), good: good), 1.0 / 3)
      let model = try Self.model(1, sigmoid: true)
      let byScore = try Self.judge(model, Self.info(labels, Self.network(.probabilities), good: good), 1.0 / 3)
      for judged in [byLogit, byScore] {
        for (a, b) in zip(judged.probabilities, expected) { #expect(abs(a - b) < 1e-5) }
      }
    }
  }

  /// As anomalib's graphs: a map, its maximum as score.
  private static func anomaly(_ size: Int) throws -> ONNXModel {
    var builder = GraphBuilder(name: "anomaly")
    let x = builder.input("input", shape: ["n", 3, "h", "w"])
    let map = builder.convolution(
      x, name: "map", weights: Constant([1, 0, 0] as [Float], shape: [1, 3, 1, 1]))
    builder.output(builder.flatten(builder.globalMaxPooling(map, name: "peak"), name: "flat"), as: "pred_score")
    builder.output(map, as: "anomaly_map")
    return try ONNXModel(onnx: try builder.build().onnx())
  }

  @Test func anomalyMapsBecomeHeat() throws {
    let model = try Self.anomaly(8)
    let network = try ForeignNetwork(guessing: model, input: nil, output: nil, map: nil, scores: nil, path: "f.onnx")
    #expect(
      network == ForeignNetwork(input: "input", output: "pred_score", scores: .probabilities, map: "anomaly_map"))
    let info = Self.info(["good", "anomaly"], network)
    let graph = try network.graph(model, info: info, path: "f.onnx")
    let judge = try Classifier(graph, info: info, path: "f.onnx").judge(threads: 1)
    var x = [Float](repeating: 0.1, count: 3 * 64)
    x[8 * 2 + 5] = 0.9
    let judged = try judge.judge(x.span)
    #expect(abs(judged.probabilities[1] - 0.9) < 1e-6 && abs(judged.probabilities[0] - 0.1) < 1e-6)
    let heat = try #require(judged.heat)
    #expect(heat.channels == 2 && heat.height == 8 && heat.width == 8)
    #expect(abs(heat.plane(1)[64 + 8 * 2 + 5] - 0.9) < 1e-6 && abs(heat.plane(0)[0] - 0.9) < 1e-6)
  }

  @Test func channelsLastAreTurned() throws {
    // The same network behind a transpose, as exporters of TensorFlow leave it.
    var builder = GraphBuilder(name: "last")
    let x = builder.input("pixels", shape: ["n", 8, 8, 3])
    let turned = builder.node(.transpose(permutation: [0, 3, 1, 2]), name: "turn", inputs: [x])
    let mean = builder.flatten(builder.globalAveragePooling(turned, name: "mean"), name: "flat")
    let y = builder.dense(mean, name: "fc", weights: Constant([0, 0, 0, 1, 2, 3] as [Float], shape: [2, 3]))
    builder.output(y, as: "scores")
    let model = try ONNXModel(onnx: try builder.build().onnx())
    let info = Self.info(["good", "bad"], Self.network(.logits))
    let graph = try info.foreign!.graph(model, info: info, path: "f.onnx")
    let judge = try Classifier(graph, info: info, path: "f.onnx").judge(threads: 1)
    // Planes of 0.5, 0 and 0: the second logit is 0.5.
    let planes = (0..<192).map { $0 < 64 ? Float(0.5) : 0 }
    let judged = try judge.judge(planes.span)
    #expect(abs(judged.probabilities[1] - 0.622_459_3) < 1e-5)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    func message(_ model: ONNXModel, _ labels: [String], _ network: ForeignNetwork = Self.network(.logits)) -> String {
      do {
        _ = try network.graph(model, info: Self.info(labels, network), path: "f.onnx")
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    let model = try Self.model()
    #expect(message(model, ["good", "a"]) == "f.onnx gives 3 scores, but there are 2 labels.")
    #expect(
      message(try Self.model(shape: [4, 3, "h", "w"]), ["good", "a", "b"]).contains("takes 4 pictures at a time"))
    #expect(
      message(try Self.model(shape: ["n", 3, 16, 16]), ["good", "a", "b"])
        == "f.onnx takes ?x3x16x16, not 3 channels of 8 rows and 8 columns.")
    let other = ForeignNetwork(input: "image", output: "scores", scores: .logits)
    #expect(message(model, ["good", "a", "b"], other) == "f.onnx has no input 'image', but 'pixels'.")
    let map = ForeignNetwork(input: "pixels", output: "scores", scores: .logits, map: "scores")
    #expect(message(model, ["good", "a", "b"], map).contains("has a map of shape [1, 3]"))
    #expect(throws: ModelError("f.onnx", "has no output 'x', but 'scores'")) {
      try ForeignNetwork(guessing: model, input: nil, output: "x", map: nil, scores: nil, path: "f.onnx")
    }
  }

  @Test func storedWithTheLabels() throws {
    let info = Self.info(["good", "a", "b"], Self.network(.logits))
    #expect(try ModelInfo(info.metadata(), path: "f.onnx") == info)
    let error = #expect(throws: ModelError.self) { try ModelInfo([:], path: "dir/f.onnx") }
    #expect(
      error?.description.contains("`assay model import dir/f.onnx --out NEW.onnx --labels good,scratch,...`") == true)
  }
}
