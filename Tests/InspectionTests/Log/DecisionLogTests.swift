import Glibc
import Inspection
import Testing

@Suite struct DecisionLogTests {
  @Test func appendsAndResumes() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      do {
        var log = try DecisionLog(path: path)
        try log.append([decision("a", 0), decision("b", 1)])
        try log.append([decision("c", 2)])
        try log.append([])
        #expect(log.count == 3)
      }
      var done: [String] = []
      do {
        var log = try DecisionLog(path: path, start: .resume) { done.append($0.id) }
        #expect(done == ["a", "b", "c"] && log.count == 3 && log.discardedBytes == 0)
        try log.append([decision("d", 3)])
      }
      var all: [String] = []
      let extent = try DecisionReader.read(path: path) { all.append($0.id) }
      #expect(all == ["a", "b", "c", "d"])
      #expect(extent.lines == 4 && extent.tornBytes == 0 && extent.wholeBytes == contents(path).count)
      #expect(throws: DecisionLogError.notEmpty(path: path)) { _ = try DecisionLog(path: path) }
      do {
        let log = try DecisionLog(path: path, start: .replace)
        #expect(log.count == 0 && contents(path).isEmpty)
      }
    }
  }

  /// A power cut at any byte of the last line leaves the lines before it, and the run goes on as if undisturbed.
  @Test func aTornEndIsCutOffWhereverItTore() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let first = decision("a").jsonLine
      let second = decision("b", 1).jsonLine
      for length in 0..<second.count {
        put(first + second[..<length], path)
        do {
          var log = try DecisionLog(path: path, start: .resume)
          #expect(log.count == 1 && log.discardedBytes == length)
          try log.append([decision("b", 1)])
        }
        #expect(contents(path) == first + second)
      }
    }
  }

  private func resumedCount(_ path: String) throws -> Int {
    let log = try DecisionLog(path: path, start: .resume)
    return log.count
  }

  @Test func zerosAndATornFirstLineAreTornToo() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let line = decision("a").jsonLine
      for torn in [Array(line[..<9]), [0, 0, 0, 0], [UInt8(ascii: "{"), 0x0A, 0, 0]] as [[UInt8]] {
        put(torn, path)
        let kept0 = try resumedCount(path)
        #expect(kept0 == 0)
        #expect(contents(path).isEmpty)
        put(line + torn, path)
        let kept1 = try resumedCount(path)
        #expect(kept1 == 1)
        #expect(contents(path) == line)
      }
    }
  }

  @Test func damageBeforeGoodLinesIsNotThrownAway() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let bytes = decision("a").jsonLine + Array("{\"half\":1\n".utf8) + decision("b").jsonLine
      put(bytes, path)
      let error = #expect(throws: DecisionLogError.self) { _ = try DecisionLog(path: path, start: .resume) }
      #expect(error?.description.hasPrefix("\(path), line 2: not a decision: ") == true)
      #expect(contents(path) == bytes)
    }
  }

  @Test func someOtherFileIsLeftAlone() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let notes = Array("my notes\non parts\n".utf8)
      put(notes, path)
      #expect(throws: DecisionLogError.self) { _ = try DecisionLog(path: path, start: .resume) }
      #expect(contents(path) == notes)
    }
  }

  @Test func oneRunAtATime() throws {
    try withFolder { folder in
      let path = folder + "/d.jsonl"
      let log = try DecisionLog(path: path)
      #expect(throws: DecisionLogError.locked(path: path)) { _ = try DecisionLog(path: path, start: .resume) }
      #expect(log.count == 0)
    }
  }

  @Test func aFullDiskIsOneClearError() throws {
    var log = try DecisionLog(path: "/dev/full")
    let error = #expect(throws: DecisionLogError.self) { try log.append([decision("a")]) }
    #expect(
      error?.description
        == "cannot write /dev/full: the disk is full; make room and go on with --resume")
    #expect(log.count == 0)
  }

  /// With a limit on the file's size the write comes back short: the half line must go.
  @Test func aShortWriteLeavesNoHalfLine() async throws {
    // The limit binds the whole process, so the check runs in a child.
    await #expect(processExitsWith: .success) {
      try withFolder { folder in
        let path = folder + "/d.jsonl"
        let line = decision("a").jsonLine
        var log = try DecisionLog(path: path)
        try log.append([decision("a")])
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: UInt(line.count + 40), rlim_max: UInt.max)
        unsafe setrlimit(__rlimit_resource_t(1), &limit)  // 1 is RLIMIT_FSIZE
        var failed = false
        do { try log.append([decision("b"), decision("c")]) } catch { failed = true }
        precondition(failed && contents(path) == line && log.count == 1)
      }
    }
  }

  @Test func missingFolder() {
    let error = #expect(throws: DecisionLogError.self) { _ = try DecisionLog(path: "/nowhere/at/all/d.jsonl") }
    #expect(error?.description == "cannot open /nowhere/at/all/d.jsonl: No such file or directory")
  }

  @Test func csvAgreesWithTheLines() throws {
    try withFolder { folder in
      do {
        var log = try DecisionLog(path: folder + "/d.jsonl")
        try log.append((0..<300).map { decision("part,\($0)", $0, verdict: $0 % 3 == 0 ? .accept : .reject) })
      }
      try DecisionLog.writeCSV(from: folder + "/d.jsonl", to: folder + "/d.csv")
      let text = String(decoding: contents(folder + "/d.csv"), as: UTF8.self)
      var expected = Decision.csvHeader
      try DecisionReader.read(path: folder + "/d.jsonl") { expected += $0.csvLine }
      #expect(text == expected && expected.hasSuffix("\r\n"))
      #expect(unsafe access(folder + "/d.csv.part", F_OK) != 0)
    }
  }

  @Test func anAtomicFileThatIsNotFinishedLeavesTheOldOne() throws {
    try withFolder { folder in
      try AtomicFile.write([1, 2], to: folder + "/x")
      do {
        var file = try AtomicFile(path: folder + "/x")
        try file.write([3])
      }
      #expect(contents(folder + "/x") == [1, 2])
      #expect(unsafe access(folder + "/x.part", F_OK) != 0)
    }
  }
}

