import Synchronization
import Testing

@testable import Capture

/// Every edge of the drawing in ``Camera``'s comment.
@Suite struct CameraStateTests {
  typealias Script = ScriptedDriver.Script

  private func streaming(_ script: Script) throws -> Camera {
    let camera = scriptedCamera(script)
    try camera.open()
    try camera.configure(CameraSettings())
    try camera.start()
    return camera
  }

  @Test func theStraightWay() throws {
    let script = Script([.frame(sequence: 0)])
    let camera = scriptedCamera(script)
    #expect(camera.state == .closed && camera.info == nil)
    try camera.open()
    #expect(camera.state == .available && camera.info?.card == "Scripted")
    try camera.configure(CameraSettings())
    #expect(camera.state == .configured && camera.configuration?.layout.width == 2)
    try camera.start()
    #expect(camera.state == .streaming)
    var bytes = 0
    let came = try camera.next(seconds: 1) { _, span in bytes = span.count }
    #expect(came && bytes == 4 && camera.state == .streaming)
    camera.stop()
    #expect(camera.state == .available && camera.configuration == nil)
    camera.close()
    #expect(camera.state == .closed)
  }

  @Test func failedOpeningStaysClosed() throws {
    let script = Script()
    script.state.withLock { $0.opening = [.absent] }
    let camera = scriptedCamera(script)
    #expect(throws: CameraError.self) { try camera.open() }
    #expect(camera.state == .closed)
    try camera.open()
    #expect(camera.state == .available)
  }

  @Test func busyAtConfiguringStaysAvailable() throws {
    let script = Script()
    script.state.withLock { $0.configuring = [.busy] }
    let camera = scriptedCamera(script)
    try camera.open()
    #expect(throws: CameraError.self) { try camera.configure(CameraSettings()) }
    #expect(camera.state == .available)
    try camera.configure(CameraSettings())
    #expect(camera.state == .configured)
  }

  @Test func failedStartIsConfiguredAnew() throws {
    let script = Script()
    script.state.withLock { $0.starting = [.system] }
    let camera = scriptedCamera(script)
    try camera.open()
    try camera.configure(CameraSettings())
    #expect(throws: CameraError.self) { try camera.start() }
    #expect(camera.state == .available)
    try camera.configure(CameraSettings())
    try camera.start()
    #expect(camera.state == .streaming)
  }

  @Test func driverErrorWhileStreamingCanBeStartedAnew() throws {
    let camera = try streaming(Script([.fail(.driver), .frame(sequence: 0)]))
    #expect(throws: CameraError.self) { try camera.next(seconds: 1) { _, _ in } }
    #expect(camera.state == .available)
    try camera.configure(CameraSettings())
    try camera.start()
    #expect(try camera.next(seconds: 1) { _, _ in })
  }

  @Test(arguments: ["configure", "start", "next"]) func unpluggedIsLostAndComesBack(at call: String) throws {
    let script = Script()
    let camera = scriptedCamera(script)
    try camera.open()
    switch call {
    case "configure":
      script.state.withLock { $0.configuring = [.unplugged] }
      #expect(throws: CameraError.self) { try camera.configure(CameraSettings()) }
    case "start":
      script.state.withLock { $0.starting = [.unplugged] }
      try camera.configure(CameraSettings())
      #expect(throws: CameraError.self) { try camera.start() }
    default:
      script.state.withLock { $0.steps = [.fail(.unplugged)] }
      try camera.configure(CameraSettings())
      try camera.start()
      #expect(throws: CameraError.self) { try camera.next(seconds: 1) { _, _ in } }
    }
    #expect(camera.state == .lost && camera.info?.busInfo == "usb-1")
    script.state.withLock { $0.opening = [.absent] }
    #expect(throws: CameraError.self) { try camera.open() }
    #expect(camera.state == .lost)
    try camera.open()
    #expect(camera.state == .available)
  }

  @Test func nothingInTimeStaysStreaming() throws {
    let camera = try streaming(Script([.nothing]))
    #expect(try !camera.next(seconds: 0.01) { _, _ in })
    #expect(camera.state == .streaming)
  }

  @Test func configuredCanBeStopped() throws {
    let camera = scriptedCamera(Script())
    try camera.open()
    try camera.configure(CameraSettings())
    camera.stop()
    #expect(camera.state == .available)
  }

  @Test func closingWhereverItIs() throws {
    let camera = try streaming(Script([.fail(.unplugged)]))
    _ = try? camera.next(seconds: 1) { _, _ in }
    camera.close()
    #expect(camera.state == .closed)
    // It is still known who it was, so that another camera is not taken for it.
    #expect(camera.info != nil)
  }
}
