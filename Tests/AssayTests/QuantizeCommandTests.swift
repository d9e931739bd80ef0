import Classification
import Graphs
import Imaging
import Samples
import Testing

@Suite struct QuantizeCommandTests {
  /// Two convolutions that pass the mean level on, which decides: `gain` times it, as a logit, is a stain.
  private static func model(gain: Float) throws -> [UInt8] {
    var builder = GraphBuilder(name: "m")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let first = builder.convolution(
      image, name: "first", weights: Constant([Float](repeating: 1 / 9, count: 36), shape: [4, 1, 3, 3]))
    let second = builder.convolution(
      first, name: "second", weights: Constant([Float](repeating: 0.25, count: 16), shape: [4, 4, 1, 1]))
    let mean = builder.flatten(builder.globalAveragePooling(second, name: "mean"), name: "flat")
    let head = [Float](repeating: 0, count: 4) + [Float](repeating: gain / 4, count: 4)
    let logits = builder.dense(mean, name: "logits", weights: Constant(head, shape: [2, 4]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    var graph = try builder.build()
    graph.metadata =
      ModelInfo(
        name: "m", labels: ["good", "stain"], goodIndex: 0, pixelLabels: [],
        preprocessing: Preprocessing(width: 16, height: 16, mean: [0.5], std: [1]),
        thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil
      ).metadata()
    return try graph.onnx()
  }

  private func folder(gain: Float = 8) throws -> TestFolder {
    let folder = TestFolder()
    func write(_ level: UInt8, _ name: String) throws {
      let picture = Image<Gray8>(width: 16, height: 16, pixels: [UInt8](repeating: level, count: 256))
      folder.write(try picture.png(), "parts/\(name)-\(level).png")
    }
    for level in [UInt8(0), 20, 40, 60] { try write(level, "train/good/part") }
    for level in [UInt8(255), 230, 200] { try write(level, "train/stain/part") }
    // Where a little matters, one is next to the threshold.
    for level in [UInt8(10), 50, gain > 100 ? 127 : 100] { try write(level, "test/good/part") }
    for level in [UInt8(240), 210] { try write(level, "test/stain/part") }
    folder.write(try Self.model(gain: gain), "a.onnx")
    return folder
  }

  private func quantize(_ folder: TestFolder, _ more: String...) -> Command {
    Command(
      [
        "model", "quantize", folder.path + "/a.onnx", "--data", folder.path + "/parts", "--out",
        folder.path + "/b.onnx", "--threads", "1",
      ] + more, in: folder)
  }

  @Test func aModelIsQuantisedAndAgrees() throws {
    let folder = try folder()
    let done = quantize(folder)
    #expect(done.exitCode == 0, "\(done.errors)")
    #expect(done.output.contains("observed on     7 parts of parts, train\n"), "\(done.output)")
    #expect(done.output.contains("layers          2 in 8-bit integers, 1 in single precision\n"))
    #expect(done.output.contains("judged by both  5 parts of test\n"))
    #expect(done.output.contains("other verdicts  0 (0.00 %), allowed 0\n"))
    #expect(done.output.contains("escapes         0 (0.00 %) -> 0 (0.00 %) of 2 defective parts\n"))
    for line in done.output.split(separator: "\n") where !line.contains("/") { #expect(line.count <= 80, "\(line)") }

    // All that judging needs is kept, and where it comes from is added.
    let before = try Graph(onnx: folder.contents("a.onnx")).metadata
    let after = try Graph(onnx: folder.contents("b.onnx")).metadata
    for (key, value) in before { #expect(after[key] == value) }
    #expect(after["assay.quantization.source_sha256"]?.count == 64)
    #expect(after["assay.quantization.parts"] == "7" && after["assay.quantization.split"] == "train")
    let shown = Command("model", "show", folder.path + "/b.onnx", in: folder)
    #expect(shown.exitCode == 0 && shown.output.contains("8-bit integers"), "\(shown.output)")
    let verified = Command(
      "model", "verify", folder.path + "/a.onnx", folder.path + "/b.onnx", "--data", folder.path + "/parts/test",
      in: folder)
    #expect(verified.exitCode == 0 && verified.output.contains("5 pictures judged by both"), "\(verified.errors)")
    // The same again gives the same bytes; what is quantised is not quantised again.
    let bytes = folder.contents("b.onnx")
    #expect(quantize(folder, "--json").output.contains("\"written\": true"))
    #expect(folder.contents("b.onnx") == bytes)
    let again = Command(
      "model", "quantize", folder.path + "/b.onnx", "--data", folder.path + "/parts", "--out", folder.path + "/c.onnx",
      in: folder)
    #expect(again.exitCode == 1 && again.errors.contains("quantised already"))
  }

  @Test func tooManyOtherVerdictsLeaveNoFile() throws {
    // So steep that one step of an 8-bit integer is a verdict.
    let folder = try folder(gain: 2000)
    let refused = quantize(folder)
    #expect(refused.exitCode == 1 && !folder.exists("b.onnx"))
    #expect(refused.output.contains("other verdicts  1 (20.00 %), allowed 0\n"), "\(refused.output)")
    #expect(refused.output.contains("good/part-127"))
    #expect(refused.output.contains("accept good 0.980 -> "), "\(refused.output)")
    #expect(refused.output.contains("overkills       0 (0.00 %) -> 1 (33.33 %) of 3 good parts\n"))
    #expect(refused.errors.contains("was not written: 1 verdicts differ, 0 may"), "\(refused.errors)")
    #expect(quantize(folder, "--max-flips", "20%").exitCode == 0)
    #expect(folder.exists("b.onnx"))
    #expect(quantize(folder, "--max-flips", "1", "--json").output.contains("\"flips\": 1"))
  }

  @Test func whatCannotBeQuantised() throws {
    let folder = try folder()
    let same = Command(
      "model", "quantize", folder.path + "/a.onnx", "--data", folder.path + "/parts", "--out", folder.path + "/a.onnx",
      in: folder)
    #expect(same.exitCode == 1 && same.errors.contains("is the model itself"))
    let wrong = quantize(folder, "--max-flips", "few")
    #expect(wrong.exitCode == 64)
    // Parts to judge on must not be those that were observed.
    let manifest =
      "image,label,split\nparts/train/good/part-0.png,good,val\n"
      + "parts/train/stain/part-255.png,stain,val\n"
    folder.write(Array(manifest.utf8), "one.csv")
    let one = Command(
      "model", "quantize", folder.path + "/a.onnx", "--data", folder.path + "/one.csv", "--out",
      folder.path + "/b.onnx", in: folder)
    #expect(one.exitCode == 1 && !folder.exists("b.onnx"), "\(one.output)")
  }
}
