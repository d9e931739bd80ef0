import FileTestSupport
import Glibc
import Synchronization
import Threads

@testable import Capture

extension FolderWatcher.Options {
  /// With little waiting.
  static var quick: Self {
    var options = Self()
    options.quiet = 0.15
    options.rescan = 0.1
    return options
  }
}

extension WatchedFile {
  var text: String { String(decoding: name, as: UTF8.self) }
}

extension FolderWatcher {
  /// Names of what comes until there are so many, or until the time is over.
  func names(_ count: Int, within seconds: Double = 60) -> [String] {
    files(count, within: seconds).map(\.text)
  }

  func files(_ count: Int, within seconds: Double = 60) -> [WatchedFile] {
    let until = FolderState.now() + seconds
    var all: [WatchedFile] = []
    while all.count < count, FolderState.now() < until { all += next(timeout: until - FolderState.now()) }
    return all
  }

  /// The first notices that come.
  func notices(within seconds: Double = 60) -> [FolderNotice] {
    let until = FolderState.now() + seconds
    while FolderState.now() < until {
      _ = next(timeout: until - FolderState.now())
      let notices = takeNotices()
      if !notices.isEmpty { return notices }
    }
    return []
  }

  /// What comes although nothing should.
  func more(_ seconds: Double = 0.25) -> [String] { names(.max, within: seconds) }
}

/// A file that is being written: open until `close`.
final class Writer {
  private let file: Int32
  init(_ path: String, append: Bool = false) {
    file = unsafe open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0o644)
    precondition(file >= 0, path)
  }
  func write(_ count: Int) {
    let bytes = [UInt8](repeating: 7, count: count)
    unsafe bytes.withUnsafeBytes { _ = unsafe Glibc.write(file, $0.baseAddress, $0.count) }
  }
  func finish() { close(file) }
}

func moved(_ from: String, _ to: String) { precondition(unsafe rename(from, to) == 0, "\(from) to \(to)") }
func folder(_ path: String) { precondition(unsafe mkdir(path, 0o755) == 0, path) }
func wait(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }
