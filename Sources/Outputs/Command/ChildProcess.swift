internal import COutputs
internal import Glibc

/// A program that was started, with pipes to its standard input and from its outputs. One thread's.
///
/// It has a process group of its own, so that all that it started ends with it; no signal is blocked or ignored in it;
/// and it has no descriptor of ours but the three. It must be reaped by ``reap()`` or ``terminate(grace:)``.
final class ChildProcess {
  enum End: Equatable {
    case exited(Int32)
    case killed(Int32)
  }

  let process: pid_t
  /// -1 once closed.
  private(set) var input: Int32
  let output: Int32
  /// -1 when errors go to `output`.
  let errors: Int32
  /// Readable when the process ended; -1 where the system has no such thing.
  let signal: Int32
  private var isReaped = false

  init(_ command: CommandSink.Command, separatesErrors: Bool) throws(OutputError) {
    var pipes: [(reading: Int32, writing: Int32)] = []
    func fail(_ operation: String, _ code: Int32) -> OutputError {
      for pipe in pipes {
        close(pipe.reading)
        close(pipe.writing)
      }
      return .system(operation: operation, path: command.name, code: code)
    }
    for _ in 0..<(separatesErrors ? 3 : 2) {
      guard let pipe = System.pipe() else { throw fail("make a pipe for", errno) }
      pipes.append(pipe)
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, pipes[0].reading, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, pipes[1].writing, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, pipes[separatesErrors ? 2 : 1].writing, 2)
    _ = unsafe coutputs_close_from(&actions, 3)

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    let arguments = command.arguments
    var strings: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    unsafe strings.append(nil)
    var process = pid_t()
    let code = unsafe posix_spawnp(&process, strings[0]!, &actions, &attributes, strings, environ)
    guard code == 0 else { throw fail("run", code) }
    self.process = process
    input = pipes[0].writing
    output = pipes[1].reading
    errors = separatesErrors ? pipes[2].reading : -1
    signal = coutputs_pidfd(process)
    close(pipes[0].reading)
    for pipe in pipes.dropFirst() { close(pipe.writing) }
    for descriptor in [input, output, errors] where descriptor >= 0 { System.setNonBlocking(descriptor) }
  }

  deinit {
    for descriptor in [input, output, errors, signal] where descriptor >= 0 { close(descriptor) }
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Whether it ended; it stays there, so that its number and its group's are not given to others, until it is reaped.
  var hasEnded: Bool {
    var info = unsafe siginfo_t()
    unsafe info.si_signo = 0
    return unsafe waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_signo == SIGCHLD
  }

  /// Waits for its end and lets go of it.
  func reap() -> End {
    precondition(!isReaped, "process \(process) was reaped before")
    isReaped = true
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
  }

  /// Ends it and its whole group: asks, waits so many seconds, then kills; and reaps it.
  @discardableResult
  func terminate(grace: Double) -> End {
    kill(-process, SIGTERM)
    let end = System.seconds() + grace
    while !hasEnded {
      let left = end - System.seconds()
      if left <= 0 { break }
      wait(seconds: min(left, 0.05), forInput: false)
    }
    // Others of the group may have ignored the request.
    kill(-process, SIGKILL)
    return reap()
  }

  /// Waits until something can be done, but no longer than so many seconds.
  func wait(seconds: Double, forInput: Bool) {
    var entries = [
      pollfd(fd: forInput ? input : -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: isOpen.output ? output : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isOpen.errors ? errors : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signal, events: Int16(POLLIN), revents: 0),
    ]
    // Without a descriptor that tells the end, it is asked for often.
    let milliseconds = Int32(max(1, min(signal >= 0 ? seconds : min(seconds, 0.005), 0.05) * 1000))
    _ = unsafe poll(&entries, nfds_t(entries.count), milliseconds)
  }

  /// Whether the outputs may still bring something: waiting for one at its end would not wait.
  private var isOpen = (output: true, errors: true)

  /// Writes what fits: how many bytes, or nil when nobody reads.
  func write(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard input >= 0 else { return nil }
    guard !bytes.isEmpty else { return 0 }
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(input, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  /// Reads what is there of the standard output, and of the errors.
  func read(_ take: (ArraySlice<UInt8>, _ isErrors: Bool) -> Void) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    for isErrors in [false, true] {
      let descriptor = isErrors ? errors : output
      guard descriptor >= 0, isErrors ? isOpen.errors : isOpen.output else { continue }
      // A command that never stops to write must not keep us here.
      for _ in 0..<64 {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
          take(chunk[..<count], isErrors)
          continue
        }
        if count < 0 && errno == EINTR { continue }
        if count == 0 || errno != EAGAIN {
          if isErrors { isOpen.errors = false } else { isOpen.output = false }
        }
        break
      }
    }
  }
}

/// The last that a command wrote, for a message.
struct OutputTail: Sendable {
  private var bytes: [UInt8] = []
  private static let limit = 400

  mutating func append(_ more: ArraySlice<UInt8>) {
    bytes.append(contentsOf: more)
    if bytes.count > Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
  }

  mutating func clear() { bytes = [] }

  /// On one line, without control characters.
  var text: String {
    let lines = bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    let texts = lines.map { line in String(decoding: line.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self) }
    return texts.joined(separator: " / ")
  }
}
