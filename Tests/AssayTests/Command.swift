import FileTestSupport
import Glibc

/// The command line as users run it: the built `assay` beside the tests, in a process of its own.
struct Command {
  var exitCode: Int32
  var output: String
  var errors: String

  static let executable: String = {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
    let path = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/assay"
  }()

  /// Runs to its end. A process that is ended by a signal has its negative number as exit code.
  init(_ arguments: String..., in folder: TestFolder) { self.init(arguments, in: folder) }

  /// - Parameter signal: sent as soon as `errors` holds a few lines.
  init(
    _ arguments: [String], in folder: TestFolder, signal: Int32, meanwhile: (Running) -> Void = { _ in }
  ) {
    self.init(arguments, in: folder) { running in
      running.wait { $0.count { $0 == "\n" } >= 4 }
      meanwhile(running)
      running.send(signal)
    }
  }

  /// A command that has not ended.
  struct Running {
    fileprivate let process: pid_t
    fileprivate let errors: String

    func send(_ signal: Int32) { kill(process, signal) }

    /// What `ps` and `pkill` call it.
    var name: String {
      String(decoding: TestFolder.contents("/proc/\(process)/comm").filter { $0 != 10 }, as: UTF8.self)
    }

    /// Waits until what it has written to its standard error is so, half a minute at most.
    func wait(_ isSo: (String) -> Bool) {
      for _ in 0..<600 where !isSo(String(decoding: TestFolder.contents(errors), as: UTF8.self)) { usleep(50_000) }
    }
  }

  /// - Parameter meanwhile: is called while the command runs.
  init(_ arguments: [String], in folder: TestFolder, meanwhile: (Running) -> Void = { _ in }) {
    let (out, err) = (folder.path + "/.stdout", folder.path + "/.stderr")
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var words: [UnsafeMutablePointer<CChar>?] = unsafe []
    for word in [Self.executable] + arguments { unsafe words.append(strdup(word)) }
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    unsafe words.append(nil)
    var process = pid_t()
    let status = unsafe posix_spawn(&process, Self.executable, &actions, nil, words, environ)
    precondition(status == 0, "\(Self.executable) cannot be run: build it with `swift build --product assay`")
    meanwhile(Running(process: process, errors: err))
    var result: Int32 = 0
    while unsafe waitpid(process, &result, 0) < 0 && errno == EINTR {}
    exitCode = result & 0x7F == 0 ? result >> 8 & 0xFF : -(result & 0x7F)
    output = String(decoding: TestFolder.contents(out), as: UTF8.self)
    errors = String(decoding: TestFolder.contents(err), as: UTF8.self)
  }
}
