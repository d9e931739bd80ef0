internal import Glibc
internal import Threads

/// Hands decisions to one output, in order, each at least once, and never holds up the line.
///
/// ```text
///   put ──▶ memory ──▶ spill files ──▶ sink        two threads: one writes the spill, one delivers
///              └────────────────────────▲
/// ```
///
/// **The protocol.** A line is first in `decisions.jsonl`, synced, and then handed in by ``put(_:number:)`` with its
/// number there. ``put(_:number:)`` only stores it in memory. A thread appends lines that are not delivered within some
/// milliseconds to the spill. Another offers lines to the ``OutputSink`` until it confirms them, and then moves the
/// cursor, a file with the number of the last delivered line. After a crash or `kill -9` the spill and the cursor are
/// there, and ``lastNumber`` is the last line that the queue still knows: every line up to it was delivered or is in the
/// spill. The caller hands in again the lines behind it (``put(_:number:)`` or ``resume(through:)``). So no line is
/// lost, and those between a confirmation and the cursor's move, at most a batch, come twice.
///
/// **What is bounded.** Memory by ``Options``. When it is full, as with a full disk and a receiver that is down, the
/// oldest line that is not on the disk is dropped. With an ``OutputReplay`` it is read again when its turn comes; without
/// one it is counted as lost.
///
/// Sendable because `monitor` guards every variable; the cursor, the reader and the writer belong to one thread each.
public final class OutputQueue: @unchecked Sendable {
  public struct Options: Sendable {
    /// Bounds of what waits in memory.
    public var lines = 4096
    public var bytes = 8 << 20
    /// Bound of the spill files in bytes.
    public var spillBytes = 1 << 30
    /// Bytes that the spill leaves free on the disk.
    public var reserve = 16 << 20
    /// The size at which a spill file is followed by the next.
    public var segmentBytes = 1 << 20
    /// How often a line is tried before it is given up and written to `undeliverable.jsonl`. Nil: for ever.
    public var tries: Int?
    /// Seconds between tries, doubled from the first to the last.
    public var firstPause = 0.1
    public var longestPause = 30.0
    /// Seconds without a delivery, while lines wait, after which the output counts as stalled.
    public var stallSeconds = 10.0
    /// Seconds that a line may wait for its delivery before it goes to the disk.
    public var linger = 0.02

    public init() {}
  }

  /// What to do with what an earlier process left.
  public enum Start: Sendable {
    /// There must be no undelivered line; numbers begin anew.
    case new
    /// Deliver what is left, then go on.
    case resume
    /// Throw it away; numbers begin anew.
    case replace
  }

  /// The folder that holds the spill and the cursor.
  public let folder: String
  let options: Options
  let sink: any OutputSink
  let replay: OutputReplay?
  let monitor = Monitor()

  // Guarded by the monitor.
  var inbox: [OutputEntry] = []
  var inboxBytes = 0
  var pending: [OutputEntry] = []
  var pendingBytes = 0
  /// Records that are in the spill only, from `spillFront` on, and the lines that they stand for.
  var spilledRecords = 0
  var spilledLines = 0
  var spillFront: SpillPosition?
  var spillLast: UInt64 = 0
  var segments: [Spill.Segment] = []
  /// Entries at the front that are being delivered, and of the inbox those that are being written to the spill.
  var offered = 0
  var writing = 0
  var writingBytes = 0
  /// Of those being written, how many were delivered meanwhile.
  var deliveredWhileWriting = 0
  var taken: UInt64
  var status = OutputStatus()
  var started = System.seconds()
  var lastSuccess: Double?
  var isClosing = false
  var isStopping = false
  var isEnding = false
  var isDelivererDone = false

  // Each of one thread, from its start to its end.
  let cursor: DeliveryCursor
  var writer: SpillWriter
  var reader: SpillReader?

  private var threads: [OwnThread] = []

  /// Opens the folder, makes it if it is not there, and begins to deliver what it holds.
  ///
  /// - Parameters:
  ///   - behind: for a folder that is new, the last line that is not to be delivered: an output does not get what was
  ///     decided before it was there.
  ///   - replay: reads lines from the decisions file. With it numbers must grow by one from line to line.
  /// - Throws: ``OutputError``
  public init(
    folder: String, sink: any OutputSink, start: Start = .resume, options: Options = Options(), behind: UInt64 = 0,
    replay: OutputReplay? = nil
  ) throws(OutputError) {
    precondition(options.lines > 0 && options.bytes > 0 && options.segmentBytes > 0, "an empty queue takes no line")
    precondition(sink.batch > 0, "a sink that takes no lines")
    self.folder = folder
    self.options = options
    self.sink = sink
    self.replay = replay
    let code = System.makeFolder(folder)
    guard code == 0 else { throw .system(operation: "make the folder", path: folder, code: code) }
    cursor = try DeliveryCursor(path: folder + "/cursor")
    var found = try Spill.scan(folder, delivered: cursor.number)
    if start == .new, found.lines > 0 { throw .undelivered(path: folder, lines: found.lines) }
    if start != .resume {
      Spill.clear(folder)
      found = Spill.Found()
      let code = cursor.clear()
      guard code == 0 else { throw .system(operation: "write", path: folder + "/cursor", code: code) }
    }
    if cursor.isNew && behind > 0 {
      let code = cursor.move(to: behind)
      guard code == 0 else { throw .system(operation: "write", path: folder + "/cursor", code: code) }
    }
    writer = SpillWriter(
      folder: folder, segmentSize: options.segmentBytes, reserve: options.reserve, nextIndex: found.nextIndex)
    taken = max(found.last, cursor.number)
    segments = found.segments
    spillFront = found.position
    spilledRecords = found.records
    spilledLines = found.lines
    spillLast = found.last
    sink.start(after: cursor.number, replay: replay)
    guard let deliverer = OwnThread({ self.deliverAll() }) else {
      throw .system(operation: "start a thread for", path: folder, code: EAGAIN)
    }
    guard let keeper = OwnThread({ self.keep() }) else {
      stop(joining: [deliverer])
      throw .system(operation: "start a thread for", path: folder, code: EAGAIN)
    }
    threads = [deliverer, keeper]
  }

