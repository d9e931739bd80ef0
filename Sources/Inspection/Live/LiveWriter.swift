public import Capture
internal import Samples
internal import Threads

/// Causes of drops that are not the camera's.
public enum LiveDrop {
  /// The trigger did not ask for this frame.
  public static let notTriggered = "not_triggered"
  /// No part was there, or another frame showed it better.
  public static let noPart = "no_part"

  /// What a cause of drops or a fault means, for people; the name itself where it is not known.
  public static func words(_ cause: String) -> String {
    switch cause {
    case notTriggered: "the trigger did not ask for it"
    case noPart: "no part was there, or another frame showed it better"
    default: FrameFault(rawValue: cause)?.description ?? cause
    }
  }
}

/// Something for the log of a live run.
public enum LiveNote: Sendable {
  case streaming(CameraConfiguration)
  case fault(FrameFault, String)
  case outage(GapRecord)
  case recovered(GapRecord)
  case ended(CameraError?)
}

/// What the judges hand to the thread that writes.
///
/// Every access to its variables is made under `lock`; that is why it may be shared.
final class LiveWriter: @unchecked Sendable {
  enum Entry: Sendable {
    /// - Parameters:
    ///   - frameTime: when the frame was taken, nanoseconds of the monotonic clock.
    ///   - decidedAt: when judging it was over, by the same clock.
    case decision(Decision, frameTime: Int64, decidedAt: Int64, isFrame: Bool)
    case gap(GapRecord)
    case note(station: String, LiveNote)
  }

  /// Decisions that may wait for the disk; then judging waits, and the cameras' queues drop and count.
  private static let most = 4096

  private let lock = Monitor()
  private var entries: [Entry] = []
  private var dropped: [String: [String: Int]] = [:]
  private var ended: [String: CameraError?] = [:]
  private var failure: (any Error)?
  private var isClosed = false

  func put(_ decision: Decision, frameTime: Int64, isFrame: Bool) {
    add(.decision(decision, frameTime: frameTime, decidedAt: Clock.nanoseconds(), isFrame: isFrame))
  }

  func gap(_ station: String, _ outage: Outage) {
    add(
      .gap(
        GapRecord(
          camera: station, number: outage.number, cause: outage.cause.rawValue, reason: outage.reason,
          start: Timestamp(milliseconds: outage.began), end: outage.ended.map { Timestamp(milliseconds: $0) })))
  }

  func note(_ station: String, _ note: LiveNote) { add(.note(station: station, note)) }

  /// - Parameter count: negative where a frame that was passed over is judged after all.
  func drop(_ station: String, _ cause: String, count: Int = 1) {
    lock.lock()
    dropped[station, default: [:]][cause, default: 0] += count
    if dropped[station]?[cause] == 0 { dropped[station]?[cause] = nil }
    lock.unlock()
  }

  func end(_ station: String, _ error: CameraError?) {
    lock.lock()
    ended[station] = error
    lock.wakeAll()
    lock.unlock()
    note(station, .ended(error))
  }

  /// A judge cannot go on: the run ends with this.
  func fail(_ error: any Error) {
    lock.lock()
    failure = failure ?? error
    lock.wakeAll()
    lock.unlock()
  }

  private func add(_ entry: Entry) {
    lock.lock()
    while entries.count >= Self.most && !isClosed { lock.wait() }
    entries.append(entry)
    lock.wakeAll()
    lock.unlock()
  }

  /// All entries that wait; waits for one, but no longer than so many seconds.
  func take(seconds: Double, into taken: inout [Entry]) throws {
    lock.lock()
    defer { lock.unlock() }
    if entries.isEmpty && failure == nil { lock.wait(seconds: seconds) }
    if let failure { throw failure }
    taken.removeAll(keepingCapacity: true)
    swap(&taken, &entries)
    lock.wakeAll()
  }

  /// Stations that have ended, and with what error.
  var endedStations: [String: CameraError?] {
    lock.lock()
    defer { lock.unlock() }
    return ended
  }

  /// Drops by station and cause.
  var drops: [String: [String: Int]] {
    lock.lock()
    defer { lock.unlock() }
    return dropped
  }

  /// Nobody takes any more: judges need not wait for room.
  func close() {
    lock.lock()
    isClosed = true
    lock.wakeAll()
    lock.unlock()
  }
}
