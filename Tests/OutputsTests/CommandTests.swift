import FileTestSupport
import Glibc
import Testing
import Threads

@testable import Outputs

@Suite struct CommandTests {
  let folder = TestFolder()
  var path: String { folder.path }

  /// Delivers the lines to the command, and says how it ended.
  private func deliver(
    _ count: UInt64, _ sink: CommandSink, options: OutputQueue.Options = quick()
  ) throws -> OutputStatus {
    let queue = try OutputQueue(folder: path + "/queue", sink: sink, options: options)
    queue.put(1...count)
    return queue.close(within: 60)
  }

  private func options(timeout: Double, grace: Double = 5) -> CommandSink.Options {
    var options = CommandSink.Options()
    options.timeout = timeout
    options.grace = grace
    return options
  }

  @Test func runsTheCommandForEachLine() throws {
    let status = try deliver(20, CommandSink(.shell("cat >> \(path)/out; echo done >> \(path)/runs")))
    #expect(status.delivered == 20)
    #expect(text(path + "/out") == lines(1...20))
    #expect(text(path + "/runs") == String(repeating: "done\n", count: 20))
  }

  @Test func takesAListOfArguments() throws {
    // No shell takes these words apart.
    let status = try deliver(2, CommandSink(.arguments(["tee", "-a", path + "/it's here"])))
    #expect(status.delivered == 2)
    #expect(text(path + "/it's here") == lines(1...2))
  }

  @Test func aFailureIsTriedAgainInOrder() throws {
    // Every third run fails before it takes the line.
    let script =
      "n=$(cat \(path)/n 2>/dev/null || echo 0); echo $((n + 1)) > \(path)/n; "
      + "[ $((n % 3)) != 1 ] || { echo 'no luck' >&2; exit 7; }; cat >> \(path)/out"
    let status = try deliver(20, CommandSink(.shell(script)))
    #expect(status.delivered == 20 && status.failures == 0)
    #expect(text(path + "/out") == lines(1...20))
  }

