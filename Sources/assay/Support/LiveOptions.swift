import ArgumentParser
import Capture
import Inspection

/// What is judged of a live camera, and how it is told.
struct LiveOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A camera by port, serial number or name; several times for several cameras. `play:FOLDER` plays pictures as one.",
      valueName: "camera"))
  var camera: [String] = []
  @Option(
    help: ArgumentHelp(
      "Which frames are judged: every, a time such as 200ms, stdin (one a line), SIGUSR1, or a UNIX socket's path.",
      valueName: "trigger"))
  var trigger = "every"
  @Option(help: ArgumentHelp("Also store the raw frames in this folder.", valueName: "folder"))
  var record: String?
  @Flag(help: "Judge a recording in its own time.")
  var realtime = false
  @Option(help: ArgumentHelp("End after so many decisions.", valueName: "n"))
  var limit: Int?

  func validate(source: String?) throws {
    if source == nil && camera.isEmpty {
      throw ValidationError("Give what to inspect: a folder, a picture, a camera's device, or --camera NAME.")
    }
    if source != nil && !camera.isEmpty {
      throw ValidationError("Give either a source or --camera, not both.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
    if record != nil && camera.count > 1 { throw ValidationError("--record takes one camera.") }
  }

  /// The cameras or the recording to inspect; nil where the source is files.
  func cameras(source: String?) throws -> [String]? {
    if !camera.isEmpty { return camera }
    guard let source, CameraSource.isCamera(source) || Recording.isRecording(source) else { return nil }
    return [source]
  }
}
