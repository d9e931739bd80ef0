internal import Capture
internal import Metrics

/// The writing side of a live run: appends, syncs, counts and tells.
struct LiveScribe: ~Copyable {
  private let stations: [LiveStation]
  private let settings: LiveRun.Settings
  private var log: DecisionLog
  private var tally = RunTally()
  private var taken: [LiveWriter.Entry] = []
  /// What is not written yet, oldest first, with its lines one behind the other, where each stands, and how many of them
  /// are decisions.
  private var pending: [LiveWriter.Entry] = []
  private var lines: [UInt8] = []
  private var ranges: [Range<Int>] = []
  private var decisions = 0
  private var latency = PercentileSketch()
  private var judgedByStation: [String: Int] = [:]
  private var judgedFrames = 0
  private var lastReject: Decision?
  private var outages = 0
  private let began = Clock.seconds()
  private var lastStatus = Clock.seconds()
  private var lastCaptured: [String: Int] = [:]
  private var rates: [String: Double] = [:]
  private(set) var trouble: DecisionLogError?
  private var lastTry = 0.0

  init(stations: [LiveStation], settings: LiveRun.Settings, log: consuming DecisionLog) {
    self.stations = stations
    self.settings = settings
    self.log = log
  }

  var judged: Int { tally.judged }
  var hasNothingLeft: Bool { pending.isEmpty && taken.isEmpty }
  /// Whether the disk has refused for a while.
  var isStuck: Bool { trouble != nil && !pending.isEmpty }

  /// Takes what is there and writes it down; where the disk refuses, it is tried again later.
  mutating func write(
    from output: LiveWriter, onDecision: (Decision, [UInt8]) -> Void, onGap: (GapRecord, [UInt8]) -> Void,
    onNote: (String, LiveNote) -> Void, onStatus: (LiveStatus) -> Void
  ) throws {
    if pending.count < 4096 {
      try output.take(seconds: 0.05, into: &taken)
      for entry in taken { hold(entry) }
      taken.removeAll(keepingCapacity: true)
    }
    let now = Clock.seconds()
    if !pending.isEmpty && (trouble == nil || now - lastTry >= 0.5) {
      lastTry = now
      do throws(DecisionLogError) {
        try log.append(lines: lines, decisions: decisions)
        trouble = nil
        tell(onDecision, onGap, onNote)
        pending.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        decisions = 0
      } catch {
        trouble = error
      }
    } else if trouble != nil {
      Clock.sleep(seconds: 0.05)
    }
    guard now - lastStatus >= settings.statusInterval else { return }
    onStatus(status(output, now))
    lastStatus = now
  }

  private mutating func hold(_ entry: LiveWriter.Entry) {
    let start = lines.count
    switch entry {
    case .decision(let decision, _, _, _):
      lines += log.linked(decision.jsonLine)
      decisions += 1
    case .gap(let record): lines += log.linked(record.jsonLine)
    case .note: break
    }
    pending.append(entry)
    ranges.append(start..<lines.count)
  }

  private mutating func tell(
    _ onDecision: (Decision, [UInt8]) -> Void, _ onGap: (GapRecord, [UInt8]) -> Void,
    _ onNote: (String, LiveNote) -> Void
  ) {
    let synced = Clock.nanoseconds()
    for (entry, range) in zip(pending, ranges) {
      let line = Array(lines[range])
      switch entry {
      case .decision(let decision, let frameTime, let decidedAt, let isFrame):
        let milliseconds = Double(synced - frameTime) * 1e-6
        tally.judge(decision)
        tally.time([
          StageTiming("write", Double(synced - decidedAt) * 1e-6), StageTiming("latency", milliseconds),
        ])
        latency.add(milliseconds)
        if isFrame { judgedFrames += 1 }
        judgedByStation[decision.camera ?? "", default: 0] += 1
        if decision.verdict != .accept { lastReject = decision }
        onDecision(decision, line)
      case .gap(let record):
        if record.end == nil { outages += 1 }
        onGap(record, line)
        onNote(record.camera, record.end == nil ? .outage(record) : .recovered(record))
      case .note(let station, let note): onNote(station, note)
      }
    }
  }

  private mutating func status(_ output: borrowing LiveWriter, _ now: Double) -> LiveStatus {
    let drops = output.drops
    let rows = stations.map { station in
      let counts = station.queue.counts
      let frames = counts.captured - lastCaptured[station.name, default: 0]
      lastCaptured[station.name] = counts.captured
      let rate = Double(frames) / max(now - lastStatus, 1e-3)
      // Smoothed, for a number that jumps cannot be read.
      let smooth = rates[station.name].map { $0 + 0.3 * (rate - $0) } ?? rate
      rates[station.name] = smooth
      return LiveStatus.Station(
        name: station.name, state: station.queue.state, framesPerSecond: smooth, counts: counts,
        judged: judgedByStation[station.name, default: 0], dropped: Self.dropped(counts, drops[station.name] ?? [:]))
    }
    return LiveStatus(
      seconds: now - began, stations: rows, judged: tally.judged, accepted: tally.count(.accept),
      reviewed: tally.count(.review), rejected: tally.count(.reject), latency: latency.percentiles,
      lastReject: lastReject, trouble: trouble.map { "\($0.reason), \(pending.count) decisions wait in memory" })
  }

  private static func dropped(_ counts: FrameCounts, _ own: [String: Int]) -> [String: Int] {
    var all = own
    for (fault, count) in counts.dropped { all[fault.rawValue, default: 0] += count }
    return all
  }

  /// Other settings are in force from the next lines on.
  mutating func change(_ head: LogHead) { lines += log.change(head) }

  /// Ends the log.
  mutating func finish() throws(DecisionLogError) -> LogSeal? { try log.finish() }

  /// The finished run's counts. Frames captured are those that the cameras counted; calls that no frame answered are
  /// decisions beyond them.
  mutating func summary(_ output: borrowing LiveWriter) -> RunSummary {
    let drops = output.drops
    var faults: [String: Int] = [:]
    for station in stations {
      let counts = station.queue.counts
      tally.capture(counts.captured)
      for (cause, count) in Self.dropped(counts, drops[station.name] ?? [:]) { tally.drop(cause: cause, count: count) }
      for (fault, count) in counts.faults { faults[fault.rawValue, default: 0] += count }
    }
    tally.capture(tally.judged - judgedFrames)
    var summary = tally.summary(seconds: Clock.seconds() - began)
    summary.faults = faults
    summary.outages = outages
    return summary
  }
}
