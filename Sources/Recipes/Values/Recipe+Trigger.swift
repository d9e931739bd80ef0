extension Recipe {
  /// Which frames are judged.
  public enum Trigger: Sendable, Hashable {
    case everyFrame
    /// The first frame after each interval; 1 ms...24 h.
    case every(Duration)
    /// The first frame after each signal from outside.
    case software(Software)
    /// One frame of each part that comes by.
    case presence(Presence)
  }

  /// Where a software trigger comes from. Several cameras may share one: each takes a frame.
  public enum Software: Sendable, Hashable {
    /// A line on standard input.
    case standardInput
    /// A line on a UNIX socket, absolute path.
    case socket(String)
    case signal(UserSignal)
  }

  /// The signals that are free for triggers.
  public enum UserSignal: String, Sendable, Hashable, CaseIterable {
    case user1 = "SIGUSR1"
    case user2 = "SIGUSR2"
  }

  /// When a part is there: so much of the region differs from the empty belt, for so long.
  public struct Presence: Sendable, Hashable {
    /// Where parts come by; `nil` is the camera's region.
    public var region: Shape?
    /// Share of the region that must differ for a part to have come, more than 0 and at most 1.
    public var on: Double
    /// Share below which it has gone, less than ``on``.
    public var off: Double
    /// How long either must last, against flicker; 0...10 s.
    public var hold: Duration
    /// A part that stands is judged so long after it came, once; 10 ms...1 h.
    public var longest: Duration
    /// How long the empty belt is learned at the start; 0...10 min.
    public var learn: Duration
  }
}
