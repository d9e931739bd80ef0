extension Recipe {
  /// Where decisions go besides the run's folder.
  public struct Output: Sendable, Hashable {
    public var target: Target
    /// A command: how long it may take over one decision before it is ended. A socket: how long a reader may take none
    /// before it is disconnected. 10 ms...1 h.
    public var timeout: Duration
    /// How a command gets decisions; means nothing to a socket.
    public var feed = Feed.each

    public enum Target: Sendable, Hashable {
      /// A program that gets each decision as one JSON line on its standard input.
      case command(Command)
      /// A UNIX socket, absolute path, that hands each reader the decisions as JSON lines.
      case socket(String)
    }
  }

  /// How a command gets decisions.
  public enum Feed: String, Sendable, Hashable, CaseIterable {
    /// It is run for each.
    case each
    /// It is run once, and reads line after line; a line is delivered when it is written to it.
    case lines
    /// As ``lines``, but a line is delivered when the command has answered with a line.
    case acknowledged
  }

  public enum Command: Sendable, Hashable {
    /// A line for `/bin/sh -c`.
    case shell(String)
    /// The program and its arguments, at least the program.
    case arguments([String])
  }

  /// Which pictures are kept, and how much room they may take.
  public struct Keep: Sendable, Hashable {
    public var rejects = Sampling.all
    public var reviews = Sampling.all
    public var accepts = Sampling(1, of: 100)
    /// Bytes; `nil` is no limit. Beyond it the oldest go first, rejects that nobody looked at never in silence.
    public var budget: Int64? = 10_000_000_000
    /// Days after which accepted and reviewed pictures go, 1...36500; `nil` is never.
    public var days: Int?
    /// Whether the camera's own bytes are kept too, so that the frame can be judged again.
    public var raw = false

    public init() {}
  }

  /// A share of a stream of pictures: ``kept`` of every ``of``, in lowest terms.
  public struct Sampling: Sendable, Hashable {
    public let kept: Int
    public let of: Int

    /// 0...1
    public var share: Double { Double(kept) / Double(of) }

    public static let all = Sampling(1, of: 1)
    public static let none = Sampling(0, of: 1)

    /// - Precondition: `0 <= kept <= of`, `of > 0`.
    public init(_ kept: Int, of: Int) {
      precondition(kept >= 0 && kept <= of && of > 0, "\(kept) of \(of) is no share")
      var (a, b) = (of, kept)
      while b != 0 { (a, b) = (b, a % b) }
      (self.kept, self.of) = (kept / a, of / a)
    }
  }
}
