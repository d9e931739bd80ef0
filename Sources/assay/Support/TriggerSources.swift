import Capture
import Glibc
import Inspection
import Outputs
import Synchronization
import Threads

/// Where software triggers come from. Each source calls the triggers of all cameras that listen to it.
enum TriggerSource: Hashable, CustomStringConvertible {
  /// A line on standard input.
  case standardInput
  /// A line on a UNIX socket.
  case socket(String)
  case signal(Int32)

  var description: String {
    switch self {
    case .standardInput: "standard input"
    case .socket(let path): path
    case .signal(SIGUSR1): "SIGUSR1"
    case .signal(SIGUSR2): "SIGUSR2"
    case .signal(let number): "signal \(number)"
    }
  }

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

/// Passes triggers on to the cameras that wait for them, until the process ends. Which those are may change meanwhile.
final class TriggerDesk: Sendable {
  /// Longest line that names a part, in bytes; what is longer is cut.
  private static let longestLine = 512

  private struct State {
    var cameras: [TriggerSource: [SoftwareTrigger]] = [:]
    var started: Set<TriggerSource> = []
    var toldIdle: Set<TriggerSource> = []
  }

  private let state = Mutex(State())

  /// From now on these cameras wait for triggers; sources that are new are listened to, each on a thread of its own.
  ///
  /// - Throws: `OutputError` where a socket cannot be made; then no camera's triggers are changed. Signals are
  ///   ``Interruption``'s.
  func set(_ cameras: [TriggerSource: [SoftwareTrigger]]) throws(OutputError) {
    let started = state.withLock { $0.started }
    for source in cameras.keys where !started.contains(source) { try start(source) }
    state.withLock { state in
      state.cameras = cameras
      state.started.formUnion(cameras.keys)
      state.toldIdle = []
    }
  }

  /// What signals do that trigger.
  var signals: [Int32: @Sendable () -> Void] {
    var actions: [Int32: @Sendable () -> Void] = [:]
    for signal in [SIGUSR1, SIGUSR2] { actions[signal] = { self.call(.signal(signal)) } }
    return actions
  }

  private func start(_ source: TriggerSource) throws(OutputError) {
    switch source {
    case .signal: return
    case .standardInput: _ = OwnThread { self.read(0, source) }
    case .socket(let path):
      let listener = try LocalSocket.listen(path)
      // The thread has nothing else to do than to wait.
      _ = fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) & ~O_NONBLOCK)
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
            self.read(connection, source)
            close(connection)
          }
          if thread == nil { close(connection) }
        }
      }
    }
  }

  /// Calls for each line until the end.
  private func read(_ file: Int32, _ source: TriggerSource) {
    var line: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      let now = Clock.nanoseconds()
      for byte in chunk[..<count] {
        if byte == 0x0A {
          call(source, line, at: now)
          line.removeAll(keepingCapacity: true)
        } else if line.count < Self.longestLine {
          line.append(byte)
        }
      }
    }
  }

  private func call(_ source: TriggerSource, _ line: [UInt8] = [], at now: Int64 = Clock.nanoseconds()) {
    var text = Substring(String(decoding: line, as: UTF8.self))
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    let (cameras, isNews) = state.withLock { state in
      let cameras = state.cameras[source] ?? []
      return (cameras, cameras.isEmpty && state.toldIdle.insert(source).inserted)
    }
    if isNews { Console.error("a trigger came from \(source), but no camera waits for triggers from there") }
    for camera in cameras where !camera.call(part: text.isEmpty ? nil : String(text), at: now) {
      Console.error("a trigger was refused: 64 wait already, so the camera sends too slowly for it")
    }
  }
}
