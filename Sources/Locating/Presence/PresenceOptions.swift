/// How parts are told from the empty belt, and when one is judged.
public struct PresenceOptions: Sendable, Hashable {
  /// How parts come.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// A part comes to rest in the region: it is judged when it stands still.
    case stands
    /// A part moves through: it is judged by the sharpest of the frames that show it wholly within the region.
    case passes
  }

  public var mode: Mode
  /// Share of the region that must differ for a part to begin, above 0 and at most 1.
  public var onShare = 0.002
  /// Share below which a part is taken for gone, at most ``onShare``.
  public var offShare = 0.001
  /// Frames that a part must be seen in before it counts, at least 1.
  public var minimumFramesOn = 2
  /// Frames without it after which a part is gone, at least 1.
  public var minimumFramesOff = 3
  /// Frames in a row without motion that make a part stand, at least 1.
  public var restFrames = 3
  /// Seconds after which a part that is wholly within the region is judged by what was seen until then; nil to wait
  /// until it stands or leaves.
  public var maximumDelay: Double?
  /// Frames of empty belt that the start needs, at least 3.
  public var learningFrames = 30
  /// Grey levels (of 255) by which a spot must differ at least, whatever the noise.
  public var minimumContrast = 6.0
  /// Multiples of the belt's own variation (standard deviations) by which a spot must differ.
  public var deviations = 4.0
  /// Seconds over which the picture of the empty belt follows slow changes.
  public var adaptation = 10.0
  /// Seconds after which what stands still without end is taken for part of the scene. The part has then been judged.
  public var relearnAfter = 180.0
  /// Side of the spots that the picture is reduced to, in pixels; nil to choose by the region: about 5000 spots, at
  /// least 4 pixels. A part should be 4 spots long, and parts closer than 2 spots are one.
  public var cell: Int?

  public init(mode: Mode) { self.mode = mode }

  func check() {
    precondition(onShare > 0 && onShare <= 1 && offShare <= onShare, "shares \(offShare), \(onShare) are not 0...1")
    precondition(
      minimumFramesOn >= 1 && minimumFramesOff >= 1 && restFrames >= 1 && learningFrames >= 3,
      "numbers of frames must be at least 1, for learning 3")
    precondition((cell ?? 4) >= 1 && (cell ?? 4) <= 255, "a spot of \(cell ?? 0) pixels is outside 1...255")
    precondition(minimumContrast > 0 && deviations > 0 && adaptation > 0, "limits must be positive")
  }
}
