import FileTestSupport
import Imaging
import Samples
import Testing

@Suite("assay synth")
struct SynthCommandTests {
  /// Striped parts, some with a dark spot and its mask.
  private func folder(defects: Int = 6) throws -> TestFolder {
    let folder = TestFolder()
    var lines = ["image,mask,label,split"]
    func part(_ seed: Int, spot: (x: Int, y: Int)?) -> (Image<Gray8>, Image<Gray8>) {
      var random = SplitMix64(seed: UInt64(seed))
      var pixels: [UInt8] = []
      var mask: [UInt8] = []
      for y in 0..<48 {
        for x in 0..<64 {
          let isInside = spot.map { ($0.x - x) * ($0.x - x) + ($0.y - y) * ($0.y - y) <= 25 } ?? false
          let level = 150 + Float(x % 7) * 3 + 3 * random.normal()
          pixels.append(UInt8(level * (isInside ? 0.5 : 1)))
          mask.append(isInside ? 255 : 0)
        }
      }
      return (Image(width: 64, height: 48, pixels: pixels), Image(width: 64, height: 48, pixels: mask))
    }
    for split in ["train", "val", "test"] {
      let base = split == "train" ? 0 : split == "val" ? 100 : 200
      for number in 0..<(split == "train" ? 12 : 4) {
        folder.write(try part(base + number, spot: nil).0.png(), "parts/\(split)-good-\(number).png")
        lines.append("\(split)-good-\(number).png,,good,\(split)")
      }
      for number in 0..<(split == "train" ? defects : 4) {
        let (image, mask) = part(base + 50 + number, spot: (15 + 5 * number, 14 + 3 * number))
        folder.write(try image.png(), "parts/\(split)-spot-\(number).png")
        folder.write(try mask.png(), "parts/\(split)-mask-\(number).png")
        lines.append("\(split)-spot-\(number).png,\(split)-mask-\(number).png,spot,\(split)")
      }
    }
    folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), "parts/manifest.csv")
    return folder
  }

  private func train(_ folder: TestFolder, _ more: String...) -> Command {
    Command(
      [
        "synth", "train", folder.path + "/parts", "--out", folder.path + "/g.onnx", "--steps", "6", "--size", "32",
        "--batch", "4", "--threads", "1",
      ] + more, in: folder)
  }

  @Test("a generator is trained, paints, and its pictures are learned from")
  func wholeWay() throws {
    let folder = try folder()
    let trained = train(folder)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    #expect(trained.errors.contains("spot has 6 images: below 20"))
    for name in ["g.onnx", "g.training.html", "g.samples.png"] { #expect(folder.exists(name)) }
    #expect(!folder.exists("g.checkpoint.safetensors"))
    let painted = Command(
      "synth", "generate", "--model", folder.path + "/g.onnx", "--good", folder.path + "/parts", "--count", "9",
      "--out",
      folder.path + "/painted", in: folder)
    #expect(painted.exitCode == 0, "\(painted.errors)")
    #expect(painted.output.contains("9 pictures"))
    for line in painted.output.split(separator: "\n") where !line.contains("/") { #expect(line.count <= 80) }
    for name in [
      "manifest.csv", "provenance.json", "contact-sheet.png", "images/spot-00008.png", "masks/spot-00008.png",
    ] {
      #expect(folder.exists("painted/" + name), "\(name)")
    }
    let set = try PartSet.load(path: folder.path + "/painted")
    #expect(set.parts.count == 9 && set.parts.allSatisfy { $0.isSynthetic })
    for part in set.parts {
      let mark = try #require(SyntheticMark(file: TestFolder.contents(part.imagePath)))
      #expect(mark.generator == "g.onnx" && mark.generatorSHA256.count == 64 && mark.label == "spot")
      let parent = try ImageFile.load(path: folder.path + "/parts/" + mark.parent).image.gray8()
      let image = try ImageFile.load(path: part.imagePath).image.gray8()
      let mask = try ImageFile.load(path: try #require(part.maskPath)).image.gray8()
      #expect(mask.pixels.contains(255))
      #expect(zip(zip(image.pixels, parent.pixels), mask.pixels).allSatisfy { $0.0 == $0.1 || $1 == 255 })
    }
    // What is there is not mixed with another run's; the same again is the same.
    let bytes = folder.contents("painted/images/spot-00003.png")
    let again = Command(
      "synth", "generate", "--model", folder.path + "/g.onnx", "--good", folder.path + "/parts", "--count", "4",
      "--out",
      folder.path + "/painted", in: folder)
    #expect(again.exitCode == 1 && again.errors.contains("holds synthetic pictures already"), "\(again.errors)")
    let replaced = Command(
      "synth", "generate", "--model", folder.path + "/g.onnx", "--good", folder.path + "/parts", "--count", "4",
      "--out",
      folder.path + "/painted", "--overwrite", in: folder)
    #expect(replaced.exitCode == 0 && !folder.exists("painted/images/spot-00008.png"))
    #expect(folder.contents("painted/images/spot-00003.png") == bytes)
    let learned = Command(
      "train", folder.path + "/parts", "--out", folder.path + "/m.onnx", "--steps", "3", "--synthetic",
      folder.path + "/painted", in: folder)
    #expect(learned.exitCode == 0, "\(learned.errors)")
    #expect(learned.errors.contains("synthetic: 4 of the training parts"))
    let card = Command("model", "show", folder.path + "/m.onnx", in: folder)
    #expect(card.output.contains("spot 4 of them"), "\(card.output)")
    let check = Command("dataset", "check", folder.path + "/painted", in: folder)
    #expect(check.output.contains("4 images of the training split are synthetic"), "\(check.output)")
    // A generator is no classifier, and a classifier no generator.
    let wrong = Command(
      "inspect", folder.path + "/parts", "--model", folder.path + "/g.onnx", "--out", folder.path + "/run", in: folder)
    #expect(wrong.exitCode == 1 && wrong.errors.contains("g.onnx"), "\(wrong.errors)")
    let other = Command(
      "synth", "generate", "--model", folder.path + "/m.onnx", "--good", folder.path + "/parts", "--out",
      folder.path + "/x", in: folder)
    #expect(other.exitCode == 1 && other.errors.contains("m.onnx is no generator"), "\(other.errors)")
  }

  @Test("usefulness: every training is kept, the verdict takes two seeds, and the report is written")
  func usefulness() throws {
    let folder = try folder()
    let painted = Command(
      "synth", "generate", "--model", "relit", "--from", folder.path + "/parts", "--good", folder.path + "/parts",
      "--count", "4", "--out", folder.path + "/painted", in: folder)
    #expect(painted.exitCode == 0, "\(painted.errors)")
    func evaluate(_ more: String...) -> Command {
      Command(
        [
          "synth", "evaluate", folder.path + "/parts", "--synthetic", folder.path + "/painted", "--out",
          folder.path + "/useful", "--steps", "2", "--count", "3",
        ] + more, in: folder)
    }
    let first = evaluate("--seeds", "1")
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.output.contains("verdict: none yet"))
    for line in first.output.split(separator: "\n") where !line.contains("/") { #expect(line.count <= 80, "\(line)") }
    let second = evaluate("--seeds", "2", "--fail-unless-helps")
    #expect(second.exitCode == 0 || second.exitCode == 4, "\(second.errors)")
    for diet in ["real", "paste", "procedural", "synthetic"] {
      #expect(second.errors.contains("\(diet), seed 1") && second.errors.contains("\(diet), seed 2"))
    }
    #expect(second.output.contains("macro-F1 against real") && second.output.contains("over 2 seeds"))
    let page = String(decoding: folder.contents("useful/report.html"), as: UTF8.self)
    #expect(page.contains("Usefulness of synthetic parts") && page.contains("procedural") && page.contains("FID"))
    let other = evaluate("--seeds", "1", "--preset", "fast")
    #expect(other.exitCode == 1 && other.errors.contains("results of another measurement"), "\(other.errors)")
    let alone = evaluate("--seeds", "1", "--peers", "paste,relit", "--restart")
    #expect(alone.exitCode == 0, "\(alone.errors)")
    #expect(alone.output.contains("\npaste ") && alone.output.contains("\nrelit "), "\(alone.output)")
    #expect(!alone.output.contains("procedural"), "\(alone.output)")
    // Other synthetic parts are measured against what is known of the rest.
    let again = Command(
      [
        "synth", "generate", "--model", "relit", "--from", folder.path + "/parts", "--good", folder.path + "/parts",
        "--count", "3", "--seed", "9", "--out", folder.path + "/painted", "--overwrite",
      ], in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    func scores(_ kind: String) -> Substring? {
      String(decoding: folder.contents("useful/results.json"), as: UTF8.self).split(separator: "{")
        .first { $0.contains("\"diet\" : \"\(kind)\"") || $0.contains("\"diet\":\"\(kind)\"") }
    }
    let (before, synthetic) = (scores("paste"), scores("synthetic"))
    let different = evaluate("--seeds", "1", "--peers", "paste")
    #expect(different.exitCode == 0, "\(different.errors)")
    #expect(before != nil && scores("paste") == before && scores("synthetic") != synthetic)
    #expect(different.output.contains("\nrelit "), "\(different.output)")
  }

  @Test("bad input: one sentence each, with what to do")
  func badInput() throws {
    let folder = try folder()
    func refusal(_ arguments: String..., code: Int32 = 1) -> String {
      let command = Command(arguments, in: folder)
      #expect(command.exitCode == code, "\(arguments): \(command.errors)")
      if code == 1 {
        #expect(command.errors.hasPrefix("error: ") && command.errors.count { $0 == "\n" } == 1, "\(command.errors)")
      }
      return command.errors
    }
    let (parts, out) = (folder.path + "/parts", folder.path + "/x")
    #expect(
      refusal("synth", "train", parts, "--out", out + ".onnx", "--classes", "crack")
        .contains("crack is no class of this set; it has good, spot"))
    #expect(
      refusal(
        "synth", "generate", "--model", "relit", "--from", parts, "--good", parts, "--class", "crack", "--out", out
      )
      .contains("crack is no class that relit knows"))
    folder.write([], "empty/.keep")
    #expect(
      refusal("synth", "generate", "--model", "relit", "--from", parts, "--good", folder.path + "/empty", "--out", out)
        .contains("holds no picture of a good part"))
    #expect(
      refusal("synth", "generate", "--model", folder.path + "/none.onnx", "--good", parts, "--out", out)
        .contains("none.onnx"))
    #expect(
      refusal("synth", "generate", "--model", "relit", "--good", parts, "--out", out, code: 64).contains("--from"))
    #expect(
      refusal(
        "synth", "generate", "--model", "relit", "--from", parts, "--good", parts, "--out", out, "--severity", "2",
        code: 64
      ).contains("--severity"))
    #expect(
      refusal("synth", "evaluate", parts, "--synthetic", parts, "--out", out, "--peers", "paste,drawn", code: 64)
        .contains("not \"drawn\""))
    #expect(
      refusal("train", parts, "--out", out + ".onnx", "--synthetic", parts).contains("nothing marks it as synthetic"))
    #expect(
      refusal("train", parts, "--out", out + ".onnx", "--synthetic", parts, "--folds", "3", code: 64)
        .contains("--folds"))
    let few = try self.folder(defects: 1)
    let command = Command("synth", "train", few.path + "/parts", "--out", few.path + "/g.onnx", in: few)
    #expect(command.exitCode == 1 && command.errors.contains("a generator needs 5"), "\(command.errors)")
  }
}
