import Inspection
import Metrics

/// A live run on the terminal: a few lines that are rewritten in place, none longer than the terminal is wide. Elsewhere
/// a line now and then.
struct LiveStatusView {
  private var shownLines = 0
  private var lastPlain = 0.0
  private let isQuiet: Bool
  private let interval = 10.0

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  mutating func show(_ status: LiveStatus) {
    guard !isQuiet else { return }
    if Console.isTerminal {
      let lines = Self.lines(status, columns: Console.columns)
      Console.write(clearing + lines.joined(separator: "\n") + "\n", to: 2)
      shownLines = lines.count
    } else if status.seconds - lastPlain >= interval {
      lastPlain = status.seconds
      Console.write(Self.plain(status) + "\n", to: 2)
    }
  }

  /// Prints a line that stays, above the status.
  mutating func log(_ line: String) {
    if Console.isTerminal { Console.write(clearing, to: 2) }
    shownLines = 0
    Console.write(line + "\n", to: 2)
  }

  private var clearing: String { shownLines > 0 ? "\u{1B}[\(shownLines)A\u{1B}[J" : "" }

  static func lines(_ status: LiveStatus, columns: Int) -> [String] {
    let nameWidth = min(16, max(6, status.stations.map(\.name.count).max() ?? 6))
    var lines = status.stations.map { station in
      let dropped = station.dropped.values.reduce(0, +)
      let causes = station.dropped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(2)
        .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      return station.name.padded(nameWidth) + " " + station.state.padded(11) + " "
        + "\(station.framesPerSecond.fixed(1)) fps".padded(10) + " judged \(station.judged)"
        + (dropped > 0 ? "  dropped \(dropped) (\(causes))" : "")
    }
    var line = "accept \(status.accepted)  review \(status.reviewed)  reject \(status.rejected)"
    if let latency = status.latency { line += "  p50 \(latency.p50.fixed(1)) ms  p99 \(latency.p99.fixed(1)) ms" }
    lines.append(line + "  " + status.seconds.duration)
    if let trouble = status.trouble {
      lines.append("NOT WRITTEN: " + trouble)
    } else if let last = status.lastReject {
      lines.append("last: \(last.id) \(last.verdict.rawValue): \(last.reasons.first ?? last.label)")
    }
    return lines.map { $0.count > columns - 1 ? String($0.prefix(columns - 2)) + "…" : $0 }
  }

  static func plain(_ status: LiveStatus) -> String {
    let stations = status.stations.map { station in
      let dropped = station.dropped.values.reduce(0, +)
      return "\(station.name) \(station.state) \(station.framesPerSecond.fixed(1)) fps"
        + (dropped > 0 ? ", \(dropped) dropped" : "")
    }
    return "\(status.judged) judged: \(status.accepted) accepted, \(status.reviewed) for review, "
      + "\(status.rejected) rejected; " + stations.joined(separator: "; ")
      + (status.latency.map { "; p99 \($0.p99.fixed(1)) ms" } ?? "")
      + (status.trouble.map { "; NOT WRITTEN: \($0)" } ?? "")
  }
}
