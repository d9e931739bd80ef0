/// What a driver says of a frame.
public struct FrameHead: Sendable, Hashable {
  /// The driver's count, which wraps at 2^32 and leaves out what it could not deliver.
  public var sequence: UInt32
  /// When the frame was taken, nanoseconds of the monotonic clock; nil where the driver uses another clock.
  public var nanoseconds: Int64?
  /// The driver marks the frame as damaged.
  public var isFlagged: Bool

  public init(sequence: UInt32, nanoseconds: Int64?, isFlagged: Bool = false) {
    self.sequence = sequence
    self.nanoseconds = nanoseconds
    self.isFlagged = isFlagged
  }
}

/// A control that is no longer what it was set to.
public struct ControlDrift: Sendable, Hashable, CustomStringConvertible {
  public let name: String
  /// In words, as ``CameraControl/words(for:)`` writes them.
  public let expected: String
  public let now: String

  public init(name: String, expected: String, now: String) {
    self.name = name
    self.expected = expected
    self.now = now
  }

  public var description: String { "\(name) is \(now), not \(expected)" }
}

/// An open camera: a real one over V4L2, a folder that is played as one, or a scripted one in tests.
///
/// Used from one thread at a time, by ``Camera``, which keeps the calls in order.
public protocol CameraDriver: AnyObject {
  var info: CameraInfo { get }
  /// All modes, in the driver's order.
  func modes() -> [CameraMode]
  /// All controls with their values now.
  func controls() -> [CameraControl]
  /// Chooses a mode, sets controls and reads all back.
  func configure(_ settings: CameraSettings) throws(CameraError) -> CameraConfiguration
  func start() throws(CameraError)
  /// Waits for a frame, at most so many seconds, and hands over its bytes, which are valid during the call.
  ///
  /// - Returns: whether a frame came.
  func next(seconds: Double, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) -> Bool
  /// Fixes automatics at the values that they have now, and returns what is in force then.
  func lock(_ locks: [CameraSettings.Lock]) throws(CameraError) -> [CameraControl]
  /// Controls that have changed since they were last set or told.
  func drifts() -> [ControlDrift]
  func stop()
}
