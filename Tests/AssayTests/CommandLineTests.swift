import Classification
import FileTestSupport
import Glibc
import Graphs
import Imaging
import Inspection
import Samples
import Testing

@Suite struct HelpTests {
  static let commands = [
    [], ["inspect"], ["train"], ["evaluate"], ["dataset"], ["dataset", "check"], ["dataset", "render"], ["model"],
    ["model", "show"], ["model", "verify"], ["doctor"], ["compare"], ["challenge"], ["msa"], ["msa", "plan"],
    ["msa", "run"], ["msa", "report"], ["log", "verify"],
    ["policy"], ["policy", "check"], ["policy", "replay"], ["policy", "example"],
  ]

  @Test(arguments: commands) func helpFitsATerminalAndHasAnExample(command: [String]) {
    let folder = TestFolder()
    let help =
      switch command.count {
      case 0: Command("--help", in: folder)
      case 1: Command(command[0], "--help", in: folder)
      default: Command(command[0], command[1], "--help", in: folder)
      }
    #expect(help.exitCode == 0 && help.errors.isEmpty)
    for line in help.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    let example = (["assay"] + command).joined(separator: " ") + " "
    let usage = help.output.split(separator: "\n").first { $0.hasPrefix("USAGE") } ?? ""
    #expect(usage.contains("assay"))
    if !["dataset", "model"].contains(command.joined()) {
      let hasExample = help.output.split(separator: "\n").contains {
        $0.hasPrefix("  ") && ($0 + " ").drop { $0 == " " }.hasPrefix(command.isEmpty ? "assay train " : example)
      }
      #expect(hasExample, "no example of \(example)")
    }
  }

