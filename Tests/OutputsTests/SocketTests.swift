import FileTestSupport
import Glibc
import Testing

@testable import Outputs

@Suite struct SocketTests {
  let folder = TestFolder()
  var path: String { folder.path + "/decisions.sock" }

  private func options(greeting: Double = 0.05, patience: Double = 60) -> SocketSink.Options {
    var options = SocketSink.Options()
    options.greeting = greeting
    options.patience = patience
    return options
  }

  private func queue(_ sink: SocketSink, lines: Int = 4096, through last: UInt64 = 1_000_000) throws -> OutputQueue {
    try OutputQueue(folder: folder.path + "/queue", sink: sink, options: quick(lines: lines)) { first, limit in
      first > last ? [] : (first...min(last, first + UInt64(limit) - 1)).map { OutputLine(number: $0, bytes: line($0)) }
    }
  }

  @Test func everySubscriberGetsEveryNewLine() throws {
    let sink = try SocketSink(path: path, options: options())
    let queue = try queue(sink)
    let clients = try (0..<3).map { _ in try Client(path) }
    #expect(eventually { sink.currentStatus.connected == 3 })
    usleep(100_000)  // The greeting: then all three are live, and none needs lines again.
    queue.put(1...300)
    for client in clients { #expect(client.read(300) == lines(1...300)) }
    #expect(eventually { queue.currentStatus.delivered == 300 })
    queue.close(within: 60)
    // The socket is gone, and the subscribers see the end.
    #expect(unsafe access(path, F_OK) != 0)
    for client in clients { #expect(client.isAtEnd) }
  }

  @Test func linesWaitForSomebodyToConnect() throws {
    let sink = try SocketSink(path: path, options: options())
    let queue = try queue(sink, lines: 20)
    queue.put(1...1000)
    #expect(eventually { queue.currentStatus.spilled > 900 })
    #expect(queue.currentStatus.problem == "nobody is connected to \(path)")
    #expect(queue.currentStatus.delivered == 0)
    let client = try Client(path)
    #expect(client.read(1000) == lines(1...1000))
    #expect(eventually { queue.currentStatus.delivered == 1000 })
    // The next one gets what is new.
    let second = try Client(path)
    #expect(eventually { sink.currentStatus.connected == 2 })
    usleep(100_000)
    queue.put(1001...1010)
    #expect(second.read(10) == lines(1001...1010))
    queue.close(within: 60)
  }

  @Test func undeliveredLinesSurviveARestart() throws {
    var queue = try queue(try SocketSink(path: path, options: options()))
    queue.put(1...50)
    #expect(queue.close(within: 0).waiting == 50)
    queue = try self.queue(try SocketSink(path: path, options: options()))
    #expect(queue.lastNumber == 50)
    queue.put(51...60)
    let client = try Client(path)
    #expect(client.read(60) == lines(1...60))
    #expect(queue.close(within: 60).waiting == 0)
  }

  @Test func aSubscriberGetsAgainWhatItMissed() throws {
    let sink = try SocketSink(path: path, options: options(greeting: 30))
    let queue = try queue(sink)
    let first = try Client(path)
    first.send("ack 0\n")
    queue.put(1...2000)
    // It waits for some before it acknowledges.
    #expect(first.read(500) == lines(1...500))
    first.send("ack 500\n")
    #expect(first.read(1500, acknowledging: true) == lines(501...2000))
    first.send("ack 2000\n")
    #expect(eventually { queue.currentStatus.delivered == 2000 })
    let second = try Client(path)
    second.send("from 700\n")
    #expect(second.read(1301) == lines(700...2000))
    queue.put(2001...2001)
    #expect(second.read(1) == lines(2001...2001))
    // It has what comes next already, by its own word.
    let third = try Client(path)
    third.send("from 2005\nack 0\n")
    #expect(eventually { sink.currentStatus.acknowledging == 2 })
    queue.put(2002...2010)
    #expect(third.read(6) == lines(2005...2010))
    // The first one has not acknowledged 2001, whatever others have.
    #expect(queue.currentStatus.delivered == 2000)
    #expect(first.read(10) == lines(2001...2010))
    first.send("ack 2010\n")
    #expect(eventually { queue.currentStatus.delivered == 2004 })
    third.send("ack 2010\n")
    #expect(eventually { queue.currentStatus.delivered == 2010 })
    queue.close(within: 0)
  }

  @Test func aLineIsDeliveredWhenItIsAcknowledged() throws {
    let sink = try SocketSink(path: path, options: options(greeting: 30))
    let queue = try queue(sink)
    var client: Client? = try Client(path)
    client!.send("ack 0\n")
    queue.put(1...10)
    #expect(client!.read(10) == lines(1...10))
    client!.send("ack 4\n")
    #expect(eventually { queue.currentStatus.delivered == 4 })
    #expect(queue.currentStatus.waiting == 6)
    // It dies: the next one gets the rest.
    client = nil
    #expect(eventually { sink.currentStatus.connected == 0 })
    let next = try Client(path)
    next.send("ack 0\n")
    #expect(next.read(6) == lines(5...10))
    next.send("ack 10\n")
    #expect(eventually { queue.currentStatus.delivered == 10 })
    queue.close(within: 60)
  }

  @Test func whoDoesNotAcknowledgeIsDisconnected() throws {
    let sink = try SocketSink(path: path, options: options(patience: 0.3))
    let queue = try queue(sink)
    let silent = try Client(path)
    silent.send("ack 0\n")
    #expect(eventually { sink.currentStatus.acknowledging == 1 })
    let plain = try Client(path)
    #expect(eventually { sink.currentStatus.connected == 2 })
    queue.put(1...10)
    #expect(plain.read(10) == lines(1...10))
    #expect(eventually { sink.currentStatus.slow == 1 && queue.currentStatus.delivered == 10 })
    queue.close(within: 60)
  }

  @Test func whoLagsBehindIsDisconnectedAndHoldsNobodyUp() throws {
    var options = options()
    options.bufferBytes = 20_000
    let sink = try SocketSink(path: path, options: options)
    let queue = try queue(sink)
    let slow = try Client(path)
    let quick = try Client(path)
    #expect(eventually { sink.currentStatus.connected == 2 })
    usleep(100_000)
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 999)
    var number: UInt64 = 0
    while sink.currentStatus.slow == 0 && number < 20_000 {
      queue.put(number + 1...number + 100) { _ in long }
      #expect(quick.read(100).utf8.count == 100_000)
      number += 100
    }
    #expect(sink.currentStatus.slow == 1 && sink.currentStatus.connected == 1)
    #expect(eventually { queue.currentStatus.delivered == Int(number) })
    withExtendedLifetime(slow) {}
    queue.close(within: 60)
  }

  @Test(arguments: ["form 7\n", "from\n", "from x\n", "ack -1\n", String(repeating: "a", count: 300)])
  func wrongCommandsAreAnswered(_ command: String) throws {
    let sink = try SocketSink(path: path, options: options())
    let queue = try queue(sink)
    let client = try Client(path)
    client.send(command)
    #expect(client.read(1).hasPrefix("{\"error\":\""))
    #expect(client.isAtEnd)
    #expect(eventually { sink.currentStatus.wrong == 1 && sink.currentStatus.connected == 0 })
    queue.close(within: 0)
  }

  @Test func aListenerThatSaysNothingStaysConnected() throws {
    // As `socat -u` and scripts with a closed input do.
    let sink = try SocketSink(path: path, options: options(greeting: 30))
    let queue = try queue(sink)
    let client = try Client(path)
    client.finish()
    queue.put(1...5)
    #expect(client.read(5) == lines(1...5))
    queue.close(within: 60)
  }

  @Test func tooManyAreRefused() throws {
    var options = options()
    options.subscribers = 2
    let sink = try SocketSink(path: path, options: options)
    let queue = try queue(sink)
    let clients = try (0..<3).map { _ in try Client(path) }
    #expect(eventually { sink.currentStatus.refused == 1 && sink.currentStatus.connected == 2 })
    #expect(clients[2].isAtEnd)
    queue.close(within: 0)
  }

  @Test func onlyAStaleSocketIsRemoved() throws {
    #expect(throws: OutputError.socketPathTooLong(path: String(repeating: "a", count: 108))) {
      try SocketSink(path: String(repeating: "a", count: 108))
    }
    folder.write([1], "file.sock")
    #expect(throws: OutputError.notSocket(path: folder.path + "/file.sock")) {
      try SocketSink(path: folder.path + "/file.sock")
    }
    #expect(folder.contents("file.sock") == [1])

