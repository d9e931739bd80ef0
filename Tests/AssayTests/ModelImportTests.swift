import Classification
import FileTestSupport
import Graphs
import Imaging
import Testing

/// Networks of other programs, from their file to decisions.
@Suite struct ModelImportTests {
  /// Brightness decides, by logits, in a file that says nothing of labels.
  private func folder() throws -> TestFolder {
    var builder = GraphBuilder(name: "main_graph")
    let x = builder.input("input", shape: ["batch", 3, 16, 16])
    let mean = builder.flatten(builder.globalAveragePooling(x, name: "mean"), name: "flat")
    let logits = builder.dense(
      mean, name: "fc", weights: Constant([0, 0, 0, 4, 4, 4] as [Float], shape: [2, 3]), bias: [0, -6])
    builder.output(logits, as: "logits")
    let folder = TestFolder()
    folder.write(try builder.build().onnx(), "resnet.onnx")
    for (index, level) in [UInt8(0), 60, 140, 255].enumerated() {
      let picture = Image<Gray8>(width: 16, height: 16, pixels: [UInt8](repeating: level, count: 256))
      folder.write(try picture.png(), "pictures/\(index).png")
    }
    return folder
  }

  @Test func importedNetworksJudge() throws {
    let folder = try folder()
    let (file, out) = (folder.path + "/resnet.onnx", folder.path + "/parts.onnx")
    let bare = Command(
      "inspect", folder.path + "/pictures", "--model", file, "--out", folder.path + "/run", in: folder)
    #expect(bare.exitCode == 1)
    #expect(
      bare.errors.contains("`assay model import \(file) --out NEW.onnx --labels good,scratch,...`"), "\(bare.errors)")
    let imported = Command(
      "model", "import", file, "--out", out, "--labels", "good,stain", "--mean", "0,0,0", "--std", "1,1,1", in: folder)
    #expect(imported.exitCode == 0, "\(imported.errors)")
    #expect(imported.output.contains("classes      good (good), stain\n"), "\(imported.output)")
    #expect(imported.output.contains("note: The scores were taken for logits"))
    let run = Command(
      "inspect", folder.path + "/pictures", "--model", out, "--out", folder.path + "/run", "--quiet", in: folder)
    #expect(run.exitCode == 0, "\(run.errors)")
    // p(stain) = sigmoid(12 level / 255 - 6): 0.002, 0.04, 0.64, 0.998.
    #expect(run.output.hasPrefix("4 judged: 2 accepted, 0 for review, 2 rejected\n"), "\(run.output)")
    let verified = Command("model", "verify", out, out, "--data", folder.path + "/pictures", in: folder)
    #expect(verified.exitCode == 0, "\(verified.errors)")
    // Again, with other labels: nothing of the first time is left.
    let again = Command(
      "model", "import", out, "--out", folder.path + "/again.onnx", "--labels", "ok,dent", in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(again.output.contains("ok (good), dent") && again.output.contains("ImageNet's"), "\(again.output)")
  }

  @Test func nothingIsGuessedThatMatters() throws {
    let folder = try folder()
    folder.write(Array("good\nstain\n\ndent\n".utf8), "names.txt")
    func attempt(_ more: String...) -> String {
      let command = Command(
        ["model", "import", folder.path + "/resnet.onnx", "--out", folder.path + "/m.onnx"] + more, in: folder)
      #expect(command.exitCode != 0 && !folder.exists("m.onnx"))
      return command.errors
    }
    #expect(attempt("--labels", folder.path + "/names.txt").contains("gives 2 scores, but there are 3 labels"))
    #expect(attempt("--labels", "good").contains("needs two classes or more"))
    #expect(attempt("--labels", "a,a").contains("empty or the same"))
    #expect(attempt("--labels", "a,b", "--good", "c").contains("gets no label 'c'"))
    #expect(attempt("--labels", "good,b", "--size", "32x32").contains("takes ?x3x16x16"))
    #expect(attempt("--labels", "good,b", "--probabilities").contains("try --logits"))
    #expect(attempt("--labels", "good,b", "--size", "0x1").contains("--size is width x height"))
    #expect(attempt("--labels", "good,b", "--mean", "0.5,x").contains("--mean is one number a channel"))
  }
}
