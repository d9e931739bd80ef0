public import Capture
internal import Metrics
internal import Samples
internal import Threads

/// Judges what cameras see until it is told to stop.
///
/// Each camera has a thread that takes its frames and one that judges them; the thread that calls ``run()`` writes: it
/// appends what has been judged to the log, syncs it, and only then counts it as judged and tells of it. A disk that is
/// full, or slow, holds up the writing alone: decisions wait in memory, then judging waits, then frames are dropped and
/// counted, and it goes on when there is room again.
public struct LiveRun: Sendable {
  public struct Settings: Sendable {
    /// `decisions.jsonl`
    public var log: String
    public var start: DecisionLog.Start
    /// Marks the run in the parts' names.
    public var run: String
    /// Seconds between two statuses.
    public var statusInterval: Double
    /// Ends the run after so many decisions; nil for never.
    public var limit: Int?
    /// First line of the log, whose lines are linked then.
    public var head: LogHead?

    public init(
      log: String, start: DecisionLog.Start, run: String, statusInterval: Double = 0.5, limit: Int? = nil,
      head: LogHead? = nil
    ) {
      self.head = head
      self.log = log
      self.start = start
      self.run = run
      self.statusInterval = statusInterval
      self.limit = limit
    }
  }

  let stations: [LiveStation]
  let settings: Settings
  let exchange: LiveExchange
  let finish: Finish

  /// Gets a judged part, its station as it was in force, and the frame if there was one.
  public typealias Finish = @Sendable (inout PartInspector.Outcome, LiveStation, Frame?) throws -> Void

  /// - Parameters:
  ///   - exchange: brings new settings while it runs.
  ///   - finish: works on a judged part on its station's judging thread; may complete the decision.
  public init(
    _ stations: [LiveStation], settings: Settings, exchange: LiveExchange = LiveExchange(),
    finish: @escaping Finish = { _, _, _ in }
  ) {
    precondition(Set(stations.map(\.name)).count == stations.count, "two cameras of one name")
    self.stations = stations
    self.settings = settings
    self.exchange = exchange
    self.finish = finish
  }

  /// Runs until it is told to stop, or all sources have ended. Every frame that was taken is judged and written first.
  ///
  /// - Parameters:
  ///   - shouldStop: asked several times a second.
  ///   - onDecision: called with each decision that is safe on disk, with the line that was written.
  ///   - onGap: called when a camera goes and when it is back, once that is on the disk.
  ///   - onNote: called with what belongs in the log.
  ///   - onStatus: called now and then.
  /// - Returns: counts that add up.
  /// - Throws: ``CameraError`` where no camera could begin; ``DecisionLogError`` where decisions cannot be written when
  ///   the run ends.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool, onDecision: (Decision, [UInt8]) -> Void = { _, _ in },
    onGap: (GapRecord, [UInt8]) -> Void = { _, _ in }, onNote: (String, LiveNote) -> Void = { _, _ in },
    onStatus: (LiveStatus) -> Void = { _ in }
  ) throws -> RunSummary {
    var scribe = LiveScribe(
      stations: stations, settings: settings,
      log: try DecisionLog(path: settings.log, start: settings.start, head: settings.head))
    let output = LiveWriter()
    let stop = StopFlag(shouldStop)
    var threads: [OwnThread] = []
    defer {
      stop.set()
      for station in stations { station.queue.close() }
      output.close()
      for thread in threads { thread.join() }
    }
    for station in stations {
      threads += [
        OwnThread { [run = settings.run, exchange, finish] in
          do {
            var judge = try LiveJudge(station, run: run, output: output, exchange: exchange, finish: finish)
            try judge.work()
          } catch {
            output.fail(error)
          }
        }, OwnThread { station.source.run(into: station.queue) { stop.isSet } },
      ].compactMap { $0 }
    }
    guard threads.count == 2 * stations.count else {
      throw InspectionError.output(settings.log, "the system has no thread to give")
    }
    while true {
      // Asked for before the rest is taken: what ends now has put everything before.
      let ended = output.endedStations
      if let head = exchange.takeHead() { scribe.change(head) }
      try scribe.write(from: output, onDecision: onDecision, onGap: onGap, onNote: onNote, onStatus: onStatus)
      if let limit = settings.limit, scribe.judged >= limit { stop.set() }
      if ended.count == stations.count && scribe.hasNothingLeft { break }
      if ended.count == stations.count && stop.isSet && scribe.isStuck {
        throw scribe.trouble!
      }
    }
    let errors = output.endedStations.compactMap { $0.value }
    if let error = errors.first, errors.count == stations.count, scribe.judged == 0 { throw error }
    var summary = scribe.summary(output)
    summary.log = try scribe.finish()
    return summary
  }
}

/// Tells all threads to end. Asks the caller's closure too, and remembers its yes.
private final class StopFlag: Sendable {
  private let ask: @Sendable () -> Bool
  private let flag = Latch()

  init(_ ask: @escaping @Sendable () -> Bool) { self.ask = ask }

  var isSet: Bool { flag.isSet || ask() }
  func set() { flag.set() }
}
