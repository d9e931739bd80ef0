import FileTestSupport
import Glibc
import Synchronization
import Testing

@testable import Outputs

@Suite struct PictureKeeperTests {
  let folder = TestFolder()
  var path: String { folder.path + "/kept" }
  static let noon: Int64 = 1_795_262_400_000  // 2026-11-21T12:00:00Z

  private func picture(
    _ sequence: UInt64, _ verdict: KeptPicture.Verdict = .reject, day: Int64 = 0, label: String = "scratch"
  ) -> KeptPicture {
    KeptPicture(
      id: "part \(sequence)/ü", sequence: sequence, verdict: verdict, label: label,
      milliseconds: Self.noon + day * 86_400_000)
  }

  private func options(_ change: (inout PictureKeeper.Options) -> Void = { _ in }) -> PictureKeeper.Options {
    var options = PictureKeeper.Options()
    options.acceptedRate = 1
    options.reserve = 0
    options.queue = 10_000
    change(&options)
    return options
  }

  private func keeper(
    _ change: (inout PictureKeeper.Options) -> Void = { _ in }, now: Int64 = noon,
    free: @escaping @Sendable (String) -> Int? = { _ in nil }
  ) throws -> PictureKeeper {
    try PictureKeeper(folder: path, options: options(change), wallClock: { now }, freeBytes: free)
  }

  private func bytes(_ count: Int = 100) -> @Sendable () -> [UInt8] { { [UInt8](repeating: 7, count: count) } }

  private func files(_ day: String, _ verdict: String) -> [String] {
    System.names(in: path + "/" + day + "/" + verdict).sorted()
  }

  /// Waits until all that was handed in is dealt with.
  private func settle(_ keeper: PictureKeeper) -> PictureKeeperStatus {
    #expect(eventually { !keeper.currentStatus.isScanning && keeper.currentStatus.waiting == 0 })
    return keeper.currentStatus
  }

