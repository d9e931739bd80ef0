import Glibc
import Inspection
import Outputs
import Synchronization

/// What a live run hands on: each decision, once it is on the disk, to commands and sockets.
///
/// Lines are numbered as they stand in `decisions.jsonl`, from 1, so that what was not delivered when the program ended
/// can be taken from there.
final class DecisionOutputs {
  /// One place that decisions go to.
  enum Target: Hashable {
    case shell(String)
    case program([String])
    case socket(String)

    var words: String {
      switch self {
      case .shell(let line): line
      case .program(let arguments): arguments.joined(separator: " ")
      case .socket(let path): path
      }
    }
  }

  private var queues: [(name: String, queue: OutputQueue)] = []
  private var number: UInt64
  private var told: [String: String] = [:]

  /// - Parameters:
  ///   - folder: the run's; each output keeps what waits in a folder of its own below it.
  ///   - lines: lines that `decisions.jsonl` holds already.
  init(
    _ targets: [(target: Target, timeout: Double)], folder: String, lines: UInt64, start: OutputQueue.Start
  ) throws {
    number = lines
    guard !targets.isEmpty else { return }
    try makeFolder(folder + "/outputs")
    for (index, entry) in targets.enumerated() {
      let sink: any OutputSink
      switch entry.target {
      case .shell(let line): sink = CommandSink(.shell(line), options: Self.options(entry.timeout))
      case .program(let arguments): sink = CommandSink(.arguments(arguments), options: Self.options(entry.timeout))
      case .socket(let path): sink = try SocketSink(path: path)
      }
      let history = DecisionLines(path: folder + "/decisions.jsonl")
      let queue = try OutputQueue(
        folder: "\(folder)/outputs/\(index + 1)", sink: sink, start: start, replay: { try history.lines($0, $1) })
      queue.resume(through: lines)
      queues.append((entry.target.words, queue))
    }
  }

  private static func options(_ timeout: Double) -> CommandSink.Options {
    var options = CommandSink.Options()
    options.timeout = timeout
    return options
  }

  /// Hands on a line of `decisions.jsonl`, which is on the disk.
  func put(_ line: [UInt8]) {
    number += 1
    for entry in queues { entry.queue.put(OutputLine(number: number, numbering: line)) }
  }

  /// What has changed for the worse or the better since the last call, for the log.
  func news() -> [String] {
    queues.compactMap { name, queue in
      let status = queue.currentStatus
      let words = status.isStalled || status.lost > 0 ? "\(status)" : ""
      let kind = status.isStalled ? "stalled" : status.lost > 0 ? "lost \(status.lost)" : ""
      guard told[name, default: ""] != kind else { return nil }
      told[name] = kind
      return "output \(name): " + (kind.isEmpty ? "delivers again" : words)
    }
  }

  /// Delivers what it can within so many seconds; the rest waits on the disk for the next run.
  func close(within seconds: Double) -> [String] {
    queues.compactMap { name, queue in
      let status = queue.close(within: seconds)
      return status.waiting > 0
        ? "output \(name): \(status.waiting) decisions wait for the next run with --resume" : nil
    }
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

  /// Whole lines in a file; 0 where there is none.
  static func count(_ path: String) -> UInt64 {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return 0 }
    defer { Glibc.close(file) }
    var lines: UInt64 = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return lines }
      for byte in chunk[..<count] where byte == 0x0A { lines += 1 }
    }
  }
}
