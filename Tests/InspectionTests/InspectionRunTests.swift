import Classification
import FileTestSupport
import Glibc
import Imaging
import Inspection
import Metrics
import Samples
import Synchronization
import Testing

@Suite struct InspectionRunTests {
  /// Sixty pictures, of which every third is bad and every tenth cannot be read.
  private func pictures() throws -> TestFolder {
    let folder = TestFolder()
    let good = try picture(64, 32).png()
    let bad = try picture(64, 32, bright: (8..<24, 8..<24)).png()
    for index in 0..<60 {
      let name = index < 10 ? "pictures/0\(index).png" : "pictures/\(index).png"
      folder.write(index % 10 == 5 ? Array(good.prefix(40)) : index % 3 == 0 ? bad : good, name)
    }
    return folder
  }

  private func run(
    _ folder: TestFolder, threads: Int = 3, start: DecisionLog.Start = .new, model: ModelIdentity = model,
    policy: Policy = Policy(), pictures: String = "/pictures", log: String = "/d.jsonl",
    finish: @escaping @Sendable (inout PartInspector.Outcome) throws -> Void = { _ in }
  ) throws -> InspectionRun {
    try InspectionRun(
      InspectionInput(source: folder.path + pictures), classifier: TestModel.classifier(), policy: policy,
      model: model, settings: .init(threads: threads, log: folder.path + log, start: start, syncInterval: 0.01),
      finish: finish)
  }

  /// What must not depend on when and on how many threads a part was judged.
  private func results(_ folder: TestFolder, _ log: String = "/d.jsonl") throws -> [String] {
    var all: [String] = []
    try DecisionReader.read(path: folder.path + log) { decision in
      all.append(
        "\(decision.id) \(decision.frame.sequence) \(decision.verdict) \(decision.label) "
          + decision.scores.map { "\($0.label)=\($0.score)" }.joined(separator: " ") + " \(decision.regions.count)")
    }
    return all
  }

  @Test(arguments: [1, 2, 7]) func orderAndCounts(threads: Int) throws {
    let folder = try pictures()
    var seen: [String] = []
    var progress: [Int] = []
    let summary = try run(folder, threads: threads).run(
      onDecision: { seen.append($0.id) }, onProgress: { progress.append($0.judged) })
    #expect(seen == (0..<60).map { $0 < 10 ? "0\($0)" : "\($0)" })
    #expect(progress == progress.sorted() && progress.last == 60)
    #expect(summary.captured == 60 && summary.judged == 60 && summary.dropped.isEmpty)
    #expect(summary.unreadable == 6 && summary.accepted + summary.reviewed + summary.rejected == 60)
    // 20 of three, of which 15 and 45 cannot be read, and four unreadable ones more.
    #expect(summary.rejected == 24 && summary.accepted == 36)
    #expect(summary.labels == ["good": 36, "dent": 18, "unreadable": 6])
    #expect(try results(folder).count == 60)
  }

