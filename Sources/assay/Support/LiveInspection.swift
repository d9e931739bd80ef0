import ArgumentParser
import Capture
import Classification
import Glibc
import Imaging
import Inspection
import Locating
import Reporting

/// Runs a live inspection to its end: what `assay inspect` does with cameras and recordings.
struct LiveInspection {
  let stations: [LiveStation]
  let out: String
  let start: DecisionLog.Start
  let isQuiet: Bool
  /// Ends after so many decisions.
  let limit: Int?

  /// - Returns: the summary, which is on the disk then, with `decisions.csv`.
  func run() throws -> RunSummary {
    let started = Timestamp.now()
    let run = LiveRun(
      stations,
      settings: LiveRun.Settings(
        log: out + "/decisions.jsonl", start: start, run: Self.tag(started), limit: limit))
    var view = LiveStatusView(isQuiet: isQuiet)
    var clock = WallClockWatch()
    // Closures cannot share a mutable value otherwise.
    let shown = Box(view)
    _ = view
    let summary = try run.run(
      shouldStop: { Interruption.isRequested },
      onNote: { station, note in
        if let line = Self.words(station, note) { shown.value.log(line) }
      },
      onStatus: { status in
        if let jump = clock.jump() { shown.value.log(jump) }
        shown.value.show(status)
      })
    view = shown.value
    try AtomicFile.write(summary.json, to: out + "/summary.json")
    try DecisionLog.writeCSV(from: out + "/decisions.jsonl", to: out + "/decisions.csv")
    return summary
  }

  /// The start's time as it stands in parts' names: `20260131T091403`.
  static func tag(_ time: Timestamp) -> String {
    String(time.description.prefix(19).filter { $0 != "-" && $0 != ":" })
  }

  static func words(_ station: String, _ note: LiveNote) -> String? {
    switch note {
    case .streaming(let configuration):
      let locked = configuration.controls.isEmpty ? "" : ", \(configuration.controls.count) controls"
      return "\(station): \(configuration.camera.name), \(configuration.mode)\(locked)"
    case .fault(_, let text): return "\(station): \(text)"
    case .outage(let record): return "\(station): \(record.reason) Waiting for it."
    case .recovered(let record):
      let seconds = record.end.map { Double($0.milliseconds - record.start.milliseconds) / 1000 } ?? 0
      return "\(station): back after \(seconds.fixed(1)) s"
    case .ended(let error): return error.map { "\(station): \($0)" }
    }
  }
}

/// A value that closures share on one thread.
private final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
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
