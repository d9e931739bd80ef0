import ArgumentParser
import Capture
import Imaging
import Inspection

/// How a camera is opened: the options that `inspect` and `capture` share.
struct CameraOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Frames of this size, such as 1280x720.", valueName: "WxH"))
  var size: String?
  @Option(help: ArgumentHelp("Frames a second.", valueName: "fps"))
  var rate: Double?
  @Option(
    help: ArgumentHelp("Pixel format, such as YUYV or MJPG; several in order of preference.", valueName: "format"))
  var pixels: [String] = []
  @Option(
    help: ArgumentHelp(
      "Sets a control, such as exposure_time_absolute=120 or auto_exposure=manual.", valueName: "name=value"))
  var control: [String] = []
  @Option(
    help: ArgumentHelp(
      "Fixes automatics once they have settled: exposure, gain, white_balance, focus.", valueName: "automatic"))
  var lock: [String] = []
  @Option(help: ArgumentHelp("Seconds for the automatics to settle. Default: 1 with --lock, else 0.", valueName: "s"))
  var settle: Double?
  @Option(help: ArgumentHelp("Seconds without a frame until the camera is started anew.", valueName: "s"))
  var timeout = 2.0

  func validate() throws {
    _ = try imageSize()
    if let rate, !(rate > 0 && rate <= 1000) { throw ValidationError("--rate is a number up to 1000.") }
    for format in pixels where PixelFormat(format) == nil {
      throw ValidationError("--pixels \(format) is no pixel format; give four characters such as YUYV.")
    }
    for entry in control where !entry.dropFirst().contains("=") {
      throw ValidationError("--control is name=value; `assay cameras show DEVICE` lists a camera's controls.")
    }
    for lock in lock where CameraSettings.Lock(rawValue: lock) == nil {
      let known = CameraSettings.Lock.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--lock \(lock) is unknown; it is one of \(known).")
    }
    if let settle, !(settle >= 0 && settle <= 600) {
      throw ValidationError("--settle is a number of seconds, 0...600.")
    }
    if !(timeout >= 0.1 && timeout <= 3600) { throw ValidationError("--timeout is a number of seconds, 0.1...3600.") }
  }

  var settings: CameraSettings {
    get throws {
      CameraSettings(
        mode: ModeRequest(size: try imageSize(), rate: rate, formats: pixels.compactMap { PixelFormat($0) }),
        controls: control.map { entry in
          let parts = entry.split(separator: "=", maxSplits: 1)
          return CameraSettings.ControlValue(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }, locks: lock.compactMap { CameraSettings.Lock(rawValue: $0) }, settle: settle, timeout: timeout)
    }
  }

  func imageSize() throws -> ImageSize? {
    guard let size else { return nil }
    let sides = size.lowercased().split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard sides.count == 2, sides.allSatisfy({ (1...16_384).contains($0) }) else {
      throw ValidationError("--size is WIDTHxHEIGHT, such as 1280x720.")
    }
    return ImageSize(width: sides[0], height: sides[1])
  }
}

/// A camera by the words that a user gives: a device, a port, a name, or `play:FOLDER` for pictures that are played as one.
enum CameraSource {
  static let playPrefix = "play:"

  /// Whether the words mean a camera rather than files.
  static func isCamera(_ words: String) -> Bool {
    words.hasPrefix(playPrefix) || words.hasPrefix("/dev/") || words.hasPrefix("usb-")
  }

  /// A recording in a camera's place.
  static func recording(_ folder: String, name: String, isRealtime: Bool) throws -> Recording {
    let recording = try Recording(folder: folder, name: name, isRealtime: isRealtime)
    if recording.tornLines > 0 {
      Console.note("\(folder): \(recording.tornLines) frames at the end are not whole and are left out")
    }
    return recording
  }

  /// - Parameters:
  ///   - name: what it is called in decisions.
  ///   - limit: a played camera's frames.
  static func session(
    _ words: String, name: String, settings: CameraSettings, limit: Int? = nil,
    recorder: RecordingWriter? = nil
  ) throws -> CameraSession {
    var record: (@Sendable (Frame) -> Void)?
    if let recorder { record = { recorder.record($0) } }
    guard words.hasPrefix(playPrefix) else {
      return CameraSession(name: name, settings: settings, recorder: record) { Camera(words) }
    }
    let folder = String(words.dropFirst(playPrefix.count))
    let paths = try InspectionInput(source: folder).items.map(\.path)
    let mode = settings.mode
    let format = mode.formats.first ?? .yuyv
    guard format == .yuyv || format == .grey else {
      throw CameraError(words, .unsuitable, "is played as YUYV or GREY, not as \(format)")
    }
    let played = try PlayedCamera(
      name: words, paths: paths, size: mode.size, format: format, rate: mode.rate ?? 30, limit: limit)
    let driver = Shared(played)
    return CameraSession(name: name, settings: settings, recorder: record) {
      Camera { (_) throws(CameraError) -> any CameraDriver in driver.value }
    }
  }

  /// The driver is made on one thread and used on another, one after the other.
  private final class Shared: @unchecked Sendable {
    let value: PlayedCamera
    init(_ value: PlayedCamera) { self.value = value }
  }
}
