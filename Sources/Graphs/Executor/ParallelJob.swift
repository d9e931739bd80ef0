import CDNN

/// A C structure that says what to compute, at a fixed address, and the threads that share the work.
@safe final class ParallelJob<Job> {
  private let job: UnsafeMutablePointer<Job>
  private let threads: Int

  init(_ job: Job, threads: Int) {
    unsafe self.job = .allocate(capacity: 1)
    unsafe self.job.initialize(to: job)
    self.threads = threads
  }

  deinit {
    unsafe job.deinitialize(count: 1)
    unsafe job.deallocate()
  }

  /// The structure as the last run left it.
  var value: Job { unsafe job.pointee }

  /// Lets every thread do its part.
  func run(
    prepare: (UnsafeMutablePointer<Job>) -> Void, _ part: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    unsafe prepare(job)
    guard threads > 1 else { return unsafe part(job, 0) }
    unsafe cdnn_parallel(Int32(threads), part, job)
  }
}
