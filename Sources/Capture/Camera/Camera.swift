/// A camera through all that happens to it.
///
/// ```
///               open               configure               start
///    ┌─ closed ──────▶ available ────────────▶ configured ────────▶ streaming ─┐
///    │    ▲             ▲  │  ▲                    │                   │       │
///    │    └── close ────│──┴──│────────────────────┴───────────────────┤       │ next
///    │                  │     └─────── stop, or the driver fails ──────┤       │
///    │             open │ (back)                                       │       │
///    └── open fails     └──────────────── lost ◀── unplugged ──────────┘ ◀─────┘
/// ```
///
/// A call in a state where it makes no sense is a mistake of the program and traps. A call that fails leaves the state
/// as it was, with two exceptions: a camera that is unplugged is ``State/lost``, whatever was being done, and one whose
/// driver gives up while streaming is ``State/available`` again, so that it can be configured and started anew.
///
/// Not for several threads at once.
public final class Camera {
  public enum State: String, Sendable, Hashable, CaseIterable {
    case closed, available, configured, streaming, lost
  }

  public private(set) var state = State.closed
  /// Who it is, from the first time it was opened; the node may differ later.
  public private(set) var info: CameraInfo?
  /// What is in force while it is configured or streaming.
  public private(set) var configuration: CameraConfiguration?

  private let find: (CameraInfo?) throws(CameraError) -> any CameraDriver
  private var driver: (any CameraDriver)?

  /// - Parameter find: opens the camera that is meant; gets what it was when it was there before.
  public init(find: @escaping (CameraInfo?) throws(CameraError) -> any CameraDriver) {
    self.find = find
  }

  /// closed → available, and lost → available when the same camera is back.
  public func open() throws(CameraError) {
    require([.closed, .lost], "open")
    let driver = try find(info)
    self.driver = driver
    info = driver.info
    state = .available
  }

  /// available → configured.
  @discardableResult
  public func configure(_ settings: CameraSettings) throws(CameraError) -> CameraConfiguration {
    require([.available], "configure")
    do throws(CameraError) {
      let configuration = try driver!.configure(settings)
      self.configuration = configuration
      state = .configured
      return configuration
    } catch {
      throw fail(error)
    }
  }

  /// configured → streaming.
  public func start() throws(CameraError) {
    require([.configured], "start")
    do throws(CameraError) {
      try driver!.start()
      state = .streaming
    } catch {
      throw fail(error)
    }
  }

  /// Waits for a frame. Stays streaming, unless the driver fails or the camera goes.
  ///
  /// - Returns: whether a frame came within so many seconds.
  public func next(seconds: Double, _ take: (FrameHead, Span<UInt8>) -> Void) throws(CameraError) -> Bool {
    require([.streaming], "next")
    do throws(CameraError) {
      return try driver!.next(seconds: seconds, take)
    } catch {
      throw fail(error)
    }
  }

  /// Fixes automatics; stays streaming.
  public func lock(_ locks: [CameraSettings.Lock]) throws(CameraError) {
    require([.streaming], "lock")
    do throws(CameraError) {
      configuration!.controls = try driver!.lock(locks)
    } catch {
      throw fail(error, isStreamFailure: false)
    }
  }

  /// Controls that have changed since they were set.
  public func drifts() -> [ControlDrift] {
    require([.streaming], "drifts")
    return driver!.drifts()
  }

  /// streaming or configured → available.
  public func stop() {
    require([.streaming, .configured], "stop")
    driver!.stop()
    configuration = nil
    state = .available
  }

  /// Any state → closed. It is still known who it is.
  public func close() {
    driver?.stop()
    driver = nil
    configuration = nil
    state = .closed
  }

  private func fail(_ error: CameraError, isStreamFailure: Bool = true) -> CameraError {
    if error.cause == .unplugged {
      // Lets go of the node, so that its name is free for the camera that comes back.
      driver?.stop()
      driver = nil
      configuration = nil
      state = .lost
    } else if state == .streaming || state == .configured, isStreamFailure {
      driver?.stop()
      configuration = nil
      state = .available
    }
    return error
  }

  private func require(_ states: [State], _ call: String) {
    precondition(states.contains(state), "\(call)() of a camera that is \(state)")
  }
}

extension Camera {
  /// A camera of this machine.
  ///
  /// - Parameter words: see ``CameraList/find(_:)-(String)``.
  public convenience init(_ words: String) {
    var others: Set<String> = []
    self.init { (earlier) throws(CameraError) -> any CameraDriver in
      let list = CameraList.current()
      let camera: CameraInfo
      if let earlier {
        guard let found = list.find(earlier, others: others) else {
          throw CameraError(words, .absent, "is not plugged in (\(earlier.name))")
        }
        camera = found
      } else {
        camera = try list.find(words)
      }
      let driver = try V4L2Driver(node: camera.node)
      others = Set(list.cameras.map(\.busInfo)).subtracting([camera.busInfo])
      return driver
    }
  }
}