  @Test func everyCommandIsListed() {
    let help = Command("--help", in: TestFolder()).output
    for command in Self.commands where command.count == 1 { #expect(help.contains("  " + command[0] + " ")) }
    for code in ["0", "1", "3", "4", "5", "64", "130"] { #expect(help.contains(code + " "), "exit code \(code)") }
  }

  @Test func version() {
    let version = Command("--version", in: TestFolder())
    #expect(version.exitCode == 0 && version.output.split(separator: ".").count == 3)
  }
}

@Suite struct UsageTests {
  @Test(arguments: [
    (["inspect"], "<source>"), (["inspect", "x"], "--model"), (["inspect", "x", "--model", "m"], "--out"),
    (["inspect", "x", "--model", "m", "--out", "o", "--threads", "0"], "--threads"),
    (["inspect", "x", "--model", "m", "--out", "o", "--reject", "1.5"], "--reject"),
    (["inspect", "x", "--model", "m", "--out", "o", "--reject", "nan"], "--reject"),
    (["inspect", "x", "--model", "m", "--out", "o", "--review", "-0.1"], "--review"),
    (["inspect", "x", "--model", "m", "--out", "o", "--review", "0.8", "--reject", "0.4"], "--review"),
    (["inspect", "x", "--model", "m", "--out", "o", "--resume", "--overwrite"], "--resume"),
    (["inspect", "x", "--model", "m", "--out", ""], "--out"),
    (["inspect", "x", "--model", "m", "--out", "o", "--nonsense"], "--nonsense"),
    (["train", "x"], "--out"), (["train", "x", "--out", "d/"], "--out"),
    (["model", "show", "m", "--profile"], "--graph"),
    (["model", "show", "m", "--graph", "--input", "1xbx2"], "--input"),
    (["model", "verify", "a", "b", "--data", "d", "--max-flips", "-1"], "--max-flips"),
    (["train", "x", "--out", "m.onnx", "--steps", "0"], "--steps"),
    (["train", "x", "--out", "m"], "such as m.onnx"), (["train", "x", "--out", "m/"], "such as m/parts.onnx"),
    (["train", "x", "--out", "m.onnx", "--patience", "-1"], "--patience"),
    (["train", "x", "--out", "m.onnx", "--minutes", "0"], "--minutes"),
    (["train", "x", "--out", "m.onnx", "--epochs", "nan"], "--epochs"),
    (["train", "x", "--out", "m.onnx", "--size", "64"], "--size"),
    (["train", "x", "--out", "m.onnx", "--batch", "1"], "--batch"),
    (["train", "x", "--out", "m.onnx", "--seed", "-1"], "--seed"),
    (["train", "x", "--out", "m.onnx", "--preset", "huge"], "--preset"),
    (["train", "x", "--out", "m.onnx", "--folds", "1"], "--folds"),
    (["train", "x", "--out", "m.onnx", "--folds", "3", "--fold", "3"], "--fold"),
    (["train", "x", "--out", "m.onnx", "--fold", "1"], "--folds"),
    (["train", "x", "--out", "m.onnx", "--json"], "--folds"),
    (["train", "x", "--out", "m.onnx", "--architecture", "resnet"], "--architecture"),
    (["train", "x", "--out", "m.onnx", "--architecture", "vit,vit", "--folds", "3"], "--architecture"),
    (
      ["train", "x", "--out", "m.onnx", "--architecture", "residual,vit"],
      "Several architectures are compared by --folds, such as --folds 5; without it, name one."
    ),
    (["train", "x", "--out", "m.onnx", "--learning-rate", "0"], "--learning-rate"),
    (["train", "x", "--out", "m.onnx", "--checkpoint-interval", "-1"], "--checkpoint-interval"),
    (["evaluate", "x", "--model", "m", "--out", "o", "--split", "all"], "--split"),
    (["evaluate", "x", "--model", "m", "--out", "o", "--threads", "-5"], "--threads"),
    (["evaluate", "x", "--model", "m", "--out", "o", "--reject", "7"], "--reject"),
    (["evaluate", "x", "--model", "m", "--out", "o", "--cost", "escape=2"], "lack overkill and review; write them as"),
    (["evaluate", "x", "--model", "m", "--out", "o", "--defect-rate", "1%"], "review-budget or --cost"),
    (["inspect", "x", "--model", "m", "--out", "o", "--max-age", "12h"], "--require-challenge"),
    (["inspect", "x", "--model", "m", "--out", "o", "--require-challenge", "c", "--max-age", "12"], "--max-age"),
    (["inspect", "x", "--model", "m", "--out", "o", "--require-challenge", "c", "--max-age", "0h"], "--max-age"),
    (["inspect", "x", "--model", "m", "--out", "o", "--require-challenge", "c", "--max-age", "nanh"], "--max-age"),
    (["compare", "a", "--data", "d", "--out", "o"], "<b>"), (["compare", "a", "b", "--out", "o"], "--data"),
    (["compare", "a", "b", "--data", "d", "--out", "o", "--overkill", "120%"], "--overkill"),
    (["compare", "a", "b", "--data", "d", "--out", "o", "--resamples", "5"], "--resamples"),
    (["challenge", "--model", "m", "--out", "o"], "--set"),
    (["challenge", "--set", "s", "--model", "m", "--out", "o", "--reject", "2"], "--reject"),
    (["dataset", "render", "bolts", "--out", "o"], "<kind>"),
    (["dataset", "render", "washers", "--out", "o", "--size", "7"], "--size"),
    (["dataset", "render", "washers", "--out", "o", "--count", "0"], "--count"), (["frobnicate"], "frobnicate"),
  ]) func wrongUsage(arguments: [String], names: String) {
    let folder = TestFolder()
    let command = Command(arguments, in: folder)
    #expect(command.exitCode == 64)
    #expect(command.output.isEmpty && command.errors.hasPrefix("Error: "))
    #expect(command.errors.contains(names), "\(command.errors)")
  }
}

@Suite struct PrecisionTests {
  /// Before anything is read or written.
  @Test(
    .enabled(if: !EngineInfo.hasBF16),
    arguments: [
      ["inspect", "x", "--model", "m", "--out", "o"], ["evaluate", "x", "--model", "m", "--out", "o"],
      ["train", "x", "--out", "m.onnx"],
    ]) func everyCommandRefusesIt(_ arguments: [String])
  {
    let command = Command(arguments + ["--precision", "bf16"], in: TestFolder())
    #expect(command.exitCode == 64 && command.output.isEmpty)
    #expect(
      command.errors.hasPrefix(
        "Error: --precision bf16 needs a processor with AVX-512 BF16 or AMX, which this one is without; take f32.\n"))
    let other = Command(arguments + ["--precision", "f16"], in: TestFolder())
    #expect(other.exitCode == 64 && other.errors.contains("--precision"))
  }
}

@Suite struct InspectCommandTests {
  /// A model made by hand (bright is a defect), six pictures, and one file that is none.
  private func folder(unreadable: Bool = true) throws -> TestFolder {
    let folder = TestFolder()
    var builder = GraphBuilder(name: "bright")
    let image = builder.input("image", shape: ["batch", 1, "height", "width"])
    let mean = builder.flatten(builder.globalAveragePooling(image, name: "mean"), name: "flat")
    let logits = builder.dense(mean, name: "logits", weights: Constant([-10, 10] as [Float], shape: [2, 1]))
    builder.output(builder.softmax(logits, axis: 1, name: "p"), as: "probabilities")
    var graph = try builder.build()
    let info = ModelInfo(
      name: "bright", labels: ["good", "stain"], goodIndex: 0, pixelLabels: [],
      preprocessing: Preprocessing(width: 16, height: 16, mean: [0.5], std: [1]),
      thresholds: ModelInfo.Thresholds(reject: 0.5, review: 0.25, confidence: 0.5), provenance: nil)
    graph.metadata = info.metadata()
    folder.write(try graph.onnx(), "m.onnx")
    for index in 0..<6 {
      let level: UInt8 = index < 4 ? 10 : 240
      let picture = Image(width: 20, height: 12, pixels: [UInt8](repeating: level, count: 240))
      folder.write(try picture.png(), "pictures/\(index).png")
    }
    if unreadable { folder.write(Array("no picture".utf8), "pictures/odd \"<name>\"\n.png") }
    return folder
  }

