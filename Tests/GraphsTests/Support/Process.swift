import Glibc

/// Runs `body` on `count` threads of their own and collects what they return.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Bool) -> [Bool] {
  final class Job: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Bool
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Bool) {
      self.index = index
      self.body = body
    }
  }
  var threads = [pthread_t](repeating: 0, count: count)
  for index in 0..<count {
    let job = unsafe Unmanaged.passRetained(Job(index, body)).toOpaque()
    let status = unsafe pthread_create(
      &threads[index], nil,
      { pointer in
        let job = unsafe Unmanaged<Job>.fromOpaque(pointer!).takeRetainedValue()
        return job.body(job.index) ? unsafe UnsafeMutableRawPointer(bitPattern: 1) : nil
      }, job)
    precondition(status == 0)
  }
  return threads.map { thread in
    var result: UnsafeMutableRawPointer?
    unsafe pthread_join(thread, &result)
    return unsafe result != nil
  }
}

/// Bytes that `malloc` has given out and not got back, by glibc's own count; nil where that cannot be had.
func bytesInUse() -> Int? {
  // `malloc_info` is not in the headers that the Glibc module covers.
  typealias Function = @convention(c) (Int32, UnsafeMutablePointer<FILE>?) -> Int32
  guard let symbol = unsafe dlsym(nil, "malloc_info") else { return nil }
  var text: UnsafeMutablePointer<CChar>?
  var size = 0
  guard let stream = unsafe open_memstream(&text, &size) else { return nil }
  let status = unsafe unsafeBitCast(symbol, to: Function.self)(0, stream)
  unsafe fclose(stream)
  defer { unsafe free(text) }
  guard status == 0, let text = unsafe text else { return nil }
  // After the last heap come the totals: what is free, and what was taken from the system.
  let report = unsafe String(cString: text)
  guard let totals = report.split(separator: "</heap>").last else { return nil }
  func number(_ tag: String) -> Int? {
    guard let start = totals.firstRange(of: tag), let size = totals[start.upperBound...].firstRange(of: "size=\"")
    else {
      return nil
    }
    return Int(totals[size.upperBound...].prefix { $0.isNumber })
  }
  guard let fast = number("<total type=\"fast\""), let rest = number("<total type=\"rest\""),
    let system = number("<system type=\"current\"")
  else { return nil }
  return system - fast - rest
}
