import ArgumentParser
import Capture
import Inspection
import Outputs

/// What is judged of a live camera, and how it is told.
struct LiveOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A camera by port, serial number or name; several times for several cameras. `play:FOLDER` plays pictures as one.",
      valueName: "camera"))
  var camera: [String] = []
  @Option(
    help: ArgumentHelp(
      "What is judged: every frame, presence (a part once), a time such as 200ms, stdin, SIGUSR1, or a socket's path.",
      valueName: "trigger"))
  var trigger = "every"
  @Option(help: ArgumentHelp("A station's recipe, a YAML file; see `assay recipe`.", valueName: "file"))
  var recipe: String?
  @Option(
    help: ArgumentHelp("Judge pictures as they come into this folder, until stopped.", valueName: "folder"))
  var watch: String?
  @Option(
    help: ArgumentHelp(
      "Run this command for each decision, with its JSON line on standard input.", valueName: "command"))
  var onDecision: [String] = []
  @Option(help: ArgumentHelp("Offer decisions on this UNIX socket.", valueName: "path"))
  var socket: String?
  @Option(
    help: ArgumentHelp(
      "Pictures of accepted parts to keep, as a share 0...1; rejected ones and those for review are all kept.",
      valueName: "share"))
  var keepAccepted = 0.01
  @Flag(inversion: .prefixedNo, help: "Keep pictures of live cameras.")
  var keep = true
  @Option(help: ArgumentHelp("Bytes that kept pictures may take, such as 20GB.", valueName: "size"))
  var keepBudget: String?
  @Flag(help: "Keep with each picture the frame as the camera sent it; `assay inspect` judges it again.")
  var keepRaw = false
  @Option(help: ArgumentHelp("Also store the raw frames in this folder.", valueName: "folder"))
  var record: String?
  @Flag(help: "Judge a recording in its own time.")
  var realtime = false
  @Option(help: ArgumentHelp("End after so many decisions.", valueName: "n"))
  var limit: Int?

  func validate(source: String?) throws {
    let given = [source != nil, !camera.isEmpty, recipe != nil, watch != nil].count { $0 }
    let isReplay = source != nil && recipe != nil && given == 2
    if given == 0 {
      throw ValidationError(
        "Give what to inspect: a folder, a picture, a camera's device, --camera, --recipe or --watch.")
    }
    if given > 1 && !isReplay { throw ValidationError("Give one of a source, --camera, --recipe and --watch.") }
    _ = try liveTrigger()
    _ = try budget()
    if !(keepAccepted >= 0 && keepAccepted <= 1) { throw ValidationError("--keep-accepted is a share, 0...1.") }
    if let limit, limit < 1 { throw ValidationError("--limit is a number from 1 on.") }
    if record != nil && camera.count > 1 { throw ValidationError("--record takes one camera.") }
  }

  /// The cameras or the recording to inspect; nil where the source is files.
  func cameras(source: String?) throws -> [String]? {
    if !camera.isEmpty { return camera }
    guard let source, CameraSource.isCamera(source) || Recording.isRecording(source) else { return nil }
    return [source]
  }

  /// What `--trigger` says.
  enum Words {
    case every
    case interval(Double)
    case source(TriggerSource)
    case presence
  }

  func liveTrigger() throws -> Words {
    if trigger == "every" { return .every }
    if trigger == "presence" { return .presence }
    if let source = TriggerSource(trigger) { return .source(source) }
    for (unit, scale) in [("ms", 0.001), ("s", 1.0), ("min", 60)] where trigger.hasSuffix(unit) {
      let number = trigger.dropLast(unit.count).filter { $0 != " " }
      if let value = Double(number), value > 0, value * scale >= 0.001, value * scale <= 86_400 {
        return .interval(value * scale)
      }
    }
    throw ValidationError("--trigger is every, presence, a time such as 200ms, stdin, SIGUSR1, SIGUSR2 or /PATH.")
  }

  func budget() throws -> Int? {
    guard let keepBudget else { return nil }
    let upper = keepBudget.uppercased()
    for (unit, scale) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)] where upper.hasSuffix(unit) {
      if let value = Double(upper.dropLast(2).filter { $0 != " " }), value > 0, value * scale < 1e18 {
        return Int(value * scale)
      }
    }
    throw ValidationError("--keep-budget is a size such as 500MB or 20GB.")
  }

  func keepOptions() throws -> PictureKeeper.Options? {
    guard keep else { return nil }
    var options = PictureKeeper.Options()
    options.acceptedRate = keepAccepted
    if let budget = try budget() { options.budget = budget }
    return options
  }

  var outputs: [(target: DecisionOutputs.Target, timeout: Double)] {
    onDecision.map { (.shell($0), 10) } + (socket.map { [(.socket($0), 30)] } ?? [])
  }
}
