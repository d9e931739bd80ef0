import Capture
import Classification
import Glibc
import Inspection
import Recipes
import Reporting
import Synchronization

/// Runs a recipe, and runs it anew when SIGHUP says that it has changed.
struct RecipeRun {
  let path: String
  let out: String
  let precision: Precision
  let isQuiet: Bool
  let limit: Int?

  typealias Listen = (
    _ triggers: [TriggerSource: [SoftwareTrigger]], _ others: [Int32: @Sendable () -> Void]
  ) throws -> Void

  /// - Parameters:
  ///   - listen: starts the sources of software triggers.
  ///   - finish: gets the summary of the last run.
  func run(
    _ first: Recipe, start: DecisionLog.Start, wantsReport: Bool, listen: Listen, finish: (RunSummary) throws -> Void
  ) throws {
    let reload = Reload()
    var recipe = first
    var start = start
    var made = try RecipeStations(recipe, precision: precision)
    try listen(made.triggers, [SIGHUP: { reload.ask() }])
    while true {
      try AtomicFile.write(Array(recipe.json.utf8), to: out + "/recipe.json")
      var inspection = LiveInspection(stations: made.stations, out: out, start: start)
      inspection.isQuiet = isQuiet
      inspection.limit = limit
      inspection.outputs = RecipeStations.outputs(recipe)
      inspection.keep = RecipeStations.keep(recipe.keep)
      if wantsReport, let station = made.stations.first {
        let info = station.classifier.info
        inspection.report = InspectionReport.Info(
          subject: recipe.station, labels: info.labels, goodLabel: info.goodIndex.map { info.labels[$0] },
          policy: station.policy,
          provenance: .run(model: station.model, threads: made.stations.count, started: .now()))
      }
      inspection.shouldStop = { reload.next(path: path) }
      let summary = try inspection.run()
      guard let next = reload.take() else { return try finish(summary) }
      for change in recipe.changes(to: next.recipe) { Console.note("recipe: \(change)") }
      recipe = next.recipe
      made = next.stations
      // What was judged stays; the new recipe's decisions follow behind.
      start = .resume
    }
  }

  /// A recipe that waits to replace the one that runs.
  private final class Reload: Sendable {
    struct Next: Sendable {
      let recipe: Recipe
      let stations: RecipeStations
    }
    private let isAsked = Atomic<Bool>(false)
    private let waiting = Mutex<Next?>(nil)

    func ask() { isAsked.store(true, ordering: .relaxed) }

    /// Reads the recipe if that was asked for. One that cannot be used changes nothing.
    ///
    /// - Returns: whether the run is to end for the new one.
    func next(path: String) -> Bool {
      if isAsked.exchange(false, ordering: .relaxed) {
        do {
          let recipe = try Recipe(contentsOf: path)
          let problems = recipe.fileProblems()
          guard problems.isEmpty else { throw RecipeError(problems) }
          let stations = try RecipeStations(recipe, precision: .f32)
          waiting.withLock { $0 = Next(recipe: recipe, stations: stations) }
        } catch let error as RecipeError {
          for problem in error.problems { Console.error("\(problem)") }
          Console.note("the recipe is not changed")
        } catch {
          Console.error("\(error)")
          Console.note("the recipe is not changed")
        }
      }
      return waiting.withLock { $0 != nil }
    }

    func take() -> Next? {
      waiting.withLock { next in
        defer { next = nil }
        return next
      }
    }
  }
}
