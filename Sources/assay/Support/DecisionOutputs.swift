import Glibc
import Inspection
import Outputs
import Synchronization
import Threads

/// What a live run hands on: each decision, once it is on the disk, to commands and sockets.
///
/// Lines are numbered as they stand in `decisions.jsonl`, from 1, so that what was not delivered when the program ended
/// can be taken from there.
final class DecisionOutputs {
  /// One place that decisions go to.
  enum Target: Hashable {
    case shell(String, CommandSink.Mode = .once)
    case program([String], CommandSink.Mode = .once)
    case socket(String)

    var words: String {
      switch self {
      case .shell(let line, _): line
      case .program(let arguments, _): arguments.joined(separator: " ")
      case .socket(let path): path
      }
    }

    /// By what it is, not by its place: what waits for one output never goes to another. Its name for people, and a hash
    /// (FNV-1a) for those that share it.
    var folderName: String {
      var hash: UInt32 = 2_166_136_261
      for byte in "\(self.kind) \(words)".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
      let first = words.split(separator: " ").first.map(String.init) ?? ""
      let name = (first.split(separator: "/").last ?? "").filter {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
      }
      let digits = String(hash, radix: 16)
      return name.prefix(24) + (name.isEmpty ? "" : "-") + String(repeating: "0", count: 8 - digits.count) + digits
    }

    private var kind: String {
      switch self {
      case .shell: "shell"
      case .program: "program"
      case .socket: "socket"
      }
    }
  }

  private struct Output {
    let target: Target
    let timeout: Double
    let queue: OutputQueue

    var name: String { target.words }
  }

  private let folder: String
  private var outputs: [Output] = []
  /// Outputs that a new recipe took away, and that end on threads of their own.
  private var leaving: [OwnThread] = []
  private var number: UInt64
  private var told: [String: String] = [:]

  /// - Parameters:
  ///   - folder: the run's; each output keeps what waits in a folder of its own below it.
  ///   - lines: lines that `decisions.jsonl` holds already.
  init(
    _ targets: [(target: Target, timeout: Double)], folder: String, lines: UInt64, start: OutputQueue.Start
  ) throws {
    self.folder = folder
    number = lines
    for entry in targets { outputs.append(try open(entry.target, entry.timeout, start)) }
  }

  private func open(_ target: Target, _ timeout: Double, _ start: OutputQueue.Start) throws -> Output {
    let sink: any OutputSink
    switch target {
    case .shell(let line, let mode): sink = CommandSink(.shell(line), mode: mode, options: Self.options(timeout))
    case .program(let words, let mode):
      sink = CommandSink(.arguments(words), mode: mode, options: Self.options(timeout))
    case .socket(let path):
      var options = SocketSink.Options()
      options.patience = timeout
      sink = try SocketSink(path: path, options: options)
    }
    try makeFolder(folder + "/outputs")
    let history = DecisionLines(path: folder + "/decisions.jsonl")
    let queue = try OutputQueue(
      folder: folder + "/outputs/" + target.folderName, sink: sink, start: start, behind: number,
      replay: { try history.lines($0, $1) })
    queue.resume(through: number)
    return Output(target: target, timeout: timeout, queue: queue)
  }

  private static func options(_ timeout: Double) -> CommandSink.Options {
    var options = CommandSink.Options()
    options.timeout = timeout
    return options
  }

  /// Goes over to other outputs. Those that stay are not touched; one that goes delivers what it can within so many
  /// seconds, beside the run, and keeps the rest on the disk; a new one begins with the next decision.
  ///
  /// - Returns: what went wrong; such an output is left out.
  func change(to targets: [(target: Target, timeout: Double)], closing seconds: Double) -> [String] {
    var problems: [String] = []
    let old = outputs
    outputs = old.filter { output in targets.contains { $0 == (output.target, output.timeout) } }
    for output in old where !outputs.contains(where: { $0.queue === output.queue }) {
      // The same target with another timeout takes over its folder, which has one user at a time.
      if targets.contains(where: { $0.target.folderName == output.target.folderName }) {
        output.queue.close(within: 0)
      } else if let thread = OwnThread({ output.queue.close(within: seconds) }) {
        leaving.append(thread)
      }
    }
    for entry in targets where !outputs.contains(where: { $0.target == entry.target }) {
      do { outputs.append(try open(entry.target, entry.timeout, .resume)) } catch { problems.append("\(error)") }
    }
    return problems
  }

  /// Hands on a line of `decisions.jsonl`, which is on the disk.
  func put(_ line: [UInt8]) {
    number += 1
    for output in outputs { output.queue.put(OutputLine(number: number, numbering: line)) }
  }

  /// What has changed for the worse or the better since the last call, for the log.
  func news() -> [String] {
    outputs.compactMap { output in
      let (name, status) = (output.name, output.queue.currentStatus)
      let words = status.isStalled || status.lost > 0 ? "\(status)" : ""
      let kind = status.isStalled ? "stalled" : status.lost > 0 ? "lost \(status.lost)" : ""
      guard told[name, default: ""] != kind else { return nil }
      told[name] = kind
      return "output \(name): " + (kind.isEmpty ? "delivers again" : words)
    }
  }

  /// Delivers what it can within so many seconds; the rest waits on the disk for the next run.
  func close(within seconds: Double) -> [String] {
    let closed = outputs.compactMap { output -> String? in
      let status = output.queue.close(within: seconds)
      return status.waiting > 0
        ? "output \(output.name): \(status.waiting) decisions wait for the next run with --resume" : nil
    }
    for thread in leaving { thread.join() }
    leaving = []
    return closed
  }
}

/// Reads lines of `decisions.jsonl` by their number, going on where the last call ended.
final class DecisionLines: Sendable {
  private struct Place {
    var number: UInt64 = 1
    var offset = 0
  }

  private let path: String
  private let place = Mutex(Place())

  init(path: String) { self.path = path }

  /// At most `limit` lines from number `first` on, numbered.
  func lines(_ first: UInt64, _ limit: Int) throws -> [OutputLine] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw DecisionLogError.system(operation: "open", path: path, code: errno) }
    defer { Glibc.close(file) }
    var at = place.withLock { $0 }
    if at.number > first { at = Place() }
    var found: [OutputLine] = []
    var rest: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var readOffset = at.offset
    reading: while found.count < limit {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, readOffset) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw DecisionLogError.system(operation: "read", path: path, code: errno) }
      if count == 0 { break }
      readOffset += count
      for byte in chunk[..<count] {
        rest.append(byte)
        guard byte == 0x0A else { continue }
        // What says how the run was begun and ended is nobody's verdict.
        if LogRecord.isRecord(rest) {
          at.offset += rest.count
          rest.removeAll(keepingCapacity: true)
          continue
        }
        if at.number >= first { found.append(OutputLine(number: at.number, numbering: rest)) }
        at.number += 1
        at.offset += rest.count
        rest.removeAll(keepingCapacity: true)
        if found.count >= limit { break reading }
      }
    }
    place.withLock { $0 = at }
    return found
  }

  /// Whole lines in a file that are no records of the log itself; 0 where there is none.
  static func count(_ path: String) -> UInt64 {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { Glibc.close(file) }
    var lines: UInt64 = 0
    var beginning: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return lines }
      for byte in chunk[..<count] {
        if byte == 0x0A {
          if !LogRecord.isRecord(beginning) { lines += 1 }
          beginning.removeAll(keepingCapacity: true)
        } else if beginning.count < 8 {
          beginning.append(byte)
        }
      }
    }
  }
}
