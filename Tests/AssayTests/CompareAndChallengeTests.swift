import Classification
import FileTestSupport
import Graphs
import Imaging
import Inspection
import Samples
import Testing

@Suite struct CompareAndChallengeTests {
  /// Brightness decides: `gain` times the mean level (from -0.5 to 0.5), as a logit, is a stain.
  private static func model(gain: Float, labels: [String] = ["good", "stain"], good: Int = 0) throws -> [UInt8] {
    var builder = GraphBuilder(name: "m")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(
      mean, name: "logits", weights: Constant(good == 0 ? [0, gain] : [gain, 0] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    var graph = try builder.build()
    graph.metadata =
      ModelInfo(
        name: "m", labels: labels, goodIndex: good, pixelLabels: [],
        preprocessing: Preprocessing(width: 16, height: 16, mean: [0.5], std: [1]),
        thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil
      ).metadata()
    return try graph.onnx()
  }

  /// Parts of grey levels; p(stain) is sigmoid(8 (level / 255 - 0.5)): 0.02, 0.03, 0.11 and 0.98, 0.95, 0.60.
  private func folder() throws -> TestFolder {
    let folder = TestFolder()
    for (label, levels) in [("good", [UInt8(0), 20, 60]), ("stain", [255, 220, 140])] {
      for level in levels {
        let picture = Image<Gray8>(width: 16, height: 16, pixels: [UInt8](repeating: level, count: 256))
        folder.write(try picture.png(), "parts/test/\(label)/\(level).png")
      }
    }
    folder.write(try Self.model(gain: 8), "a.onnx")
    folder.write(try Self.model(gain: -8), "wrong.onnx")
    folder.write(try Self.model(gain: 8, labels: ["stain", "good"], good: 1), "turned.onnx")
    folder.write(try Self.model(gain: 8, labels: ["good", "dent"]), "dent.onnx")
    return folder
  }

  private func compare(_ folder: TestFolder, _ other: String, _ more: String...) -> Command {
    Command(
      [
        "compare", folder.path + "/a.onnx", folder.path + "/" + other, "--data", folder.path + "/parts", "--out",
        folder.path + "/out", "--resamples", "200",
      ] + more, in: folder)
  }

  @Test func aWorseModelIsFoundOut() throws {
    let folder = try folder()
    let done = compare(folder, "wrong.onnx")
    #expect(done.exitCode == 0, "\(done.errors)")
    #expect(done.output.contains("6 parts of parts, test judged by both\n"), "\(done.output)")
    #expect(done.output.contains("A is better: macro-F1 +1.000 [1.000, 1.000]."))
    #expect(done.output.contains("6 parts judged differently: B worse on 6, better on 0\n"))
    for line in done.output.split(separator: "\n") where !line.contains("/") { #expect(line.count <= 80, "\(line)") }
    let json = try JSON(parsing: folder.contents("out/comparison.json"))
    #expect(json["mcnemar"]?["class"]?["only_a_right"]?.intValue == 6)
    // Two stains are accepted by the wrong model, the third one goes to review.
    #expect(json["flipped"]?.arrayValue?.first?["is"]?.stringValue == "stain")
    #expect(json["b"]?["escape_rate"]?["value"]?.doubleValue == 2.0 / 3)
    #expect(folder.exists("out/report.html"))
    let again = compare(folder, "wrong.onnx", "--json")
    #expect(Array(again.output.utf8) == folder.contents("out/comparison.json"))
  }

  @Test func theSameClassesInAnotherOrderAreTheSame() throws {
    let folder = try folder()
    let done = compare(folder, "turned.onnx")
    #expect(done.exitCode == 0 && done.output.contains("No clear difference on these 6 parts"), "\(done.errors)")
    #expect(done.output.contains("0 parts judged differently"), "\(done.output)")
  }

  @Test func whatCannotBeCompared() throws {
    let folder = try folder()
    let classes = compare(folder, "dent.onnx")
    #expect(classes.exitCode == 1 && classes.errors.contains("dent.onnx has other classes (good, dent) than"))
    #expect(!folder.exists("out"))
    let split = compare(folder, "wrong.onnx", "--split", "val")
    #expect(split.exitCode == 1 && split.errors.contains("has no part in its val split"), "\(split.errors)")
    folder.write(Array("no picture".utf8), "parts/test/good/odd.png")
    let unreadable = compare(folder, "wrong.onnx")
    #expect(unreadable.exitCode == 3 && unreadable.output.contains("could not be read: "))
  }

  private func challenge(_ folder: TestFolder, _ model: String, _ more: String...) -> Command {
    Command(
      [
        "challenge", "--set", folder.path + "/parts", "--model", folder.path + "/" + model, "--out",
        folder.path + "/passed",
      ] + more, in: folder)
  }

  private func inspect(_ folder: TestFolder, _ model: String, _ more: String...) -> Command {
    Command(
      [
        "inspect", folder.path + "/parts", "--model", folder.path + "/" + model, "--out", folder.path + "/run",
        "--no-report", "--no-annotated", "--require-challenge", folder.path + "/passed",
      ] + more, in: folder)
  }

  @Test func aPassedChallengeAllowsRuns() throws {
    let folder = try folder()
    let none = inspect(folder, "a.onnx")
    #expect(none.exitCode == 1 && none.errors.contains("challenge.json is not there: run `assay challenge`"))
    let done = challenge(folder, "a.onnx")
    #expect(done.exitCode == 0 && done.output.hasPrefix("passed: 6 known parts, 3 good and 3 defective\n"))
    let record = try ChallengeRecord(json: folder.contents("passed/challenge.json"), path: "")
    #expect(record.isPassed && record.digest.count == 64 && record.goodParts == 3)
    #expect(folder.exists("passed/report.html"))
    let other = inspect(folder, "turned.onnx")
    #expect(other.exitCode == 1 && other.errors.contains("is of the model m ("), "\(other.errors)")
    let limits = inspect(folder, "a.onnx", "--reject", "0.9")
    #expect(limits.exitCode == 1 && limits.errors.contains("was passed with other thresholds"))
    #expect(!folder.exists("run"))
    let run = inspect(folder, "a.onnx", "--max-age", "1d")
    #expect(run.exitCode == 0, "\(run.errors)")
    let head = folder.contents("run/decisions.jsonl").prefix { $0 != 0x0A }
    let named = try JSON(parsing: head)["challenge"]
    #expect(named?["path"]?.stringValue?.hasSuffix("passed/challenge.json") == true)
    #expect(named?["sha256"]?.stringValue?.count == 64)
  }

  @Test func anOldPassIsRefused() throws {
    let folder = try folder()
    #expect(challenge(folder, "a.onnx").exitCode == 0)
    var record = try ChallengeRecord(json: folder.contents("passed/challenge.json"), path: "")
    record.time = Timestamp(milliseconds: record.time.milliseconds - 13 * 3_600_000)
    folder.write(record.json, "passed/challenge.json")
    let old = inspect(folder, "a.onnx")
    #expect(old.exitCode == 1 && old.errors.contains("13 h ago, and may be 12 h old at most"), "\(old.errors)")
    #expect(!folder.exists("run"))
    #expect(inspect(folder, "a.onnx", "--max-age", "14h").exitCode == 0)
  }

  @Test func aFailedChallengeNamesItsParts() throws {
    let folder = try folder()
    let failed = challenge(folder, "wrong.onnx")
    #expect(failed.exitCode == 5 && failed.output.hasPrefix("NOT PASSED: 5 of 6 known parts"), "\(failed.output)")
    #expect(failed.output.contains("test/stain/255.png: is stain, accept good 0.98"), "\(failed.output)")
    let run = inspect(folder, "wrong.onnx")
    #expect(run.exitCode == 1 && run.errors.contains("was not passed: 5 of 6 parts"))
    // To be judged as a stain, none may be missed by its class or sent to review.
    #expect(challenge(folder, "wrong.onnx", "--exact").output.hasPrefix("NOT PASSED: 6 of 6 known parts"))
    folder.write(Array("no picture".utf8), "parts/test/stain/odd.png")
    let unreadable = challenge(folder, "a.onnx")
    #expect(unreadable.exitCode == 5 && unreadable.output.contains("odd.png: is stain, reject unreadable\n"))
  }

  @Test func aChallengeThatProvesNothingIsRefused() throws {
    let folder = try folder()
    folder.write(Array("image,label,split\nparts/test/good/0.png,good,test\n".utf8), "goods.csv")
    folder.write(Array("image,label,split\nparts/test/stain/255.png,stain,test\n".utf8), "stains.csv")
    for (set, missing) in [("goods.csv", "defective"), ("stains.csv", "good")] {
      let refused = Command(
        "challenge", "--set", folder.path + "/" + set, "--model", folder.path + "/a.onnx", "--out",
        folder.path + "/passed", in: folder)
      #expect(refused.exitCode == 1 && refused.errors.contains("\(set) has no \(missing) part"), "\(refused.errors)")
    }
    #expect(!folder.exists("passed"))
  }
}
