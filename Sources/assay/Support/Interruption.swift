import ArgumentParser
import Glibc
import Synchronization

/// Lets Ctrl-C and SIGTERM end a long job cleanly: what is begun is finished and saved. A second signal ends the
/// process at once, which loses nothing that is on the disk.
///
/// Other signals may be given something to do: SIGHUP reads a recipe again, SIGUSR1 and SIGUSR2 trigger.
///
/// The signals are blocked before any other thread starts and waited for on a thread of their own, so that no handler
/// runs in the middle of something. A signal that is ignored (`nohup`) stays ignored.
enum Interruption {
  private static let caught = Atomic<Int32>(0)
  private static let actions = Mutex<[Int32: @Sendable () -> Void]>([:])

  /// Call before the job starts its threads.
  ///
  /// - Parameter others: what other signals do, each on the thread that waits for them.
  static func watch(others: [Int32: @Sendable () -> Void] = [:]) {
    actions.withLock { $0 = others }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] where !isIgnored(signal) { unsafe sigaddset(&signals, signal) }
    for signal in others.keys { unsafe sigaddset(&signals, signal) }
    guard unsafe pthread_sigmask(SIG_BLOCK, &signals, nil) == 0 else { return }
    var thread = pthread_t()
    _ = unsafe pthread_create(&thread, nil, { _ in unsafe Interruption.wait() }, nil)
  }

  /// Whether a signal has come.
  static var isRequested: Bool { caught.load(ordering: .relaxed) != 0 }

  /// What shells give for a process that ended by the signal: 130 for Ctrl-C.
  static var exitCode: ExitCode { ExitCode(128 + caught.load(ordering: .relaxed)) }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func wait() -> UnsafeMutableRawPointer? {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] + actions.withLock({ Array($0.keys) }) { unsafe sigaddset(&signals, signal) }
    while true {
      var signal: Int32 = 0
      guard unsafe sigwait(&signals, &signal) == 0 else { return nil }
      if let action = actions.withLock({ $0[signal] }) {
        action()
        continue
      }
      if caught.exchange(signal, ordering: .relaxed) != 0 { _exit(128 + signal) }
      if Console.isTerminal { Console.write("\n", to: 2) }
      Console.note("stopping: what is begun is finished and saved")
    }
  }
}