@Suite struct RunSummaryTests {
  @Test func countsAddUpAndTheFileIsAsDocumented() {
    var tally = RunTally()
    tally.capture(5)
    tally.judge(decision("a", 1, verdict: .accept))
    tally.judge(decision("b", 2))
    tally.judge(decision("c", 3, verdict: .review))
    #expect(!tally.addsUp)
    tally.judge(decision("d", 4, unreadable: true))
    tally.drop(cause: "queue_full")
    #expect(tally.addsUp)
    let summary = tally.summary(seconds: 2)
    #expect(
      String(decoding: summary.json, as: UTF8.self) == """
        {
          "frames": {
            "captured": 5,
            "judged": 4,
            "dropped": {
              "queue_full": 1
            }
          },
          "decisions": {
            "accept": 1,
            "review": 1,
            "reject": 2
          },
          "unreadable": 1,
          "labels": {
            "good": 1,
            "scratch": 2,
            "unreadable": 1
          },
          "timings_ms": {
            "read": {
              "p50": 1.9,
              "p95": 1.9,
              "p99": 1.9
            },
            "infer": {
              "p50": 2.5,
              "p95": 3.85,
              "p99": 3.97
            }
          },
          "images_per_second": 2,
          "seconds": 2
        }

        """)
  }

  @Test func earlierDecisionsCountButNotForTheSpeed() {
    var tally = RunTally()
    for i in 0..<10 { tally.resume(decision("\(i)", i)) }
    tally.capture(2)
    tally.judge(decision("x"))
    tally.judge(decision("y"))
    let summary = tally.summary(seconds: 1)
    #expect(summary.captured == 12 && summary.judged == 12 && summary.imagesPerSecond == 2)
  }

  @Test func aLostFrameStopsTheRun() async {
    await #expect(processExitsWith: .failure) {
      var tally = RunTally()
      tally.capture(2)
      tally.judge(decision("a"))
      _ = tally.summary(seconds: 1)
    }
  }
}
