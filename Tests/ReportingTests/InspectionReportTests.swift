import Glibc
import Imaging
import Inspection
import Testing

@testable import Reporting

@Suite struct InspectionReportTests {
  /// The gallery's data: one row per item.
  private func items(_ page: HTMLChecker) throws -> [[JSON]] {
    let data = try JSON(parsing: page.json)
    return try #require(data["items"]?.arrayValue).map { $0.arrayValue ?? [] }
  }

  @Test func countsAddUp() throws {
    let (report, text, _) = Sample.inspection(parts: 1400, thumbnail: Sample.thumbnail)
    try Sample.keep(text, "inspect.html")
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(report.count == 1400)
    #expect(report.verdicts.values.reduce(0, +) == 1400)
    #expect(report.histogram.total + report.histogram.withoutScore + report.unreadableCount == 1400)
    #expect(
      report.defects.values.reduce(0, +) + report.unreadableCount
        == report.verdicts[.reject, default: 0] + report.verdicts[.review, default: 0])
    let rows = try items(page)
    #expect(rows.count == 1400)
    for verdict in Verdict.allCases {
      let place = Verdict.allCases.firstIndex(of: verdict)
      #expect(rows.count { $0[1].intValue == place } == report.verdicts[verdict, default: 0])
    }
    // Every row has a value for every facet, every order and every detail.
    let data = try JSON(parsing: page.json)
    for row in rows {
      #expect(row.count == 8 && row[2].arrayValue?.count == 2)
      #expect(row[6].arrayValue?.count == data["descending"]?.arrayValue?.count)
      #expect(row[7].arrayValue?.count == data["details"]?.arrayValue?.count)
    }
    #expect(page.text.contains("14 inputs could not be read and count as rejected."))
    #expect(page.text.contains("500 pictures are embedded in this page; 900 parts have no picture."))
    #expect(text.contains("<title>Inspection report: Datasets/my washers/test</title>"))
  }

  /// Slowest and least certain are what sorting everything gives.
  @Test func listsAreTheExtremes() {
    var random = Sample.Generator(state: 7)
    var report = InspectionReport(Sample.info)
    var all: [Decision] = []
    for index in 0..<600 {
      let decision = Sample.decision(index, &random).decision
      report.add(decision)
      all.append(decision)
    }
    let slowest = all.map(\.totalMilliseconds).sorted(by: >).prefix(10)
    #expect(report.slowest.entries.map { $0.decision.totalMilliseconds } == Array(slowest))
    let margins = all.filter { !$0.isUnreadable }.map { decision -> Double in
      let s = 1 - Double(decision.scores[0].score)
      return min(abs(s - Double(Float(0.5))), abs(s - Double(Float(0.2))))
    }
    #expect(report.leastCertain.entries.map(\.key) == Array(margins.sorted().prefix(10)))
  }

  @Test func hostileNamesStayText() throws {
    let name = #"</script><img src=x onerror="alert('1')">&amp;.png"#
    var report = InspectionReport(
      .init(
        subject: name, labels: ["good", name], goodLabel: "good", policy: Sample.policy,
        provenance: Provenance(
          model: ModelIdentity(name: name, sha256: name), commandLine: ["assay", name, "it's"],
          versions: [(name, name)], threads: 2, started: Timestamp(milliseconds: 0))))
    var tally = RunTally()
    for verdict in Verdict.allCases {
      for unreadable in [false, true] {
        let decision = Decision(
          id: "\(verdict)\(unreadable)" + name, source: name,
          frame: .init(sequence: 0, timestamp: Timestamp(milliseconds: 0), width: unreadable ? 0 : 9, height: 9),
          judgement: Judgement(verdict, name, 0.5, [name]), scores: [LabelScore("good", 0.5), LabelScore(name, 0.5)],
          model: ModelIdentity(name: name, sha256: name), timings: [StageTiming(name, 1)], annotated: name)
        tally.capture()
        tally.judge(decision)
        report.add(decision)
      }
    }
    tally.capture()
    tally.drop(cause: name)
    let text = report.render(summary: tally.summary(seconds: 1), thumbnails: ThumbnailStore()).text
    let page = HTMLChecker(text)
    #expect(page.faults == [])
    #expect(!text.contains("<img"))
    #expect(page.tags["script"] == 2)
    let rows = try items(page)
    #expect(rows.contains { $0[0].stringValue == "reject" + "true" + name })
    #expect(rows.allSatisfy { $0[5].stringValue?.contains("<") == false })
    #expect(page.text.contains("1 frame was dropped without a judgement."))
    #expect(page.text.contains(#"assay &#39;&lt;/script&gt;"#))
    #expect(page.text.contains(#"&#39;it&#39;\&#39;&#39;s&#39;"#))
  }

  @Test func tenThousandPartsStaySmall() throws {
    let picture = [UInt8](repeating: 0xA5, count: 6000)
    let (report, text, store) = Sample.inspection(parts: 10_000) { _ in picture }
    #expect(report.count == 10_000)
    #expect(text.utf8.count < 8_000_000, "the page has \(text.utf8.count) bytes")
    let items = report.galleryItems(store)
    #expect(items.count == 10_000)
    // Rejected parts and those for review come first to the pictures.
    let pictured = items.filter { $0.thumbnail != nil }
    #expect(pictured.count == 500)
    #expect(pictured.allSatisfy { $0.mark == .reject || $0.mark == .review })
    try Sample.keep(text, "inspect-10000.html")
  }

  @Test func whatTheGalleryCannotHoldIsSaid() throws {
    var random = Sample.Generator(state: 1)
    var report = InspectionReport(Sample.info, galleryLimit: 100)
    var tally = RunTally()
    for index in 0..<1000 {
      let decision = Sample.decision(index, &random).decision
      tally.resume(decision)
      report.add(decision)
    }
    let page = HTMLChecker(report.render(summary: tally.summary(seconds: 1), thumbnails: ThumbnailStore()).text)
    let rows = try items(page)
    #expect(rows.count == 100 && rows.allSatisfy { $0[1].intValue != 0 })
    #expect(page.text.contains("The gallery holds 100 of 1,000 parts"))
  }

  @Test func withoutAGoodClass() {
    var report = InspectionReport(
      .init(
        subject: "steel", labels: ["crazing", "patches"], goodLabel: nil, policy: Policy(minimumConfidence: 0.6),
        provenance: Sample.provenance))
    var tally = RunTally()
    for (index, p) in [Float(0.95), 0.55, 0.61].enumerated() {
      let judgement = Policy(minimumConfidence: 0.6).decide(
        scores: [p, 1 - p], labels: ["crazing", "patches"], goodIndex: nil)
      let decision = Decision(
        id: "\(index)", source: "", frame: .init(sequence: 0, timestamp: .now(), width: 1, height: 1),
        judgement: judgement, scores: [LabelScore("crazing", p), LabelScore("patches", 1 - p)],
        model: ModelIdentity(name: "", sha256: ""))
      tally.capture()
      tally.judge(decision)
      report.add(decision)
    }
    #expect(report.leastCertain.entries.map(\.decision.id) == ["2", "1", "0"])
    let page = HTMLChecker(report.render(summary: tally.summary(seconds: 0.1), thumbnails: ThumbnailStore()).text)
    #expect(page.faults == [] && page.text.contains("review below 0.6") && page.text.contains("No timings were taken."))
  }

  /// After a resumed run the store knows only the later parts; the earlier ones come from their files.
  @Test func earlierPartsGetTheirPicturesFromFiles() throws {
    var template = Array("/tmp/reporting-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      for name in ["decisions.jsonl", "report.html", "part.png", "drawn.png"] { unsafe _ = unlink(folder + "/" + name) }
      unsafe _ = rmdir(folder)
    }
    try Image<Gray8>(width: 9, height: 7, repeating: 99).writePNG(to: folder + "/part.png")
    try Image<Gray8>(width: 19, height: 17, repeating: 99).writePNG(to: folder + "/drawn.png")
    var tally = RunTally()
    func part(_ id: String, _ verdict: Verdict, source: String, annotated: String?) -> Decision {
      Decision(
        id: id, source: source, frame: .init(sequence: 0, timestamp: .now(), width: 9, height: 7),
        judgement: Judgement(verdict, "good", 1, ["x"]), model: ModelIdentity(name: "", sha256: ""),
        annotated: annotated)
    }
    do {
      var log = try DecisionLog(path: folder + "/decisions.jsonl")
      let parts = [
        part("a", .accept, source: folder + "/part.png", annotated: nil),
        part("b", .reject, source: "/nowhere", annotated: "drawn.png"),
        part("c", .review, source: "/nowhere", annotated: nil), part("d", .accept, source: "/nowhere", annotated: nil),
      ]
      for part in parts { tally.resume(part) }
      try log.append(parts)
    }
    var store = ThumbnailStore()
    store.insert([1, 2, 3], id: "d", verdict: .accept)
    let path = try InspectionReport.write(
      folder: folder, info: Sample.info, summary: tally.summary(seconds: 1), thumbnails: store)
    #expect(path == folder + "/report.html")
    let file = unsafe open(path, O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    let page = HTMLChecker(String(decoding: bytes[..<max(count, 0)], as: UTF8.self))
    #expect(page.faults == [])
    var thumbnails: [String: String] = [:]
    for row in try items(page) { thumbnails[row[0].stringValue ?? ""] = row[4].stringValue }
    #expect(thumbnails["d"] == "AQID" && thumbnails["c"] == "")
    #expect(thumbnails["a"]?.hasPrefix("/9j/") == true && thumbnails["b"]?.hasPrefix("/9j/") == true)
    #expect(thumbnails["a"] != thumbnails["b"])
  }

  @Test func anEmptyRunIsAPageToo() {
    let page = HTMLChecker(
      InspectionReport(Sample.info).render(summary: RunTally().summary(seconds: 0), thumbnails: ThumbnailStore()).text)
    #expect(page.faults == [] && page.text.contains("No parts were judged."))
  }
}

