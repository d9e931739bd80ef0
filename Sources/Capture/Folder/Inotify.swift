internal import Glibc

/// The kernel's queue of changes in folders: inotify(7).
struct Inotify: ~Copyable {
  struct Event {
    var watch: Int32
    var mask: UInt32
    var name: [UInt8]
    func has(_ flag: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
  }

  let descriptor: Int32

  /// `nil` where the user has too many already; `errno` says so.
  init?() {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// The watch's number, or a negative one with `errno`.
  func watch(_ folder: [UInt8]) -> Int32 {
    let mask =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
      | Int32(bitPattern: UInt32(IN_ONLYDIR)) | Int32(bitPattern: UInt32(IN_EXCL_UNLINK))
    return unsafe inotify_add_watch(descriptor, folder.map { CChar(bitPattern: $0) } + [0], UInt32(bitPattern: mask))
  }

  func forget(_ watch: Int32) { _ = inotify_rm_watch(descriptor, watch) }

  /// What has come since the last call, without waiting; at most a buffer's worth.
  func read() -> [Event] {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    guard count > 0 else { return [] }
    var events: [Event] = []
    var at = 0
    // struct inotify_event: watch, mask, cookie, length of the name, then the name, filled up with zeros.
    while at + 16 <= count {
      func word(_ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(buffer[at + offset + $1]) << (8 * UInt32($1)) }
      }
      let end = min(at + 16 + Int(word(12)), count)
      events.append(
        Event(
          watch: Int32(bitPattern: word(0)), mask: word(4), name: Array(buffer[(at + 16)..<end].prefix { $0 != 0 })))
      at = end
    }
    return events
  }
}