    var first: SocketSink? = try SocketSink(path: path)
    var status = stat()
    #expect(unsafe lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
    #expect(throws: OutputError.socketInUse(path: path)) { try SocketSink(path: path) }
    // Ended without closing, as by kill -9: the name stays behind.
    withExtendedLifetime(first) {}
    first = nil
    #expect(unsafe access(path, F_OK) == 0)
    let second = try SocketSink(path: path)
    second.close()
    #expect(unsafe access(path, F_OK) != 0)
  }
}

/// A program that connects to a socket.
final class Client {
  private let socket: Int32
  private var buffer: [UInt8] = []

  init(_ path: String) throws {
    var address = try #require(LocalSocket.address(path))
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let socket = socket
    let result = unsafe LocalSocket.call(&address) { unsafe connect(socket, $0, $1) }
    try #require(result == 0)
    // A reader that waits for ever would never say what is missing.
    var timeout = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// The next lines; fewer when no more come.
  func read(_ count: Int, acknowledging: Bool = false) -> String {
    var ends = 0
    var place = 0
    while true {
      while place < buffer.count && ends < count {
        if buffer[place] == 0x0A { ends += 1 }
        place += 1
      }
      if ends == count { break }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let got = unsafe recv(socket, &chunk, chunk.count, 0)
      if got <= 0 { break }
      buffer += chunk[..<got]
      if acknowledging { send("ack 1000000\n") }
    }
    defer { buffer.removeFirst(place) }
    return String(decoding: buffer[..<place], as: UTF8.self)
  }

  var isAtEnd: Bool {
    var byte: UInt8 = 0
    guard buffer.isEmpty else { return false }
    return unsafe recv(socket, &byte, 1, 0) <= 0
  }
}
