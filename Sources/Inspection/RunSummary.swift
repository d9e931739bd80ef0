public import Metrics

/// What a run came to: `summary.json`. Frames captured are frames judged plus frames dropped; this is checked when a
/// summary is made.
public struct RunSummary: Sendable, Hashable {
  /// Frames that the source delivered or announced.
  public let captured: Int
  /// Frames with a decision.
  public let judged: Int
  /// Frames without one, by cause; only live sources drop.
  public let dropped: [String: Int]
  public let accepted: Int
  public let reviewed: Int
  public let rejected: Int
  /// Inputs that could not be read; each is among the rejected.
  public let unreadable: Int
  /// Decisions by label.
  public let labels: [String: Int]
  /// Milliseconds by stage, in the order of the stages.
  public let timings: [(stage: String, percentiles: Percentiles)]
  /// Decisions per second of wall time.
  public let imagesPerSecond: Double
  /// Wall time of this run, seconds.
  public let seconds: Double
  /// What was found wrong with frames and cameras, by cause; only live sources have faults.
  public var faults: [String: Int] = [:]
  /// Times without a camera.
  public var outages = 0
  /// How the log ended; nil for one without a chain.
  public var log: LogSeal?

  public static func == (a: RunSummary, b: RunSummary) -> Bool { a.json == b.json }
  public func hash(into hasher: inout Hasher) { hasher.combine(json) }

  /// The file's contents: indented, members in a fixed order, dictionaries sorted by name.
  public var json: [UInt8] {
    var writer = JSONWriter(indented: true)
    write(to: &writer)
    return writer.bytes + [0x0A]
  }

  /// Writes the summary as a JSON object.
  public func write(to writer: inout JSONWriter) {
    writer.object { json in
      json.object("frames") {
        $0.member("captured", captured)
        $0.member("judged", judged)
        $0.object("dropped") { for (cause, count) in sorted(dropped) { $0.member(cause, count) } }
      }
      if !faults.isEmpty || outages > 0 {
        json.object("faults") { for (cause, count) in sorted(faults) { $0.member(cause, count) } }
        json.member("outages", outages)
      }
      json.object("decisions") {
        $0.member("accept", accepted)
        $0.member("review", reviewed)
        $0.member("reject", rejected)
      }
      json.member("unreadable", unreadable)
      json.object("labels") { for (label, count) in sorted(labels) { $0.member(label, count) } }
      json.object("timings_ms") {
        for (stage, percentiles) in timings {
          $0.object(stage) {
            $0.member("p50", rounded(percentiles.p50))
            $0.member("p95", rounded(percentiles.p95))
            $0.member("p99", rounded(percentiles.p99))
          }
        }
      }
      json.member("images_per_second", rounded(imagesPerSecond))
      json.member("seconds", rounded(seconds))
      if let log {
        json.object("log") {
          $0.member("lines", log.lines)
          $0.member("sha256", log.sha256)
        }
      }
    }
  }

  private func sorted(_ counts: [String: Int]) -> [(String, Int)] { counts.sorted { $0.key < $1.key } }
  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// Counts a run while it goes on, in bounded memory.
public struct RunTally: Sendable {
  /// Frames that the source delivered or announced; the source's own count, so that a frame lost between source and
  /// decision shows.
  public private(set) var captured = 0
  public private(set) var dropped: [String: Int] = [:]
  public private(set) var judged = 0
  private var verdicts: [Verdict: Int] = [:]
  private var unreadable = 0
  private var labels: [String: Int] = [:]
  private var stages: [String] = []
  private var milliseconds: [PercentileSketch] = []
  private var judgedBefore = 0

  public init() {}

  /// The source delivered `count` more frames.
  public mutating func capture(_ count: Int = 1) { captured += count }

  /// Frames were lost, and why, such as `queue_full` or `camera_sequence_gap`.
  public mutating func drop(cause: String, count: Int = 1) { dropped[cause, default: 0] += count }

  /// A frame was judged.
  public mutating func judge(_ decision: Decision) {
    judged += 1
    verdicts[decision.verdict, default: 0] += 1
    labels[decision.label, default: 0] += 1
    if decision.isUnreadable { unreadable += 1 }
    time(decision.timings)
  }

  /// Times that belong to no decision's line, such as that until it was on the disk.
  public mutating func time(_ timings: [StageTiming]) {
    for timing in timings {
      let index = stages.firstIndex(of: timing.stage) ?? stages.count
      if index == stages.count {
        stages.append(timing.stage)
        milliseconds.append(PercentileSketch())
      }
      milliseconds[index].add(timing.milliseconds)
    }
  }

  /// A decision of the run that is being resumed: captured and judged then, but not in this run's time.
  public mutating func resume(_ decision: Decision) {
    capture()
    judge(decision)
    judgedBefore += 1
  }

  /// Whether every captured frame is judged or dropped.
  public var addsUp: Bool { captured == judged + dropped.values.reduce(0, +) }

  public func count(_ verdict: Verdict) -> Int { verdicts[verdict, default: 0] }

  /// The finished run's summary.
  ///
  /// - Precondition: ``addsUp``: a frame that was neither judged nor dropped is a fault in the pipeline.
  /// - Parameter seconds: wall time of this run.
  public func summary(seconds: Double) -> RunSummary {
    precondition(addsUp, "\(captured) frames captured, but \(judged) judged and \(dropped) dropped")
    return RunSummary(
      captured: captured, judged: judged, dropped: dropped, accepted: count(.accept), reviewed: count(.review),
      rejected: count(.reject), unreadable: unreadable, labels: labels,
      timings: zip(stages, milliseconds).compactMap { stage, values in values.percentiles.map { (stage, $0) } },
      imagesPerSecond: seconds > 0 ? Double(judged - judgedBefore) / seconds : 0, seconds: seconds)
  }
}
