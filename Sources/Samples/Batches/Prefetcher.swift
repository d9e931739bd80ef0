internal import Threads

/// Makes what a training loop needs next on threads of its own, a bounded number ahead, and hands it over in order.
///
/// Back-pressure: a thread begins with a step only when fewer than `capacity` results wait or are being made. The
/// order and the content do not depend on the number of threads, as long as `make` depends on its step only.
/// Letting go of the prefetcher, or ``cancel()``, ends the threads after what they are making.
public final class Prefetcher<Element: Sendable>: Sendable {
  private let state: PrefetchState<Element>
  private let threads: [OwnThread]

  /// - Parameters:
  ///   - steps: what is made, in this order.
  ///   - threads: at least 1; where the system gives none, each result is made when it is asked for.
  ///   - capacity: results that may be ready or in the making, at least 1.
  ///   - make: called from several threads at once. What it throws, ``next()`` throws at that step.
  public init(
    steps: Range<Int>, threads: Int, capacity: Int, make: @escaping @Sendable (Int) throws -> Element
  ) {
    precondition(threads >= 1 && capacity >= 1, "\(threads) threads and room for \(capacity) cannot prefetch")
    let state = PrefetchState(steps: steps, capacity: capacity, make: make)
    self.state = state
    self.threads = (0..<min(threads, capacity)).compactMap { _ in OwnThread { state.work() } }
  }

  /// The next result, waiting until it is made; nil after the last, and after ``cancel()``.
  ///
  /// Blocks the calling thread: call it from the training thread, not from Swift's cooperative pool.
  public func next() throws -> Element? {
    threads.isEmpty ? try state.makeNext() : try state.next()
  }

  /// Ends the work; results that are ready are thrown away.
  public func cancel() {
    state.cancel()
  }

  deinit {
    state.cancel()
    for thread in threads { thread.join() }
  }
}

/// The queue between the threads. Every access to its variables is made under `lock`.
private final class PrefetchState<Element: Sendable>: @unchecked Sendable {
  private let lock = Monitor()
  private let make: @Sendable (Int) throws -> Element
  private let end: Int
  private let capacity: Int
  private var toMake: Int
  private var toDeliver: Int
  private var ready: [Int: Result<Element, any Error>] = [:]
  private var isCancelled = false

  init(steps: Range<Int>, capacity: Int, make: @escaping @Sendable (Int) throws -> Element) {
    self.make = make
    self.capacity = capacity
    end = steps.upperBound
    toMake = steps.lowerBound
    toDeliver = steps.lowerBound
  }

  func work() {
    while true {
      lock.lock()
      while !isCancelled && toMake < end && toMake >= toDeliver + capacity { lock.wait() }
      guard !isCancelled && toMake < end else {
        lock.unlock()
        return
      }
      let step = toMake
      toMake += 1
      lock.unlock()
      let result = Result { try make(step) }
      lock.lock()
      if !isCancelled { ready[step] = result }
      lock.wakeAll()
      lock.unlock()
    }
  }

  func next() throws -> Element? {
    lock.lock()
    defer { lock.unlock() }
    guard !isCancelled && toDeliver < end else { return nil }
    while true {
      if let result = ready.removeValue(forKey: toDeliver) {
        toDeliver += 1
        lock.wakeAll()
        return try result.get()
      }
      guard !isCancelled else { return nil }
      lock.wait()
    }
  }

  func makeNext() throws -> Element? {
    lock.lock()
    let step = toDeliver
    let isOver = isCancelled || step >= end
    if !isOver { toDeliver += 1 }
    lock.unlock()
    return isOver ? nil : try make(step)
  }

  func cancel() {
    lock.lock()
    isCancelled = true
    ready = [:]
    lock.wakeAll()
    lock.unlock()
  }
}
