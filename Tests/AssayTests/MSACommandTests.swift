import Classification
import FileTestSupport
import Graphs
import Imaging
import Inspection
import Samples
import Testing

@Suite struct MSACommandTests {
  /// A model made by hand: p(stain) = 1 / (1 + exp(-20 v)) with v = level / 255 - 0.5. Level 120 goes to review, 100 and
  /// below are accepted, 200 and above rejected. So one stain is missed, and one good part goes to review.
  private func folder() throws -> TestFolder {
    let folder = TestFolder()
    var builder = GraphBuilder(name: "bright")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(mean, name: "logits", weights: Constant([-10, 10] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    var graph = try builder.build()
    graph.metadata =
      ModelInfo(
        name: "bright", labels: ["good", "stain"], goodIndex: 0, pixelLabels: [],
        preprocessing: Preprocessing(width: 16, height: 16, mean: [0.5], std: [1]),
        thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil
      ).metadata()
    folder.write(try graph.onnx(), "m.onnx")
    func write(_ level: UInt8, _ label: String) throws {
      let picture = Image(width: 20, height: 12, pixels: [UInt8](repeating: level, count: 240))
      folder.write(try picture.png(), "parts/test/\(label)/\(level).png")
    }
    for level in [UInt8(10), 20, 30, 120] { try write(level, "good") }
    for level in [UInt8(240), 230, 220, 100] { try write(level, "stain") }
    return folder
  }

  private func msa(_ folder: TestFolder, _ arguments: String...) -> Command {
    Command(["msa"] + arguments, in: folder)
  }

  private func plan(_ folder: TestFolder, _ more: String...) -> Command {
    Command(
      ["msa", "plan", folder.path + "/parts", "--out", folder.path + "/study/plan.csv", "--repeats", "2"] + more,
      in: folder)
  }

  private func lines(_ folder: TestFolder, _ name: String) -> [[String]] {
    String(decoding: folder.contents(name), as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func fromThePlanToTheReport() throws {
    let folder = try folder()
    let planned = plan(folder, "--appraisers", "anna, machine")
    #expect(planned.exitCode == 0 && planned.output.contains("8 parts: 4 good, 4 stain\n"), "\(planned.errors)")
    let rows = lines(folder, "study/plan.csv")
    #expect(rows.count == 33 && rows[0] == ["order", "appraiser", "repeat", "part", "image", "reference", "verdict"])
    let reference = Dictionary(rows.dropFirst().map { ($0[3], $0[5]) }) { first, _ in first }
    #expect(reference.count == 8)

    // The sheet and the pictures beside it tell nothing.
    let sheet = lines(folder, "study/plan.sheet-anna.csv")
    #expect(sheet.count == 17 && sheet[0] == ["order", "repeat", "part", "image", "verdict"])
    #expect(!sheet.joined().contains { $0.contains("good") || $0.contains("stain") })
    #expect(sheet.dropFirst().allSatisfy { $0[3] == "plan.pictures/\($0[2]).png" && folder.exists("study/" + $0[3]) })
    #expect(!folder.exists("study/plan.sheet-machine.csv"))

    let study = folder.path + "/study"
    let judged = msa(folder, "run", study + "/plan.csv", "--model", folder.path + "/m.onnx", "--out", study + "/m.csv")
    #expect(judged.exitCode == 0, "\(judged.errors)")
    #expect(judged.output.hasPrefix("16 verdicts of machine: 8 accept, 2 review, 6 reject\n"), "\(judged.output)")

    // Before anna has filled in her sheet, and after.
    let report = [
      "msa", "report", study + "/plan.csv", "--appraisals", study + "/m.csv", "--out", folder.path + "/report",
    ]
    let early = Command(report, in: folder)
    #expect(early.exitCode == 1 && early.errors.contains("asks anna for part P"), "\(early.errors)")
    let with = report + ["--appraisals", study + "/plan.sheet-anna.csv"]
    let empty = Command(with, in: folder)
    #expect(empty.exitCode == 1 && empty.errors.contains("plan.sheet-anna.csv, line 2: part P"), "\(empty.errors)")
    let filled = sheet.map { row in
      row[0] == "order" ? row : Array(row.dropLast()) + [reference[row[2]] == "good" ? "ok" : "NOK"]
    }
    folder.write(
      Array(filled.map { $0.joined(separator: ",") }.joined(separator: "\n").utf8), "study/plan.sheet-anna.csv")
    let done = Command(with, in: folder)
    #expect(done.exitCode == 0, "\(done.errors)")
    #expect(done.output.hasPrefix("8 parts (4 good, 4 defective), repeats: 2, appraisers: 2\n"), "\(done.output)")
    for line in done.output.split(separator: "\n") where !line.contains("/") { #expect(line.count <= 80, "\(line)") }
    #expect(folder.exists("report/report.html"))
    let json = try JSON(parsing: folder.contents("report/msa.json"))
    let (anna, machine) = (json["appraisers"]?.arrayValue?[0], json["appraisers"]?.arrayValue?[1])
    #expect(anna?["rating"]?.stringValue == "acceptable" && anna?["effectiveness"]?["count"]?.intValue == 8)
    #expect(machine?["rating"]?.stringValue == "unacceptable")
    #expect(machine?["effectiveness"]?["count"]?.intValue == 6 && machine?["miss_rate"]?["count"]?.intValue == 2)
    #expect(machine?["false_alarm_rate"]?["count"]?.intValue == 2)
    #expect(machine?["review_share"]?["count"]?.intValue == 2)
    #expect(Command(with + ["--fail-on-unacceptable"], in: folder).exitCode == 4)
    #expect(try JSON(parsing: Array(Command(with + ["--json"], in: folder).output.utf8)) == json)

    // A sheet that is filled in is not lost.
    let again = plan(folder, "--appraisers", "anna,machine")
    #expect(again.exitCode == 1 && again.errors.contains("it is there already"))
  }

  @Test func theSameSeedGivesTheSamePlan() throws {
    let folder = try folder()
    #expect(plan(folder).exitCode == 0)
    let other = msa(
      folder, "plan", folder.path + "/parts", "--out", folder.path + "/study/other.csv", "--repeats", "2")
    #expect(other.exitCode == 0 && folder.contents("study/other.csv") == folder.contents("study/plan.csv"))
    #expect(!folder.exists("study/plan.pictures"))
  }

  @Test func verdictsOfARun() throws {
    let folder = try folder()
    #expect(plan(folder).exitCode == 0)
    // Every part photographed for each repeat, called as in the plan.
    let rows = lines(folder, "study/plan.csv").dropFirst()
    for row in rows {
      let picture = row[4].hasPrefix("/") ? TestFolder.contents(row[4]) : folder.contents("study/" + row[4])
      folder.write(picture, "shots/\(row[3])\(row[2] == "1" ? "" : "#" + row[2]).png")
    }
    func run() -> Command {
      _ = Command(
        "inspect", folder.path + "/shots", "--model", folder.path + "/m.onnx", "--out", folder.path + "/run",
        "--overwrite", "--no-report", "--no-annotated", in: folder)
      return msa(
        folder, "run", folder.path + "/study/plan.csv", "--run", folder.path + "/run", "--out",
        folder.path + "/taken.csv")
    }
    let taken = run()
    #expect(taken.exitCode == 0, "\(taken.errors)")
    #expect(taken.output.hasPrefix("16 verdicts of machine: 8 accept, 2 review, 6 reject\n"), "\(taken.output)")
    let judged = msa(
      folder, "run", folder.path + "/study/plan.csv", "--model", folder.path + "/m.onnx", "--out",
      folder.path + "/judged.csv")
    #expect(judged.exitCode == 0 && folder.contents("taken.csv") == folder.contents("judged.csv"))
    folder.write(folder.contents("shots/P01.png"), "shots/P01#3.png")
    let odd = run()
    #expect(odd.exitCode == 1 && odd.errors.contains("has a part P01#3, which"), "\(odd.errors)")
  }

  @Test func whatCannotBeStudied() throws {
    let folder = try folder()
    #expect(plan(folder, "--split", "val").errors.contains("has no good part in its val split"))
    #expect(plan(folder, "--good", "fine").exitCode == 1)
    #expect(plan(folder, "--appraisers", "anna,Anna").exitCode == 64)
    #expect(plan(folder, "--appraisers", "a/b").exitCode == 64)
    #expect(plan(folder, "--parts", "1").exitCode == 64)
    #expect(!folder.exists("study/plan.csv"))
    #expect(plan(folder).exitCode == 0)
    let both = msa(folder, "run", folder.path + "/study/plan.csv", "--out", folder.path + "/a.csv")
    #expect(both.exitCode == 64 && both.errors.contains("--model"))
    let carl = msa(
      folder, "run", folder.path + "/study/plan.csv", "--model", folder.path + "/m.onnx", "--name", "carl", "--out",
      folder.path + "/a.csv")
    #expect(carl.exitCode == 1 && carl.errors.contains("has no appraiser called carl, only machine"), "\(carl.errors)")
    // A picture that is gone is no verdict.
    folder.write(Array("no picture".utf8), "parts/test/good/10.png")
    let gone = msa(
      folder, "run", folder.path + "/study/plan.csv", "--model", folder.path + "/m.onnx", "--out",
      folder.path + "/a.csv")
    #expect(gone.exitCode == 1 && gone.errors.contains("which cannot be judged") && !folder.exists("a.csv"))
  }

  @Test(arguments: ["plan", "run", "report"]) func helpFitsATerminal(command: String) {
    let help = Command("msa", command, "--help", in: TestFolder())
    #expect(help.exitCode == 0)
    for line in help.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    #expect(help.output.contains("  assay msa \(command) "))
  }
}