  @Test func namesSayWhatIsOnThem() throws {
    let keeper = try keeper()
    keeper.keep(picture(17), bytes: bytes())
    keeper.keep(picture(18, .review, label: ""), bytes: bytes())
    keeper.keep(picture(19, .accept, day: 1, label: "good"), bytes: bytes())
    let status = keeper.close(within: 60)
    #expect(files("2026-11-21", "reject") == ["000000000001-17-scratch-part_17___.jpg"])
    #expect(files("2026-11-21", "review") == ["000000000002-18-part_18___.jpg"])
    #expect(files("2026-11-22", "accept") == ["000000000003-19-good-part_19___.jpg"])
    #expect(
      text(path + "/2026-11-22/kept.jsonl")
        == "{\"path\":\"2026-11-22/accept/000000000003-19-good-part_19___.jpg\",\"id\":\"part 19/ü\",\"sequence\":19,"
        + "\"verdict\":\"accept\",\"label\":\"good\",\"time\":\"2026-11-22T12:00:00.000Z\",\"bytes\":100}\n")
    #expect(status.kept.all == 3 && status.files.all == 3 && status.bytes == 300 && status.notKept.all == 0)
    #expect(status.description == "3 pictures kept")
  }

  @Test func acceptedOnesAreSampledTheSameWayEachTime() throws {
    let keeper = try keeper { $0.acceptedRate = 0.1 }
    for sequence in 0..<UInt64(1000) { keeper.keep(picture(sequence, .accept), bytes: bytes(1)) }
    let status = keeper.close(within: 60)
    let expected = (0..<UInt64(1000)).count { PictureKeeper.isSampled($0, rate: 0.1) }
    #expect(status.kept.accept == expected && status.notSampled == 1000 - expected)
    #expect((70...130).contains(expected))
    // Also of every tenth there is a tenth.
    let tenth = stride(from: UInt64(0), to: 10_000, by: 10).count { PictureKeeper.isSampled($0, rate: 0.1) }
    #expect((70...130).contains(tenth))
    #expect(!(0..<10_000).contains { PictureKeeper.isSampled($0, rate: 0) })
    #expect((0..<10_000).allSatisfy { PictureKeeper.isSampled($0, rate: 1) })
  }

  @Test func eachVerdictHasItsRateWhichMayChange() throws {
    let keeper = try keeper {
      $0.reviewedRate = 0
      $0.rejectedRate = 0.5
    }
    for sequence in 0..<UInt64(200) {
      keeper.keep(picture(sequence, .review), bytes: bytes(1))
      keeper.keep(picture(sequence), bytes: bytes(1))
    }
    var status = settle(keeper)
    #expect(status.kept.review == 0 && (60...140).contains(status.kept.reject))
    keeper.change(options { $0.budget = 1 << 20 })
    for sequence in 0..<UInt64(10) { keeper.keep(picture(sequence, .review), bytes: bytes(1)) }
    status = keeper.close(within: 60)
    #expect(status.kept.review == 10)
  }

  /// A picture and the camera's own frame are one: they count together and go together.
  @Test func aFrameGoesWithItsPicture() throws {
    let first = try keeper { $0.budget = 1000 }
    for sequence in 1...UInt64(3) { first.keep(picture(sequence, .accept), bytes: bytes(), frame: bytes(300)) }
    #expect(settle(first).bytes == 800)
    #expect(
      files("2026-11-21", "accept").map { String($0.dropFirst(10)) } == [
        "02-2-scratch-part_2___.frame", "02-2-scratch-part_2___.jpg", "03-3-scratch-part_3___.frame",
        "03-3-scratch-part_3___.jpg",
      ])
    first.close(within: 60)
    // A crash between the two leaves a frame alone: it counts, and goes when its turn comes.
    _ = unsafe unlink(path + "/2026-11-21/accept/" + files("2026-11-21", "accept")[1])
    let second = try keeper { $0.budget = 1000 }
    #expect(settle(second).bytes == 700 && second.currentStatus.files.accept == 2)
    second.keep(picture(4, .accept), bytes: bytes(), frame: bytes(300))
    let status = second.close(within: 60)
    #expect(status.bytes == 800 && files("2026-11-21", "accept").count == 4, "\(files("2026-11-21", "accept"))")
  }

  @Test func inABurstAcceptedOnesGoFirst() throws {
    let gate = Shared(0)
    let keeper = try keeper { $0.queue = 4 }
    keeper.keep(picture(1)) {
      while gate.value == 0 { usleep(1000) }
      return [1]
    }
    // The first is in hand, then four wait.
    #expect(eventually { keeper.currentStatus.waiting == 1 && !keeper.currentStatus.isScanning })
    #expect(eventually { keeper.hasEmptyQueue })
    for sequence in 2...UInt64(5) { #expect(keeper.keep(picture(sequence, .accept), bytes: bytes()) == .queued) }
    #expect(keeper.keep(picture(6, .accept), bytes: bytes()) == .dropped)
    for sequence in 7...UInt64(10) {
      #expect(keeper.keep(picture(sequence, .review), bytes: bytes()) == .queued)
    }
    #expect(keeper.keep(picture(11), bytes: bytes()) == .dropped)
    gate.value = 1
    let status = keeper.close(within: 60)
    #expect(status.kept.reject == 1 && status.kept.review == 4 && status.kept.accept == 0)
    #expect(status.queueFull.accept == 5 && status.queueFull.reject == 1)
    #expect(status.description == "5 pictures kept, 1 rejected and 0 for review not kept, 5 accepted not kept")
  }

  @Test func theOldestAcceptedGoFirstThenReviewedOnes() throws {
    let first = try keeper { $0.budget = 1000 }
    for sequence in 1...UInt64(4) { first.keep(picture(sequence), bytes: bytes()) }
    for sequence in 5...UInt64(10) { first.keep(picture(sequence, .accept), bytes: bytes()) }
    #expect(settle(first).bytes == 1000)
    first.keep(picture(11, .accept), bytes: bytes())
    first.keep(picture(12), bytes: bytes())
    var status = settle(first)
    #expect(files("2026-11-21", "accept").map { $0.prefix(12) }.first == "000000000007")
    #expect(status.removed.accept == 2 && status.removed.reject == 0 && status.bytes == 1000)
    // More rejects than the budget holds: they stay, and accepted ones are not kept any more.
    for sequence in 13...UInt64(20) { first.keep(picture(sequence), bytes: bytes()) }
    first.keep(picture(21, .accept), bytes: bytes())
    status = settle(first)
    #expect(status.files.reject == 13 && status.files.accept == 0 && status.removed.reject == 0)
    #expect(status.overBudget.accept == 1 && status.isOverBudget)
    #expect(status.description.hasSuffix("over budget: review rejects to make room"))
    #expect(!folder.exists("kept/removed.jsonl"))
    // Somebody reviews: the oldest of these go, each with a line. A wrong path counts for nothing.
    let names = files("2026-11-21", "reject")
    let reviewed = [names[5], names[2], names[3], names[0] + "x"].map { "2026-11-21/reject/\($0)\n" }.joined()
    folder.write(Array(reviewed.utf8), "kept/reviewed.txt")
    first.keep(picture(22), bytes: bytes())
    status = settle(first)
    #expect(status.removed.reject == 3 && status.removedUnreviewed == 0)
    #expect(files("2026-11-21", "reject").count == 11)
    let removed = text(path + "/removed.jsonl").split(separator: "\n")
    #expect(removed.count == 3)
    #expect(
      removed.first
        == "{\"path\":\"2026-11-21/reject/\(names[2])\",\"reviewed\":true,\"reason\":\"budget\",\"bytes\":100,\"time\":\"2026-11-21T12:00:00.000Z\"}"
    )
    first.close(within: 60)
  }

  @Test func unreviewedOnesGoWithALineIfTheyMay() throws {
    let keeper = try keeper {
      $0.budget = 300
      $0.removesUnreviewed = true
    }
    for sequence in 1...UInt64(5) {
      keeper.keep(picture(sequence, sequence % 2 == 0 ? .review : .reject), bytes: bytes())
    }
    // Never for an accepted one.
    keeper.keep(picture(6, .accept), bytes: bytes())
    let status = keeper.close(within: 60)
    #expect(status.removed.reject == 1 && status.removed.review == 1 && status.removedUnreviewed == 2)
    #expect(status.overBudget.accept == 1 && status.bytes == 300)
    let removed = text(path + "/removed.jsonl").split(separator: "\n")
    #expect(removed.count == 2 && removed.allSatisfy { $0.contains("\"reviewed\":false") })
    #expect(files("2026-11-21", "reject").map { $0.prefix(12) } == ["000000000003", "000000000005"])
  }

  @Test func oldOnesGoAndTheirFoldersToo() throws {
    let first = try keeper()
    for day in 0..<Int64(4) {
      first.keep(picture(UInt64(day), .accept, day: day - 3), bytes: bytes())
      first.keep(picture(UInt64(day) + 10, .reject, day: day == 0 ? -3 : 0), bytes: bytes())
    }
    first.close(within: 60)
    #expect(files("2026-11-18", "accept").count == 1)
    let name = try #require(files("2026-11-18", "reject").first)
    var second = try keeper { $0.days = 1 }
    second.keep(picture(99), bytes: bytes())
    var status = second.close(within: 60)
    #expect(status.removed.accept == 2 && status.removed.reject == 0)
    #expect(!folder.exists("kept/2026-11-19"))
    #expect(folder.exists("kept/2026-11-18/reject/\(name)") && !folder.exists("kept/2026-11-18/accept"))
    folder.write(Array("2026-11-18/reject/\(name)\n".utf8), "kept/reviewed.txt")
    second = try keeper { $0.days = 1 }
    second.keep(picture(100), bytes: bytes())
    status = second.close(within: 60)
    #expect(status.removed.reject == 1 && !folder.exists("kept/2026-11-18"))
  }

  /// Names stay unique and age goes by the order of keeping, whatever the clock does.
  @Test func theClockMayBeSetBack() throws {
    var keeper = try keeper { $0.budget = 300 }
    for sequence in 1...UInt64(3) { keeper.keep(picture(sequence, .accept, day: 1), bytes: bytes()) }
    keeper.close(within: 60)
    keeper = try self.keeper { $0.budget = 300 }
    // The same sequence numbers again, a day earlier.
    for sequence in 1...UInt64(2) { keeper.keep(picture(sequence, .accept), bytes: bytes()) }
    let status = keeper.close(within: 60)
    #expect(status.removed.accept == 2)
    #expect(files("2026-11-22", "accept").map { $0.prefix(14) } == ["000000000003-3"])
    #expect(files("2026-11-21", "accept").map { $0.prefix(14) } == ["000000000004-1", "000000000005-2"])
  }

  @Test func aRestartCountsWhatIsThere() throws {
    // Many files in few folders, as an earlier run leaves them.
    for (index, day) in ["2026-11-19", "2026-11-20"].enumerated() {
      folder.write([], "kept/\(day)/reject/.000000009999-1-x.jpg.part")
      for number in 0..<2000 {
        folder.write([1, 2, 3], "kept/\(day)/reject/\(padded(index * 2000 + number + 1, 12))-\(number)-x.jpg")
      }
      folder.write([1], "kept/\(day)/reject/notes.txt")
    }
    folder.write([1], "kept/readme")
    let keeper = try keeper()
    keeper.keep(picture(1), bytes: bytes())
    let status = keeper.close(within: 60)
    #expect(status.files.reject == 4001 && status.bytes == 3 * 4000 + 100)
    #expect(files("2026-11-21", "reject").first?.hasPrefix("000000004001-") == true)
    #expect(!files("2026-11-19", "reject").contains { $0.hasSuffix(".part") })
    #expect(folder.exists("kept/2026-11-19/reject/notes.txt"))
  }

  @Test func theReserveIsKeptForDecisions() throws {
    let box = Shared(1000)
    let keeper = try keeper({ $0.reserve = 1000 }, free: { _ in box.value })
    keeper.keep(picture(1), bytes: bytes())
    keeper.keep(picture(2, .accept)) {
      Issue.record("nothing is encoded for a full disk")
      return []
    }
    var status = settle(keeper)
    #expect(status.diskFull.reject == 1 && status.diskFull.accept == 1 && status.isDiskFull && status.kept.all == 0)
    #expect(
      status.problem
        == "\(path) has 1000 bytes left, of which 1000 are kept for decisions; make room on the disk")
    #expect(status.description.contains("disk full: no pictures"))
    box.value = 1100
    keeper.keep(picture(3), bytes: bytes())
    status = settle(keeper)
    #expect(status.kept.reject == 1 && !status.isDiskFull && status.problem == nil)
    keeper.close(within: 60)
  }

  @Test func aFullDiskIsSaidAndSurvived() throws {
    guard let disk = SmallDisk(folder, bytes: 1 << 20) else { return }
    let keeper = try PictureKeeper(folder: disk.path + "/kept", options: options())
    #expect(settle(keeper).kept.all == 0)
    disk.fill()
    keeper.keep(picture(1), bytes: bytes(50_000))
    var status = settle(keeper)
    #expect(status.diskFull.reject == 1 && status.isDiskFull && status.files.all == 0)
    disk.empty()
    keeper.keep(picture(2), bytes: bytes(50_000))
    status = settle(keeper)
    #expect(status.kept.reject == 1 && !status.isDiskFull)
    // A real disk's room is measured too.
    keeper.close(within: 60)
    let second = try PictureKeeper(folder: disk.path + "/kept", options: options { $0.reserve = 2 << 20 })
    second.keep(picture(3), bytes: bytes())
    #expect(second.close(within: 60).diskFull.reject == 1)
  }

  @Test func whatCannotBeEncodedIsCounted() throws {
    let keeper = try keeper()
    keeper.keep(picture(1)) { throw OutputError.interrupted }
    let status = keeper.close(within: 60)
    #expect(status.failed.reject == 1 && status.notKept.reject == 1)
    #expect(status.problem == "cannot encode the picture of part 1/ü: the output is being closed")
  }

  /// The numbers of all that was handed in add up, also with a budget, a full queue and a short end.
  @Test func nothingIsForgotten() throws {
    let keeper = try keeper {
      $0.budget = 2000
      $0.queue = 8
      $0.acceptedRate = 0.5
    }
    for sequence in 0..<UInt64(600) {
      keeper.keep(picture(sequence, [.accept, .review, .reject][Int(sequence % 3)]), bytes: bytes())
    }
    let status = keeper.close(within: 0)
    #expect(status.kept.all + status.notSampled + status.notKept.all + status.waiting == 600)
    #expect(status.waiting == 0)
  }

  @Test func datesAreRight() {
    #expect(UTC.timestamp(0) == "1970-01-01T00:00:00.000Z")
    #expect(UTC.timestamp(-1) == "1969-12-31T23:59:59.999Z")
    #expect(UTC.timestamp(951_782_400_123) == "2000-02-29T00:00:00.123Z")
    for day in stride(from: Int32(-200_000), to: 200_000, by: 97) { #expect(UTC.day(date: UTC.date(day)) == day) }
    for wrong in ["2026-02-30", "2026-1-01", "kept", "2026-11-21x", "2026+11+21"] {
      #expect(UTC.day(date: wrong) == nil)
    }
  }

  @Test func jsonTextIsEscaped() {
    #expect(jsonString("a\"b\\c\nd\u{1}ü") == "\"a\\\"b\\\\c\\nd\\u0001ü\"")
  }
}

/// A number that a closure reads and a test sets.
final class Shared: Sendable {
  private let storage: Atomic<Int>
  init(_ value: Int) { storage = Atomic(value) }
  var value: Int {
    get { storage.load(ordering: .acquiring) }
    set { storage.store(newValue, ordering: .releasing) }
  }
}
