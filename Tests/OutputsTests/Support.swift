import FileTestSupport
import Glibc
import Threads

@testable import Outputs

/// Waits until something is so; false when it takes unreasonably long, also on a loaded machine.
func eventually(within seconds: Double = 60, _ condition: () -> Bool) -> Bool {
  let end = System.seconds() + seconds
  while !condition() {
    if System.seconds() > end { return false }
    usleep(2000)
  }
  return true
}

func text(_ path: String) -> String { String(decoding: TestFolder.contents(path), as: UTF8.self) }

func line(_ number: UInt64) -> [UInt8] { Array("{\"number\":\(number)}".utf8) }

/// The lines `1...count`, each with its line feed.
func lines(_ numbers: some Sequence<Int>) -> String { numbers.map { "{\"number\":\($0)}\n" }.joined() }

/// A receiver that does what the test wants.
final class TestSink: OutputSink, @unchecked Sendable {  // `monitor` guards the variables.
  enum Behaviour { case take, fail, refuse, hang }
  private let monitor = Monitor()
  private var behaviour: Behaviour
  private var taken: [OutputLine] = []
  private var isInterrupted = false
  private var refused: Set<UInt64>
  let batch: Int

  init(_ behaviour: Behaviour = .take, batch: Int = 8, refusing refused: Set<UInt64> = []) {
    self.behaviour = behaviour
    self.batch = batch
    self.refused = refused
  }

  func become(_ behaviour: Behaviour) {
    monitor.lock()
    self.behaviour = behaviour
    monitor.wakeAll()
    monitor.unlock()
  }

  var numbers: [UInt64] {
    monitor.lock()
    defer { monitor.unlock() }
    return taken.map(\.number)
  }

  func deliver(_ lines: [OutputLine]) throws(OutputError) -> Int {
    monitor.lock()
    defer { monitor.unlock() }
    precondition(!lines.isEmpty && lines.count <= batch)
    while behaviour == .hang && !isInterrupted { monitor.wait() }
    if isInterrupted { throw .interrupted }
    if behaviour == .refuse && refused.contains(lines[0].number) { throw .refused(command: "test", output: "no") }
    if behaviour == .fail { throw .exited(command: "test", status: 1, output: "down") }
    let good = behaviour == .refuse ? Array(lines.prefix { !refused.contains($0.number) }) : lines
    taken += good
    return good.count
  }

  func interrupt() {
    monitor.lock()
    isInterrupted = true
    monitor.wakeAll()
    monitor.unlock()
  }

  func close() {}
}

extension OutputQueue {
  /// Hands in lines no quicker than they are taken over from the inbox, so that none is dropped.
  func put(_ numbers: ClosedRange<UInt64>, _ bytes: (UInt64) -> [UInt8] = line) {
    for number in numbers {
      put(bytes(number), number: number)
      while isNearlyFull { usleep(200) }
    }
  }

  private var isNearlyFull: Bool {
    monitor.lock()
    defer { monitor.unlock() }
    return inbox.count >= options.lines - 1
  }
}

/// Whether these are all numbers from 1; a test that prints thousands of numbers helps nobody.
func isAll(_ numbers: [UInt64], through last: Int) -> Bool { numbers.map(Int.init) == Array(1...last) }

/// Options for tests: small and impatient.
func quick(lines: Int = 4096) -> OutputQueue.Options {
  var options = OutputQueue.Options()
  options.lines = lines
  options.firstPause = 0.005
  options.longestPause = 0.02
  options.linger = 0.001
  options.reserve = 0
  return options
}

/// The program beside this test program.
var testProgram: String {
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
  let path = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/OutputsTestProgram"
}

/// Runs the program to its end, or kills it after so many seconds.
func run(_ arguments: [String], killedAfter seconds: Double? = nil) throws -> (end: ChildProcess.End, output: String) {
  let child = try ChildProcess(.arguments([testProgram] + arguments), separatesErrors: false)
  child.closeInput()
  var output: [UInt8] = []
  let end = System.seconds() + (seconds ?? 120)
  while !child.hasEnded {
    child.read { bytes, _ in output += bytes }
    let left = end - System.seconds()
    if left <= 0 {
      kill(child.process, SIGKILL)
      break
    }
    child.wait(seconds: left, forInput: false)
  }
  let ended = child.reap()
  child.read { bytes, _ in output += bytes }
  return (ended, String(decoding: output, as: UTF8.self))
}

/// A small disk of its own, in memory; nil where the tests may not have one.
final class SmallDisk {
  let path: String

  init?(_ folder: TestFolder, bytes: Int) {
    path = folder.path + "/disk"
    guard unsafe mkdir(path, 0o755) == 0, unsafe mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
      print("no right to mount a small disk: a test of full disks is left out")
      return nil
    }
  }

  /// Fills it to the last byte.
  func fill() {
    let file = unsafe open(path + "/fill", O_WRONLY | O_CREAT | O_APPEND, 0o644)
    let chunk = [UInt8](repeating: 1, count: 4096)
    while unsafe write(file, chunk, chunk.count) > 0 {}
    close(file)
  }

  func empty() { _ = unsafe unlink(path + "/fill") }

  deinit { _ = unsafe umount2(path, Int32(MNT_DETACH)) }
}
