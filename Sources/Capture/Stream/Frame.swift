/// A frame as a camera sent it, with all that is known of it. Its picture is made by a ``FrameConverter``.
public struct Frame: Sendable {
  /// Count of the frames that the camera took in this run, from 0, those that were lost on the way included.
  public let number: Int
  /// The driver's own count.
  public let sequence: UInt32
  /// When it was taken, nanoseconds of the monotonic clock (``Clock``).
  public let nanoseconds: Int64
  /// The same, milliseconds since 1970 UTC by the wall clock.
  public let wallMilliseconds: Int64
  /// What a replay adds to the recorded time to get the time at which it is played; 0 for a camera.
  public let replayShift: Int64
  public let layout: FrameLayout
  public let bytes: FrameBytes
  /// Why it must not be trusted; nil for a sound frame, as far as can be seen before it is decoded.
  public let fault: FrameFault?

  public init(
    number: Int, sequence: UInt32, nanoseconds: Int64, wallMilliseconds: Int64, layout: FrameLayout, bytes: FrameBytes,
    fault: FrameFault? = nil, replayShift: Int64 = 0
  ) {
    self.number = number
    self.sequence = sequence
    self.nanoseconds = nanoseconds
    self.wallMilliseconds = wallMilliseconds
    self.replayShift = replayShift
    self.layout = layout
    self.bytes = bytes
    self.fault = fault
  }
}

/// What can be wrong with a frame or a stream. The raw values are the names in summaries.
public enum FrameFault: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  /// The driver marks the frame as damaged.
  case errorFlag = "driver_error_flag"
  /// Fewer bytes than a whole frame has.
  case short = "short_frame"
  /// More bytes than a frame can have.
  case overlong = "overlong_frame"
  /// A compressed frame that cannot be decoded whole.
  case corrupt = "corrupt_jpeg"
  /// The same bytes again and again.
  case frozen = "frozen_picture"
  case black = "black_picture"
  case overexposed = "overexposed_picture"
  /// Frames are missing in the driver's count.
  case gap = "sequence_gap"
  /// The driver's count stands still or goes back.
  case sequence = "sequence_jump"
  /// The driver's time of a frame cannot be: before the last one, or far from when it arrived.
  case time = "timestamp_jump"
  case timeout = "timeout"
  /// The driver gave up (EIO).
  case driver = "driver_error"
  case busy = "busy"
  case unplugged = "unplugged"
  /// A control is no longer what it was set to.
  case drift = "control_drift"
  /// The consumer was too slow: an older frame made room for a newer one.
  case queueFull = "queue_full"

  public var description: String {
    switch self {
    case .errorFlag: "the driver marked the frame as damaged"
    case .short: "the frame is cut short"
    case .overlong: "the frame is longer than it can be"
    case .corrupt: "the frame's JPEG is damaged"
    case .frozen: "the picture is frozen: the same bytes again and again"
    case .black: "the picture is black"
    case .overexposed: "the picture is overexposed"
    case .gap: "frames are missing in the camera's count"
    case .sequence: "the camera's count jumped"
    case .time: "the camera's time jumped"
    case .timeout: "no frame came in time"
    case .driver: "the camera's driver reports an error"
    case .busy: "another program uses the camera"
    case .unplugged: "the camera was unplugged"
    case .drift: "a control of the camera has changed"
    case .queueFull: "judging was too slow"
    }
  }
}
