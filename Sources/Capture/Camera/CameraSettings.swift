/// How a camera is to be run.
public struct CameraSettings: Sendable, Hashable {
  /// Automatics that can be fixed once they have settled.
  public enum Lock: String, Sendable, Hashable, CaseIterable {
    case exposure
    case gain
    case whiteBalance = "white_balance"
    case focus
  }

  public var mode: ModeRequest
  /// Values by control name, in words: "manual", "120", "off". Set in this order.
  public var controls: [ControlValue]
  /// Fixed after ``settle`` seconds at the values they then have.
  public var locks: [Lock]
  /// Seconds that the automatics get before the first frame counts.
  public var settle: Double
  /// Seconds without a frame after which the stream is started anew.
  public var timeout: Double
  /// Buffers to ask the driver for; at 60 frames a second, eight bridge an eighth of a second.
  public var buffers: Int
  /// Frames with the same bytes after which the picture counts as frozen; 0 for never. A sensor's noise makes every
  /// picture different.
  public var frozenAfter: Int

  /// What a control is to be.
  public struct ControlValue: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    mode: ModeRequest = ModeRequest(), controls: [ControlValue] = [], locks: [Lock] = [], settle: Double? = nil,
    timeout: Double = 2, buffers: Int = 8, frozenAfter: Int = 10
  ) {
    self.mode = mode
    self.controls = controls
    self.locks = locks
    self.settle = settle ?? (locks.isEmpty ? 0 : 1)
    self.timeout = timeout
    self.buffers = buffers
    self.frozenAfter = frozenAfter
  }
}

/// What is in force on a camera: what the run's head tells, and what is checked while it runs.
public struct CameraConfiguration: Sendable, Hashable {
  public var camera: CameraInfo
  public var layout: FrameLayout
  /// Frames a second as the driver confirmed them; nil where it does not say.
  public var rate: Double?
  public var buffers: Int
  /// All controls with the values that were read back.
  public var controls: [CameraControl]

  public init(
    camera: CameraInfo, layout: FrameLayout, rate: Double?, buffers: Int = 0, controls: [CameraControl] = []
  ) {
    self.camera = camera
    self.layout = layout
    self.rate = rate
    self.buffers = buffers
    self.controls = controls
  }

  /// "1280x720 YUYV at 30 frames a second".
  public var mode: String {
    "\(layout.width)x\(layout.height) \(layout.format)"
      + (rate.map { " at \(ModeRequest.number($0)) frames a second" } ?? "")
  }
}
