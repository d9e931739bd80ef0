/// Keeps one camera streaming, whatever happens to it: opens, configures, starts, watches each frame, and begins anew
/// after every fault, by itself. The camera is found again by what it is, not by its node.
public final class CameraSession: FrameSource {
  public let name: String
  private let settings: CameraSettings
  private let find: @Sendable () -> Camera
  private let recorder: (@Sendable (Frame) -> Void)?

  /// - Parameters:
  ///   - name: what the camera is called in records.
  ///   - camera: makes the camera, on the session's thread.
  ///   - recorder: gets every frame before it is queued, on the session's thread.
  public init(
    name: String, settings: CameraSettings, recorder: (@Sendable (Frame) -> Void)? = nil,
    camera: @escaping @Sendable () -> Camera
  ) {
    self.name = name
    self.settings = settings
    self.recorder = recorder
    find = camera
  }

  public func run(into queue: FrameQueue, shouldStop: @escaping @Sendable () -> Bool) {
    var runner = SessionRunner(
      camera: find(), settings: settings, queue: queue, recorder: recorder, shouldStop: shouldStop)
    let error = runner.run()
    queue.state = error == nil ? "ended" : "failed"
    queue.put(.ended(error))
  }
}

/// The session's thread.
private struct SessionRunner {
  let camera: Camera
  var settings: CameraSettings
  let queue: FrameQueue
  let recorder: (@Sendable (Frame) -> Void)?
  let shouldStop: () -> Bool
  let pool = FramePool()
  private static let framesInHand = 8
  var burst = BurstLog()
  var outage: Outage?
  var outages = 0
  var hasStreamed = false
  /// Until when frames only let the automatics settle.
  var settledAt = 0.0
  var hasLocked = false
  /// Whether the consumer knows that the stream is on.
  var isTold = false

  init(
    camera: Camera, settings: CameraSettings, queue: FrameQueue, recorder: (@Sendable (Frame) -> Void)?,
    shouldStop: @escaping () -> Bool
  ) {
    self.camera = camera
    self.settings = settings
    self.queue = queue
    self.recorder = recorder
    self.shouldStop = shouldStop
  }

  /// - Returns: why it could not begin; nil when it was asked to stop.
  mutating func run() -> CameraError? {
    defer { camera.close() }
    while !shouldStop() {
      do throws(CameraError) {
        try begin()
        try stream()
      } catch {
        // A camera that was never there is the user's to name rightly; one that was is waited for.
        if !hasStreamed && error.cause != .busy { return error }
        interrupt(error)
        pause(error.cause)
      }
    }
    return nil
  }

  private mutating func begin() throws(CameraError) {
    if camera.state == .closed || camera.state == .lost { try camera.open() }
    if camera.state == .available { try camera.configure(settings) }
    if camera.state == .configured { try camera.start() }
  }

  // MARK: Frames

  private mutating func stream() throws(CameraError) {
    let layout = camera.configuration!.layout
    let leastBytes = (try? FrameConverter(layout).leastBytes) ?? 0
    // What waits in the queue, what is judged and what is copied; of compressed frames nobody knows the size.
    if leastBytes > 0 { pool.reserve(Self.framesInHand, bytes: layout.byteCount) }
    var monitor = StreamMonitor(
      leastBytes: leastBytes, mostBytes: layout.byteCount,
      frozenAfter: settings.frozenAfter,
      rate: camera.configuration!.rate)
    var lastFrame = Clock.seconds()
    var lastCheck = lastFrame
    settledAt = lastFrame + (hasLocked ? 0 : settings.settle)
    while !shouldStop() {
      var copied: (head: FrameHead, bytes: FrameBytes, hash: UInt64, arrival: Int64)?
      let came = try camera.next(seconds: 0.1) { head, bytes in
        copied = (head, pool.copy(bytes), ByteHash.hash(bytes), Clock.nanoseconds())
      }
      let now = Clock.seconds()
      if came, let copied {
        lastFrame = now
        if now >= settledAt {
          try settle()
          let finding = monitor.look(
            at: copied.head, bytes: copied.bytes.count, hash: copied.hash, arrival: copied.arrival)
          deliver(finding, copied.head, copied.bytes, layout, now)
        }
      } else if now - lastFrame >= settings.timeout {
        camera.stop()
        throw CameraError(
          camera.info!.node, .timeout, "has sent no frame for \(ModeRequest.number(settings.timeout)) s")
      }
      if now - lastCheck >= 1 {
        lastCheck = now
        for drift in camera.drifts() {
          queue.count { $0.find(.drift) }
          queue.put(.note(.drift, "\(drift)"))
        }
        for (fault, line) in burst.ended(at: now) { queue.put(.note(fault, line)) }
      }
    }
  }

