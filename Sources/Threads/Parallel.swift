internal import Glibc
internal import Synchronization

/// Threads of our own for work that blocks or is long: Swift's cooperative pool must never wait on a disk.
package enum Parallel {
  /// Processors that are on line, at least 1.
  package static let processors: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  /// Calls `body` for every index in `0..<count`, at most `threads` at a time, and returns the results in order.
  ///
  /// Which thread takes which index is a race; the result is not, as long as `body` depends on its index only.
  package static func map<T: Sendable>(_ count: Int, threads: Int, _ body: @Sendable (Int) -> T) -> [T] {
    let workers = min(threads, count)
    guard workers > 1 else { return (0..<count).map(body) }
    let slots = Mutex<[T?]>(Array(repeating: nil, count: count))
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      let run: @Sendable () -> Void = {
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          let value = body(index)
          slots.withLock { $0[index] = value }
        }
      }
      withoutActuallyEscaping(run) { run in
        let others = (1..<workers).compactMap { _ in OwnThread(run) }
        run()
        for thread in others { thread.join() }
      }
    }
    return slots.withLock { $0.map { $0! } }
  }
}
