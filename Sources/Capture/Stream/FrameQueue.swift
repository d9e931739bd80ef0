internal import Threads

/// What a source tells its consumer, in order.
public enum FrameEvent: Sendable {
  case frame(Frame)
  /// The camera streams, with this in force: at the start, and after every outage.
  case streaming(CameraConfiguration)
  /// No frames come any more.
  case outage(Outage)
  /// They come again.
  case recovered(Outage)
  /// Something for the log, told once a burst.
  case note(FrameFault, String)
  /// The source has ended, by itself or because it was asked to; nil without an error.
  case ended(CameraError?)
}

/// A time without frames.
public struct Outage: Sendable, Hashable {
  /// Counts a run's outages of one camera, from 1.
  public let number: Int
  public let cause: FrameFault
  /// What was seen, in words.
  public let reason: String
  /// Milliseconds since 1970 UTC.
  public let began: Int64
  /// The same; nil while it lasts.
  public var ended: Int64?

  public init(number: Int, cause: FrameFault, reason: String, began: Int64, ended: Int64? = nil) {
    self.number = number
    self.cause = cause
    self.reason = reason
    self.began = began
    self.ended = ended
  }
}

/// What a source has counted. Frames captured are those that came plus those that the driver's count says are missing.
public struct FrameCounts: Sendable, Hashable {
  public var captured = 0
  /// Captured frames that no consumer gets to see, by cause.
  public var dropped: [FrameFault: Int] = [:]
  /// Everything that was found wrong, by cause: frames, or for the stream's faults the times.
  public var faults: [FrameFault: Int] = [:]

  public init() {}

  public mutating func drop(_ fault: FrameFault, _ count: Int = 1) { dropped[fault, default: 0] += count }
  public mutating func find(_ fault: FrameFault, _ count: Int = 1) { faults[fault, default: 0] += count }

  public static func + (a: FrameCounts, b: FrameCounts) -> FrameCounts {
    var sum = a
    sum.captured += b.captured
    sum.dropped.merge(b.dropped, uniquingKeysWith: +)
    sum.faults.merge(b.faults, uniquingKeysWith: +)
    return sum
  }
}

/// Between a source's thread and its consumer's: a few frames at most, and then the newest win.
///
/// Every access to its variables is made under `lock`; that is why it may be shared.
public final class FrameQueue: @unchecked Sendable {
  /// What happens when there is no room for another frame.
  public enum Policy: Sendable, Hashable {
    /// The oldest frame goes, and is counted: a live camera does not wait.
    case newestWins
    /// The source waits: nothing of a recording is lost.
    case blocks
  }

  private let lock = Monitor()
  private let capacity: Int
  private let policy: Policy
  private var events: [FrameEvent] = []
  private var frames = 0
  private var isClosed = false
  private var counted = FrameCounts()
  private var streamingState = "starting"

  /// - Parameter capacity: frames that may wait, at least 1.
  public init(capacity: Int = 4, policy: Policy = .newestWins) {
    precondition(capacity >= 1, "a queue for \(capacity) frames")
    self.capacity = capacity
    self.policy = policy
    events.reserveCapacity(capacity + 16)
  }

  /// What the source has counted until now.
  public var counts: FrameCounts {
    lock.lock()
    defer { lock.unlock() }
    return counted
  }

  /// The source's state in a word or two, for the status line.
  public var state: String {
    get {
      lock.lock()
      defer { lock.unlock() }
      return streamingState
    }
    set {
      lock.lock()
      streamingState = newValue
      lock.unlock()
    }
  }

  public func count(_ change: (inout FrameCounts) -> Void) {
    lock.lock()
    change(&counted)
    lock.unlock()
  }

  /// Hands an event over. With ``Policy/blocks`` it waits for room; false when the consumer has closed the queue.
  @discardableResult
  public func put(_ event: FrameEvent) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if case .frame = event {
      if policy == .blocks {
        while frames >= capacity && !isClosed { lock.wait() }
      } else if frames >= capacity, let oldest = events.firstIndex(where: \.isFrame) {
        events.remove(at: oldest)
        frames -= 1
        counted.drop(.queueFull)
        counted.find(.queueFull)
      }
      if isClosed { return false }
      frames += 1
    }
    events.append(event)
    lock.wakeAll()
    return !isClosed
  }

  /// The next event; nil when none comes within so many seconds.
  public func take(seconds: Double) -> FrameEvent? {
    lock.lock()
    defer { lock.unlock() }
    if events.isEmpty && seconds > 0 {
      let until = Clock.seconds() + seconds
      while events.isEmpty {
        let left = until - Clock.seconds()
        guard left > 0 else { return nil }
        lock.wait(seconds: left)
      }
    }
    guard !events.isEmpty else { return nil }
    let event = events.removeFirst()
    if event.isFrame { frames -= 1 }
    lock.wakeAll()
    return event
  }

  /// The consumer takes no more: a source that waits for room goes on and ends.
  public func close() {
    lock.lock()
    isClosed = true
    lock.wakeAll()
    lock.unlock()
  }
}

extension FrameEvent {
  var isFrame: Bool { if case .frame = self { true } else { false } }
}