  /// Once the automatics have settled: fixes them, tells what is in force, and ends an outage.
  private mutating func settle() throws(CameraError) {
    if !hasLocked && !settings.locks.isEmpty {
      try camera.lock(settings.locks)
      // After an outage the values stay the same: what was judged before and after it must have been lit alike.
      settings.controls += Self.lockedValues(settings.locks, camera.configuration!.controls)
      settings.locks = []
      hasLocked = true
    }
    guard !isTold else { return }
    isTold = true
    queue.state = "streaming"
    hasStreamed = true
    if var outage {
      outage.ended = Clock.wallMilliseconds(of: Clock.nanoseconds())
      queue.put(.recovered(outage))
      self.outage = nil
    }
    queue.put(.streaming(camera.configuration!))
  }

  /// The settings that put locked automatics back as they are.
  private static func lockedValues(
    _ locks: [CameraSettings.Lock], _ controls: [CameraControl]
  ) -> [CameraSettings.ControlValue] {
    locks.flatMap { lock in
      (lock.automatics + lock.values).compactMap { name in
        controls.first { $0.name == name && !$0.isReadOnly && !$0.isInactive }
      }
    }.compactMap { control in
      control.value.map { CameraSettings.ControlValue(control.name, control.words(for: $0)) }
    }
  }

  private mutating func deliver(
    _ finding: StreamMonitor.Finding, _ head: FrameHead, _ bytes: FrameBytes, _ layout: FrameLayout, _ now: Double
  ) {
    var number = 0
    queue.count { counts in
      number = counts.captured + finding.lost
      counts.captured = number + 1
      if finding.lost > 0 { counts.drop(.gap, finding.lost) }
      for note in finding.notes { counts.find(note, note == .gap ? finding.lost : 1) }
      if let fault = finding.fault { counts.find(fault) }
    }
    for note in finding.notes + (finding.fault.map { [$0] } ?? []) {
      if let line = burst.note(note, count: note == .gap ? finding.lost : 1, at: now) { queue.put(.note(note, line)) }
    }
    let frame = Frame(
      number: number, sequence: head.sequence, nanoseconds: finding.nanoseconds,
      wallMilliseconds: Clock.wallMilliseconds(of: finding.nanoseconds), layout: layout, bytes: bytes,
      fault: finding.fault)
    recorder?(frame)
    queue.put(.frame(frame))
  }

  // MARK: Outages

  private mutating func interrupt(_ error: CameraError) {
    let fault = error.fault
    isTold = false
    // While it is away, it is one outage, whatever else is seen of it.
    guard outage == nil else { return }
    queue.count { $0.find(fault) }
    outages += 1
    let outage = Outage(
      number: outages, cause: fault, reason: error.description,
      began: Clock.wallMilliseconds(of: Clock.nanoseconds()))
    self.outage = outage
    queue.state = "\(fault.rawValue)"
    queue.put(.outage(outage))
  }

  /// Waits before the next try: a short while, or until the device files change.
  private func pause(_ cause: CameraError.Cause) {
    let longest = cause == .driver || cause == .timeout ? 0.05 : 1.0
    let before = names(in: "/dev").filter { $0.hasPrefix("video") }
    let until = Clock.seconds() + longest
    while Clock.seconds() < until && !shouldStop() {
      Clock.sleep(seconds: 0.05)
      if names(in: "/dev").filter({ $0.hasPrefix("video") }) != before {
        // The node comes before its permissions.
        Clock.sleep(seconds: 0.05)
        return
      }
    }
  }
}

extension CameraError {
  /// The fault that an outage with this error is counted as.
  var fault: FrameFault {
    switch cause {
    case .busy: .busy
    case .timeout: .timeout
    case .absent, .unplugged: .unplugged
    case .driver, .system, .unsuitable, .forbidden, .ambiguous: .driver
    }
  }
}
