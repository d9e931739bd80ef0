internal import Capture
public import Classification
internal import Samples
internal import Threads

#if canImport(Glibc)
  import Glibc
#endif

/// Judges a list of pictures on several threads and writes the decisions down in order.
///
/// Each worker takes a picture through all stages, so that reading, preparing, judging, annotating and writing of
/// different pictures overlap. The thread that calls ``run(_:)`` collects what is done, in the pictures' order, and
/// appends it to the log: whole lines, synced together, before any of them counts as judged.
public struct InspectionRun: Sendable {
  public struct Settings: Sendable {
    /// Workers, each with one compute thread.
    public var threads: Int
    /// `decisions.jsonl`
    public var log: String
    public var start: DecisionLog.Start
    /// Seconds after which finished decisions are synced at the latest, while there are any.
    public var syncInterval: Double
    /// Whether `finish` draws the regions' outlines; boxes are told in any case.
    public var wantsOutlines: Bool
    /// First line of the log, whose lines are linked then.
    public var head: LogHead?

    public init(
      threads: Int, log: String, start: DecisionLog.Start, syncInterval: Double = 0.1, wantsOutlines: Bool = true,
      head: LogHead? = nil
    ) {
      self.wantsOutlines = wantsOutlines
      self.head = head
      self.threads = threads
      self.log = log
      self.start = start
      self.syncInterval = syncInterval
    }
  }

  /// What has been done so far.
  public struct Progress: Sendable {
    public var judged: Int
    public var total: Int
    public var seconds: Double
    /// Pictures judged in this run, without those of the run that it resumes.
    public var judgedNow: Int
  }

  let input: InspectionInput
  let classifier: Classifier
  let policy: Policy
  let model: ModelIdentity
  let settings: Settings
  /// Works on a judged part on the worker's thread: draws it, say. May complete the decision.
  let finish: @Sendable (inout PartInspector.Outcome) throws -> Void

  /// - Parameter finish: what it throws ends the run, before the part counts as judged: a resumed run does it again.
  public init(
    _ input: InspectionInput, classifier: Classifier, policy: Policy, model: ModelIdentity, settings: Settings,
    finish: @escaping @Sendable (inout PartInspector.Outcome) throws -> Void = { _ in }
  ) {
    self.input = input
    self.classifier = classifier
    self.policy = policy
    self.model = model
    self.settings = settings
    self.finish = finish
  }

  /// Runs to the end.
  ///
  /// Whatever ends it early, the decisions that were ready in order are on the disk, whole, and a run that resumes goes
  /// on behind them.
  ///
  /// - Parameters:
  ///   - shouldStop: asked several times a second; `true` ends the run as soon as what is begun is done.
  ///   - onDecision: called on this thread with each decision that is safe on disk, earlier ones of a resumed run first.
  ///   - onProgress: called on this thread now and then.
  /// - Returns: counts that add up.
  /// - Throws: ``InspectionError``, ``DecisionLogError``, and what `finish` throws.
  public func run(
    shouldStop: () -> Bool = { false }, onDecision: (Decision) -> Void = { _ in },
    onProgress: (Progress) -> Void = { _ in }
  ) throws -> RunSummary {
    let began = Clock.seconds()
    var tally = RunTally()
    var done = PartNames()
    var paths: [[UInt8]: String] = [:]
    if case .resume = settings.start { for item in input.items { paths[Array(item.id.utf8)] = item.path } }
    var log = try DecisionLog(path: settings.log, start: settings.start, head: settings.head) { decision in
      try checkResumable(decision, path: paths[Array(decision.id.utf8)])
      done.insert(decision.id)
      tally.resume(decision)
      onDecision(decision)
    }
    paths = [:]
    let earlier = tally.judged
    let work = input.items.enumerated().filter { !done.contains($0.element.id) }.map { ($0.offset, $0.element) }
    guard !work.isEmpty else {
      var summary = tally.summary(seconds: Clock.seconds() - began)
      summary.log = try log.finish()
      return summary
    }
    let queue = OutcomeQueue(count: work.count, capacity: max(256, 8 * settings.threads))
    var workers = (0..<max(1, min(settings.threads, work.count))).compactMap { _ in
      OwnThread { [classifier, policy, model, finish, settings] in
        do {
          // A model that does not fit ends the run here, instead of making a thousand rejects.
          let inspector = try PartInspector(
            classifier, policy: policy, model: model, threads: 1, wantsOutlines: settings.wantsOutlines)
          while let place = queue.take() {
            let (sequence, item) = work[place]
            var outcome = inspector.inspect(item, sequence: sequence)
            try finish(&outcome)
            queue.put(outcome.decision, at: place)
          }
        } catch {
          queue.fail(error)
        }
      }
    }
    func endWorkers() {
      queue.stop()
      for worker in workers { worker.join() }
      workers = []
    }
    defer { endWorkers() }
    guard !workers.isEmpty else { throw InspectionError.output(settings.log, "the system has no thread to give") }
    var written = 0
    while written < work.count {
      let isStopping = shouldStop()
      if isStopping { endWorkers() }
      let ready = try queue.next(within: isStopping ? 0 : settings.syncInterval)
      tally.capture(ready.count)
      try log.append(ready)
      for decision in ready {
        tally.judge(decision)
        onDecision(decision)
      }
      written += ready.count
      if isStopping && written < work.count {
        throw InspectionError.interrupted(judged: tally.judged, total: earlier + work.count)
      }
      guard !ready.isEmpty else { continue }
      onProgress(
        Progress(
          judged: tally.judged, total: earlier + work.count, seconds: Clock.seconds() - began,
          judgedNow: tally.judged - earlier))
    }
    var summary = tally.summary(seconds: Clock.seconds() - began)
    summary.log = try log.finish()
    return summary
  }

