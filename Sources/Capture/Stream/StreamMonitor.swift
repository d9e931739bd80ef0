/// Looks at each frame of a stream before it is used: what is missing, what is damaged, what cannot be.
///
/// Pure: it neither waits nor asks for the time, so that every fault can be played to it.
public struct StreamMonitor: Sendable {
  /// What one frame showed.
  public struct Finding: Sendable, Hashable {
    /// Frames that the driver counted and did not deliver, just before this one.
    public var lost = 0
    /// Faults of the stream that leave the frame usable: a gap, a jump of the count or of the time.
    public var notes: [FrameFault] = []
    /// Why the frame itself must not be used.
    public var fault: FrameFault?
    /// When the frame was taken, nanoseconds of the monotonic clock: the driver's time, or where that cannot be, the
    /// time of arrival.
    public var nanoseconds: Int64 = 0
    /// The driver's 32-bit count began anew at 0 in its due place.
    public var hasWrapped = false
  }

  /// A whole frame's bytes; 0 for compressed formats, whose length varies.
  private let leastBytes: Int
  private let mostBytes: Int
  private let frozenAfter: Int
  private var lastSequence: UInt32?
  private var lastNanoseconds: Int64?
  private var lastHash: UInt64?
  private var equalFrames = 0

  /// Frames that can be missing before the count is held to have jumped: 20 minutes at 60 a second.
  private static let mostLost: UInt32 = 72_000
  /// A driver's time may be so much later than the arrival, nanoseconds: clocks are read one after the other, and some
  /// drivers (vivid) give the end of the exposure by their timetable, which is up to a frame ahead.
  private let mostAhead: Int64
  /// A frame may wait so long in the driver's buffers, nanoseconds.
  private static let mostBehind: Int64 = 10_000_000_000

  /// - Parameters:
  ///   - leastBytes: a whole frame's; 0 where that varies.
  ///   - mostBytes: the driver's buffer.
  ///   - frozenAfter: equal frames that make a frozen picture; 0 for never.
  ///   - rate: frames a second; nil where that is not known.
  public init(leastBytes: Int, mostBytes: Int, frozenAfter: Int, rate: Double? = nil) {
    mostAhead = max(20_000_000, Int64(1.5e9 / max(rate ?? 30, 0.1)))
    self.leastBytes = leastBytes
    self.mostBytes = mostBytes
    self.frozenAfter = frozenAfter
  }

  /// - Parameters:
  ///   - bytes: how many came.
  ///   - hash: of all bytes.
  ///   - arrival: when it was handed over, nanoseconds of the monotonic clock.
  public mutating func look(at head: FrameHead, bytes: Int, hash: UInt64, arrival: Int64) -> Finding {
    var finding = Finding()
    follow(head.sequence, &finding)
    finding.nanoseconds = time(head.nanoseconds, arrival, &finding)
    equalFrames = hash == lastHash ? equalFrames + 1 : 0
    lastHash = hash
    if head.isFlagged {
      finding.fault = .errorFlag
    } else if bytes < max(1, leastBytes) {
      finding.fault = .short
    } else if mostBytes > 0 && bytes > mostBytes {
      finding.fault = .overlong
    } else if frozenAfter > 0 && equalFrames >= frozenAfter {
      finding.fault = .frozen
    }
    return finding
  }

  private mutating func follow(_ sequence: UInt32, _ finding: inout Finding) {
    defer { lastSequence = sequence }
    guard let last = lastSequence else { return }
    let step = sequence &- last
    if step == 0 || step > Self.mostLost {
      finding.notes.append(.sequence)
    } else {
      finding.hasWrapped = sequence < last
      guard step > 1 else { return }
      finding.lost = Int(step - 1)
      finding.notes.append(.gap)
    }
  }

  private mutating func time(_ nanoseconds: Int64?, _ arrival: Int64, _ finding: inout Finding) -> Int64 {
    guard let nanoseconds else { return arrival }
    defer { lastNanoseconds = nanoseconds }
    let isPossible =
      nanoseconds <= arrival + mostAhead && nanoseconds >= arrival - Self.mostBehind
      && nanoseconds > lastNanoseconds ?? Int64.min
    if isPossible { return min(nanoseconds, arrival) }
    finding.notes.append(.time)
    return arrival
  }
}
