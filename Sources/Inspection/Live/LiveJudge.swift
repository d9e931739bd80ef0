internal import Capture
internal import Classification
internal import Imaging
internal import Locating
internal import Metrics
internal import Samples

/// A station's judging thread: takes frames from its queue, picks those that its trigger asks for, and judges them.
struct LiveJudge {
  private var station: LiveStation
  private let run: String
  private var inspector: PartInspector
  private let exchange: LiveExchange
  private var exchanged = 0
  private let finish: LiveRun.Finish
  private let output: LiveWriter
  private var look: LiveLook
  private var presence: LivePresence?
  private var nextDue: Int64 = 0
  private var outage: Outage?
  private var burst = BurstLog()
  /// Parts without a frame of their own, for their names.
  private var unanswered = 0

  /// - Parameter run: marks the run in the parts' names, so that those of several runs into one folder differ.
  init(
    _ station: LiveStation, run: String, output: LiveWriter, exchange: LiveExchange, finish: @escaping LiveRun.Finish
  ) throws {
    self.station = station
    self.run = run
    self.output = output
    self.exchange = exchange
    self.finish = finish
    inspector = try LiveExchange.Offer(station).inspector
    look = LiveLook(station)
    presence = LivePresence(station)
  }

  /// Takes new settings over, if there are any.
  private mutating func adopt() throws {
    guard let offer = exchange.take(station.name, &exchanged) else { return }
    let old = station
    station = offer.station
    station.queue = old.queue
    inspector = offer.inspector
    look = LiveLook(station)
    if case .software(let before) = old.trigger, !before.isSame(as: station.trigger) {
      for call in before.rest() { try refuse(call, "the recipe was changed") }
    }
    let next = LivePresence(station)
    // A belt that is known need not be learned again, nor do parts in view come twice.
    if next?.isLike(presence) != true {
      try endParts()
      presence = next
    }
    nextDue = 0
  }

  /// Until the source has ended and all of its frames are through.
  mutating func work() throws {
    while true {
      let event = station.queue.take(seconds: 0.05)
      if let event {
        if case .ended(let error) = event {
          try endParts()
          try answerRest()
          output.end(station.name, error)
          return
        }
        // An outage's records are told as they are; new settings begin with a frame.
        if case .frame = event { try adopt() }
        try handle(event)
      }
      try giveUpCalls()
    }
  }

  private mutating func handle(_ event: FrameEvent) throws {
    switch event {
    case .frame(let frame): try consider(frame)
    case .streaming(let configuration): output.note(station.name, .streaming(configuration))
    case .outage(let outage):
      self.outage = outage
      try endParts()
      output.gap(station.name, outage)
    case .recovered(let outage):
      self.outage = nil
      output.gap(station.name, outage)
    case .note(let fault, let text): output.note(station.name, .fault(fault, text))
    case .ended: break
    }
  }

  // MARK: Triggers

  private mutating func consider(_ frame: Frame) throws {
    switch station.trigger {
    case .every: try judge(frame)
    case .interval(let seconds):
      guard frame.nanoseconds >= nextDue else { return passOver() }
      let period = Int64(seconds * 1e9)
      // On the beat, unless the beat was missed.
      nextDue = nextDue > 0 && frame.nanoseconds < nextDue + period ? nextDue + period : frame.nanoseconds + period
      try judge(frame)
    case .software(let trigger):
      guard let call = trigger.answered(by: frame.nanoseconds) else { return passOver() }
      try judge(frame, part: call.part)
      // Several calls within one frame's time are answered by this frame all.
      while let call = trigger.answered(by: frame.nanoseconds) { try judge(frame, part: call.part, isRepeat: true) }
    case .presence: try follow(frame)
    }
  }

  /// Judges the parts that this frame shows to be ready, each by its best frame.
  private mutating func follow(_ frame: Frame) throws {
    // Every frame is passed over, until one of them is judged.
    output.drop(station.name, LiveDrop.noPart)
    guard frame.fault == nil, let image = try? look.picture(of: frame) else { return }
    for ready in presence?.add(frame, image) ?? [] { try judge(ready) }
  }

  private mutating func endParts() throws {
    for ready in presence?.finish() ?? [] { try judge(ready) }
  }

  private mutating func judge(_ ready: LivePresence.Ready) throws {
    if !ready.isRepeat { output.drop(station.name, LiveDrop.noPart, count: -1) }
    try judge(ready.frame, image: ready.image, isRepeat: ready.isRepeat)
  }

  private func passOver() { output.drop(station.name, LiveDrop.notTriggered) }

  /// Calls that no frame answers are parts that nobody has seen: rejected, never forgotten.
  private mutating func giveUpCalls() throws {
    guard case .software(let trigger) = station.trigger else { return }
    for call in trigger.givenUp(at: Clock.nanoseconds()) { try refuse(call) }
  }

