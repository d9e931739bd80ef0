internal import Glibc
internal import Threads

/// A UNIX-domain stream socket that any number of programs may connect to; each gets every new decision as one line.
///
/// A subscriber need not say anything. It may send lines:
/// - `from N`: it has all lines before number N. It gets those from N on, read again from the decisions file as far as
///   they were delivered before it came, and then the new ones, without a gap.
/// - `ack N`: it has taken all lines up to N. With its first one, `ack 0` for example, it becomes an acknowledging
///   subscriber. It acknowledges at least every 500 lines, or when for a moment none came.
///
/// A line is confirmed when every acknowledging subscriber has acknowledged it, or, when there is none, when it was
/// written to the socket of one subscriber. One that does not read, or does not acknowledge, for
/// ``Options/patience`` seconds, or that lags behind by more than ``Options/bufferBytes``, is disconnected and counted.
/// While nobody is connected lines wait, and the first one to connect gets them.
///
/// Sendable because `monitor` guards all variables that both threads use.
public final class SocketSink: OutputSink, @unchecked Sendable {
  public struct Options: Sendable {
    /// Bytes that may wait for one subscriber.
    public var bufferBytes = 1 << 20
    /// Seconds without reading or acknowledging after which a subscriber is disconnected.
    public var patience = 30.0
    /// Seconds that a new subscriber has to send `from` or `ack` before it gets lines.
    public var greeting = 0.2
    /// The most subscribers at once.
    public var subscribers = 32
    public var permissions: UInt32 = 0o660

    public init() {}
  }

  public struct Status: Sendable, Hashable {
    public var connected = 0
    public var acknowledging = 0
    /// How many were disconnected: too slow, a wrong command, or too many at once.
    public var slow = 0
    public var wrong = 0
    public var refused = 0

    public init() {}
  }

  public let path: String
  let options: Options
  let monitor = Monitor()
  let listener: Int32
  let wake: (reading: Int32, writing: Int32)
  private let inode: ino_t
  private var thread: OwnThread?

  // Guarded by the monitor.
  /// Lines that are not confirmed.
  var window: [OutputLine] = []
  var confirmed: UInt64 = 0
  var isInterrupted = false
  var isClosing = false
  var status = Status()
  var failure: OutputError?

  /// Listens at `path`. A socket that an ended program left there is removed; nothing else is.
  ///
  /// - Throws: ``OutputError``
  public init(path: String, options: Options = Options()) throws(OutputError) {
    let (listener, inode) = try LocalSocket.bound(path, permissions: options.permissions)
    guard let wake = System.pipe() else {
      let code = errno
      Glibc.close(listener)
      _ = unsafe unlink(path)
      throw .system(operation: "make a pipe for", path: path, code: code)
    }
    self.path = path
    self.options = options
    self.listener = listener
    self.inode = inode
    self.wake = wake
    System.setNonBlocking(wake.reading)
    System.setNonBlocking(wake.writing)
  }

  deinit {
    Glibc.close(listener)
    Glibc.close(wake.reading)
    Glibc.close(wake.writing)
  }

  public var batch: Int { 1024 }

  public func start(after delivered: UInt64, replay: OutputReplay?) {
    confirmed = delivered
    thread = OwnThread { SocketService(self, after: delivered, replay: replay).run() }
    if thread == nil { failure = .system(operation: "start a thread for", path: path, code: EAGAIN) }
  }

  public func deliver(_ lines: [OutputLine]) throws(OutputError) -> Int {
    monitor.lock()
    defer { monitor.unlock() }
    if let failure { throw failure }
    let last = window.last?.number ?? confirmed
    window.append(contentsOf: lines.lazy.filter { $0.number > last })
    ring()
    // An acknowledging subscriber may want some more lines before it says that it has them.
    let end = System.seconds() + (status.connected > 0 ? 0.02 : 1)
    while confirmed < lines[0].number && !isInterrupted {
      let left = end - System.seconds()
      if left <= 0 && window.count < batch { return 0 }
      monitor.wait(seconds: left > 0 ? left : 1)
    }
    window.removeAll { $0.number <= confirmed }
    let count = lines.prefix { $0.number <= confirmed }.count
    guard count > 0 else { throw .interrupted }
    return count
  }

  /// Wakes the thread that serves.
  func ring() {
    var byte: UInt8 = 1
    _ = unsafe write(wake.writing, &byte, 1)
  }

  public var trouble: String? {
    monitor.lock()
    defer { monitor.unlock() }
    return status.connected == 0 ? "nobody is connected to \(path)" : nil
  }

  public var currentStatus: Status {
    monitor.lock()
    defer { monitor.unlock() }
    return status
  }

  public func interrupt() {
    monitor.lock()
    isInterrupted = true
    monitor.wakeAll()
    monitor.unlock()
  }

  public func close() {
    monitor.lock()
    isClosing = true
    monitor.unlock()
    ring()
    thread?.join()
    thread = nil
    // Only what is ours: another may have taken the name.
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_ino == inode { _ = unsafe unlink(path) }
  }
}
