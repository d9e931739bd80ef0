import Synchronization

@testable import Capture

/// A camera that does what a script says, one step for each call of `next`.
final class ScriptedDriver: CameraDriver {
  enum Step: Sendable {
    case frame(sequence: UInt32, bytes: [UInt8] = [1, 2, 3, 4], isFlagged: Bool = false)
    /// Nothing came in time.
    case nothing
    case fail(CameraError.Cause)
  }

  /// What outlives one driver: a camera that is plugged in again gets a new one.
  final class Script: Sendable {
    struct State {
      var steps: [Step]
      /// Errors of the next calls of these; nil lets one pass.
      var opening: [CameraError.Cause?] = []
      var configuring: [CameraError.Cause?] = []
      var starting: [CameraError.Cause?] = []
      var calls: [String] = []
      var drifts: [ControlDrift] = []
      var controls: [CameraSettings.ControlValue] = []
      var locked = 0
    }
    let state: Mutex<State>
    init(_ steps: [Step] = []) { state = Mutex(State(steps: steps)) }
    var calls: [String] { state.withLock { $0.calls } }

    func call(_ name: String, _ errors: any WritableKeyPath<State, [CameraError.Cause?]> & Sendable) throws(CameraError)
    {
      let cause = state.withLock { state -> CameraError.Cause? in
        state.calls.append(name)
        return state[keyPath: errors].isEmpty ? nil : state[keyPath: errors].removeFirst()
      }
      if let cause { throw CameraError("/dev/video9", cause, "was told to fail") }
    }
  }

  let script: Script
  let info = CameraInfo(node: "/dev/video9", card: "Scripted", driver: "script", busInfo: "usb-1")

  init(_ script: Script) throws(CameraError) {
    self.script = script
    try script.call("open", \.opening)
  }

  static let layout = FrameLayout(
    format: .grey, width: 2, height: 2, bytesPerLine: 2, byteCount: 4,
    encoding: ColorEncoding(matrix: .bt601, range: .full))

  func modes() -> [CameraMode] { [] }
  func controls() -> [CameraControl] { [] }

  func configure(_ settings: CameraSettings) throws(CameraError) -> CameraConfiguration {
    try script.call("configure", \.configuring)
    script.state.withLock { $0.controls = settings.controls }
    return CameraConfiguration(camera: info, layout: Self.layout, rate: 30)
  }

  func start() throws(CameraError) { try script.call("start", \.starting) }

  func next(seconds: Double, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) -> Bool {
    let step = script.state.withLock { $0.steps.isEmpty ? nil : $0.steps.removeFirst() }
    switch step {
    case .frame(let sequence, let bytes, let isFlagged):
      take(FrameHead(sequence: sequence, nanoseconds: nil, isFlagged: isFlagged), bytes.span)
      return true
    case .fail(let cause): throw CameraError(info.node, cause, "was told to fail")
    case .nothing, nil:
      Clock.sleep(seconds: min(seconds, 0.005))
      return false
    }
  }

  func lock(_ locks: [CameraSettings.Lock]) throws(CameraError) -> [CameraControl] {
    script.state.withLock { $0.locked += 1 }
    return []
  }

  func drifts() -> [ControlDrift] {
    script.state.withLock { state in
      defer { state.drifts = [] }
      return state.drifts
    }
  }

  func stop() { script.state.withLock { $0.calls.append("stop") } }
}

func scriptedCamera(_ script: ScriptedDriver.Script) -> Camera {
  Camera { (_) throws(CameraError) -> any CameraDriver in try ScriptedDriver(script) }
}
