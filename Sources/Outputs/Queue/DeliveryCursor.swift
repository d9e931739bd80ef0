internal import Glibc

/// The number of the last delivered line, in a file.
///
/// It has two places that are written in turns, each with its hash, so that a write that was cut short leaves the
/// other. Both are there from the start: moving the cursor needs no room on a full disk. It holds the folder's lock.
/// One thread's.
final class DeliveryCursor {
  private(set) var number: UInt64 = 0
  /// Whether there was no such file before.
  let isNew: Bool
  private var file: Int32
  private var place = 0

  private static let size = 24
  private static let places = [0, 512]
  private static let mark: UInt64 = 0x3152_5543_5953_5341  // "ASSYCUR1"

  init(path: String) throws(OutputError) {
    let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    self.file = file
    isNew = lseek(file, 0, SEEK_END) == 0
    guard Self.lock(file) else { throw .locked(path: path) }
    var found: [UInt64?] = []
    for offset in Self.places {
      var bytes = [UInt8](repeating: 0, count: Self.size)
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, offset) }
      let isWhole = count == Self.size && Self.encoded(SpillRecord.value(bytes[8..<16])) == bytes
      found.append(isWhole ? SpillRecord.value(bytes[8..<16]) : nil)
    }
    number = found.compactMap(\.self).max() ?? 0
    for (index, value) in found.enumerated() where value == nil {
      place = index
      let code = write(number)
      guard code == 0 else { throw .system(operation: "write", path: path, code: code) }
    }
    place = (found[0] ?? 0) > (found[1] ?? 0) ? 1 : 0
  }

  deinit { close() }

  /// Lets go of the file and its lock.
  func close() {
    if file >= 0 { Glibc.close(file) }
    file = -1
  }

  /// 0, or why the file could not be written; then lines may be delivered again after a restart.
  func move(to number: UInt64) -> Int32 {
    self.number = number
    let code = write(number)
    place = 1 - place
    return code
  }

  /// Begins anew: no line is delivered.
  func clear() -> Int32 {
    number = 0
    for index in Self.places.indices {
      place = index
      let code = write(0)
      if code != 0 { return code }
    }
    place = 0
    return 0
  }

  private func write(_ number: UInt64) -> Int32 {
    let bytes = Self.encoded(number)
    let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, Self.places[place]) }
    return count == bytes.count ? 0 : count < 0 ? errno : ENOSPC
  }

  private static func encoded(_ number: UInt64) -> [UInt8] {
    let head = SpillRecord.littleEndian(mark, 8) + SpillRecord.littleEndian(number, 8)
    return head + SpillRecord.littleEndian(SpillRecord.fnv1a(head[...]), 8)
  }

  /// Tries for half a second: a process that was killed a moment ago may hold the file a little longer.
  private static func lock(_ file: Int32) -> Bool {
    for attempt in 0..<26 {
      if attempt > 0 { usleep(20_000) }
      if flock(file, LOCK_EX | LOCK_NB) == 0 { return true }
    }
    return false
  }
}
