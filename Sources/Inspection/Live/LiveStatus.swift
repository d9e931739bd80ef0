public import Capture
public import Metrics

/// How a live run stands: what the terminal shows.
public struct LiveStatus: Sendable {
  public struct Station: Sendable {
    public let name: String
    /// `streaming`, or what keeps it from it.
    public let state: String
    /// Frames that came in the last second or so.
    public let framesPerSecond: Double
    public let counts: FrameCounts
    /// Of this station.
    public let judged: Int
    public let dropped: [String: Int]
  }

  public let seconds: Double
  public let stations: [Station]
  public let judged: Int
  public let accepted: Int
  public let reviewed: Int
  public let rejected: Int
  /// Milliseconds from a frame's taking to its decision on the disk; nil before the first.
  public let latency: Percentiles?
  /// The last part that was not accepted.
  public let lastReject: Decision?
  /// What keeps decisions from the disk; nil while nothing does.
  public let trouble: String?
}
