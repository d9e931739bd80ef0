import Graphs
import Samples
import Testing

@testable import Classification

@Suite struct ModelInfoTests {
  private static let info = ModelInfo(
    name: "bolts", labels: ["good", "crack", "\"odd\", näme"], goodIndex: 0,
    pixelLabels: ["good", "crack", "\"odd\", näme"],
    preprocessing: Preprocessing(
      width: 96, height: 64, channels: 3, fit: .letterbox, filter: .lanczos3, mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 1.0 / 3], fill: 7),
    thresholds: ModelInfo.Thresholds(reject: 0.7, review: 0.1, confidence: 0.4),
    provenance: ModelInfo.Provenance(
      assayVersion: "1.2", dataset: "set", settings: TrainingSettings(seed: .max),
      network: NetworkConfiguration(preset: .fast, inputChannels: 3, classes: 3, pixelClasses: 3), steps: 12,
      trainCounts: [1, 2, 3], validationCounts: [4, 5, 6], testCounts: [0, 0, 0], trainDigest: "00ff",
      temperature: 1.25,
      validation: ModelInfo.Scores(accuracy: 0.5, macroF1: 1.0 / 3, auroc: nil, expectedCalibrationError: 0.01),
      augmentation: ["flips", "noise"]))

  private func graph(_ metadata: [String: String]) -> Graph { Graph(name: "g", metadata: metadata) }

  @Test func roundTrip() throws {
    #expect(try ModelInfo(graph(Self.info.metadata()), path: "m.onnx") == Self.info)
    var bare = Self.info
    (bare.goodIndex, bare.pixelLabels, bare.provenance) = (nil, [], nil)
    #expect(try ModelInfo(graph(bare.metadata()), path: "m.onnx") == bare)
    bare.pixelLabels = bare.labels + ["background"]
    #expect(try ModelInfo(graph(bare.metadata()), path: "m.onnx") == bare)
    // The same bytes each time.
    #expect(Self.info.metadata() == Self.info.metadata())
  }

  @Test func nothingOfTheClockOrTheMachine() {
    let text = Self.info.metadata().map { "\($0)=\($1)" }.joined().lowercased()
    for word in ["seconds", "date", "time\"", "host", "/"] { #expect(!text.contains(word), "\(word)") }
  }

  @Test(arguments: [
    ("assay.format", nil), ("assay.format", "2"), ("assay.labels", nil), ("assay.labels", "{"),
    ("assay.labels", "[]"), ("assay.labels", "[\"one\"]"), ("assay.labels", "[\"a\",\"a\",\"b\"]"),
    ("assay.labels", "[1,2]"), ("assay.good", "none of them"), ("assay.pixel_labels", nil),
    ("assay.pixel_labels", "[\"a\"]"), ("assay.preprocessing", nil), ("assay.preprocessing", "{}"),
    ("assay.preprocessing", "null"), ("assay.thresholds", nil), ("assay.thresholds", "{\"reject\":0.5}"),
    ("assay.thresholds", "{\"reject\":2,\"review\":0.1,\"confidence\":0.5}"),
    ("assay.thresholds", "{\"reject\":-0.5,\"review\":0.1,\"confidence\":0.5}"),
    ("assay.thresholds", "{\"reject\":1e999,\"review\":0.1,\"confidence\":0.5}"),
  ]) func damage(key: String, value: String?) throws {
    var metadata = Self.info.metadata()
    metadata[key] = value
    let error = #expect(throws: ModelError.self) { try ModelInfo(self.graph(metadata), path: "dir/m.onnx") }
    #expect(error?.description.hasPrefix("dir/m.onnx ") == true)
  }

  /// Each member left out, and each with a value that no input can have.
  @Test(arguments: [
    ("width", "0"), ("height", "-1"), ("channels", "2"), ("fill", "300"), ("fit", "\"other\""), ("filter", "5"),
    ("mean", "[9]"), ("std", "[1,0,1]"),
  ]) func damagedPreprocessing(member: String, value: String) throws {
    var metadata = Self.info.metadata()
    let whole = try #require(metadata["assay.preprocessing"])
    for damaged in [
      whole.replacing("\"\(member)\":", with: "\"was\":"),
      // The last of two members of one name would count in some readers: the first is renamed.
      whole.replacing("\"\(member)\":", with: "\"\(member)\":\(value),\"was\":"),
    ] {
      #expect(damaged != whole)
      metadata["assay.preprocessing"] = damaged
      #expect(throws: ModelError.self) { try ModelInfo(self.graph(metadata), path: "m.onnx") }
    }
  }

  @Test func aBrokenCardIsNoReasonNotToJudge() throws {
    var metadata = Self.info.metadata()
    metadata["assay.provenance"] = "{\"steps\":"
    #expect(try ModelInfo(graph(metadata), path: "m.onnx").provenance == nil)
  }

  @Test func graphsThatDoNotFitTheirLabels() throws {
    var builder = GraphBuilder(name: "g")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(mean, name: "logits", weights: Constant([1, -1] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    let map = builder.convolution(image, name: "map", weights: Constant([1, 1, 1] as [Float], shape: [3, 1, 1, 1]))
    builder.output(map, as: "heat")
    let graph = try builder.build()
    var info = Self.info
    info.preprocessing = Preprocessing(width: 16, height: 16)
    // Three labels, two probabilities.
    #expect(throws: ModelError.self) { _ = try Classifier(graph, info: info, path: "m").judge(threads: 1) }
    // Two labels, but a heat map of three.
    (info.labels, info.pixelLabels) = (["good", "bad"], [])
    #expect(throws: ModelError.self) { _ = try Classifier(graph, info: info, path: "m").judge(threads: 1) }
    // Three channels asked for, one taken.
    info.preprocessing = Preprocessing(width: 16, height: 16, channels: 3)
    #expect(throws: (any Error).self) { _ = try Classifier(graph, info: info, path: "m").judge(threads: 1) }
    #expect(throws: (any Error).self) {
      _ = try Classifier(Graph(name: "empty"), info: info, path: "m").judge(threads: 1)
    }
  }

  @Test(arguments: [(Float.nan, false), (.infinity, false), (-.infinity, false), (3, true)])
  func weightsThatAreNotNumbersAreRefused(weight: Float, isSound: Bool) throws {
    var builder = GraphBuilder(name: "g")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(mean, name: "logits", weights: Constant([1, weight] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    let graph = try builder.build()
    if isSound {
      _ = try Classifier(graph, info: Self.info, path: "m.onnx")
    } else {
      let error = #expect(throws: ModelError.self) { _ = try Classifier(graph, info: Self.info, path: "m.onnx") }
      #expect(error?.description.contains("m.onnx holds weights that are not numbers") == true)
    }
  }
}
