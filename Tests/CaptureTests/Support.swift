import Synchronization
import Threads

/// A thread that tests start and join.
struct TestThread {
  private let thread: OwnThread?
  init(_ run: @escaping @Sendable () -> Void) { thread = OwnThread(run) }
  func join() { thread?.join() }
}

/// A yes that threads share.
final class TestFlag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