  @Test func saysWhyItFailed() throws {
    let sink = CommandSink(.shell("echo 'the valve is stuck' >&2; exit 7"))
    let queue = try OutputQueue(folder: path + "/queue", sink: sink, options: quick())
    queue.put(line(1), number: 1)
    #expect(eventually { queue.currentStatus.failures > 1 })
    #expect(
      queue.currentStatus.problem
        == "\"echo 'the valve is stuck' >&2; exit 7\" ended with status 7, saying: the valve is stuck")
    #expect(queue.close(within: 0).waiting == 1)
  }

  @Test func aCommandThatIsNotThereIsAFailure() throws {
    let sink = CommandSink(.arguments(["/nowhere/at all"]))
    let queue = try OutputQueue(folder: path + "/queue", sink: sink, options: quick())
    queue.put(line(1), number: 1)
    #expect(eventually { queue.currentStatus.failures > 1 })
    #expect(queue.currentStatus.problem == "cannot run \"/nowhere/at all\": No such file or directory")
    queue.close(within: 0)
  }

  @Test func status65RefusesTheLine() throws {
    let status = try deliver(
      4, CommandSink(.shell("read -r l; case $l in *2*) exit 65;; esac; echo $l >> \(path)/out")))
    #expect(status.delivered == 3 && status.givenUp == 1)
    #expect(text(path + "/out").split(separator: "\n").count == 3)
    #expect(text(path + "/queue/undeliverable.jsonl") == lines(2...2))
  }

  @Test func aSignalIsAFailure() throws {
    let sink = CommandSink(.shell("kill -USR1 $$"))
    #expect(throws: OutputError.killed(command: "\"kill -USR1 $$\"", signal: SIGUSR1, output: "")) {
      try sink.deliver([OutputLine(number: 1, bytes: line(1))])
    }
  }

  @Test func aCommandNeedNotReadItsInput() throws {
    // Larger than any pipe.
    let long = OutputLine(number: 1, bytes: [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20))
    #expect(try CommandSink(.shell("exec true")).deliverOnOwnThread([long]) == .success(1))
    #expect(try CommandSink(.shell("wc -c > \(path)/count")).deliverOnOwnThread([long]) == .success(1))
    #expect(text(path + "/count").filter(\.isNumber) == "\((1 << 20) + 1)")
  }

  @Test func whatItWritesIsNotKeptWhole() throws {
    let sink = CommandSink(.shell("head -c 3000000 /dev/zero | tr '\\0' y; exit 3"))
    guard case .failure(.exited(_, 3, let output)) = try sink.deliverOnOwnThread([OutputLine(number: 1, bytes: [])])
    else {
      Issue.record("it should have failed")
      return
    }
    #expect(output == String(repeating: "y", count: 400))
  }

  /// A command that hangs is ended with all that it started, also what does not want to end.
  @Test(arguments: ["", "trap '' TERM; "]) func aHangingCommandIsEnded(_ trap: String) throws {
    let sink = CommandSink(
      .shell("\(trap)sh -c '\(trap)echo $$ > \(path)/pid; while :; do sleep 0.1; done' & wait; sleep 1000"),
      options: options(timeout: 1, grace: trap.isEmpty ? 20 : 0.2))
    let result = try sink.deliverOnOwnThread([OutputLine(number: 1, bytes: line(1))])
    #expect(result == .failure(.timedOut(command: sink.command.name, seconds: 1)))
    let child = try #require(pid_t(text(path + "/pid").filter(\.isNumber)))
    // Not ours to reap: it is gone, or dead and waits for its new parent.
    #expect(
      eventually {
        let state = text("/proc/\(child)/stat").split(separator: ")").last?.split(separator: " ").first
        return kill(child, 0) != 0 || state == "Z"
      })
  }

  @Test func theLineGoesOnWhileACommandHangs() throws {
    let sink = CommandSink(.shell("sleep 1000"), options: options(timeout: 100))
    let queue = try OutputQueue(folder: path + "/queue", sink: sink, options: quick(lines: 50))
    queue.put(1...1000)
    #expect(eventually { queue.currentStatus.spilled > 900 })
    // And it ends although the command does not.
    #expect(queue.close(within: 0.05).waiting == 1000)
  }

  @Test func theCommandHasNothingOfOurs() throws {
    // The delivering thread blocks all signals; the command must get them, and only three descriptors.
    let script =
      "grep -E 'SigBlk|SigIgn' /proc/self/status > \(path)/signals; ls -l /proc/self/fd | grep -v /proc > \(path)/fds; "
      + "echo $$ $(cut -d' ' -f5 /proc/self/stat) > \(path)/group"
    #expect(try deliver(1, CommandSink(.shell(script))).delivered == 1)
    let signals = text(path + "/signals").split(whereSeparator: { $0 == "\n" || $0 == "\t" })
    // Signals 32 and 33 are the C library's own.
    let masks = signals.compactMap { UInt64($0, radix: 16) }.map { $0 & ~(3 << 31) }
    #expect(masks == [0, 0], "\(signals)")
    let descriptors = text(path + "/fds").split(separator: "\n").filter { $0.contains("->") }
    #expect(descriptors.count == 3, "\(descriptors)")
    let group = text(path + "/group").split(whereSeparator: { $0 == " " || $0 == "\n" })
    #expect(group.count == 2 && group[0] == group[1])
  }

  @Test func oneCommandTakesManyLines() throws {
    let sink = CommandSink(
      .shell("echo start >> \(path)/starts; cat >> \(path)/out"), mode: .lines(acknowledged: false))
    #expect(try deliver(500, sink).delivered == 500)
    #expect(text(path + "/out") == lines(1...500))
    #expect(text(path + "/starts") == "start\n")
  }

  /// It dies after every third line, sometimes with lines in its pipe: acknowledged ones only are delivered.
  @Test func acknowledgedLinesSurviveTheCommandsDeath() throws {
    let script = "for i in 1 2 3; do read -r l || exit 0; echo \"$l\" >> \(path)/out; echo ok; done; exit 9"
    let sink = CommandSink(.shell(script), mode: .lines(acknowledged: true))
    #expect(try deliver(60, sink).delivered == 60)
    #expect(text(path + "/out") == lines(1...60))
  }

  /// What a command confirmed before it ended is not given to the next one.
  @Test func acknowledgementsAreReadAfterTheEnd() throws {
    let script =
      "echo start >> \(path)/starts; read -r a; read -r b; echo ok; sleep 0.2; echo ok; echo > \(path)/ended; exit 9"
    let sink = CommandSink(.shell(script), mode: .lines(acknowledged: true))
    defer { sink.close() }
    let two = [1, 2].map { OutputLine(number: $0, bytes: line($0)) }
    let first = try sink.deliver(two)
    #expect(eventually { !text(path + "/ended").isEmpty })
    usleep(100_000)
    if first == 1 { #expect(try sink.deliver([two[1]]) == 1) }
    #expect(text(path + "/starts") == "start\n")
  }

  @Test func aCommandThatDoesNotAcknowledgeIsStartedAgain() throws {
    let script =
      "read -r l; [ -e \(path)/once ] || { touch \(path)/once; exec sleep 1000; }; echo \"$l\" >> \(path)/out; echo ok; "
      + "while read -r l; do echo \"$l\" >> \(path)/out; echo ok; done"
    let sink = CommandSink(.shell(script), mode: .lines(acknowledged: true), options: options(timeout: 1))
    #expect(try deliver(10, sink).delivered == 10)
    #expect(text(path + "/out") == lines(1...10))
  }

  @Test func outputTailsAreOneLine() {
    var tail = OutputTail()
    tail.append(Array("one\r\n\u{1B}[31mtwo\u{7F}\n\n".utf8)[...])
    #expect(tail.text == "one / [31mtwo")
  }
}

extension CommandSink {
  /// As a queue does it: with signals blocked, since writing to a pipe that nobody reads raises one.
  func deliverOnOwnThread(_ lines: [OutputLine]) throws -> Result<Int, OutputError> {
    let result = Box()
    let thread = OwnThread {
      System.blockSignals()
      do throws(OutputError) {
        result.value = .success(try self.deliver(lines))
      } catch {
        result.value = .failure(error)
      }
    }
    try #require(thread).join()
    return result.value
  }

  /// Written by the thread before it ends, read after it was joined.
  private final class Box: @unchecked Sendable {
    var value: Result<Int, OutputError> = .failure(.interrupted)
  }
}
