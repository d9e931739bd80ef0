internal import Glibc

/// A POSIX mutex with its condition variable.
///
/// Sendable because both objects are made for use from any thread and live at a fixed address until `deinit`.
@safe package final class Monitor: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    _ = unsafe pthread_mutex_init(mutex, nil)
    // The wall clock may be set back by an hour while somebody waits.
    var attributes = pthread_condattr_t()
    _ = unsafe pthread_condattr_init(&attributes)
    _ = unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    _ = unsafe pthread_cond_init(condition, &attributes)
    _ = unsafe pthread_condattr_destroy(&attributes)
  }

  package func lock() { _ = unsafe pthread_mutex_lock(mutex) }
  package func unlock() { _ = unsafe pthread_mutex_unlock(mutex) }
  /// Under the lock: gives it up while waiting. May return without a reason.
  package func wait() { _ = unsafe pthread_cond_wait(condition, mutex) }
  /// As ``wait()``, but no longer than so many seconds.
  package func wait(seconds: Double) {
    var until = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &until)
    let nanoseconds = until.tv_nsec + Int(seconds * 1e9)
    until.tv_sec += nanoseconds / 1_000_000_000
    until.tv_nsec = nanoseconds % 1_000_000_000
    _ = unsafe pthread_cond_timedwait(condition, mutex, &until)
  }
  package func wakeAll() { _ = unsafe pthread_cond_broadcast(condition) }

  deinit {
    _ = unsafe pthread_cond_destroy(condition)
    _ = unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }
}
