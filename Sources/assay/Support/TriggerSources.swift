import Capture
import Glibc
import Inspection
import Outputs
import Threads

/// Where software triggers come from. Each source calls the triggers of all cameras that listen to it.
enum TriggerSource: Hashable {
  /// A line on standard input.
  case standardInput
  /// A line on a UNIX socket.
  case socket(String)
  case signal(Int32)

  /// Reads the words of `--trigger`: nil for those that name no source.
  init?(_ words: String) {
    switch words {
    case "stdin": self = .standardInput
    case "SIGUSR1": self = .signal(SIGUSR1)
    case "SIGUSR2": self = .signal(SIGUSR2)
    default:
      guard words.hasPrefix("/") else { return nil }
      self = .socket(words)
    }
  }
}

/// Listens to trigger sources on threads of their own, until the process ends.
enum TriggerListener {
  /// Longest line that names a part, in bytes; what is longer is cut.
  private static let longestLine = 512

  /// - Throws: ``TriggerError`` where a socket cannot be made. Signals are ``Interruption``'s.
  static func start(_ source: TriggerSource, _ triggers: [SoftwareTrigger]) throws(TriggerError) {
    switch source {
    case .signal: return
    case .standardInput: _ = OwnThread { read(0, triggers) }
    case .socket(let path):
      let listener = try listen(path)
      _ = OwnThread {
        while true {
          let connection = accept(listener, nil, nil)
          guard connection >= 0 else {
            if errno == EINTR || errno == ECONNABORTED { continue }
            Clock.sleep(seconds: 0.1)
            continue
          }
          _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
          let thread = OwnThread {
            read(connection, triggers)
            close(connection)
          }
          if thread == nil { close(connection) }
        }
      }
    }
  }

  /// Calls the triggers for each line until the end.
  private static func read(_ file: Int32, _ triggers: [SoftwareTrigger]) {
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      let now = Clock.nanoseconds()
      for byte in chunk[..<count] {
        if byte == 0x0A {
          call(line, triggers, now)
          line.removeAll(keepingCapacity: true)
        } else if line.count < longestLine {
          line.append(byte)
        }
      }
    }
  }

  private static func call(_ line: [UInt8], _ triggers: [SoftwareTrigger], _ now: Int64) {
    var text = Substring(String(decoding: line, as: UTF8.self))
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    for trigger in triggers {
      if !trigger.call(part: text.isEmpty ? nil : String(text), at: now) {
        Console.error("a trigger was refused: 64 wait already, so the camera sends too slowly for it")
      }
    }
  }

  private static func listen(_ path: String) throws(TriggerError) -> Int32 {
    func refuse(_ reason: String) -> TriggerError { TriggerError(path: path, reason: reason) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw refuse("is too long for a socket's path")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    var status = stat()
    if unsafe lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else { throw refuse("is there already and is no socket") }
      // Of an earlier run; one that somebody listens on is not ours to take away.
      let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      let isAlive = unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
      }
      if isAlive { throw refuse("is in use by another program") }
      _ = unsafe unlink(path)
    }
    let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    let isBound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard isBound, Glibc.listen(file, 8) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      close(file)
      throw refuse("cannot be listened on (\(reason))")
    }
    return file
  }
}

struct TriggerError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  var description: String { "\(path) \(reason)." }
}
