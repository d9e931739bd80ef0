import Capture
import Inspection
import Recipes
import Synchronization
import Threads

/// Reads a recipe again while it runs, on a thread of its own: SIGHUP. What can be changed beside running cameras is
/// changed at once; the rest waits until the run ends for it.
final class RecipeReload: Sendable {
  /// What SIGHUP has brought.
  enum News: Sendable {
    /// In force from the next frame on.
    case adopted(RecipeStations)
    /// Cameras must be started anew for it.
    case restart(RecipeStations)
  }

  private struct State {
    var current: RecipeStations
    var exchange: LiveExchange
    var news: [News] = []
    var isReading = false
    var isAskedAgain = false
  }

  private let precision: Precision
  private let desk: TriggerDesk
  private let gate: ChallengeGate
  private let source: @Sendable (Recipe.Camera) throws -> any FrameSource
  private let state: Mutex<State>

  init(
    _ current: RecipeStations, precision: Precision, desk: TriggerDesk, gate: ChallengeGate = ChallengeGate(),
    source: @escaping @Sendable (Recipe.Camera) throws -> any FrameSource
  ) {
    self.precision = precision
    self.desk = desk
    self.gate = gate
    self.source = source
    state = Mutex(State(current: current, exchange: LiveExchange()))
  }

  /// The next run's way to new settings. It begins with what was read last.
  func begin(_ stations: RecipeStations) -> LiveExchange {
    state.withLock { state in
      state.current = stations
      state.exchange = LiveExchange()
      return state.exchange
    }
  }

  /// Asks for the recipe to be read again; never waits for that.
  func ask() {
    let isFirst = state.withLock { state in
      state.isAskedAgain = state.isReading
      defer { state.isReading = true }
      return !state.isReading
    }
    guard isFirst else { return }
    let thread = OwnThread {
      // A recipe that is written while it is read is read once more.
      repeat {
        self.read()
      } while self.isAskedAgain()
    }
    if thread == nil { state.withLock { $0.isReading = false } }
  }

  private func isAskedAgain() -> Bool {
    state.withLock { state in
      state.isReading = state.isAskedAgain
      state.isAskedAgain = false
      return state.isReading
    }
  }

  /// What has come since the last call, the oldest first.
  func takeNews() -> [News] {
    state.withLock { state in
      defer { state.news = [] }
      return state.news
    }
  }

  /// A recipe that cannot be used changes nothing.
  private func read() {
    let (current, exchange) = state.withLock { ($0.current, $0.exchange) }
    do {
      let recipe = try Recipe(contentsOf: current.recipe.path)
      let problems = recipe.fileProblems()
      guard problems.isEmpty else { throw RecipeError(problems) }
      let effect = current.recipe.changes(to: recipe).filter { $0.effect != .run }.map(\.effect).max()
      guard effect ?? .nextFrame <= .model else {
        var next = try RecipeStations(recipe, precision: precision, previous: current, source: source)
        next.challenge = try gate.pass(next.stations, beside: current.stations) ?? current.challenge
        try desk.set(next.triggers)
        return state.withLock { $0.news.append(.restart(next)) }
      }
      // Also with the same words: files that it names may be others.
      var next = try RecipeStations(recipe, precision: precision, previous: current) { camera in
        current.stations.first { $0.name == camera.name }!.source
      }
      next.challenge = try gate.pass(next.stations, beside: current.stations) ?? current.challenge
      try exchange.offer(next.stations)
      try desk.set(next.triggers)
      state.withLock { state in
        state.current = next
        state.news.append(.adopted(next))
      }
    } catch let error as RecipeError {
      for problem in error.problems { Console.error("\(problem)") }
      Console.note("the recipe is not changed")
    } catch {
      Console.error("\(error)")
      Console.note("the recipe is not changed")
    }
  }
}
