internal import Glibc
internal import Synchronization

/// Gives each decision to a command, on its standard input.
///
/// With ``Mode/once`` the command is run for every decision. Its exit status confirms the line: 0 is delivered; 65
/// (`EX_DATAERR`) means that the command will never take this line; anything else, an end by a signal, or taking longer
/// than ``Options/timeout`` is a failure, and the line is tried again. A command need not read its input.
///
/// With ``Mode/lines(acknowledged:)`` it is started once, reads line after line, and is started again when it ends. A
/// line is confirmed by the write, or, acknowledged, by any one line that the command writes to its standard output:
/// only then does a line survive that the command dies with lines in its pipe.
///
/// Sendable because all variables belong to the thread that delivers, but `isInterrupted`, which is atomic.
public final class CommandSink: OutputSink, @unchecked Sendable {
  public enum Command: Sendable, Hashable {
    /// A line for `/bin/sh -c`.
    case shell(String)
    /// A program, found by `PATH`, and its arguments.
    case arguments([String])

    var arguments: [String] {
      switch self {
      case .shell(let line): ["/bin/sh", "-c", line]
      case .arguments(let words): words
      }
    }

    /// How messages name it.
    var name: String {
      switch self {
      case .shell(let line): "\"\(line)\""
      case .arguments(let words): "\"\(words.joined(separator: " "))\""
      }
    }
  }

  public enum Mode: Sendable, Hashable {
    case once
    case lines(acknowledged: Bool)
  }

  public struct Options: Sendable {
    /// Seconds that the command may take for a line, before it and all that it started are ended.
    public var timeout = 10.0
    /// Seconds between the request to end and the end by force.
    public var grace = 2.0

    public init() {}
  }

  public let command: Command
  public let mode: Mode
  let options: Options
  let isInterrupted = Atomic<Bool>(false)
  var tail = OutputTail()
  /// With ``Mode/lines(acknowledged:)``, the command that runs, and what it has of the lines.
  var running: ChildProcess?
  var flow = LineFlow()

  public init(_ command: Command, mode: Mode = .once, options: Options = Options()) {
    precondition(command.arguments.first?.isEmpty == false, "a command needs a program")
    self.command = command
    self.mode = mode
    self.options = options
  }

  public var batch: Int { mode == .once ? 1 : 64 }

  public func deliver(_ lines: [OutputLine]) throws(OutputError) -> Int {
    switch mode {
    case .once:
      try run(lines[0])
      return 1
    case .lines(let acknowledged):
      return try pass(lines, acknowledged: acknowledged)
    }
  }

  public func interrupt() { isInterrupted.store(true, ordering: .releasing) }

  private func run(_ line: OutputLine) throws(OutputError) {
    guard !isInterrupted.load(ordering: .acquiring) else { throw .interrupted }
    tail.clear()
    let child = try ChildProcess(command, separatesErrors: false)
    var rest = (line.bytes + [0x0A])[...]
    let end = System.seconds() + options.timeout
    while !child.hasEnded {
      if let count = child.write(rest), count < rest.count {
        rest = rest.dropFirst(count)
      } else {
        // It has all, or it does not want it.
        rest = []
        child.closeInput()
      }
      child.read { bytes, _ in tail.append(bytes) }
      let left = end - System.seconds()
      guard left > 0, !isInterrupted.load(ordering: .acquiring) else {
        child.terminate(grace: options.grace)
        throw left > 0 ? .interrupted : .timedOut(command: command.name, seconds: options.timeout)
      }
      child.wait(seconds: left, forInput: !rest.isEmpty)
    }
    child.read { bytes, _ in tail.append(bytes) }
    if let error = failure(child.reap()) { throw error }
  }

  /// Nil when it ended well.
  private func failure(_ end: ChildProcess.End) -> OutputError? {
    switch end {
    case .exited(0): nil
    case .exited(EX_DATAERR): .refused(command: command.name, output: tail.text)
    case .exited(let status): .exited(command: command.name, status: status, output: tail.text)
    case .killed(let signal): .killed(command: command.name, signal: signal, output: tail.text)
    }
  }
}