  @Test func resumeSkipsWhatIsDone() throws {
    let folder = try pictures()
    _ = try run(folder, log: "/whole.jsonl").run()
    let whole = try results(folder, "/whole.jsonl")
    let bytes = contents(folder.path + "/whole.jsonl")
    let ends = bytes.indices.filter { bytes[$0] == 0x0A }
    for (lines, torn) in [(0, 0), (0, 17), (1, 0), (23, 5), (59, 100), (60, 0)] {
      let keep = (lines == 0 ? 0 : ends[lines - 1] + 1) + torn
      put(bytes[..<keep], folder.path + "/d.jsonl")
      let judged = Atomic<Int>(0)
      var progress: [InspectionRun.Progress] = []
      let summary = try run(
        folder, start: .resume, finish: { _ in judged.add(1, ordering: .relaxed) }
      ).run(onProgress: { progress.append($0) })
      #expect(judged.load(ordering: .relaxed) == 60 - lines)
      #expect(try results(folder) == whole)
      #expect(summary.judged == 60 && summary.captured == 60 && summary.unreadable == 6)
      if let last = progress.last { #expect(last.judged == 60 && last.total == 60 && last.judgedNow == 60 - lines) }
    }
  }

  @Test func anotherModelOrOtherPicturesAreRefused() throws {
    let folder = try pictures()
    _ = try run(folder).run()
    let before = contents(folder.path + "/d.jsonl")
    let other = ModelIdentity(name: "other", sha256: String(repeating: "cd", count: 32))
    #expect(throws: InspectionError.otherModel(path: folder.path + "/d.jsonl", model: "washers")) {
      _ = try run(folder, start: .resume, model: other).run()
    }
    #expect(throws: InspectionError.otherThresholds(path: folder.path + "/d.jsonl")) {
      let strict = try Policy(thresholds: Policy.Thresholds(reject: 0.4, review: 0.1))
      _ = try run(folder, start: .resume, policy: strict).run()
    }
    // Another folder whose pictures have the same names: none of them is done.
    try folder.write(picture(64, 32), "others/07.png")
    let error = #expect(throws: InspectionError.self) {
      _ = try run(folder, start: .resume, pictures: "/others").run()
    }
    #expect(try #require(error).description.contains("/others/07.png"))
    #expect(throws: DecisionLogError.notEmpty(path: folder.path + "/d.jsonl")) { _ = try run(folder).run() }
    #expect(contents(folder.path + "/d.jsonl") == before)
    // The same folder by another path is the same.
    unsafe symlink(folder.path + "/pictures", folder.path + "/link")
    #expect(try run(folder, start: .resume, pictures: "/link/").run().judged == 60)
    #expect(try run(folder, start: .resume, pictures: "/./pictures").run().judged == 60)
  }

  struct Failure: Error, Equatable {}

  @Test(arguments: [1, 4]) func aFailingWorkerEndsTheRunAndLosesNothing(threads: Int) throws {
    let folder = try pictures()
    #expect(throws: Failure()) {
      _ = try run(
        folder, threads: threads, finish: { if $0.decision.id == "31" { throw Failure() } }
      ).run()
    }
    let kept = try results(folder)
    // Whole lines, in order, and not the one that failed.
    #expect(kept.count <= 31 && kept.map { $0.prefix(2) } == (0..<kept.count).map { $0 < 10 ? "0\($0)" : "\($0)" })
    #expect(try run(folder, threads: threads, start: .resume).run().judged == 60)
    _ = try run(folder, log: "/whole.jsonl").run()
    #expect(try results(folder) == results(folder, "/whole.jsonl"))
  }

  @Test func stopping() throws {
    let folder = try pictures()
    let judged = Atomic<Int>(0)
    let error = #expect(throws: InspectionError.self) {
      _ = try run(
        folder,
        finish: { _ in
          // Slow, so that there is something left to stop when the question comes.
          if judged.add(1, ordering: .relaxed).newValue > 9 { usleep(20_000) }
        }
      ).run(
        shouldStop: { judged.load(ordering: .relaxed) >= 9 })
    }
    guard case .interrupted(let done, 60) = try #require(error) else {
      Issue.record("\(error as Any)")
      return
    }
    // Everything that was begun is written.
    #expect(try results(folder).count == done && done == judged.load(ordering: .relaxed) && done >= 9)
    #expect(try run(folder, start: .resume).run().judged == 60)
    // A stop that comes when all is done stops nothing.
    #expect(try run(folder, start: .resume).run(shouldStop: { true }).judged == 60)
  }

  @Test func aFullDiskIsOneClearError() throws {
    let folder = try pictures()
    unsafe symlink("/dev/full", folder.path + "/full.jsonl")
    let error = #expect(throws: DecisionLogError.self) { _ = try run(folder, log: "/full.jsonl").run() }
    #expect(
      error == .system(operation: "write", path: folder.path + "/full.jsonl", code: ENOSPC)
        && error?.description.contains("the disk is full") == true)
  }

  @Test func picturesThatGoAwayAreRejects() throws {
    let folder = try pictures()
    let run = try run(folder)
    for index in 20..<30 { unsafe unlink(folder.path + "/pictures/\(index).png") }
    var gone: [Decision] = []
    let summary = try run.run(onDecision: {
      if $0.isUnreadable && (20..<30).contains($0.frame.sequence) { gone.append($0) }
    })
    #expect(summary.judged == 60 && summary.unreadable == 5 + 10 && gone.count == 10)
    #expect(gone.allSatisfy { $0.verdict == .reject && $0.reasons[0].contains("no such file") })
  }

  @Test func aModelThatDoesNotFitIsAnErrorAndNotAThousandRejects() throws {
    let folder = try pictures()
    var info = TestModel.info()
    info.preprocessing = Preprocessing(width: 64, height: 32, channels: 3)
    let classifier = try Classifier(TestModel.classifierGraph(), info: info, path: "m.onnx")
    let run = try InspectionRun(
      InspectionInput(source: folder.path + "/pictures"), classifier: classifier, policy: Policy(), model: model,
      settings: .init(threads: 2, log: folder.path + "/d.jsonl", start: .new))
    #expect(throws: (any Error).self) { _ = try run.run() }
    #expect(contents(folder.path + "/d.jsonl").isEmpty)
  }
}

@Suite struct AtomicFileTests {
  @Test func specialFilesStayWhatTheyAre() throws {
    let folder = TestFolder()
    unsafe mkdir(folder.path + "/d", 0o755)
    unsafe mkfifo(folder.path + "/f", 0o600)
    unsafe symlink("/dev/null", folder.path + "/n")
    for name in ["/d", "/f", "/n"] {
      #expect(throws: DecisionLogError.notFile(path: folder.path + name)) {
        try AtomicFile.write([1], to: folder.path + name)
      }
      #expect(throws: DecisionLogError.notFile(path: folder.path + name)) { try AtomicFile.check(folder.path + name) }
    }
    try AtomicFile.check(folder.path + "/new")
    #expect(unsafe access(folder.path + "/new", F_OK) != 0 && access(folder.path + "/new.part", F_OK) != 0)
    #expect(throws: DecisionLogError.self) { try AtomicFile.check(folder.path + "/gone/new") }
    try AtomicFile.write([7, 8], to: folder.path + "/new")
    try AtomicFile.check(folder.path + "/new")
    #expect(contents(folder.path + "/new") == [7, 8])
  }
}
