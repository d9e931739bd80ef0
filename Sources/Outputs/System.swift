internal import COutputs
internal import Glibc

/// What this module needs of the system, over Glibc.
enum System {
  /// Seconds by the clock that never jumps.
  static func seconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Milliseconds since 1970 by the clock on the wall.
  static func wallMilliseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Signals are for the program's other threads; and a write to a pipe that nobody reads is then an error, not an end.
  static func blockSignals() {
    var all = sigset_t()
    unsafe sigfillset(&all)
    // A fault of the code itself must still end the program at once.
    for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP] { unsafe sigdelset(&all, signal) }
    _ = unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
  }

  static func pipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard unsafe coutputs_pipe(&ends) == 0 else { return nil }
    return (ends[0], ends[1])
  }

  static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Writes all bytes at the end of a file; 0, or why not all were written.
  static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
    var written = 0
    while written < bytes.count {
      let result = unsafe bytes.withUnsafeBytes {
        unsafe write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if result < 0 && errno == EINTR { continue }
      if result <= 0 { return result == 0 ? ENOSPC : errno }
      written += result
    }
    return 0
  }

  /// Makes a folder and those above it; 0, or why not.
  static func makeFolder(_ path: String) -> Int32 {
    if unsafe mkdir(path, 0o755) == 0 { return 0 }
    let code = errno
    if code == EEXIST { return 0 }
    guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return code }
    let above = makeFolder(String(path[..<slash]))
    if above != 0 { return above }
    return unsafe mkdir(path, 0o755) == 0 || errno == EEXIST ? 0 : errno
  }

  /// Names in a folder, in no order; none where there is no folder.
  static func names(in path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Bytes that this user may still write beside `path`; nil when the system does not say.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return overflow ? .max : bytes
  }

  static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// A number in decimal, with zeros in front.
func padded(_ value: some BinaryInteger, _ width: Int) -> String {
  let digits = value.description
  return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
}
