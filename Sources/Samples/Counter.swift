internal import Synchronization

/// Counts what several threads have done.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  /// Adds and returns the new total.
  func add(_ count: Int) -> Int {
    value.add(count, ordering: .relaxed).newValue
  }
}
