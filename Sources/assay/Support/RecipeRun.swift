import Capture
import Classification
import Glibc
import Inspection
import Outputs
import Recipes
import Reporting

/// Runs a recipe until it is told to stop. SIGHUP reads it again.
struct RecipeRun {
  let out: String
  let precision: Precision
  let isQuiet: Bool
  let limit: Int?
  /// Recordings to judge in the cameras' place: a folder for one camera, or with a folder for each.
  var replay: (folder: String, isRealtime: Bool)?
  /// Where the cameras' raw frames are stored too, laid out in the same way.
  var recorders: [String: RecordingWriter] = [:]
  /// What must have been passed before cameras are judged, also with a recipe that is read again.
  var gate = ChallengeGate()

  /// - Parameter finish: gets the summary of the last run.
  func run(
    _ first: Recipe, start: DecisionLog.Start, wantsReport: Bool, finish: (RunSummary) throws -> Void
  ) throws {
    let source = { @Sendable [replay, recorders] (camera: Recipe.Camera) throws -> any FrameSource in
      if let replay {
        let folder = first.cameras.count == 1 ? replay.folder : replay.folder + "/" + camera.name
        return try CameraSource.recording(folder, name: camera.name, isRealtime: replay.isRealtime)
      }
      return try CameraSource.session(
        camera.device, name: camera.name, settings: RecipeStations.settings(camera), recorder: recorders[camera.name])
    }
    let desk = TriggerDesk()
    var made = try RecipeStations(first, precision: precision, source: source)
    made.challenge = try gate.pass(made.stations)
    let reload = RecipeReload(made, precision: precision, desk: desk, gate: gate, source: source)
    Interruption.watch(others: desk.signals.merging([SIGHUP: { reload.ask() }]) { $1 })
    try desk.set(made.triggers)
    var start = start
    while true {
      try AtomicFile.write(Array(made.recipe.json.utf8), to: out + "/recipe.json")
      var next: RecipeStations?
      var inspection = LiveInspection(stations: made.stations, out: out, start: start)
      inspection.isQuiet = isQuiet
      inspection.limit = limit
      inspection.outputs = RecipeStations.outputs(made.recipe)
      inspection.keep = RecipeStations.keep(made.recipe.keep)
      inspection.keepsFrames = made.recipe.keep.raw
      inspection.recorders = Array(recorders.values)
      inspection.exchange = reload.begin(made)
      inspection.recipe = Self.file(made.recipe)
      inspection.challenge = made.challenge
      if wantsReport, let station = made.stations.first {
        let info = station.classifier.info
        inspection.report = InspectionReport.Info(
          subject: made.recipe.station, labels: info.labels, goodLabel: info.goodIndex.map { info.labels[$0] },
          policy: station.policy,
          provenance: .run(
            model: station.model, threads: made.stations.count, started: .now(),
            extra: info.facts(under: station.policy)))
      }
      inspection.news = {
        for news in reload.takeNews() {
          switch news {
          case .adopted(let stations):
            for line in Self.words(made, stations) { $0.tell(line) }
            made = stations
            $0.adopt(stations.stations, Self.file(made.recipe), stations.challenge)
            $0.change(
              outputs: RecipeStations.outputs(made.recipe), keep: RecipeStations.keep(made.recipe.keep),
              keepsFrames: made.recipe.keep.raw)
            do {
              try AtomicFile.write(Array(made.recipe.json.utf8), to: out + "/recipe.json")
            } catch {
              $0.tell("\(out)/recipe.json still has the recipe before: \(error)")
            }
          case .restart(let stations):
            for line in Self.words(made, stations) { $0.tell(line) }
            next = stations
            $0.stop()
          }
        }
      }
      let summary = try inspection.run()
      guard let stations = next, !Interruption.isRequested else { return try finish(summary) }
      made = stations
      // What was judged stays; the new recipe's decisions follow behind.
      start = .resume
    }
  }

  /// The recipe as it is in force, whatever its file has become since.
  private static func file(_ recipe: Recipe) -> LogHead.File {
    LogHead.File(path: recipe.path, sha256: ModelFile.sha256(Array(recipe.json.utf8)))
  }

  /// What a recipe that was read again changes, a line each.
  private static func words(_ old: RecipeStations, _ new: RecipeStations) -> [String] {
    var lines = old.recipe.changes(to: new.recipe).map {
      "recipe: \($0)" + ($0.effect == .run ? " (from the next start on)" : "")
    }
    for station in new.stations {
      guard let before = old.stations.first(where: { $0.name == station.name }), before.model != station.model,
        old.recipe[camera: station.name]?.model == new.recipe[camera: station.name]?.model
      else { continue }
      lines.append("recipe: \(station.name): the model's file is another one now")
    }
    return lines.isEmpty ? ["recipe: read again, nothing is changed"] : lines
  }
}
