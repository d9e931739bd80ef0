import ArgumentParser
import Capture
import Classification
import Glibc
import Imaging
import Inspection
import Locating
import Metrics
import Recipes
import Reporting

extension InspectCommand {
  /// Judges cameras, or a recording of one.
  func inspect(cameras: [String], out: String) throws {
    let file = try ModelFile(path: model ?? "", precision: precision)
    let policy = try policy(for: file.classifier.info)
    let passed = try requireChallenge(file, policy)
    try makeFolder(out)
    if overwrite { ResultFolder.clear(out) }
    let recorder = try live.record.map { try RecordingWriter(folder: $0, replace: overwrite) }
    defer { LiveInspection.finish(recorder.map { [$0] } ?? []) }
    var triggers: [TriggerSource: [SoftwareTrigger]] = [:]
    var stations: [LiveStation] = []
    for (index, words) in cameras.enumerated() {
      let name = cameras.count == 1 ? "camera" : "camera\(index + 1)"
      var station = LiveStation(
        name: name, source: try source(words, name: name, recorder: recorder), classifier: file.classifier,
        policy: policy, model: file.identity)
      if station.source is Recording { station.queue = FrameQueue(policy: .blocks) }
      switch try live.liveTrigger() {
      case .every: break
      case .interval(let seconds): station.trigger = .interval(seconds)
      case .presence: station.trigger = .presence(PresenceOptions(mode: .passes), region: nil)
      case .source(let source):
        let trigger = SoftwareTrigger()
        station.trigger = .software(trigger)
        triggers[source, default: []].append(trigger)
      }
      stations.append(station)
    }
    let desk = TriggerDesk()
    Interruption.watch(others: desk.signals)
    try desk.set(triggers)
    let inspection = LiveInspection(
      stations: stations, out: out, start: start, isQuiet: quiet || json, limit: live.limit, outputs: live.outputs,
      keep: try live.keepOptions(), keepsFrames: live.keepRaw, recorders: recorder.map { [$0] } ?? [],
      report: report ? about(cameras.joined(separator: ", "), file, policy, stations.count) : nil,
      challenge: passed)
    try finish(try inspection.run(), out)
  }

  /// Runs a station's recipe. SIGHUP reads it again.
  func inspect(recipe path: String) throws {
    let recipe = try Recipe(contentsOf: path)
    let problems = recipe.fileProblems()
    for problem in problems { Console.error("\(problem)") }
    if !problems.isEmpty { throw ExitCode(1) }
    guard let out = folder ?? recipe.out else {
      throw ValidationError("Give the folder for the results by --out, or as `out:` in the recipe.")
    }
    for camera in recipe.cameras where challenge.requireChallenge != nil {
      let file = try ModelFile(path: camera.model, precision: precision)
      _ = try requireChallenge(file, RecipeStations.policy(camera.policy, file.classifier.info))
    }
    try makeFolder(out)
    if overwrite { ResultFolder.clear(out) }
    var run = RecipeRun(out: out, precision: precision, isQuiet: quiet || json, limit: live.limit)
    run.gate = challenge.gate
    if let source {
      run.replay = (source, live.realtime)
    }
    if let folder = live.record {
      try makeFolder(folder)
      for camera in recipe.cameras {
        run.recorders[camera.name] = try RecordingWriter(
          folder: recipe.cameras.count == 1 ? folder : folder + "/" + camera.name, replace: overwrite)
      }
    }
    defer { LiveInspection.finish(Array(run.recorders.values)) }
    try run.run(recipe, start: start, wantsReport: report) { try finish($0, out) }
  }

  private func source(_ words: String, name: String, recorder: RecordingWriter?) throws -> any FrameSource {
    if Recording.isRecording(words) { return try CameraSource.recording(words, name: name, isRealtime: live.realtime) }
    return try CameraSource.session(words, name: name, settings: opening.settings, recorder: recorder)
  }

  private var start: DecisionLog.Start { resume ? .resume : overwrite ? .replace : .new }

  func about(
    _ subject: String, _ file: ModelFile, _ policy: Policy, _ threads: Int
  ) -> InspectionReport.Info {
    let info = file.classifier.info
    return InspectionReport.Info(
      subject: subject, labels: info.labels, goodLabel: info.goodIndex.map { info.labels[$0] }, policy: policy,
      provenance: .run(
        model: file.identity, threads: threads, started: .now(), extra: info.facts(under: policy)))
  }

  func finish(_ summary: RunSummary, _ out: String) throws {
    if json { Console.write(String(decoding: summary.json, as: UTF8.self), to: 1) } else { print(summary, out) }
    if failOnReject && summary.rejected > 0 { throw ExitCode(4) }
  }

  private func print(_ summary: RunSummary, _ out: String) {
    var lines = [
      "\(summary.captured) frames: \(summary.judged) judged, \(summary.captured - summary.judged) not",
      "  \(summary.accepted) accepted, \(summary.reviewed) for review, \(summary.rejected) rejected",
    ]
    for (title, counts) in [("not judged", summary.dropped), ("faults", summary.faults)] where !counts.isEmpty {
      let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      lines.append("  \(title): " + sorted.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
    if summary.outages > 0 { lines.append("  times without a camera: \(summary.outages)") }
    if let latency = summary.timings.first(where: { $0.stage == "latency" })?.percentiles {
      lines.append("  frame to synced decision: median \(latency.p50.fixed(1)) ms, p99 \(latency.p99.fixed(1)) ms")
    }
    lines.append(report ? "report: \(out)/report.html" : "decisions: \(out)/decisions.jsonl")
    Console.write(lines.joined(separator: "\n") + "\n", to: 1)
  }
}
