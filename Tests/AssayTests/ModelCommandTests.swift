import Classification
import FileTestSupport
import Graphs
import Imaging
import Samples
import Testing

@Suite struct ModelCommandTests {
  /// Brightness decides: `gain` times the mean level, as a logit, is a stain.
  private static func model(gain: Float, labels: [String] = ["good", "stain"]) throws -> [UInt8] {
    var builder = GraphBuilder(name: "m")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(mean, name: "logits", weights: Constant([0, gain] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    var graph = try builder.build()
    graph.metadata =
      ModelInfo(
        name: "m", labels: labels, goodIndex: 0, pixelLabels: [],
        preprocessing: Preprocessing(width: 16, height: 16, mean: [0.5], std: [1]),
        thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil
      ).metadata()
    return try graph.onnx()
  }

  private func folder() throws -> TestFolder {
    let folder = TestFolder()
    for (index, level) in [UInt8(0), 60, 140, 255].enumerated() {
      let picture = Image<Gray8>(width: 16, height: 16, pixels: [UInt8](repeating: level, count: 256))
      folder.write(try picture.png(), "pictures/\(index).png")
    }
    folder.write(try Self.model(gain: 8), "a.onnx")
    folder.write(try Self.model(gain: 8.001), "b.onnx")
    // A stain is good and the other way round.
    folder.write(try Self.model(gain: -8), "c.onnx")
    folder.write(try Self.model(gain: 8, labels: ["good", "dent"]), "d.onnx")
    return folder
  }

  private func verify(_ folder: TestFolder, _ other: String, _ more: String...) -> Command {
    Command(
      ["model", "verify", folder.path + "/a.onnx", folder.path + "/" + other, "--data", folder.path + "/pictures"]
        + more, in: folder)
  }

  @Test func likeModelsAgree() throws {
    let folder = try folder()
    let same = verify(folder, "a.onnx", "--tolerance", "0")
    #expect(same.exitCode == 0 && same.output.contains("4 pictures judged by both\nlargest difference  0\n"))
    let near = verify(folder, "b.onnx")
    #expect(near.exitCode == 0 && near.output.contains("other verdicts      0\n"), "\(near.output)")
    #expect(verify(folder, "b.onnx", "--tolerance", "1e-6").exitCode == 1)
  }

  @Test func otherVerdictsAreNamedWithTheirPictures() throws {
    let folder = try folder()
    let other = verify(folder, "c.onnx")
    #expect(other.exitCode == 1)
    // p(stain) = sigmoid(8 (level / 255 - 0.5)): 0.02, 0.11, 0.60, 0.98, and 1 minus that.
    #expect(other.output.contains("other verdicts      4\n"), "\(other.output)")
    #expect(other.output.contains("/pictures/0.png: accept good -> reject stain\n"))
    #expect(other.output.contains("/pictures/2.png: reject stain -> review stain\n"), "\(other.output)")
    #expect(verify(folder, "c.onnx", "--max-flips", "4").exitCode == 0)
    let json = verify(folder, "c.onnx", "--json")
    #expect(json.output.contains("\"flips\": 4") && json.output.contains("\"first\": \"accept\""))
  }

  @Test func whatCannotBeCompared() throws {
    let folder = try folder()
    let labels = verify(folder, "d.onnx")
    #expect(labels.exitCode == 1 && labels.errors.contains("d.onnx has other classes than"), "\(labels.errors)")
    folder.write(Array("no picture".utf8), "pictures/odd.png")
    let unreadable = verify(folder, "a.onnx")
    #expect(
      unreadable.exitCode == 3 && unreadable.output.contains("could not be read: ")
        && unreadable.output.contains("odd.png"))
  }

  @Test func graphBeforeAndAfter() throws {
    let folder = try folder()
    let shown = Command(
      "model", "show", folder.path + "/a.onnx", "--graph", "--profile", "--threads", "1", in: folder)
    #expect(shown.exitCode == 0, "\(shown.errors)")
    #expect(shown.output.hasPrefix("input image 1x1x16x16\n\nin the file: 4 nodes\n"), "\(shown.output)")
    #expect(shown.output.contains("as it is run: ") && shown.output.contains("ms a run on 1 thread\n"))
    for name in ["mean", "flat", "logits", "GlobalAveragePool", "Softmax"] { #expect(shown.output.contains(name)) }
    let wrong = Command("model", "show", folder.path + "/a.onnx", "--graph", "--input", "1x2x16x16", in: folder)
    #expect(wrong.exitCode == 1)
  }
}
