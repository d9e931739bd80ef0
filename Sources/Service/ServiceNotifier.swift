internal import Glibc
internal import Synchronization

/// Tells systemd how the program is: started, alive, reloading, ending, and in words what it does.
///
/// The protocol is sd_notify(3)'s: datagrams with `NAME=value` lines to the socket that `NOTIFY_SOCKET` names. Nothing
/// here waits: a service manager that does not read must not stall a line.
public final class ServiceNotifier: Sendable {
  private let socket: Int32
  /// Of `sockaddr_un`, without the family.
  private let address: [UInt8]
  /// Seconds within which the service manager wants a sign of life; `nil` if it does not watch.
  public let watchdog: Double?
  /// By the monotonic clock, in nanoseconds.
  private let lastSign = Atomic<Int64>(.min)

  /// The service manager that started this process; `nil` if none did.
  ///
  /// Takes `NOTIFY_SOCKET` and the watchdog's variables out of the environment, so that programs started from here do
  /// not speak in this one's name. To be called before there are other threads: they might be reading the environment.
  public static func fromEnvironment() -> ServiceNotifier? {
    func take(_ name: String) -> String? {
      defer { _ = unsafe unsetenv(name) }
      return unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    let (socket, microseconds, process) = (take("NOTIFY_SOCKET"), take("WATCHDOG_USEC"), take("WATCHDOG_PID"))
    guard let socket else { return nil }
    // The watchdog may be meant for the process that started this one.
    let isOurs = process.map { Int32($0) == getpid() } ?? true
    let watchdog = isOurs ? microseconds.flatMap { Int64($0) }.flatMap { $0 > 0 ? Double($0) * 1e-6 : nil } : nil
    return ServiceNotifier(socket: socket, watchdog: watchdog)
  }

  /// - Parameters:
  ///   - name: the socket's absolute path, or its name in the abstract space after an `@`.
  ///   - watchdog: seconds within which a sign of life is wanted.
  /// - Returns: `nil` for other addresses, and without a socket to be had.
  public init?(socket name: String, watchdog: Double? = nil) {
    var bytes = Array(name.utf8)
    guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
      (2...107).contains(bytes.count)
    else { return nil }
    // An abstract name begins with a zero and ends with its length, a path ends with a zero.
    if first == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
    address = bytes
    self.watchdog = watchdog
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
  }

  deinit { close(socket) }

  /// The service does what it is there for, also after a reload. What depends on it may start.
  @discardableResult public func ready(_ status: String? = nil) -> Bool { send(["READY=1"] + Self.line(status)) }

  /// One line that `systemctl status` shows.
  @discardableResult public func status(_ text: String) -> Bool { send(Self.line(text)) }

  /// The configuration is being read again; ``ready(_:)`` must follow.
  @discardableResult public func reloading(_ status: String? = nil) -> Bool {
    send(["RELOADING=1", "MONOTONIC_USEC=\(Self.nanoseconds() / 1000)"] + Self.line(status))
  }

  /// The service is ending.
  @discardableResult public func stopping(_ status: String? = nil) -> Bool { send(["STOPPING=1"] + Self.line(status)) }

  /// Start, reload or stop take so much longer, in seconds from now.
  @discardableResult public func extendTimeout(_ seconds: Double) -> Bool {
    send(["EXTEND_TIMEOUT_USEC=\(Int64(max(0, seconds) * 1e6))"])
  }

  /// A sign of life for the watchdog, to be given by whatever must not stand still, as often as it likes: it is passed
  /// on when half of the time between two has gone, as sd_watchdog_enabled(3) recommends.
  ///
  /// - Returns: whether it was passed on.
  @discardableResult public func alive() -> Bool {
    guard let watchdog else { return false }
    let now = Self.nanoseconds()
    let last = lastSign.load(ordering: .relaxed)
    // A quarter early, for who calls just before the half and then not for a while.
    guard last == .min || now - last >= Int64(watchdog * 0.5e9 * 0.75) else { return false }
    guard lastSign.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged else { return false }
    if send(["WATCHDOG=1"]) { return true }
    // Not delivered: the next sign tries again.
    lastSign.store(.min, ordering: .relaxed)
    return false
  }

  /// - Returns: whether the datagram was taken.
  private func send(_ lines: [String]) -> Bool {
    let message = Array(lines.joined(separator: "\n").utf8)
    var to = sockaddr_un()
    to.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &to.sun_path) { unsafe $0.copyBytes(from: address) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
    return unsafe withUnsafePointer(to: &to) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { to in
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        return unsafe message.withUnsafeBytes { bytes in
          unsafe sendto(socket, bytes.baseAddress, bytes.count, flags, to, length) == bytes.count
        }
      }
    }
  }

  /// One line of at most some hundred characters, for a new line would begin another variable.
  private static func line(_ status: String?) -> [String] {
    guard let status else { return [] }
    let text = status.unicodeScalars.prefix(400).map { $0.properties.generalCategory == .control ? " " : String($0) }
    return ["STATUS=" + text.joined()]
  }

  private static func nanoseconds() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
