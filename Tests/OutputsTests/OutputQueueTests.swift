import FileTestSupport
import Glibc
import Testing

@testable import Outputs

@Suite struct OutputQueueTests {
  let folder = TestFolder()

  @Test func deliversInOrder() throws {
    let sink = TestSink()
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick())
    for number in 1...1000 { queue.put(line(UInt64(number)), number: UInt64(number)) }
    let status = queue.close(within: 60)
    #expect(isAll(sink.numbers, through: 1000))
    #expect(status.delivered == 1000)
    #expect(status.waiting == 0 && status.lost == 0 && status.givenUp == 0 && !status.isStalled)
    #expect(queue.lastNumber == 1000)
  }

  @Test func spillsWhileTheReceiverIsDownAndDeliversLater() throws {
    let sink = TestSink(.fail)
    var options = quick(lines: 16)
    options.segmentBytes = 1000
    options.stallSeconds = 0.01
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: options)
    queue.put(1...2000)
    #expect(eventually { queue.currentStatus.spilled >= 2000 - 32 && queue.currentStatus.failures > 1 })
    var status = queue.currentStatus
    #expect(status.inMemory <= 32)
    #expect(status.waiting == 2000 && status.lost == 0)
    #expect(status.problem == "test ended with status 1, saying: down")
    #expect(eventually { queue.currentStatus.isStalled })
    #expect(queue.currentStatus.description.hasPrefix("0 delivered, 2000 waiting ("))
    sink.become(.take)
    #expect(eventually { queue.currentStatus.delivered == 2000 })
    status = queue.currentStatus
    #expect(status.waiting == 0 && status.problem == nil && status.failures == 0 && !status.isStalled)
    #expect(isAll(sink.numbers, through: 2000))
    // What is delivered does not stay on the disk.
    #expect(eventually { System.names(in: folder.path).count { $0.hasPrefix("spill-") } <= 1 })
    queue.close(within: 60)
  }

  @Test func aHangingReceiverHoldsNothingUp() throws {
    let sink = TestSink(.hang)
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick(lines: 64))
    queue.put(1...5000)
    #expect(eventually { queue.currentStatus.spilled > 4800 })
    #expect(queue.close(within: 0.01).waiting == 5000)

    let next = TestSink()
    let second = try OutputQueue(folder: folder.path, sink: next, options: quick(lines: 64))
    #expect(second.lastNumber == 5000)
    #expect(second.close(within: 60).delivered == 5000)
    #expect(isAll(next.numbers, through: 5000))
  }

  @Test func goesOnAfterARestart() throws {
    let down = TestSink(.fail)
    var queue = try OutputQueue(folder: folder.path, sink: down, options: quick())
    for number in 1...UInt64(10) { queue.put(line(number), number: number) }
    #expect(queue.close(within: 0.01).waiting == 10)

    #expect(throws: OutputError.undelivered(path: folder.path, lines: 10)) {
      try OutputQueue(folder: folder.path, sink: TestSink(), start: .new)
    }
    let sink = TestSink()
    queue = try OutputQueue(folder: folder.path, sink: sink, options: quick())
    // What it has is ignored.
    for number in 5...UInt64(12) { queue.put(line(number), number: number) }
    queue.close(within: 60)
    #expect(isAll(sink.numbers, through: 12))

    let third = TestSink()
    queue = try OutputQueue(folder: folder.path, sink: third, start: .new, options: quick())
    queue.put(line(1), number: 1)
    queue.close(within: 60)
    #expect(third.numbers == [1])
  }

  @Test func replacingThrowsAwayWhatWasLeft() throws {
    var queue = try OutputQueue(folder: folder.path, sink: TestSink(.fail), options: quick())
    for number in 1...UInt64(10) { queue.put(line(number), number: number) }
    queue.close(within: 0.01)
    let sink = TestSink()
    queue = try OutputQueue(folder: folder.path, sink: sink, start: .replace, options: quick())
    #expect(queue.lastNumber == 0)
    queue.put(line(1), number: 1)
    queue.close(within: 60)
    #expect(sink.numbers == [1])
  }

  /// Leaves lines 1 to 10 in a spill file, and returns its path.
  private func leaveTen() throws -> String {
    let queue = try OutputQueue(folder: folder.path, sink: TestSink(.fail), options: quick())
    for number in 1...UInt64(10) { queue.put(line(number), number: number) }
    queue.close(within: 0.01)
    let names = System.names(in: folder.path).filter { $0.hasPrefix("spill-") }
    #expect(names.count == 1)
    return folder.path + "/" + (names.first ?? "")
  }

  @Test(arguments: [1, 10, 23, 24, 25, 30]) func aTornEndIsCutOff(_ missing: Int) throws {
    let path = try leaveTen()
    let size = TestFolder.contents(path).count
    #expect(unsafe truncate(path, size - missing) == 0)
    let sink = TestSink()
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick())
    #expect(queue.lastNumber == 9)
    queue.put(line(10), number: 10)
    queue.close(within: 60)
    #expect(isAll(sink.numbers, through: 10))
  }

  @Test func damageIsNoticed() throws {
    let path = try leaveTen()
    var bytes = TestFolder.contents(path)
    let record = SpillRecord.headerSize + line(1).count
    bytes[5 * record + SpillRecord.headerSize + 3] ^= 1
    bytes += [UInt8](repeating: 0, count: 100)
    folder.write(bytes, String(path.split(separator: "/").last!))
    let sink = TestSink()
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick())
    #expect(queue.lastNumber == 5)
    for number in 6...UInt64(10) { queue.put(line(number), number: number) }
    queue.close(within: 60)
    #expect(isAll(sink.numbers, through: 10))
  }

  /// A crash between a spill file's first write and its end leaves a file without a line: the next must follow.
  @Test(arguments: [0, 10]) func aFileWithoutALineIsNoGap(_ bytes: Int) throws {
    _ = try leaveTen()
    folder.write([UInt8](repeating: 1, count: bytes), "spill-0000000002")
    let queue = try OutputQueue(folder: folder.path, sink: TestSink(.fail), options: quick())
    queue.put(11...20)
    #expect(queue.close(within: 0.01).waiting == 20)
    let sink = TestSink()
    #expect(try OutputQueue(folder: folder.path, sink: sink, options: quick()).close(within: 60).delivered == 20)
    #expect(isAll(sink.numbers, through: 20))
  }

  /// A new output does not get what was decided before it was there; one that was there gets all.
  @Test func aNewOutputBeginsBehindWhatWas() throws {
    let replay: OutputReplay = { first, limit in
      (first..<min(first + UInt64(limit), 21)).map { OutputLine(number: $0, bytes: line($0)) }
    }
    let sink = TestSink(.fail)
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick(), behind: 10, replay: replay)
    queue.resume(through: 10)
    for number in 11...UInt64(15) { queue.put(line(number), number: number) }
    #expect(queue.close(within: 0.01).waiting == 5)
    let second = TestSink()
    let again = try OutputQueue(folder: folder.path, sink: second, options: quick(), behind: 20, replay: replay)
    again.resume(through: 20)
    #expect(again.close(within: 60).delivered == 10)
    #expect(second.numbers == Array(11...20))
  }

  @Test func theCursorSurvivesAWriteCutShort() throws {
    let queue = try OutputQueue(folder: folder.path, sink: TestSink(batch: 1), options: quick())
    for number in 1...UInt64(10) { queue.put(line(number), number: number) }
    queue.close(within: 60)
    let cursor = folder.contents("cursor")
    for (place, offsets) in [0, 512].enumerated() {
      var bytes = cursor
      bytes[offsets + 9] ^= 0xFF
      folder.write(bytes, "cursor")
      let again = try DeliveryCursor(path: folder.path + "/cursor")
      #expect(again.number == 9 || again.number == 10, "place \(place)")
    }
  }

  @Test func aFolderHasOneUser() throws {
    let queue = try OutputQueue(folder: folder.path, sink: TestSink(), options: quick())
    defer { queue.close(within: 60) }
    #expect(throws: OutputError.locked(path: folder.path + "/cursor")) {
      try OutputQueue(folder: folder.path, sink: TestSink(), options: quick())
    }
  }

  @Test func whatDoesNotFitIsCountedAsLost() throws {
    let sink = TestSink(.hang, batch: 2)
    var options = quick(lines: 10)
    options.spillBytes = 0
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: options)
    for number in 1...UInt64(100) { queue.put(line(number), number: number) }
    // While the spill tries to write, what it holds comes on top.
    #expect(eventually { queue.currentStatus.spillProblem != nil && queue.currentStatus.lost == 90 })
    var status = queue.currentStatus
    #expect(status.inMemory == 10)
    #expect(
      status.spillProblem
        == "cannot spill: \(folder.path) has reached its limit of 0 bytes; bring the receiver back or allow more")
    sink.become(.take)
    status = queue.close(within: 60)
    #expect(status.delivered == 10 && status.lost == 90)
    // The newest are what the line needs; what was being delivered stays too.
    #expect(sink.numbers.suffix(8) == [93, 94, 95, 96, 97, 98, 99, 100])
    #expect(sink.numbers == sink.numbers.sorted())
  }

  @Test func whatDoesNotFitIsReadAgain() throws {
    let sink = TestSink(.hang, batch: 2)
    var options = quick(lines: 10)
    options.spillBytes = 0
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: options) { first, limit in
      (first..<min(first + UInt64(limit), 101)).map { OutputLine(number: $0, bytes: line($0)) }
    }
    for number in 1...UInt64(100) { queue.put(line(number), number: number) }
    #expect(eventually { queue.currentStatus.spillProblem != nil })
    let status = queue.currentStatus
    #expect(status.deferred > 80 && status.lost == 0 && status.waiting == 100)
    sink.become(.take)
    #expect(queue.close(within: 60).delivered == 100)
    #expect(isAll(sink.numbers, through: 100))
  }

  @Test func goesOnFromTheDecisionsFile() throws {
    let sink = TestSink()
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick()) { first, limit in
      // Line 20 and those behind it are gone.
      (first..<max(first, min(first + UInt64(limit), 20))).map { OutputLine(number: $0, bytes: line($0)) }
    }
    queue.resume(through: 30)
    queue.put(line(31), number: 31)
    let status = queue.close(within: 60)
    #expect(sink.numbers == Array(1...19) + [31])
    #expect(status.lost == 11 && status.delivered == 20)
  }

  @Test func gapsSurviveARestart() throws {
    var options = quick(lines: 10)
    options.spillBytes = 0
    let replay: OutputReplay = { first, limit in
      (first..<min(first + UInt64(limit), 101)).map { OutputLine(number: $0, bytes: line($0)) }
    }
    var queue = try OutputQueue(folder: folder.path, sink: TestSink(.fail), options: quick(), replay: replay)
    queue.resume(through: 50)
    queue.put(line(51), number: 51)
    #expect(queue.close(within: 0.01).waiting == 51)
    let sink = TestSink()
    queue = try OutputQueue(folder: folder.path, sink: sink, options: quick(), replay: replay)
    #expect(queue.lastNumber == 51)
    queue.close(within: 60)
    #expect(isAll(sink.numbers, through: 51))
  }

  @Test func refusedLinesAreWrittenDown() throws {
    let sink = TestSink(.refuse, refusing: [3, 4])
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: quick())
    for number in 1...UInt64(6) { queue.put(line(number), number: number) }
    let status = queue.close(within: 60)
    #expect(sink.numbers == [1, 2, 5, 6])
    #expect(status.givenUp == 2 && status.delivered == 4)
    #expect(text(folder.path + "/undeliverable.jsonl") == lines(3...4))
  }

  @Test func triesCanBeLimited() throws {
    var options = quick()
    options.tries = 3
    let sink = TestSink(.fail, batch: 4)
    let queue = try OutputQueue(folder: folder.path, sink: sink, options: options)
    for number in 1...UInt64(2) { queue.put(line(number), number: number) }
    #expect(eventually { queue.currentStatus.givenUp == 2 })
    #expect(queue.currentStatus.failures == 6)
    sink.become(.take)
    queue.put(line(3), number: 3)
    queue.close(within: 60)
    #expect(sink.numbers == [3])
    #expect(text(folder.path + "/undeliverable.jsonl") == lines(1...2))
  }

  @Test func aFullDiskIsSaidAndSurvived() throws {
    guard let disk = SmallDisk(folder, bytes: 1 << 20) else { return }
    let sink = TestSink(.hang, batch: 2)
    let queue = try OutputQueue(folder: disk.path + "/out", sink: sink, options: quick(lines: 20))
    disk.fill()
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
    for number in 1...UInt64(20) { queue.put(long, number: number) }
    #expect(eventually { queue.currentStatus.spillProblem?.contains("the disk is full") == true })
    // The cursor's file has its room already: from memory it goes on.
    sink.become(.take)
    #expect(eventually { queue.currentStatus.delivered == 20 })
    #expect(queue.currentStatus.lost == 0 && queue.currentStatus.problem == nil)
    sink.become(.hang)
    disk.empty()
    queue.put(21...60) { _ in long }
    #expect(eventually { queue.currentStatus.spilled > 0 && queue.currentStatus.spillProblem == nil })
    sink.become(.take)
    #expect(queue.close(within: 60).delivered == 60)
    #expect(isAll(sink.numbers, through: 60))
  }

  @Test func theReserveIsLeftFree() throws {
    var options = quick()
    options.reserve = 1 << 60
    let queue = try OutputQueue(folder: folder.path, sink: TestSink(.hang), options: options)
    queue.put(line(1), number: 1)
    #expect(eventually { queue.currentStatus.spillProblem?.contains("are kept for decisions") == true })
    queue.close(within: 0)
  }

  @Test func linesCarryTheirNumber() {
    func numbered(_ json: String) -> String {
      String(decoding: OutputLine(number: 7, numbering: Array(json.utf8)).bytes, as: UTF8.self)
    }
    #expect(numbered("{\"a\":1}\n") == "{\"number\":7,\"a\":1}")
    #expect(numbered("{}") == "{\"number\":7}")
    #expect(numbered("{ }") == "{\"number\":7 }")
    #expect(numbered("12") == "12")
  }
}
