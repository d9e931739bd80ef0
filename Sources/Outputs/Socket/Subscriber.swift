internal import Glibc

/// One program that is connected to a ``SocketSink``. The serving thread's.
final class Subscriber {
  enum Phase: Equatable {
    /// It has until then to say what it wants.
    case greeting(until: Double)
    /// It gets lines again, the next one being this.
    case replaying(next: UInt64)
    case live
  }

  enum Ending: Equatable { case gone, slow, wrong }

  let socket: Int32
  var phase: Phase
  var flow = LineFlow()
  /// The last line that is in its socket.
  private var written: UInt64 = 0
  /// By its own word it has all lines up to this one.
  private var skipped: UInt64 = 0
  /// Nil while it never acknowledged.
  private(set) var acknowledged: UInt64?
  var ending: Ending?
  /// It is disconnected once it has what is in `flow`.
  var endsWhenWritten = false
  /// It sends nothing more.
  var isDeaf = false
  /// When it last read or acknowledged, or had nothing to read or acknowledge.
  var lastProgress: Double
  private var input: [UInt8] = []

  init(socket: Int32, greeting: Double, now: Double) {
    self.socket = socket
    phase = .greeting(until: now + greeting)
    lastProgress = now
  }

  deinit { close(socket) }

  var has: UInt64 { max(written, skipped) }
  /// What it acknowledged of what it has; nil while it never did.
  var taken: UInt64? { acknowledged.map { min(max($0, skipped), has) } }
  /// It owes reading or acknowledging.
  var isBusy: Bool { !flow.unsent.isEmpty || taken.map { $0 < has } ?? false }

  /// Hands it lines that it has not, while it reads them.
  func offer(_ lines: [OutputLine], limit: Int, now: Double) {
    for line in lines where line.number > max(flow.last, skipped) {
      flow.append(line)
      if flow.unsent.count > limit / 2 { flush(now: now) }
      if flow.unsent.count > limit / 2 { return }
    }
  }

  /// Hands it lines that are not offered again: it must take them now.
  func push(_ lines: some Sequence<OutputLine>, limit: Int) {
    guard phase == .live else { return }
    for line in lines where line.number > max(flow.last, skipped) && ending == nil {
      flow.append(line)
      // One line alone may be larger than the limit.
      if flow.unsent.count > max(limit, line.bytes.count + 1) { ending = .slow }
    }
  }

  /// Writes what fits.
  func flush(now: Double) {
    while !flow.unsent.isEmpty && ending == nil {
      let count = unsafe flow.unsent.withUnsafeBytes {
        unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno != EAGAIN { ending = .gone }
      if count <= 0 { break }
      lastProgress = now
      flow.advance(count)
    }
    while let number = flow.confirmFirst() { written = max(written, number) }
    if endsWhenWritten && flow.unsent.isEmpty { ending = ending ?? .wrong }
  }

  /// Reads its commands.
  func read(now: Double, canReplay: Bool) {
    var chunk = [UInt8](repeating: 0, count: 1024)
    while ending == nil && !isDeaf {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 {
        if errno != EAGAIN { ending = .gone }
        return
      }
      // A script may close its side and only listen.
      if count == 0 { isDeaf = true }
      input.append(contentsOf: chunk[..<count])
      while let end = input.firstIndex(of: 0x0A), !endsWhenWritten {
        let line = String(decoding: input[..<end], as: UTF8.self)
        input.removeFirst(end + 1)
        obey(line, now: now, canReplay: canReplay)
      }
      if input.count > 256 { refuse("a command is longer than 256 bytes") }
    }
  }

  private func obey(_ line: String, now: Double, canReplay: Bool) {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\r" })
    if words.isEmpty { return }
    guard words.count == 2, let number = UInt64(words[1]) else {
      return refuse("unknown command, use from N or ack N")
    }
    switch words[0] {
    case "from":
      guard canReplay || number == 0 else { return refuse("lines cannot be read again here, use ack N only") }
      phase = .replaying(next: max(number, 1))
      skipped = max(number, 1) - 1
    case "ack":
      // It cannot have what it did not get.
      let taken = max(acknowledged ?? 0, min(number, has))
      if taken > acknowledged ?? 0 { lastProgress = now }
      acknowledged = taken
    default: refuse("unknown command, use from N or ack N")
    }
  }

  func refuse(_ reason: String) {
    guard !endsWhenWritten else { return }
    flow.append(text: "{\"error\":\"\(reason)\"}")
    endsWhenWritten = true
    input = []
  }
}