  /// A run goes on with the model, the thresholds and the pictures that it was begun with. Were another folder's picture of the same
  /// name taken for one that is done, it would never be judged.
  private func checkResumable(_ decision: Decision, path: String?) throws {
    guard decision.model.sha256 == model.sha256 else {
      throw InspectionError.otherModel(path: settings.log, model: decision.model.name)
    }
    guard decision.limits == nil || decision.limits == Decision.Limits(policy) else {
      throw InspectionError.otherThresholds(path: settings.log)
    }
    guard let path, !FileName.isSame(path, decision.source),
      Self.resolved(path) == nil || Self.resolved(path) != Self.resolved(decision.source)
    else { return }
    throw InspectionError.otherSource(path: settings.log, earlier: decision.source, now: path)
  }

  /// The absolute path without links; nil where there is no such file.
  private static func resolved(_ path: String) -> [UInt8]? {
    guard let real = unsafe realpath(FileName.bytes(path).map { CChar(bitPattern: $0) } + [0], nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe Array(UnsafeBufferPointer(start: real, count: strlen(real))).map { UInt8(bitPattern: $0) }
  }
}

/// Places to be worked on, and their results in order.
///
/// Every access to its variables is made under `lock`; that is why it may be shared.
private final class OutcomeQueue: @unchecked Sendable {
  private let lock = Monitor()
  private let count: Int
  private let capacity: Int
  private var toTake = 0
  private var toGive = 0
  private var ready: [Int: Decision] = [:]
  private var isStopped = false
  private var failure: (any Error)?

  init(count: Int, capacity: Int) {
    self.count = count
    self.capacity = capacity
  }

  /// Whether the next result is there, and with it all the others or enough to fill half of the room for them.
  private var isWorthCollecting: Bool {
    ready[toGive] != nil && (ready.count >= capacity / 2 || toGive + ready.count == count)
  }

  /// The next place; waits while too many results have not been collected, and is nil when there is nothing left.
  func take() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    while !isStopped && toTake < count && toTake >= toGive + capacity { lock.wait() }
    guard !isStopped && toTake < count else { return nil }
    toTake += 1
    return toTake - 1
  }

  func put(_ decision: Decision, at place: Int) {
    lock.lock()
    ready[place] = decision
    // The collector sleeps between two batches; only a full queue needs to wake it early.
    if isWorthCollecting { lock.wakeAll() }
    lock.unlock()
  }

  /// The first failure is the one that is told.
  func fail(_ error: any Error) {
    lock.lock()
    if failure == nil { failure = error }
    isStopped = true
    lock.wakeAll()
    lock.unlock()
  }

  func stop() {
    lock.lock()
    isStopped = true
    lock.wakeAll()
    lock.unlock()
  }

  /// All results that are next in order, waiting for some at most `seconds`.
  ///
  /// - Throws: a worker's failure, once what is ready before it has been given.
  func next(within seconds: Double) throws -> [Decision] {
    lock.lock()
    defer { lock.unlock() }
    if !isWorthCollecting && failure == nil && seconds > 0 { lock.wait(seconds: seconds) }
    var list: [Decision] = []
    while let decision = ready.removeValue(forKey: toGive) {
      list.append(decision)
      toGive += 1
    }
    if list.isEmpty, let failure { throw failure }
    if !list.isEmpty { lock.wakeAll() }
    return list
  }
}
