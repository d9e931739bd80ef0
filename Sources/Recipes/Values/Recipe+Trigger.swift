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

  /// When a part is there: so much of the region differs from the empty belt, in so many frames.
  public struct Presence: Sendable, Hashable {
    public enum Mode: String, Sendable, Hashable, CaseIterable {
      /// A part moves through: the sharpest frame that shows it whole is judged.
      case passes
      /// A part comes to rest and is judged then.
      case stands
    }

    /// Frames in a row that something must be seen in before it counts; 1...1000 each.
    public struct Hold: Sendable, Hashable {
      /// That a part has come.
      public var on = 2
      /// That it has gone.
      public var off = 3
      /// That it stands.
      public var rest = 3

      public init() {}
    }

    public var mode = Mode.passes
    /// Where parts come by; `nil` is the camera's region.
    public var region: Shape?
    /// Share of the region that must differ for a part to have come, more than 0 and at most 1.
    public var on = 0.002
    /// Share below which it has gone, less than ``on``.
    public var off = 0.001
    public var hold = Hold()
    /// After so long a part is judged by what was seen until then; `nil` is when it stands or leaves. 10 ms...1 h.
    public var longest: Duration?
    /// Frames of empty belt at the start, 3...10000.
    public var learn = 30
    /// Grey levels by which a spot must differ from the belt, whatever the noise; 1...255.
    public var contrast = 6.0
    /// Over how long the picture of the empty belt follows slow changes of light; 100 ms...1 h.
    public var adapt = Duration.seconds(10)
    /// After how long something that does not move, and was judged, becomes part of the scene; 1 s...24 h.
    public var relearn = Duration.seconds(180)

    /// What `trigger: presence` means.
    public init() {}
  }
}
