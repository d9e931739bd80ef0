import ArgumentParser
import Capture
import Classification
import Glibc
import Imaging
import Inspection
import Locating
import Outputs
import Reporting
import Service
import Synchronization
import Threads

/// Runs a live inspection to its end: what `assay inspect` does with cameras, recordings and recipes.
struct LiveInspection {
  var stations: [LiveStation]
  var out: String
  var start: DecisionLog.Start
  var isQuiet = false
  /// Ends after so many decisions.
  var limit: Int?
  /// Where decisions go besides the folder, with the seconds that each may take.
  var outputs: [(target: DecisionOutputs.Target, timeout: Double)] = []
  /// Which pictures are kept; nil for none.
  var keep: PictureKeeper.Options?
  /// Whether the camera's own bytes are kept with them.
  var keepsFrames = false
  /// What stores all raw frames, to tell how it goes.
  var recorders: [RecordingWriter] = []
  var report: InspectionReport.Info?
  /// The recipe's file; nil without one.
  var recipe: LogHead.File?
  /// The challenge that was passed before the run; nil where none was asked for.
  var challenge: LogHead.File?
  /// Brings new settings to the stations while they run.
  var exchange = LiveExchange()
  /// Asked now and then: may change what is not the stations'.
  var news: (Controls) -> Void = { _ in }

  /// What can be changed while a run goes on.
  struct Controls {
    let outputs: DecisionOutputs
    let keeper: PictureKeeper?
    fileprivate let keepsFrames: Shared<Bool>
    let tell: (String) -> Void
    /// Tells the run's head and report that other settings are in force.
    let adopt: ([LiveStation], _ recipe: LogHead.File?, _ challenge: LogHead.File?) -> Void
    /// Ends the run as a signal would.
    let stop: () -> Void

    func change(
      outputs targets: [(target: DecisionOutputs.Target, timeout: Double)], keep: PictureKeeper.Options,
      keepsFrames keeps: Bool
    ) {
      for problem in outputs.change(to: targets, closing: LiveInspection.closingSeconds) { tell(problem) }
      keeper?.change(keep)
      keepsFrames.set(keeps)
    }
  }

  fileprivate final class Shared<Value: Sendable>: Sendable {
    private let box: Mutex<Value>
    init(_ value: Value) { box = Mutex(value) }
    var value: Value { box.withLock { $0 } }
    func set(_ value: Value) { box.withLock { $0 = value } }
  }

  private static let closingSeconds = 5.0

  /// - Returns: the summary, which is on the disk then, with `decisions.csv` and the report.
  func run() throws -> RunSummary {
    // Pictures that are drawn come and go by the megabyte. Kept instead of given back each time, their memory costs no
    // page faults in the middle of a run, and the process stays at one size.
    ProcessMemory.keepFreed()
    let service = ServiceNotifier.fromEnvironment()
    let log = out + "/decisions.jsonl"
    let isFresh = if case .replace = start { true } else { false }
    let outputs = try DecisionOutputs(
      outputs, folder: out, lines: isFresh ? 0 : DecisionLines.count(log), start: start.outputs)
    let keeper = try keep.map { try PictureKeeper(folder: out + "/kept", options: $0) }
    let keepsFrames = Shared(keepsFrames)
    let thumbnails = Mutex(ThumbnailStore(capacity: 200, byteLimit: 3_000_000))
    let wantsThumbnails = report != nil
    let run = LiveRun(
      stations,
      settings: LiveRun.Settings(
        log: log, start: start, run: Self.tag(Timestamp.now()), limit: limit,
        head: .run(stations, recipe: recipe, challenge: challenge)),
      exchange: exchange
    ) { outcome, _, frame in
      let decision = outcome.decision
      if wantsThumbnails, let image = outcome.image, thumbnails.withLock({ $0.wants(decision.verdict) }),
        decision.verdict != .accept, let jpeg = try? Thumbnail.jpeg(of: image)
      {
        thumbnails.withLock { $0.insert(jpeg, id: decision.id, verdict: decision.verdict) }
      }
      if let keeper { Self.keep(outcome, frame, keepsFrames.value, keeper) }
    }
    var view = LiveStatusView(isQuiet: isQuiet)
    var clock = WallClockWatch()
    var head = RunHead(stations)
    try head.write(to: out + "/run.json")
    var report = report
    // A full disk is told of where it matters.
    func writeHead() { try? head.write(to: out + "/run.json") }
    var keeping = ""
    var isWriting = true
    var toldRecorders: Set<String> = []
    let isOver = Latch()
    func tell(_ line: String) { view.log(line) }
    service?.ready("starting")
    let summary = try run.run(
      shouldStop: { Interruption.isRequested || isOver.isSet },
      onDecision: { _, line in outputs.put(line) },
      onGap: { _, line in outputs.put(line) },
      onNote: { station, note in
        if case .streaming(let configuration) = note {
          head.streams(station, configuration)
          writeHead()
        }
        // The only camera's failure to begin is the run's, and is told as that.
        if case .ended = note, stations.count == 1 { return }
        if let line = Self.words(station, note) { tell(line) }
      },
      onStatus: { status in
        service?.alive()
        service?.status(LiveStatusView.plain(status))
        if let jump = clock.jump() { tell(jump) }
        if isWriting != (status.trouble == nil) {
          isWriting.toggle()
          tell(status.trouble.map { "NOT WRITTEN: \($0)" } ?? "decisions are written again")
        }
        for line in outputs.news() { tell(line) }
        if let news = Self.news(keeper?.currentStatus), news != keeping {
          keeping = news
          if !news.isEmpty { tell(news) }
        }
        for recorder in recorders {
          let status = recorder.currentStatus
          if let failure = status.failure, toldRecorders.insert(failure).inserted { tell(failure) }
          if status.missed > 0, toldRecorders.insert(recorder.folder).inserted {
            tell("\(recorder.folder): the disk is too slow to store every frame; those that are missing are counted")
          }
        }
        news(
          Controls(
            outputs: outputs, keeper: keeper, keepsFrames: keepsFrames, tell: tell,
            adopt: { [exchange] stations, recipe, challenge in
              head.adopt(stations)
              exchange.record(.run(stations, recipe: recipe, challenge: challenge))
              writeHead()
              guard let first = stations.first else { return }
              report?.policy = first.policy
              report?.provenance.model = first.model
            }, stop: { isOver.set() }))
        view.show(status)
      })
    service?.stopping("writing what is left")
    for line in outputs.close(within: Self.closingSeconds) { Console.note(line) }
    if let status = keeper?.close(within: Self.closingSeconds), let news = Self.news(status), !news.isEmpty {
      Console.note(news)
    }
    try AtomicFile.write(summary.json, to: out + "/summary.json")
    try DecisionLog.writeCSV(from: log, to: out + "/decisions.csv")
    try DecisionLog.writeGaps(from: log, to: out + "/gaps.csv")
    if var report {
      report.cameras = head.facts
      try thumbnails.withLock {
        _ = try InspectionReport.write(
          folder: out, info: report, summary: summary, thumbnails: $0, galleryLimit: 2000)
      }
    }
    return summary
  }

