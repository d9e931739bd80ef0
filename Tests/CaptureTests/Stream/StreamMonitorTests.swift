import Testing

@testable import Capture

@Suite struct StreamMonitorTests {
  private var monitor = StreamMonitor(leastBytes: 100, mostBytes: 120, frozenAfter: 3)
  private var time: Int64 = 1_000_000_000

  /// A sound frame, 33 ms after the last, changed by the arguments.
  private mutating func look(
    _ sequence: UInt32, bytes: Int = 100, hash: UInt64? = nil, isFlagged: Bool = false, at shift: Int64 = 0
  ) -> StreamMonitor.Finding {
    time += 33_000_000
    return monitor.look(
      at: FrameHead(sequence: sequence, nanoseconds: time + shift, isFlagged: isFlagged), bytes: bytes,
      hash: hash ?? UInt64(time), arrival: time + 1_000_000)
  }

  @Test mutating func soundFramesShowNothing() {
    for sequence in 5..<20 as Range<UInt32> {
      let finding = look(sequence)
      #expect(finding.fault == nil && finding.notes.isEmpty && finding.lost == 0 && finding.nanoseconds == time)
    }
  }

  @Test mutating func gapsAreCounted() {
    _ = look(1)
    let finding = look(5)
    #expect(finding.lost == 3 && finding.notes == [.gap] && finding.fault == nil)
  }

  @Test mutating func theCountWraps() {
    _ = look(UInt32.max - 1)
    #expect(look(UInt32.max).notes.isEmpty)
    let finding = look(0)
    #expect(finding.hasWrapped && finding.lost == 0 && finding.notes.isEmpty)
    // A gap across the wrap.
    _ = look(UInt32.max)
    #expect(look(2).lost == 2)
  }

  @Test mutating func jumpsOfTheCountLoseNothing() {
    _ = look(1000)
    #expect(look(1000).notes == [.sequence])
    #expect(look(3).notes == [.sequence])
    #expect(look(4_000_000).notes == [.sequence])
    #expect(look(4_000_001).notes.isEmpty)
  }

  @Test mutating func flagsAndLengths() {
    #expect(look(1, isFlagged: true).fault == .errorFlag)
    #expect(look(2, bytes: 99).fault == .short)
    #expect(look(3, bytes: 0).fault == .short)
    // Padding up to the buffer's length is usual.
    #expect(look(4, bytes: 120).fault == nil)
    #expect(look(5, bytes: 121).fault == .overlong)
  }

  @Test func compressedFramesMayHaveAnyLengthButNone() {
    var monitor = StreamMonitor(leastBytes: 0, mostBytes: 0, frozenAfter: 0)
    func head(_ n: UInt32) -> FrameHead { FrameHead(sequence: n, nanoseconds: nil) }
    #expect(monitor.look(at: head(1), bytes: 5, hash: 1, arrival: 1).fault == nil)
    #expect(monitor.look(at: head(2), bytes: 0, hash: 1, arrival: 2).fault == .short)
  }

  @Test mutating func frozenAfterEqualFrames() {
    let faults = (1...6 as ClosedRange<UInt32>).map { look($0, hash: 7).fault }
    #expect(faults == [nil, nil, nil, .frozen, .frozen, .frozen])
    #expect(look(7, hash: 8).fault == nil)
  }

  @Test mutating func timesThatCannotBe() {
    _ = look(1)
    // In the future, in a past that no buffer is as old as, and before the last.
    for shift in [60_000_000, -11_000_000_000, -40_000_000] as [Int64] {
      let finding = look(2, at: shift)
      #expect(finding.notes.contains(.time) && finding.nanoseconds == time + 1_000_000)
      monitor = StreamMonitor(leastBytes: 100, mostBytes: 120, frozenAfter: 3)
      _ = look(1)
    }
  }

  @Test mutating func aTimetableAheadIsClamped() {
    _ = look(1)
    // The end of a frame's exposure by the driver's timetable, before it is over.
    let finding = look(2, at: 30_000_000)
    #expect(finding.notes.isEmpty && finding.nanoseconds == time + 1_000_000)
  }

  @Test func withoutADriversTimeTheArrivalCounts() {
    var monitor = StreamMonitor(leastBytes: 0, mostBytes: 0, frozenAfter: 0)
    let finding = monitor.look(at: FrameHead(sequence: 1, nanoseconds: nil), bytes: 5, hash: 1, arrival: 77)
    #expect(finding.nanoseconds == 77 && finding.notes.isEmpty)
  }

  private func hash(_ bytes: [UInt8]) -> UInt64 { ByteHash.hash(bytes.span) }

  @Test func aChangeOfOneBitChangesTheHash() {
    for count in [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 200, 1000] {
      var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      let first = hash(bytes)
      #expect(hash(Array(bytes)) == first && hash(bytes + [0]) != first)
      for index in bytes.indices {
        for bit in 0..<8 {
          bytes[index] ^= 1 << bit
          #expect(hash(bytes) != first)
          bytes[index] ^= 1 << bit
        }
      }
      // Words that change places are another picture.
      if count >= 200 { #expect(hash(Array(bytes[64..<128]) + bytes[..<64] + bytes[128...]) != first) }
    }
  }

  @Test func burstsAreSaidOnceAndAgainAtTheirEnd() {
    var log = BurstLog(quiet: 5)
    #expect(log.note(.gap, count: 3, at: 0) == "frames are missing in the camera's count (3)")
    #expect(log.note(.gap, at: 1) == nil)
    #expect(log.note(.short, at: 1) == "the frame is cut short")
    #expect(log.ended(at: 4).isEmpty)
    let ended = log.ended(at: 6.5)
    #expect(ended.map(\.0) == [.gap])
    #expect(ended[0].1 == "frames are missing in the camera's count: 4 times within 2 s, over now")
    #expect(log.note(.gap, at: 8) != nil)
  }
}
