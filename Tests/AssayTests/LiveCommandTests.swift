import FileTestSupport
import Glibc
import Inspection
import Testing

/// Live inspection as users run it, with pictures that are played as a camera.
@Suite struct LiveCommandTests {
  static let washers = "Datasets/washers/test"

  /// The repository's folder, in which the tests run.
  private var root: String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let path = unsafe bytes.withUnsafeMutableBufferPointer { unsafe getcwd($0.baseAddress, $0.count) != nil }
    return path ? String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "."
  }
  private var model: String { root + "/Models/washers.onnx" }

  @Test func judgesRecordsAndJudgesTheRecordingAlike() throws {
    let folder = TestFolder()
    let run = Command(
      [
        "inspect", "play:\(root)/\(Self.washers)", "--model", model, "--out", folder.path + "/run", "--size", "192x192",
        "--rate", "20", "--limit", "12", "--record", folder.path + "/rec", "--keep-accepted", "1", "--json",
        "--on-decision", "cat >> \(folder.path)/got.jsonl",
      ], in: folder)
    #expect(run.exitCode == 0, "\(run.errors)")
    let summary = try JSON(parsing: Array(run.output.utf8))
    let judged = try #require(summary["frames"]?["judged"]?.intValue)
    #expect(judged >= 12 && summary["frames"]?["captured"]?.intValue == judged)
    // Every decision reached the command, numbered, in order.
    let got = String(decoding: folder.contents("got.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(
      got.count == judged && got[0].hasPrefix("{\"number\":1,") && got[judged - 1].hasPrefix("{\"number\":\(judged),"))
    #expect(folder.exists("run/report.html") && folder.exists("run/decisions.csv") && folder.exists("run/kept"))
    let again = Command(
      "inspect", folder.path + "/rec", "--model", model, "--out", folder.path + "/again", "--quiet", in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    var first: [Int: String] = [:]
    try DecisionReader.read(path: folder.path + "/run/decisions.jsonl") {
      first[$0.frame.sequence] = "\($0.verdict) \($0.label) \($0.score)"
    }
    var compared = 0
    try DecisionReader.read(path: folder.path + "/again/decisions.jsonl") {
      if let earlier = first[$0.frame.sequence] {
        #expect(earlier == "\($0.verdict) \($0.label) \($0.score)")
        compared += 1
      }
    }
    #expect(compared == judged)
    let refused = Command(
      "capture", "play:\(root)/\(Self.washers)", "--out", folder.path + "/rec", "--frames", "3", in: folder)
    #expect(refused.exitCode == 1 && refused.errors.contains("is there already; give another folder or --overwrite"))
  }

  /// SIGHUP: another threshold while the camera goes on; a recipe that is wrong changes nothing; another frame rate
  /// starts the camera anew.
  @Test func aRecipeIsReadAgainWhileItRuns() throws {
    let folder = TestFolder()
    func write(reject: String, rate: Int, device: String = "device") {
      let recipe = """
        model: \(model)
        policy: {reject: \(reject), review: \(reject)}
        cameras:
          top: {\(device): "play:\(root)/\(Self.washers)", format: {size: 192x192, rate: \(rate)}}
        keep: {accepts: none, rejects: all, raw: yes}
        """
      folder.write(Array(recipe.utf8), "line.yaml")
    }
    write(reject: "1", rate: 20)
    let log = folder.path + "/run/decisions.jsonl"
    func decisions() -> Int { TestFolder.contents(log).count { $0 == 0x0A } }
    func wait(for count: Int) { for _ in 0..<600 where decisions() < count { usleep(50_000) } }
    let run = Command(["inspect", "--recipe", folder.path + "/line.yaml", "--out", folder.path + "/run"], in: folder) {
      $0.wait { $0.contains("top: ") }
      wait(for: 3)
      write(reject: "0.0000001", rate: 20)
      $0.send(SIGHUP)
      $0.wait { $0.contains("recipe: top: policy.reject 1 -> ") }
      wait(for: decisions() + 5)
      write(reject: "0.5", rate: 20, device: "devise")
      $0.send(SIGHUP)
      $0.wait { $0.contains("the recipe is not changed") }
      write(reject: "0.0000001", rate: 10)
      $0.send(SIGHUP)
      $0.wait { $0.contains("format.rate 20 -> 10") }
      wait(for: decisions() + 3)
      $0.send(SIGTERM)
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains(#"unknown key "devise""#), "\(run.errors)")
    var rejects: [Float] = []
    var runs: [Substring] = []
    try DecisionReader.read(path: log) { decision in
      rejects.append(try #require(decision.limits).reject)
      let run = decision.id.split(separator: "/")[1]
      if runs.last != run { runs.append(run) }
    }
    // One change of thresholds within the first run; the frame rate began a second one.
    #expect(rejects.first == 1 && rejects.last ?? 1 < 0.001)
    #expect(zip(rejects, rejects.dropFirst()).count { $0 != $1 } == 1 && runs.count == 2, "\(runs)")
    // Frames were kept as the camera sent them, and are judged again.
    let again = Command(
      "inspect", folder.path + "/run/kept", "--model", model, "--reject", "0.0000001", "--review", "0.0000001", "--out",
      folder.path + "/again", "--no-keep", "--json", in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    let summary = try JSON(parsing: Array(again.output.utf8))
    let judged = try #require(summary["frames"]?["judged"]?.intValue)
    #expect(judged > 3 && summary["decisions"]?["reject"]?.intValue == judged)
    let head = try JSON(parsing: folder.contents("run/run.json"))
    #expect(head["cameras"]?.arrayValue?.first?["format"]?["rate"]?.doubleValue == 10)
  }

  /// What a line recorded is judged again by its recipe.
  @Test func aRecordingIsJudgedByARecipe() throws {
    let folder = TestFolder()
    let recipe = """
      model: \(model)
      cameras:
        top: {device: "play:\(root)/\(Self.washers)", format: {size: 192x192, rate: 20}, region: {rectangle: [8, 8, 176, 176]}}
      """
    folder.write(Array(recipe.utf8), "line.yaml")
    let line = folder.path + "/line.yaml"
    let run = Command(
      "inspect", "--recipe", line, "--out", folder.path + "/run", "--record", folder.path + "/rec", "--limit", "6",
      "--quiet", in: folder)
    #expect(run.exitCode == 0 && run.errors.contains("frames recorded in "), "\(run.errors)")
    let again = Command(
      "inspect", folder.path + "/rec", "--recipe", line, "--out", folder.path + "/again", "--quiet", in: folder)
    #expect(again.exitCode == 0, "\(again.errors)")
    var all: [[String]] = []
    for name in ["run", "again"] {
      var decisions: [String] = []
      try DecisionReader.read(path: folder.path + "/\(name)/decisions.jsonl") {
        decisions.append("\($0.frame.sequence) \($0.verdict) \($0.label) \($0.score) \($0.regions.map(\.box))")
      }
      all.append(decisions)
    }
    #expect(all[0].count >= 6 && all[0] == Array(all[1].prefix(all[0].count)))
    let none = Command("inspect", folder.path, "--recipe", line, "--out", folder.path + "/none", in: folder)
    #expect(none.exitCode == 1 && none.errors.contains("holds no recording"), "\(none.errors)")
  }

  @Test func aRecipeRunsAndSaysWhatIsWrong() throws {
    let folder = TestFolder()
    let recipe = """
      station: test
      cameras:
        top: {device: "play:\(root)/\(Self.washers)", format: {size: 192x192, rate: 20}, trigger: every 100 ms}
      model: \(model)
      keep: {accepts: none}
      """
    folder.write(Array(recipe.utf8), "line.yaml")
    let check = Command("recipe", "check", folder.path + "/line.yaml", in: folder)
    #expect(check.exitCode == 0 && check.output.contains("One frame is judged every 100 ms."), "\(check.errors)")
    let run = Command(
      "inspect", "--recipe", folder.path + "/line.yaml", "--out", folder.path + "/run", "--limit", "5", "--quiet",
      in: folder)
    #expect(run.exitCode == 0 && run.output.contains("not_triggered"), "\(run.errors)")
    folder.write(Array(recipe.replacingOnce("device:", "devise:").utf8), "line.yaml")
    let wrong = Command("inspect", "--recipe", folder.path + "/line.yaml", "--out", folder.path + "/other", in: folder)
    #expect(wrong.exitCode == 1 && wrong.errors.contains("line.yaml:3:") && wrong.errors.contains("device"))
    #expect(!folder.exists("other"))
  }

  @Test func aWatchedFolderIsJudgedAsItFills() throws {
    let folder = TestFolder()
    unsafe mkdir(folder.path + "/in", 0o755)
    for name in ["crack/crack-036.png", "good/" + firstGood] {
      folder.write(
        TestFolder.contents("\(root)/\(Self.washers)/\(name)"),
        "in/" + (name.split(separator: "/").last.map(String.init) ?? ""))
    }
    let arguments = [
      "inspect", "--watch", folder.path + "/in", "--model", model, "--out", folder.path + "/run", "--limit", "2",
      "--quiet",
    ]
    let run = Command(arguments, in: folder)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("2 judged"), "\(run.output)")
    // A restart passes over what is judged and takes what has come since.
    folder.write([1, 2, 3], "in/broken.png")
    let again = Command(arguments.dropLast(2) + ["3", "--quiet", "--resume"], in: folder)
    #expect(again.exitCode == 3 && again.output.contains("3 judged"), "\(again.errors)")
  }

  private var firstGood: String {
    guard let directory = unsafe opendir("\(root)/\(Self.washers)/good") else { return "" }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".png") || name.hasSuffix(".jpg") { return name }
    }
    return ""
  }

  @Test func wrongWordsAreToldBeforeAnythingIsWritten() {
    let folder = TestFolder()
    for (arguments, message) in [
      (["inspect", "/dev/video77", "--model", model, "--out", folder.path + "/o"], "/dev/video77 is not there"),
      (
        ["inspect", "--camera", "No Such Camera", "--model", model, "--out", folder.path + "/o"], "No Such Camera names"
      ),
      (["inspect", "/dev/null", "--model", model, "--out", folder.path + "/o"], "/dev/null"),
      (["capture", "/dev/video77", "--out", folder.path + "/c"], "/dev/video77 is not there"),
      (["cameras", "show", "/etc/passwd"], "/etc/passwd is no device"),
      (["recipe", "check", folder.path + "/none.yaml"], "none.yaml"),
    ] {
      let command = Command(arguments, in: folder)
      #expect(command.exitCode == 1 && command.errors.contains(message), "\(arguments): \(command.errors)")
    }
    for arguments in [
      ["inspect", "--model", model, "--out", "o"], ["inspect", "x", "--camera", "y", "--model", model, "--out", "o"],
      ["inspect", "x", "--model", model, "--out", "o", "--trigger", "often"],
      ["inspect", "x", "--model", model, "--out", "o", "--size", "12"],
      ["inspect", "x", "--model", model, "--out", "o", "--lock", "zoom"],
      ["capture", "x", "--out", "o", "--pixels", "ABCDEFG"],
    ] {
      #expect(Command(arguments, in: folder).exitCode == 64, "\(arguments)")
    }
    #expect(Command("recipe", "example", in: folder).output.contains("cameras:"))
  }
}

extension String {
  fileprivate func replacingOnce(_ old: String, _ new: String) -> String {
    split(separator: old, maxSplits: 1, omittingEmptySubsequences: false).joined(separator: new)
  }
}