  /// Ends recordings and says what they hold. Not a run's to do: a recipe that is read again may begin another, which
  /// goes on recording.
  static func finish(_ recorders: [RecordingWriter]) {
    for recorder in recorders {
      let status = recorder.finish()
      Console.note(
        "\(status.frames) frames recorded in \(recorder.folder)"
          + (status.missed > 0 ? ", \(status.missed) not: the disk was too slow" : ""))
    }
  }

  private static func keep(
    _ outcome: PartInspector.Outcome, _ frame: Frame?, _ keepsFrame: Bool, _ keeper: PictureKeeper
  ) {
    let decision = outcome.decision
    let verdict: KeptPicture.Verdict =
      switch decision.verdict {
      case .accept: .accept
      case .review: .review
      case .reject: .reject
      }
    let picture = KeptPicture(
      id: decision.id, sequence: UInt64(max(0, decision.frame.sequence)), verdict: verdict, label: decision.label,
      milliseconds: decision.frame.timestamp.milliseconds)
    // A JPEG frame that was judged at a fraction of its size is shown in full; until then its bytes are all that waits.
    let isReduced = outcome.image.map { $0.width < decision.frame.width } ?? false
    let (image, heat) = (isReduced && frame != nil ? nil : outcome.image, outcome.heat)
    let whole = isReduced ? frame : nil
    _ = keeper.keep(
      picture,
      bytes: {
        let source = try whole.map { try FrameConverter($0.layout).convert($0.bytes.span) } ?? image
        return try AnnotatedImage.jpeg(source: source, decision: decision, heat: heat)
      },
      frame: keepsFrame ? frame.map { frame in { @Sendable in FrameFile.encode(frame) } } : nil)
  }

  /// What a person must know of the kept pictures; empty when all is well.
  private static func news(_ status: PictureKeeperStatus?) -> String? {
    guard let status else { return nil }
    if status.isDiskFull { return "the disk is full: no pictures are kept, judging goes on" }
    if status.isOverBudget { return "kept pictures are over their budget, and those left are not reviewed" }
    if let problem = status.problem { return "kept pictures: \(problem)" }
    return ""
  }

  /// The start's time as it stands in parts' names: `20260131T091403201`. To the millisecond, for a recipe that is read
  /// again may start its cameras anew within a second.
  static func tag(_ time: Timestamp) -> String {
    String(time.description.prefix(23).filter { !"-:.".contains($0) })
  }

  static func words(_ station: String, _ note: LiveNote) -> String? {
    switch note {
    case .streaming(let configuration):
      let values = configuration.controls.filter { $0.value != nil && !$0.isVolatile }
      return "\(station): \(configuration.camera.name), \(configuration.mode)"
        + (values.isEmpty ? "" : ", \(values.count) controls watched")
    case .fault(_, let text): return "\(station): \(text)"
    case .outage(let record):
      let isStuck = record.cause == FrameFault.timeout.rawValue || record.cause == FrameFault.driver.rawValue
      return "\(station): \(record.reason) " + (isStuck ? "Starting it anew." : "Waiting for it.")
    case .recovered(let record):
      let seconds = record.end.map { Double($0.milliseconds - record.start.milliseconds) / 1000 } ?? 0
      return "\(station): back after \(seconds.fixed(1)) s"
    case .ended(let error): return error.map { "\(station): \($0)" }
    }
  }
}

extension DecisionLog.Start {
  var outputs: OutputQueue.Start {
    switch self {
    case .new: .new
    case .resume: .resume
    case .replace: .replace
    }
  }
}

/// Sees when somebody sets the system's clock: times in decisions jump then, and a person must know why.
struct WallClockWatch {
  private var offset = WallClockWatch.now()

  private static func now() -> Double {
    let monotonic = Clock.nanoseconds()
    return Double(Clock.wallMilliseconds(of: monotonic)) / 1000 - Double(monotonic) * 1e-9
  }

  /// What to tell; nil while the clock runs evenly.
  mutating func jump() -> String? {
    let now = Self.now()
    let jump = now - offset
    offset = now
    // Slewing moves it by less than a millisecond in a second.
    guard abs(jump) > 0.5 else { return nil }
    return "the system's clock was set \(jump < 0 ? "back" : "ahead") by \(abs(jump).duration): "
      + "times in decisions jump, their order does not"
  }
}