  private func inspect(_ folder: TestFolder, _ more: String...) -> Command {
    Command(
      ["inspect", folder.path + "/pictures", "--model", folder.path + "/m.onnx", "--out", folder.path + "/run"] + more,
      in: folder)
  }

  private func lines(_ folder: TestFolder) throws -> [Decision] {
    var all: [Decision] = []
    try DecisionReader.read(path: folder.path + "/run/decisions.jsonl") { all.append($0) }
    return all
  }

  @Test func exitCodes() throws {
    let folder = try folder(unreadable: false)
    #expect(inspect(folder).exitCode == 0)
    #expect(inspect(folder, "--overwrite", "--fail-on-reject").exitCode == 4)
    #expect(inspect(folder, "--overwrite", "--fail-on-reject", "--reject", "1", "--review", "1").exitCode == 0)
    folder.write([], "pictures/9.png")
    let unreadable = inspect(folder, "--overwrite", "--fail-on-reject")
    #expect(unreadable.exitCode == 3)
    #expect(unreadable.output.contains("7 judged: 4 accepted, 0 for review, 3 rejected (1 of them unreadable)"))
    let again = inspect(folder)
    #expect(again.exitCode == 1 && again.output.isEmpty)
    for word in ["/run/decisions.jsonl", "--resume", "--overwrite", "--out"] { #expect(again.errors.contains(word)) }
    #expect(again.errors.hasPrefix("error: ") && again.errors.count { $0 == "\n" } == 1)
  }

  @Test func everythingIsWritten() throws {
    let folder = try folder()
    let command = inspect(folder)
    #expect(command.exitCode == 3)
    let decisions = try lines(folder)
    #expect(decisions.map(\.verdict) == [.accept, .accept, .accept, .accept, .reject, .reject, .reject])
    #expect(decisions.last?.id == "odd \"<name>\"\n" && decisions.last?.label == "unreadable")
    // The unreadable one too: a card with the reason.
    for decision in decisions {
      #expect(folder.exists("run/" + (try #require(decision.annotated))))
    }
    let csv = String(decoding: folder.contents("run/decisions.csv"), as: UTF8.self)
    #expect(csv.components("\r\n").count == 9)
    let report = String(decoding: folder.contents("run/report.html"), as: UTF8.self)
    #expect(report.hasPrefix("<!DOCTYPE html>") && !report.contains("<name>"))
  }

  @Test func json() throws {
    let folder = try folder()
    let command = inspect(folder, "--json", "--no-annotated", "--no-report")
    let summary = try JSON(parsing: Array(command.output.utf8))
    #expect(command.errors.isEmpty && command.exitCode == 3)
    #expect(summary["frames"]?["captured"]?.intValue == 7 && summary["frames"]?["judged"]?.intValue == 7)
    #expect(summary["decisions"]?["accept"]?.intValue == 4 && summary["decisions"]?["reject"]?.intValue == 3)
    #expect(summary["unreadable"]?.intValue == 1)
    #expect(try JSON(parsing: folder.contents("run/summary.json")) == summary)
    #expect(!folder.exists("run/annotated") && !folder.exists("run/report.html") && folder.exists("run/decisions.csv"))
    for line in folder.contents("run/decisions.jsonl").split(separator: 0x0A) { _ = try JSON(parsing: line) }
  }

  @Test func resume() throws {
    let folder = try folder()
    _ = inspect(folder)
    let whole = try lines(folder)
    let bytes = folder.contents("run/decisions.jsonl")
    let ends = bytes.indices.filter { bytes[$0] == 0x0A }
    folder.write(Array(bytes[...(ends[2] + 20)]), "run/decisions.jsonl")
    let resumed = inspect(folder, "--resume")
    #expect(resumed.exitCode == 3 && resumed.output.contains("7 judged"))
    #expect(try lines(folder).map(\.id) == whole.map(\.id) && lines(folder).map(\.scores) == whole.map(\.scores))
    // Once more, with nothing left to do; and into a folder where nothing was begun.
    #expect(inspect(folder, "--resume").exitCode == 3)
    let fresh = Command(
      "inspect", folder.path + "/pictures", "--model", folder.path + "/m.onnx", "--out", folder.path + "/a/b/c",
      "--resume", in: folder)
    #expect(fresh.exitCode == 3 && folder.exists("a/b/c/report.html"))
  }

  @Test func overwritingLeavesNothingOfTheOldRun() throws {
    let folder = try folder()
    _ = inspect(folder)
    #expect(folder.exists("run/annotated/5.jpg"))
    folder.write([1], "run/annotated/mine.txt")
    unsafe unlink(folder.path + "/pictures/5.png")
    _ = inspect(folder, "--overwrite", "--no-report")
    #expect(!folder.exists("run/annotated/5.jpg") && !folder.exists("run/report.html"))
    #expect(folder.exists("run/annotated/4.jpg") && folder.exists("run/annotated/mine.txt"))
  }

  @Test func namesAtTheLimit() throws {
    let folder = try folder()
    let long = String(repeating: "é", count: 125) + ".png"
    folder.write(folder.contents("pictures/0.png"), "pictures/" + long)
    folder.write(folder.contents("pictures/4.png"), "pictures/" + String(repeating: "x", count: 251) + ".png")
    #expect(inspect(folder).exitCode == 3)
    let decisions = try lines(folder)
    #expect(decisions.count == 9)
    // The unreadable one too: a card with the reason.
    for decision in decisions {
      #expect(folder.exists("run/" + (try #require(decision.annotated))))
    }
  }

  @Test func errorsNameTheFile() throws {
    let folder = try folder()
    let (pictures, model, out) = (folder.path + "/pictures", folder.path + "/m.onnx", folder.path + "/run")
    folder.write(Array(folder.contents("m.onnx").dropLast(9)), "short.onnx")
    folder.write([], "empty.onnx")
    folder.write([1], "file")
    unsafe mkdir(folder.path + "/empty", 0o755)
    func fails(_ arguments: [String], _ words: String...) {
      let command = Command(["inspect"] + arguments, in: folder)
      #expect(command.exitCode == 1 && command.output.isEmpty && command.errors.hasPrefix("error: "))
      for word in words { #expect(command.errors.contains(word), "\(command.errors)") }
      #expect(command.errors.count { $0 == "\n" } == 1)
    }
    fails([folder.path + "/gone", "--model", model, "--out", out], "/gone cannot be opened")
    fails([folder.path + "/empty", "--model", model, "--out", out], "/empty is an empty folder")
    fails([pictures, "--model", folder.path + "/gone.onnx", "--out", out], "/gone.onnx")
    fails([pictures, "--model", folder.path + "/short.onnx", "--out", out], "/short.onnx")
    fails([pictures, "--model", folder.path + "/empty.onnx", "--out", out], "/empty.onnx")
    fails([pictures, "--model", pictures, "--out", out], "/pictures", "not a regular file")
    fails([pictures, "--model", "/dev/zero", "--out", out], "/dev/zero", "not a regular file")
    fails([pictures, "--model", model, "--out", folder.path + "/file"], "/file is a file, not a folder")
    fails([pictures, "--model", model, "--out", folder.path + "/file/below"], "/file is a file, not a folder")
    fails([pictures, "--model", model, "--out", "/proc/run"], "/proc/run")
    #expect(!folder.exists("run/decisions.jsonl"))
  }

  @Test func modelCard() throws {
    let folder = try folder()
    let card = Command("model", "show", folder.path + "/m.onnx", in: folder)
    #expect(card.exitCode == 0 && card.output.contains("good (good), stain") && card.output.contains("16 x 16, grey"))
    #expect(Command("model", "show", folder.path + "/pictures/0.png", in: folder).exitCode == 1)
    let doctor = Command("doctor", in: folder)
    #expect(doctor.exitCode == 0 && doctor.output.contains("oneDNN"))
  }
}

@Suite struct TrainCommandTests {
  @Test func trainEvaluateInspect() throws {
    let folder = TestFolder()
    let set = folder.path + "/set"
    #expect(
      Command("dataset", "render", "washers", "--out", set, "--count", "48", "--size", "64", in: folder).exitCode == 0)
    #expect(Command("dataset", "render", "washers", "--out", set, "--count", "48", in: folder).exitCode == 1)
    let check = Command("dataset", "check", set, "--json", in: folder)
    #expect(try JSON(parsing: Array(check.output.utf8)).objectValue?.isEmpty == false)
    let common = ["--preset", "fast", "--size", "64x64", "--batch", "4", "--steps", "6", "--threads", "1"]
    let first = Command(["train", set, "--out", folder.path + "/a/m.onnx"] + common, in: folder)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(folder.exists("a/m.training.html") && !folder.exists("a/m.checkpoint.safetensors"))
    // The same bytes wherever they are written, and nothing of the clock in them.
    _ = Command(["train", set, "--out", folder.path + "/b/m.onnx", "--quiet"] + common, in: folder)
    #expect(folder.contents("a/m.onnx") == folder.contents("b/m.onnx") && !folder.contents("a/m.onnx").isEmpty)
    let evaluation = Command(
      "evaluate", set, "--model", folder.path + "/a/m.onnx", "--out", folder.path + "/e", "--json", in: folder)
    #expect(evaluation.exitCode == 0 && evaluation.errors.isEmpty)
    let metrics = try JSON(parsing: Array(evaluation.output.utf8))
    #expect(metrics["accuracy"]?.doubleValue != nil && metrics["macro_f1"]?.doubleValue != nil)
    #expect(metrics["escape_rate"] != nil && metrics["overkill_rate"] != nil && metrics["confusion"] != nil)
    // The misjudged parts are drawn; a model of so few steps has some.
    let decisions = folder.contents("e/decisions.jsonl")
    let drawn = String(decoding: decisions, as: UTF8.self).components("\n").filter { $0.contains("\"annotated\":\"") }
    #expect(!drawn.isEmpty && drawn.count < 24)
    #expect(folder.exists("e/annotated"))
    #expect(folder.exists("e/report.html") && folder.exists("e/metrics.json") && folder.exists("e/decisions.jsonl"))
    // What cannot be written is told at once.
    let folderNamed = folder.path + "/folder.onnx"
    folder.write([], "folder.onnx/file")
    let late = Command(["train", set, "--out", folderNamed] + common, in: folder)
    #expect(late.exitCode == 1 && late.errors.contains(folderNamed) && !late.errors.contains("step"))
    let proc = Command(["train", set, "--out", "/proc/m.onnx"] + common, in: folder)
    #expect(proc.exitCode == 1 && proc.errors.contains("/proc/m.onnx") && !proc.errors.contains("step"))
  }

  @Test func comparesArchitectures() throws {
    let folder = TestFolder()
    let set = folder.path + "/set"
    _ = Command("dataset", "render", "washers", "--out", set, "--count", "48", "--size", "64", in: folder)
    let arguments = [
      "train", set, "--out", folder.path + "/m.onnx", "--preset", "fast", "--size", "64x64", "--batch", "4", "--steps",
      "2", "--threads", "1", "--architecture", "residual,vit", "--folds", "2",
    ]
    let first = Command(arguments, in: folder)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.errors.contains("residual, fold 1 of 2: macro-F1 ") && first.errors.contains("vit, fold 2 of 2: "))
    #expect(first.errors.contains(" test parts are not touched"))
    let lines = first.output.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 } && lines.count >= 5, "\(first.output)")
    #expect(
      lines[0].hasPrefix("architecture  parameters") && lines[1].hasPrefix("residual ") && lines[2].hasPrefix("vit "))
    #expect(first.output.contains("macro-F1 of vit less that of residual: ") && first.output.contains("over 2 folds"))
    #expect(
      folder.exists("m.folds.json") && !folder.exists("m.onnx") && !folder.exists("m.vit-1.checkpoint.safetensors"))
    // All is known: nothing is trained again, and as JSON it is the file.
    let second = Command(arguments + ["--json"], in: folder)
    #expect(second.exitCode == 0 && Array(second.output.utf8) == folder.contents("m.folds.json"))
    #expect(second.errors.contains("(from ") && !second.errors.contains("img/s"))
    let json = try JSON(parsing: folder.contents("m.folds.json"))
    #expect(json["summaries"]?.arrayValue?.count == 2 && json["comparisons"]?.arrayValue?.count == 1)
    // One architecture alone, from the same results.
    let alone = Command(arguments.map { $0 == "residual,vit" ? "vit" : $0 }, in: folder)
    #expect(alone.exitCode == 0 && alone.output.contains("vit ") && !alone.output.contains("residual"))
    let other = Command(arguments + ["--seed", "4"], in: folder)
    #expect(other.exitCode == 1 && other.errors.contains("m.folds.json holds the results of another comparison"))
    #expect(Command(arguments + ["--seed", "4", "--restart", "--quiet"], in: folder).exitCode == 0)
  }

  @Test func controlC() throws {
    let folder = TestFolder()
    let set = folder.path + "/set"
    _ = Command("dataset", "render", "washers", "--out", set, "--count", "48", "--size", "64", in: folder)
    let arguments = [
      "train", set, "--out", folder.path + "/m.onnx", "--preset", "fast", "--size", "64x64", "--batch", "4", "--steps",
      "100000", "--threads", "1",
    ]
    for (index, (signal, code)) in [(SIGINT, Int32(130)), (SIGTERM, 143)].enumerated() {
      var name = ""
      let command = Command(arguments, in: folder, signal: signal) { name = $0.name }
      #expect(command.exitCode == code, "\(command.errors)")
      #expect(name == "assay")
      #expect(command.errors.contains("The same command goes on from there.") && !command.errors.contains("error:"))
      #expect(folder.exists("m.checkpoint.safetensors") && !folder.exists("m.onnx"))
      #expect(command.errors.contains("going on from step ") == (index > 0))
    }
    let other = Command(arguments + ["--seed", "1"], in: folder)
    #expect(other.exitCode == 1 && other.errors.contains("m.checkpoint.safetensors is the checkpoint of another"))
  }

  @Test func setsThatCannotBeUsed() throws {
    let folder = TestFolder()
    func train(_ set: String) -> Command {
      Command("train", folder.path + "/" + set, "--out", folder.path + "/m.onnx", in: folder)
    }
    let picture = try Image(width: 32, height: 32, pixels: [UInt8](repeating: 9, count: 1024)).png()
    unsafe mkdir(folder.path + "/none", 0o755)
    folder.write(picture, "flat/1.png")
    for index in 0..<9 { folder.write(picture + [UInt8(index)], "one/good/\(index).png") }
    for (set, word) in [("gone", "/gone"), ("none", "/none"), ("flat", "/flat"), ("one", "at least two classes")] {
      let command = train(set)
      #expect(command.exitCode == 1 && command.errors.contains(word), "\(command.errors)")
      #expect(!folder.exists("m.onnx") && !folder.exists("m.onnx.part"))
    }
    for index in 0..<9 { folder.write(picture + [UInt8(index)], "two/good/\(index).png") }
    for index in 0..<9 { folder.write(Array("no picture \(index)".utf8), "two/bad/\(index).png") }
    let damaged = train("two")
    #expect(damaged.exitCode == 1 && damaged.errors.contains("/two/bad/"), "\(damaged.errors)")
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [Substring] {
    utf8.split(separator: Array(separator.utf8)[0], omittingEmptySubsequences: false).map { Substring($0) }
  }
}
