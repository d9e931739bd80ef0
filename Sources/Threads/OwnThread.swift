internal import Glibc

/// One POSIX thread that runs a closure. It must be joined exactly once.
package struct OwnThread: Sendable {
  // pthread_t is an integer on Linux; it is only ever handed back to pthread_join.
  private let handle: pthread_t

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts at once; nil when the system has no thread to give.
  package init?(_ run: @escaping @Sendable () -> Void) {
    var handle = pthread_t()
    let body = unsafe Unmanaged.passRetained(Body(run))
    let status = unsafe pthread_create(
      &handle, nil,
      { argument in
        unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard status == 0 else {
      unsafe body.release()
      return nil
    }
    self.handle = handle
  }

  /// Lets the calling thread stand back behind the others of the process, for work that may wait.
  package static func standBack() {
    // On Linux the priority of "process 0" is that of the calling thread.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  }

  package func join() {
    _ = pthread_join(handle, nil)
  }
}
