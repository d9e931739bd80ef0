import Synchronization
import Testing

@testable import Capture

@Suite struct CameraSessionTests {
  typealias Script = ScriptedDriver.Script

  /// Everything the session says until `isEnough`, or for ten seconds at most.
  private func events(
    _ script: Script, settings: CameraSettings = CameraSettings(timeout: 0.15), until isEnough: ([FrameEvent]) -> Bool
  ) -> (events: [FrameEvent], counts: FrameCounts) {
    let queue = FrameQueue(capacity: 1000)
    let session = CameraSession(name: "cam", settings: settings) { scriptedCamera(script) }
    let stop = TestFlag()
    let thread = TestThread { session.run(into: queue) { stop.isSet } }
    var seen: [FrameEvent] = []
    let limit = Clock.seconds() + 10
    while !isEnough(seen) && Clock.seconds() < limit {
      if let event = queue.take(seconds: 0.05) { seen.append(event) }
    }
    stop.set()
    thread.join()
    while let event = queue.take(seconds: 0) { seen.append(event) }
    return (seen, queue.counts)
  }

  private func words(_ events: [FrameEvent]) -> [String] {
    events.map { event in
      switch event {
      case .frame(let frame): "frame \(frame.number)" + (frame.fault.map { " \($0.rawValue)" } ?? "")
      case .streaming: "streaming"
      case .outage(let outage): "outage \(outage.cause.rawValue)"
      case .recovered(let outage): "recovered \(outage.cause.rawValue)"
      case .note(let fault, _): "note \(fault.rawValue)"
      case .ended(let error): "ended" + (error.map { " \($0.cause.rawValue)" } ?? "")
      }
    }
  }

  private func frames(_ count: Int) -> ([FrameEvent]) -> Bool {
    { $0.count { if case .frame = $0 { true } else { false } } >= count }
  }

  private func picture(_ value: UInt8) -> [UInt8] { [value, 1, 2, 3] }

  @Test func framesAreNumberedWithWhatIsLost() {
    let script = Script([
      .frame(sequence: 7, bytes: picture(1)), .frame(sequence: 8, bytes: picture(2)),
      .frame(sequence: 11, bytes: picture(3)), .frame(sequence: 12, bytes: picture(4), isFlagged: true),
    ])
    let (events, counts) = events(script, until: frames(4))
    #expect(
      words(events) == [
        "streaming", "frame 0", "frame 1", "note sequence_gap", "frame 4", "note driver_error_flag",
        "frame 5 driver_error_flag", "ended",
      ])
    #expect(counts.captured == 6)
    #expect(counts.dropped == [.gap: 2])
    #expect(counts.faults == [.gap: 2, .errorFlag: 1])
  }

  @Test(arguments: [CameraError.Cause.driver, .unplugged, .system]) func goesOnAfterAFailure(cause: CameraError.Cause) {
    let script = Script([
      .frame(sequence: 0, bytes: picture(1)), .fail(cause), .frame(sequence: 0, bytes: picture(2)),
    ])
    let (events, counts) = events(script, until: frames(2))
    let name = cause == .unplugged ? "unplugged" : "driver_error"
    #expect(
      words(events) == [
        "streaming", "frame 0", "outage \(name)", "recovered \(name)", "streaming", "frame 1", "ended",
      ])
    #expect(counts.faults.values.reduce(0, +) == 1)
    #expect(script.calls.count { $0 == "open" } == (cause == .unplugged ? 2 : 1))
  }

  @Test func waitsForACameraThatIsAway() {
    let script = Script([
      .frame(sequence: 0, bytes: picture(1)), .fail(.unplugged), .frame(sequence: 0, bytes: picture(2)),
    ])
    script.state.withLock { $0.opening = [nil, .absent, .busy] }
    let (events, counts) = events(script, until: frames(2))
    // One outage, whatever is seen while it lasts.
    #expect(
      words(events) == [
        "streaming", "frame 0", "outage unplugged", "recovered unplugged", "streaming", "frame 1", "ended",
      ])
    #expect(counts.faults == [.unplugged: 1])
  }

  @Test func noFrameInTimeStartsAnew() {
    let script = Script([.frame(sequence: 0, bytes: picture(1))])
    let (events, _) = events(script) { $0.contains { if case .outage = $0 { true } else { false } } }
    #expect(words(events).prefix(3) == ["streaming", "frame 0", "outage timeout"])
    // The stream begins anew, though it cannot be called recovered before a frame comes.
    #expect(script.calls.count { $0 == "start" } >= 1)
    script.state.withLock { $0.steps = [.frame(sequence: 0, bytes: picture(2))] }
  }

  @Test(arguments: [CameraError.Cause.absent, .unsuitable, .forbidden, .ambiguous])
  func aWrongNameEndsItAtOnce(cause: CameraError.Cause) {
    let script = Script()
    script.state.withLock { $0.opening = [cause] }
    let (events, _) = events(script) { !$0.isEmpty }
    #expect(words(events) == ["ended \(cause.rawValue)"])
  }

  @Test func aBusyCameraIsWaitedForFromTheStart() {
    let script = Script([.frame(sequence: 0, bytes: picture(1))])
    script.state.withLock { $0.configuring = [.busy, .busy] }
    let (events, counts) = events(script, until: frames(1))
    #expect(words(events) == ["outage busy", "recovered busy", "streaming", "frame 0", "ended"])
    #expect(counts.faults == [.busy: 1])
  }

  @Test func automaticsSettleAndAreLockedOnce() {
    let script = Script(
      (0..<200).map { .frame(sequence: UInt32($0), bytes: picture(UInt8($0))) } + [.fail(.unplugged)]
        + (0..<5).map { .frame(sequence: UInt32($0), bytes: picture(UInt8($0))) })
    let settings = CameraSettings(locks: [.exposure], settle: 0.0, timeout: 0.2)
    let (events, counts) = events(script, settings: settings, until: frames(205))
    #expect(counts.captured == 205)
    #expect(script.state.withLock { $0.locked } == 1)
    #expect(words(events).count { $0 == "streaming" } == 2)
  }

  @Test func driftsAreAlarms() {
    let script = Script([.frame(sequence: 0)])
    script.state.withLock { $0.drifts = [ControlDrift(name: "gain", expected: "4", now: "9")] }
    let (events, counts) = events(script, settings: CameraSettings(timeout: 5)) {
      $0.contains { if case .note(.drift, _) = $0 { true } else { false } }
    }
    #expect(counts.faults == [.drift: 1])
    #expect(
      events.contains { if case .note(.drift, "gain is 9, not 4") = $0 { true } else { false } })
  }
}