  private mutating func answerRest() throws {
    guard case .software(let trigger) = station.trigger else { return }
    for call in trigger.rest() { try refuse(call) }
  }

  private mutating func refuse(_ call: SoftwareTrigger.Call, _ because: String? = nil) throws {
    unanswered += 1
    let reason =
      because ?? outage.map { "the camera is away (\($0.cause))" } ?? "no frame came within \(decimals(patience)) s"
    let head = PartHead(
      id: "\(station.name)/\(run)/call-\(unanswered)", source: station.name, sequence: -unanswered,
      timestamp: Timestamp(milliseconds: Clock.wallMilliseconds(of: call.nanoseconds)))
    var outcome = inspector.refuse(head, Policy.unreadable("the trigger was not answered: " + reason))
    outcome.decision.part = call.part
    outcome.decision.camera = station.name
    try put(outcome, frame: nil, frameTime: call.nanoseconds, isFrame: false)
  }

  private var patience: Double { if case .software(let trigger) = station.trigger { trigger.patience } else { 0 } }

  private func decimals(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

  // MARK: Judging

  /// - Parameters:
  ///   - image: the frame's picture, where it has been made already.
  ///   - isRepeat: the frame has been judged for another part.
  private mutating func judge(
    _ frame: Frame, part: String? = nil, image: AnyImage? = nil, isRepeat: Bool = false
  ) throws {
    let taken = frame.nanoseconds + frame.replayShift
    // From the end of the exposure, as far as the driver tells, until judging begins.
    var clock = StageClock(first: StageTiming("wait", Double(Clock.nanoseconds() - taken) * 1e-6))
    let repeats = isRepeat ? "-\(unanswered + 1)" : ""
    if isRepeat { unanswered += 1 }
    let head = PartHead(
      id: "\(station.name)/\(run)/\(padded(frame.number))\(repeats)", source: station.name, sequence: frame.number,
      timestamp: Timestamp(milliseconds: frame.wallMilliseconds))
    var outcome: PartInspector.Outcome
    if let fault = frame.fault {
      outcome = inspector.refuse(head, Policy.unreadable("\(fault)"), clock)
    } else {
      do throws(FrameError) {
        let image = if let image { image } else { try look.picture(of: frame) }
        clock.end("read")
        outcome = judge(image, frame.layout.size, head, clock)
      } catch {
        clock.end("read")
        let fault = error.fault
        station.queue.count { $0.find(fault) }
        if let line = burst.note(fault, at: Clock.seconds()) { output.note(station.name, .fault(fault, line)) }
        outcome = inspector.refuse(head, Policy.unreadable("\(error)"), clock)
      }
    }
    for (fault, line) in burst.ended(at: Clock.seconds()) { output.note(station.name, .fault(fault, line)) }
    outcome.decision.camera = station.name
    outcome.decision.part = part
    try put(outcome, frame: frame, frameTime: taken, isFrame: !isRepeat)
  }

  private mutating func put(
    _ outcome: PartInspector.Outcome, frame: Frame?, frameTime: Int64, isFrame: Bool
  ) throws {
    var outcome = outcome
    try finish(&outcome, station, frame)
    output.put(outcome.decision, frameTime: frameTime, isFrame: isFrame)
  }

  /// Black and overexposed pictures are told as such; of the others the part is cut out and judged.
  ///
  /// - Parameter size: the frame's; the picture may be smaller.
  private mutating func judge(
    _ image: AnyImage, _ size: ImageSize, _ head: PartHead, _ clock: StageClock
  ) -> PartInspector.Outcome {
    var clock = clock
    switch look.part(in: image) {
    case .fault(let fault):
      station.queue.count { $0.find(fault) }
      if let line = burst.note(fault, at: Clock.seconds()) { output.note(station.name, .fault(fault, line)) }
      return inspector.refuse(head, Policy.unreadable("\(fault)"), clock)
    case .misfit(let reason):
      return inspector.refuse(head, Policy.unreadable(reason), clock)
    case .notFound(let reason):
      clock.end("align")
      var outcome = inspector.refuse(head, Policy.notFound(reason), clock)
      outcome.decision.frame.width = image.width
      outcome.decision.frame.height = image.height
      outcome.image = image
      outcome.sourceSize = ImageSize(width: image.width, height: image.height)
      return outcome
    case .part(let picture, let place):
      if station.alignment != nil { clock.end("align") }
      let cut = if case .whole = place { size } else { ImageSize(width: picture.width, height: picture.height) }
      var outcome = inspector.inspect(picture, size: cut, part: head, clock: clock)
      place.restore(&outcome, frame: image)
      return outcome
    }
  }

  private func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}

extension FrameError {
  /// The fault that an undecodable frame is counted as.
  var fault: FrameFault {
    switch reason {
    case .short: .short
    case .overlong: .overlong
    case .corrupt, .unsupported: .corrupt
    }
  }
}
