public import Capture
internal import Synchronization

/// A trigger from outside: a line on standard input, a message on a socket, a signal.
public final class SoftwareTrigger: Sendable {
  /// One call for a judgement.
  public struct Call: Sendable, Hashable {
    /// What the caller says the part is called; nil where it says nothing.
    public let part: String?
    /// When, nanoseconds of the monotonic clock.
    public let nanoseconds: Int64

    public init(part: String?, nanoseconds: Int64) {
      self.part = part
      self.nanoseconds = nanoseconds
    }
  }

  /// Calls that may wait for their frames. A line that calls faster than its camera sends is set up wrongly.
  private static let most = 64

  private let waiting = Mutex<[Call]>([])
  private let refused = Atomic<Int>(0)
  /// Seconds after which a call that no frame has answered is given up, and rejected.
  public let patience: Double

  public init(patience: Double = 1) { self.patience = patience }

  /// Calls for the judgement of the part that is before the camera now.
  ///
  /// - Returns: false where too many calls wait already; the caller is told, and it is counted.
  @discardableResult
  public func call(part: String? = nil, at nanoseconds: Int64 = Clock.nanoseconds()) -> Bool {
    let isTaken = waiting.withLock { calls -> Bool in
      guard calls.count < Self.most else { return false }
      calls.append(Call(part: part, nanoseconds: nanoseconds))
      return true
    }
    if !isTaken { refused.add(1, ordering: .relaxed) }
    return isTaken
  }

  /// Whether this is what triggers there.
  func isSame(as trigger: LiveTrigger) -> Bool {
    if case .software(let other) = trigger { other === self } else { false }
  }

  /// Calls that were turned away.
  public var refusedCalls: Int { refused.load(ordering: .relaxed) }

  /// The oldest call that a frame of this time answers; it is taken out.
  func answered(by nanoseconds: Int64) -> Call? {
    waiting.withLock { calls in
      guard let first = calls.first, first.nanoseconds <= nanoseconds else { return nil }
      return calls.removeFirst()
    }
  }

  /// Calls for which no frame came in time; they are taken out.
  func givenUp(at nanoseconds: Int64) -> [Call] {
    waiting.withLock { calls in
      let limit = nanoseconds - Int64(patience * 1e9)
      let late = calls.prefix { $0.nanoseconds < limit }
      calls.removeFirst(late.count)
      return Array(late)
    }
  }

  /// All calls that still wait; they are taken out.
  func rest() -> [Call] {
    waiting.withLock { calls in
      defer { calls = [] }
      return calls
    }
  }
}