  /// The number of the last line that was handed in, in this process or an earlier one.
  public var lastNumber: UInt64 {
    monitor.lock()
    defer { monitor.unlock() }
    return taken
  }

  /// Hands in a line. Only stores it: never waits for the disk or the receiver.
  ///
  /// A line that the queue has already, up to ``lastNumber``, is ignored.
  public func put(_ line: [UInt8], number: UInt64) { put(OutputLine(number: number, bytes: line)) }

  public func put(_ line: OutputLine) {
    monitor.lock()
    defer { monitor.unlock() }
    guard line.number > taken else { return }
    taken = line.number
    guard !isClosing else {
      status.lost += 1
      return
    }
    append(.line(line))
    monitor.wakeAll()
  }

  /// Says that the decisions file holds lines up to this number. Those that the queue does not know are read from there
  /// when their turn comes. Call it once, before the first ``put(_:number:)``.
  public func resume(through number: UInt64) {
    precondition(replay != nil, "lines to resume with need a replay")
    monitor.lock()
    defer { monitor.unlock() }
    guard number > taken, !isClosing else { return }
    append(.gap(first: taken + 1, last: number))
    taken = number
    monitor.wakeAll()
  }

  /// Under the lock: puts an entry behind all others, and makes room for it.
  private func append(_ entry: OutputEntry) {
    inbox.append(entry)
    inboxBytes += entry.size
    makeRoom()
  }

  /// Under the lock: drops the oldest until the rest fits. What is being delivered or written stays; the latter is on its
  /// way out, at most a megabyte, and takes no room from newer lines.
  func makeRoom() {
    while inbox.count - writing > options.lines || inboxBytes - writingBytes > options.bytes {
      let index = max(pending.isEmpty && spilledRecords == 0 ? offered : 0, writing)
      guard index < inbox.count, drop(at: index) else { return }
    }
  }

  /// Under the lock: drops the inbox's entry there, or with a replay remembers its number only; false when nothing is
  /// won by that.
  private func drop(at index: Int) -> Bool {
    guard replay != nil else {
      let dropped = inbox.remove(at: index)
      inboxBytes -= dropped.size
      status.lost += dropped.count
      return true
    }
    let first = inbox[index]
    var last = first.last
    if case .gap = first {
      guard index + 1 < inbox.count else { return false }
      let next = inbox.remove(at: index + 1)
      inboxBytes -= next.size
      last = next.last
    }
    let gap = OutputEntry.gap(first: first.first, last: last)
    inboxBytes += gap.size - first.size
    inbox[index] = gap
    return true
  }

  /// How the output is doing now.
  public var currentStatus: OutputStatus {
    monitor.lock()
    defer { monitor.unlock() }
    var status = status
    for entry in pending + inbox {
      switch entry {
      case .line: status.inMemory += 1
      case .gap: status.deferred += entry.count
      }
    }
    status.spilled = spilledLines
    let now = System.seconds()
    status.secondsSinceDelivery = lastSuccess.map { now - $0 }
    status.isStalled = status.waiting > 0 && now - max(lastSuccess ?? started, waitingSince) > options.stallSeconds
    if status.problem == nil { status.problem = sink.trouble }
    return status
  }

  /// Since when lines wait without a break.
  var waitingSince = System.seconds()

  /// Delivers what waits, within so many seconds, and ends. What is left stays in the spill for the next start.
  ///
  /// - Returns: how the output ended; ``OutputStatus/waiting`` says what is left.
  @discardableResult
  public func close(within seconds: Double) -> OutputStatus {
    monitor.lock()
    guard !isClosing else {
      monitor.unlock()
      return currentStatus
    }
    isClosing = true
    monitor.wakeAll()
    let end = System.seconds() + seconds
    while !isDelivererDone {
      let left = end - System.seconds()
      if left <= 0 { break }
      monitor.wait(seconds: min(left, 1))
    }
    monitor.unlock()
    stop(joining: threads)
    return currentStatus
  }

  private func stop(joining threads: [OwnThread]) {
    monitor.lock()
    isClosing = true
    isStopping = true
    monitor.wakeAll()
    monitor.unlock()
    sink.interrupt()
    threads.first?.join()
    monitor.lock()
    isEnding = true
    monitor.wakeAll()
    monitor.unlock()
    for thread in threads.dropFirst() { thread.join() }
    sink.close()
    cursor.close()
  }
}