@Suite struct ThumbnailStoreTests {
  @Test func moreImportantPartsDisplaceOthers() {
    var store = ThumbnailStore(capacity: 3)
    for id in ["a", "b", "c", "d"] { store.insert([1], id: id, verdict: .accept) }
    #expect(store.count == 3 && store["d"] == nil && !store.wants(.accept) && store.wants(.review))
    store.insert([2], id: "r1", verdict: .review)
    store.insert([2], id: "x1", verdict: .reject)
    store.insert([2], id: "x2", verdict: .reject)
    #expect(store["a"] == nil && store["r1"] != nil && store["x2"] != nil && !store.wants(.review))
    store.insert([3], id: "x3", verdict: .reject)
    #expect(store["r1"] == nil && store["x1"] != nil && store["x3"] != nil && !store.wants(.reject))
    store.insert([3], id: "x4", verdict: .reject)
    #expect(store["x4"] == nil && store.count == 3)
    #expect(store.bytes == 3)
  }

  @Test func bytesAreBoundedToo() {
    var store = ThumbnailStore(capacity: 100, byteLimit: 1000)
    for index in 0..<50 { store.insert([UInt8](repeating: 0, count: 90), id: "a\(index)", verdict: .accept) }
    #expect(store.count == 11 && store.bytes == 990)
    store.insert([UInt8](repeating: 0, count: 900), id: "big", verdict: .reject)
    #expect(store["big"] != nil && store.bytes <= 1000 && store.count == 2)
    store.insert([UInt8](repeating: 0, count: 2000), id: "huge", verdict: .reject)
    #expect(store["huge"] == nil && store.bytes <= 1000)
  }

  @Test func aPartIsKeptOnce() {
    var store = ThumbnailStore()
    store.insert([1], id: "a", verdict: .reject)
    store.insert([2, 2], id: "a", verdict: .reject)
    #expect(store.count == 1 && store.bytes == 1)
  }
}
