/// Says each fault once at the beginning of a burst, and how many there were when it is over.
public struct BurstLog: Sendable {
  /// A burst is over after so many seconds without another.
  private let quiet: Double
  private var bursts: [FrameFault: Burst] = [:]

  private struct Burst {
    var began: Double
    var last: Double
    var count: Int
  }

  public init(quiet: Double = 5) { self.quiet = quiet }

  /// - Returns: what to log now; nil within a burst.
  public mutating func note(_ fault: FrameFault, count: Int = 1, at seconds: Double) -> String? {
    if bursts[fault] != nil {
      bursts[fault]!.count += count
      bursts[fault]!.last = seconds
      return nil
    }
    bursts[fault] = Burst(began: seconds, last: seconds, count: count)
    return count > 1 ? "\(fault) (\(count))" : "\(fault)"
  }

  /// What to log of bursts that are over.
  public mutating func ended(at seconds: Double) -> [(FrameFault, String)] {
    guard !bursts.isEmpty else { return [] }
    var lines: [(FrameFault, String)] = []
    for (fault, burst) in bursts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where seconds - burst.last >= quiet {
      bursts[fault] = nil
      if burst.count > 1 {
        lines.append((fault, "\(fault): \(burst.count) times within \(Int(burst.last - burst.began) + 1) s, over now"))
      }
    }
    return lines
  }
}
