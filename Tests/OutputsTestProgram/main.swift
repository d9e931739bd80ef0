internal import Glibc
internal import Outputs
internal import Synchronization

// A program that the tests start, and kill at random moments.
//
//   feed replay|again FOLDER DECISIONS TARGET COUNT
//     Stands for an inspection: appends decisions 1 to COUNT to DECISIONS, going on where it was killed, and hands them
//     to a queue that appends them to TARGET. Lines that the queue does not know are read from DECISIONS by the queue
//     (replay), or handed in again (again).
//   descriptors FOLDER
//     Delivers 200 lines to commands, and prints open descriptors before and after, and how many children are left.

func contents(_ path: String) -> [UInt8] {
  let file = unsafe open(path, O_RDONLY)
  guard file >= 0 else { return [] }
  defer { close(file) }
  var all: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(file, &chunk, chunk.count)
    if count <= 0 { return all }
    all += chunk[..<count]
  }
}

func append(_ bytes: [UInt8], _ path: String) {
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
  let count = unsafe write(file, bytes, bytes.count)
  precondition(count == bytes.count)
  close(file)
}

/// Now and then fails, and now and then is slow, so that lines come to lie in the spill. Appends with one write.
final class FileSink: OutputSink {
  let path: String
  let calls = Atomic<Int>(0)
  var batch: Int { 8 }
  init(path: String) { self.path = path }
  func deliver(_ lines: [OutputLine]) throws(OutputError) -> Int {
    let call = calls.add(1, ordering: .relaxed).newValue
    if call % 7 == 0 { usleep(12_000) }
    if call % 11 == 0 { throw .exited(command: "test", status: 1, output: "") }
    append(lines.flatMap { $0.bytes + [0x0A] }, path)
    return lines.count
  }
  func interrupt() {}
  func close() {}
}

func line(_ number: UInt64) -> [UInt8] {
  Array("{\"number\":\(number),\"rest\":\"\(String(repeating: "x", count: Int(number * 37 % 300)))\"}".utf8)
}

func feed(_ arguments: [String]) throws {
  let (mode, folder, decisions, target) = (arguments[0], arguments[1], arguments[2], arguments[3])
  let count = UInt64(arguments[4])!
  var existing = contents(decisions)
  // As the decision log does: a torn end is cut off.
  while let last = existing.last, last != 0x0A { existing.removeLast() }
  _ = unsafe truncate(decisions, existing.count)
  let lines = existing.split(separator: 0x0A).map(Array.init)
  let replay: OutputReplay = { first, limit in
    contents(decisions).split(separator: 0x0A).enumerated().dropFirst(Int(first) - 1).prefix(limit).map {
      OutputLine(number: UInt64($0.offset + 1), bytes: Array($0.element))
    }
  }
  var options = OutputQueue.Options()
  options.lines = 16
  options.segmentBytes = 2000
  options.linger = 0.001
  options.firstPause = 0.01
  options.longestPause = 0.02
  options.reserve = 0
  let queue = try OutputQueue(
    folder: folder, sink: FileSink(path: target), start: .resume, options: options,
    replay: mode == "replay" ? replay : nil)
  let known = queue.lastNumber
  precondition(known <= lines.count, "the queue knows \(known) of \(lines.count) decisions")
  if mode == "replay" {
    queue.resume(through: UInt64(lines.count))
  } else {
    for (index, line) in lines.enumerated().dropFirst(Int(known)) {
      queue.put(line, number: UInt64(index + 1))
      while queue.currentStatus.inMemory > 12 { usleep(200) }
    }
  }
  for number in UInt64(lines.count) + 1..<count + 1 {
    append(line(number) + [0x0A], decisions)
    queue.put(line(number), number: number)
    // Without a replay nothing may be dropped, or it would be lost.
    while mode == "again" && queue.currentStatus.inMemory > 12 { usleep(200) }
    usleep(300)
  }
  let status = queue.close(within: 60)
  print(status)
  exit(status.waiting == 0 && status.lost == 0 ? 0 : 1)
}

func openDescriptors() -> Int {
  guard let folder = unsafe opendir("/proc/self/fd") else { return -1 }
  defer { unsafe closedir(folder) }
  var count = 0
  while unsafe readdir(folder) != nil { count += 1 }
  return count
}

func descriptors(_ folder: String) throws {
  // As the program does that the queue is part of.
  var signals = sigset_t()
  unsafe sigemptyset(&signals)
  unsafe sigaddset(&signals, SIGINT)
  unsafe sigaddset(&signals, SIGTERM)
  _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  var before = 0
  var after = 0
  for round in 0..<2 {
    let once = CommandSink(.arguments(["cat"]))
    let short = CommandSink(.shell("read -r line; echo ok; exit 3"), mode: .lines(acknowledged: true))
    for (name, sink) in [("once", once), ("short", short)] {
      var options = OutputQueue.Options()
      options.firstPause = 0.001
      let queue = try OutputQueue(folder: folder + "/\(name)\(round)", sink: sink, options: options)
      queue.put(line(1), number: 1)
      while queue.currentStatus.delivered < 1 { usleep(1000) }
      for number in 2..<UInt64(101) { queue.put(line(number), number: number) }
      while queue.currentStatus.delivered < 100 { usleep(1000) }
      queue.close(within: 10)
    }
    if round == 0 { before = openDescriptors() } else { after = openDescriptors() }
  }
  var status: Int32 = 0
  let child = unsafe waitpid(-1, &status, WNOHANG)
  print("before \(before) after \(after) children \(child == -1 && errno == ECHILD ? 0 : 1)")
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "feed": try feed(Array(arguments.dropFirst()))
case "descriptors": try descriptors(arguments[1])
default: exit(64)
}
