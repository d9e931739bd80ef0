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
  init(_ arguments: [String], in folder: TestFolder, signal: Int32? = nil) {
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
    if let signal {
      for _ in 0..<600 where TestFolder.contents(err).count(where: { $0 == 0x0A }) < 4 { usleep(50_000) }
      kill(process, signal)
    }
    var result: Int32 = 0
    while unsafe waitpid(process, &result, 0) < 0 && errno == EINTR {}
    exitCode = result & 0x7F == 0 ? result >> 8 & 0xFF : -(result & 0x7F)
    output = String(decoding: TestFolder.contents(out), as: UTF8.self)
    errors = String(decoding: TestFolder.contents(err), as: UTF8.self)
  }
}

/// A folder that is gone, with all that is in it, after the test.
final class TestFolder {
  let path: String

  init() {
    var template = Array("/tmp/assay-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "cannot make a folder in /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  func write(_ bytes: [UInt8], _ name: String) {
    var made = path
    for part in name.split(separator: "/").dropLast() {
      made += "/" + part
      unsafe mkdir(made, 0o755)
    }
    let file = unsafe open(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(file >= 0, "cannot write \(name)")
    unsafe bytes.withUnsafeBytes { _ = unsafe Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  func contents(_ name: String) -> [UInt8] { Self.contents(path + "/" + name) }

  func exists(_ name: String) -> Bool { unsafe access(path + "/" + name, F_OK) == 0 }

  static func contents(_ path: String) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count <= 0 { return all }
      all += chunk[..<count]
    }
  }

  private static func remove(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR, let folder = unsafe opendir(path) else {
      _ = unsafe unlink(path)
      return
    }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      names.append(
        unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    _ = unsafe closedir(folder)
    for name in names where name != "." && name != ".." { remove(path + "/" + name) }
    _ = unsafe rmdir(path)
  }
}
