import ArgumentParser
import Capture
import Glibc
import Imaging
import Inspection
import Locating
import Threads

struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Records a camera's frames, takes pictures, or helps to aim it.",
    discussion: """
      Examples:
        assay capture /dev/video0 --out recording/ --seconds 60
        assay inspect recording/ --model parts.onnx --out run/
        assay capture /dev/video0 --out pictures/ --pictures --frames 20
        assay capture /dev/video0 --out aim/ --preview

      A recording holds the frames as the camera sent them (frames.raw) and a line for each with its count and times \
      (frames.csv); `assay inspect` judges it again. --pictures writes PNG files instead, for a training set. --preview \
      writes aim/preview.jpg every second and says how sharp it is and whether it is clipped.
      """)

  @Argument(help: "The camera: device, port or name; `play:FOLDER` plays pictures as a camera.")
  var device: String
  @Option(help: "The folder for what is captured.")
  var out: String
  @OptionGroup(title: "Camera options")
  var camera: CameraOptions
  @Option(help: "Ends after so many frames.")
  var frames: Int?
  @Option(help: "Ends after so many seconds.")
  var seconds: Double?
  @Flag(help: "Write PNG pictures instead of raw frames.")
  var pictures = false
  @Flag(help: "Write a picture every second, with its sharpness and clipping.")
  var preview = false
  @Flag(help: "Replace a recording that is in the folder.")
  var overwrite = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if let frames, frames < 1 { throw ValidationError("--frames is a number from 1 on.") }
    if let seconds, !(seconds > 0) { throw ValidationError("--seconds is a number above 0.") }
    if pictures && preview { throw ValidationError("--pictures and --preview exclude each other.") }
    if out.isEmpty { throw ValidationError("--out names a folder.") }
  }

  func run() throws {
    try reporting { try capture() }
  }

  private func capture() throws {
    Interruption.watch()
    try makeFolder(out)
    let recorder = pictures || preview ? nil : try RecordingWriter(folder: out, replace: overwrite, limit: frames)
    let queue = FrameQueue(capacity: 8)
    let session = try CameraSource.session(
      device, name: "camera", settings: camera.settings, recorder: recorder)
    let isOver = Latch()
    guard let thread = OwnThread({ session.run(into: queue) { isOver.isSet || Interruption.isRequested } }) else {
      throw CameraError(device, .system, "cannot be read: the system has no thread to give")
    }
    defer {
      isOver.set()
      queue.close()
      thread.join()
    }
    let began = Clock.seconds()
    var view = CaptureView(isQuiet: quiet, folder: out, isPreview: preview, isPictures: pictures)
    var taken = 0
    loop: while true {
      let event = queue.take(seconds: 0.1)
      switch event {
      case .frame(let frame):
        taken += 1
        try view.take(frame)
      case .streaming(let configuration): Console.note("\(configuration.camera.name): \(configuration.mode)")
      case .outage(let outage): Console.note("\(outage.reason) Waiting for it.")
      case .recovered: Console.note("the camera is back")
      case .note(_, let text): Console.note(text)
      case .ended(let error):
        if let error { throw error }
        break loop
      case nil: break
      }
      view.progress(queue.counts, recorder?.currentStatus, Clock.seconds() - began)
      if let failure = recorder?.currentStatus.failure { throw RecordingError(failure, "") }
      if recorder?.isFull ?? (taken >= frames ?? .max) { isOver.set() }
      if let seconds, Clock.seconds() - began >= seconds { isOver.set() }
    }
    view.end()
    let status = recorder?.finish()
    if let failure = status?.failure { throw RecordingError(failure, "") }
    view.report(queue.counts, status)
  }
}

/// What becomes of frames that are not recorded, and what the user sees meanwhile.
private struct CaptureView {
  let folder: String
  let isPreview: Bool
  let isPictures: Bool
  private var line: ProgressLine
  private var converter: FrameConverter?
  private var layout: FrameLayout?
  private var written = 0
  private var lastPreview = 0.0
  private var bestFocus = 0.0
  private var words = ""

  init(isQuiet: Bool, folder: String, isPreview: Bool, isPictures: Bool) {
    self.folder = folder
    self.isPreview = isPreview
    self.isPictures = isPictures
    line = ProgressLine(isQuiet: isQuiet, interval: isPreview ? 1 : 10)
  }

  mutating func take(_ frame: Frame) throws {
    guard isPreview || isPictures, frame.fault == nil else { return }
    if isPreview && Clock.seconds() - lastPreview < 1 { return }
    lastPreview = Clock.seconds()
    if layout != frame.layout {
      converter = try FrameConverter(frame.layout)
      layout = frame.layout
    }
    let image: AnyImage
    do throws(FrameError) { image = try converter!.convert(frame.bytes.span) } catch { return Console.note("\(error)") }
    if isPictures {
      let digits = "\(frame.number)"
      let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
      try AtomicFile.write(try image.png(), to: "\(folder)/\(name).png")
      written += 1
    } else {
      try AtomicFile.write(try image.rgb8().jpeg(quality: 85), to: folder + "/preview.jpg")
      describe(image)
    }
  }

  private mutating func describe(_ image: AnyImage) {
    let focus = Tenengrad.focus(image.gray8())
    bestFocus = max(bestFocus, focus)
    let health = FrameHealth(image)
    words = "focus \(focus.fixed(4)) (best \(bestFocus.fixed(4)))  mean \(health.mean.fixed(0))"
    if health.clippedWhite > 0.01 { words += "  CLIPPED WHITE \((health.clippedWhite * 100).fixed(1)) %" }
    if health.clippedBlack > 0.05 { words += "  clipped black \((health.clippedBlack * 100).fixed(1)) %" }
  }

  mutating func progress(_ counts: FrameCounts, _ status: RecordingWriter.Status?, _ seconds: Double) {
    var text = words
    if !isPreview {
      text = "\(counts.captured) frames" + (status.map { ", \($0.bytes >> 20) MB" } ?? ", \(written) pictures")
      let lost = counts.dropped.values.reduce(0, +) + (status?.missed ?? 0)
      if lost > 0 { text += ", \(lost) lost" }
    }
    if !text.isEmpty { line.show(text, at: seconds) }
  }

  mutating func end() { line.end() }

  func report(_ counts: FrameCounts, _ status: RecordingWriter.Status?) {
    var lines: [String] = []
    if let status {
      lines.append("\(status.frames) frames recorded, \(status.bytes >> 20) MB, in \(folder)")
      if status.missed > 0 { lines.append("\(status.missed) frames not recorded: the disk is too slow") }
    } else if isPictures {
      lines.append("\(written) pictures in \(folder)")
    }
    for (fault, count) in counts.faults.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where fault != .queueFull {
      lines.append("  \(fault.rawValue) \(count)")
    }
    if !lines.isEmpty { Console.write(lines.joined(separator: "\n") + "\n", to: 1) }
  }
}

extension AnyImage {
  /// With the bits that it has.
  fileprivate func png() throws(ImageError) -> [UInt8] {
    switch self {
    case .gray8(let image): try image.png()
    case .gray16(let image): try image.png()
    case .rgb8(let image): try image.png()
    case .rgb16(let image): try image.png()
    case .rgba8(let image): try image.png()
    case .rgba16(let image): try image.png()
    }
  }
}
