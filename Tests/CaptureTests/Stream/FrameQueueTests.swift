import Testing

@testable import Capture

@Suite struct FrameQueueTests {
  private func frame(_ number: Int) -> FrameEvent {
    .frame(
      Frame(
        number: number, sequence: UInt32(number), nanoseconds: 0, wallMilliseconds: 0, layout: ScriptedDriver.layout,
        bytes: FrameBytes([1])))
  }

  private func numbers(_ queue: FrameQueue) -> [Int] {
    var numbers: [Int] = []
    while let event = queue.take(seconds: 0) { if case .frame(let frame) = event { numbers.append(frame.number) } }
    return numbers
  }

  @Test func theNewestWin() {
    let queue = FrameQueue(capacity: 2)
    for number in 0..<5 { queue.put(frame(number)) }
    #expect(numbers(queue) == [3, 4])
    #expect(queue.counts.dropped == [.queueFull: 3])
  }

  @Test func otherEventsAreNeverDropped() {
    let queue = FrameQueue(capacity: 1)
    queue.put(frame(0))
    queue.put(.note(.gap, "a"))
    queue.put(frame(1))
    queue.put(.ended(nil))
    var kinds: [String] = []
    while let event = queue.take(seconds: 0) {
      switch event {
      case .frame(let frame): kinds.append("\(frame.number)")
      case .note: kinds.append("note")
      case .ended: kinds.append("ended")
      default: break
      }
    }
    #expect(kinds == ["note", "1", "ended"])
  }

  @Test func aRecordingWaitsForRoom() async {
    let queue = FrameQueue(capacity: 2, policy: .blocks)
    let thread = TestThread { for number in 0..<50 { queue.put(self.frame(number)) } }
    var taken: [Int] = []
    while taken.count < 50 {
      if case .frame(let frame) = queue.take(seconds: 1) { taken.append(frame.number) }
    }
    thread.join()
    #expect(taken == Array(0..<50))
    #expect(queue.counts.dropped.isEmpty)
  }

  @Test func closingLetsAWaitingSourceGo() {
    let queue = FrameQueue(capacity: 1, policy: .blocks)
    queue.put(frame(0))
    let thread = TestThread { queue.put(self.frame(1)) }
    Clock.sleep(seconds: 0.02)
    queue.close()
    thread.join()
    #expect(numbers(queue) == [0])
  }

  @Test func memoryIsUsedAgain() {
    let pool = FramePool(keeping: 4)
    let bytes = [UInt8](repeating: 9, count: 10_000)
    var addresses: Set<Int> = []
    for _ in 0..<100 {
      let copy = pool.copy(bytes.span)
      unsafe copy.span.withUnsafeBytes { _ = addresses.insert(Int(bitPattern: $0.baseAddress)) }
      let last = copy.span[9_999]
      #expect(last == 9 && copy.count == 10_000)
    }
    #expect(addresses.count == 1)
    // A longer frame gets a larger block.
    let more = [UInt8](repeating: 7, count: 50_000)
    let longer = pool.copy(more.span)
    let last = longer.span[49_999]
    #expect(longer.count == 50_000 && last == 7)
  }
}
