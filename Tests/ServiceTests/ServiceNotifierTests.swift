import FileTestSupport
import Glibc
import Service
import Testing

/// A service manager's side of the protocol.
private final class Manager {
  private let socket: Int32

  init(_ name: String) {
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 } else { bytes.append(0) }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, length) }
    }
    precondition(bound == 0, "cannot bind \(name)")
  }

  deinit { close(socket) }

  /// The next datagram; nothing if there is none.
  func receive() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
    }
    return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}

@Suite(.serialized) struct ServiceNotifierTests {
  let folder = TestFolder()

  @Test func messages() throws {
    let manager = Manager(folder.path + "/notify")
    let notifier = try #require(ServiceNotifier(socket: folder.path + "/notify"))
    #expect(notifier.ready("2 cameras"))
    #expect(manager.receive() == "READY=1\nSTATUS=2 cameras")
    #expect(notifier.ready())
    #expect(manager.receive() == "READY=1")
    #expect(notifier.status("top: 60 fps\nWATCHDOG=1"))
    #expect(manager.receive() == "STATUS=top: 60 fps WATCHDOG=1")
    #expect(notifier.stopping())
    #expect(manager.receive() == "STOPPING=1")
    #expect(notifier.extendTimeout(1.5))
    #expect(manager.receive() == "EXTEND_TIMEOUT_USEC=1500000")
    // Nobody watches.
    #expect(!notifier.alive())
    #expect(manager.receive() == nil)
  }

  /// Since systemd 253 the time tells an answer to this reload from one to an earlier.
  @Test func reloading() throws {
    let manager = Manager(folder.path + "/notify")
    let notifier = try #require(ServiceNotifier(socket: folder.path + "/notify"))
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    #expect(notifier.reloading("reading the recipe"))
    let lines = try #require(manager.receive()).split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == "RELOADING=1" && lines[2] == "STATUS=reading the recipe")
    #expect(lines[1].hasPrefix("MONOTONIC_USEC="))
    let microseconds = try #require(Int(lines[1].dropFirst("MONOTONIC_USEC=".count)))
    let before = time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    #expect(microseconds >= before && microseconds < before + 60_000_000)
  }

  @Test func abstractSocket() throws {
    let name = "@assay-test-\(getpid())"
    let manager = Manager(name)
    let notifier = try #require(ServiceNotifier(socket: name))
    #expect(notifier.ready())
    #expect(manager.receive() == "READY=1")
  }

  /// However often it is called: about twice within the watchdog's time.
  @Test func watchdog() throws {
    let manager = Manager(folder.path + "/notify")
    let notifier = try #require(ServiceNotifier(socket: folder.path + "/notify", watchdog: 0.4))
    var sent = 0
    let start = ContinuousClock.now
    for _ in 0..<100 {
      if notifier.alive() {
        sent += 1
        #expect(manager.receive() == "WATCHDOG=1")
      }
      usleep(10_000)
    }
    // 0.15 s apart, in at least a second.
    #expect(sent >= 2 && Double(sent - 1) <= (ContinuousClock.now - start) / .milliseconds(150))
    #expect(manager.receive() == nil)
    #expect(notifier.watchdog == 0.4)
  }

  /// A manager that went away or does not read neither ends nor stalls anything.
  @Test func nobodyListens() throws {
    let silent = try #require(ServiceNotifier(socket: folder.path + "/nothing", watchdog: 100))
    #expect(!silent.ready())
    #expect(!silent.alive())
    let manager = Manager(folder.path + "/full")
    let notifier = try #require(ServiceNotifier(socket: folder.path + "/full", watchdog: 100))
    var taken = 0
    while taken < 100_000, notifier.status("line \(taken)") { taken += 1 }
    #expect(taken < 100_000)
    #expect(!notifier.alive())
    // A sign that was not taken is given again.
    while manager.receive() != nil {}
    #expect(notifier.alive())
    #expect(!notifier.alive())
  }

  @Test(arguments: ["", "@", "relative/path", "vsock:2:1234", "/" + String(repeating: "x", count: 107)])
  func otherAddresses(name: String) {
    #expect(ServiceNotifier(socket: name) == nil)
  }

  @Test func environment() throws {
    #expect(ServiceNotifier.fromEnvironment() == nil)
    let manager = Manager(folder.path + "/notify")
    func set(_ process: Int32?) {
      _ = unsafe setenv("NOTIFY_SOCKET", folder.path + "/notify", 1)
      _ = unsafe setenv("WATCHDOG_USEC", "30000000", 1)
      if let process { _ = unsafe setenv("WATCHDOG_PID", "\(process)", 1) }
    }
    set(nil)
    #expect(ServiceNotifier.fromEnvironment()?.watchdog == 30)
    set(getpid())
    let notifier = try #require(ServiceNotifier.fromEnvironment())
    #expect(notifier.watchdog == 30)
    #expect(notifier.ready())
    #expect(manager.receive() == "READY=1")
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { #expect(unsafe getenv(name) == nil) }
    set(getpid() + 1)
    #expect(try #require(ServiceNotifier.fromEnvironment()).watchdog == nil)
  }
}
