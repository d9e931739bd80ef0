internal import Glibc

/// A place in the spill: a file's number and an offset in it.
struct SpillPosition: Sendable, Hashable {
  var segment: UInt64
  var offset: Int
}

/// The files in which lines wait: `spill-0000000001` and so on, each up to about `segmentSize` bytes, removed when all
/// their lines are delivered.
enum Spill {
  struct Segment: Sendable, Hashable {
    var index: UInt64
    var bytes: Int
    /// The last line's number.
    var last: UInt64
  }

  static func path(_ folder: String, _ index: UInt64) -> String { folder + "/spill-" + padded(index, 10) }

  /// What an earlier process left.
  struct Found: Sendable {
    var segments: [Segment] = []
    /// The first record that is not delivered.
    var position: SpillPosition?
    /// Lines from there on, and records, of which a gap stands for many lines.
    var lines = 0
    var records = 0
    var last: UInt64 = 0
    var nextIndex: UInt64 = 1
  }

  /// Reads all files, cuts a torn end off, and removes what lies behind damage: those lines are in the decisions file,
  /// and the caller hands them in again, since ``Found/last`` is before them.
  static func scan(_ folder: String, delivered: UInt64) throws(OutputError) -> Found {
    var found = Found()
    found.last = delivered
    let indices = System.names(in: folder).compactMap { name -> UInt64? in
      name.hasPrefix("spill-") ? UInt64(name.dropFirst(6)) : nil
    }.sorted()
    var isDamaged = false
    for index in indices {
      let path = path(folder, index)
      if isDamaged {
        _ = unsafe unlink(path)
        continue
      }
      // Files follow each other without a gap, or the reader would not find the next.
      if found.segments.isEmpty { found.nextIndex = index + 1 }
      let reader = SpillReader(folder: folder, position: SpillPosition(segment: index, offset: 0))
      var whole = 0
      var last: UInt64 = 0
      reading: while true {
        switch try reader.next() {
        case .entry(let entry, let position):
          // Numbers only ever grow: anything else was not written by this protocol.
          guard entry.first > last else {
            isDamaged = true
            break reading
          }
          last = entry.last
          whole = reader.position.offset
          guard entry.last > delivered else { continue }
          if found.position == nil { found.position = position }
          found.records += 1
          found.lines += entry.after(delivered).count
        case .end: break reading
        case .damaged:
          isDamaged = true
          break reading
        }
      }
      if isDamaged, unsafe truncate(path, whole) != 0 {
        throw .system(operation: "truncate", path: path, code: errno)
      }
      guard last > delivered else {
        _ = unsafe unlink(path)
        continue
      }
      found.last = max(found.last, last)
      found.segments.append(Segment(index: index, bytes: whole, last: last))
      found.nextIndex = index + 1
    }
    return found
  }

  /// Removes everything.
  static func clear(_ folder: String) {
    for name in System.names(in: folder) where name.hasPrefix("spill-") { _ = unsafe unlink(folder + "/" + name) }
  }
}

/// Appends records. One thread's.
struct SpillWriter: ~Copyable, Sendable {
  private let folder: String
  private let segmentSize: Int
  private let reserve: Int
  private var file: Int32 = -1
  private(set) var segment: Spill.Segment
  private var nextIndex: UInt64

  init(folder: String, segmentSize: Int, reserve: Int, nextIndex: UInt64) {
    self.folder = folder
    self.segmentSize = segmentSize
    self.reserve = reserve
    self.nextIndex = nextIndex
    segment = Spill.Segment(index: 0, bytes: 0, last: 0)
  }

  deinit { if file >= 0 { Glibc.close(file) } }

  /// Appends entries, all or none.
  ///
  /// - Parameter retired: is set to the file that this one follows, when a new one was begun.
  /// - Returns: where each entry lies.
  mutating func append(
    _ entries: [OutputEntry], room: Int, limit: Int, retired: inout Spill.Segment?
  ) throws(OutputError) -> [SpillPosition] {
    var bytes: [UInt8] = []
    var offsets: [Int] = []
    for entry in entries {
      offsets.append(bytes.count)
      SpillRecord.append(entry, to: &bytes)
    }
    guard bytes.count <= room else { throw .spillFull(path: folder, limit: limit) }
    if reserve > 0, let free = System.freeBytes(folder), free < reserve + bytes.count {
      throw .reserve(path: folder, bytes: reserve)
    }
    if file < 0 || segment.bytes >= segmentSize {
      let path = Spill.path(folder, nextIndex)
      let next = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
      guard next >= 0 else { throw .system(operation: "create", path: path, code: errno) }
      if file >= 0 {
        Glibc.close(file)
        retired = segment
      }
      file = next
      segment = Spill.Segment(index: nextIndex, bytes: 0, last: 0)
      nextIndex += 1
    }
    let code = System.writeAll(bytes, to: file)
    guard code == 0 else {
      _ = ftruncate(file, segment.bytes)
      throw .system(operation: "write", path: Spill.path(folder, segment.index), code: code)
    }
    let start = segment.bytes
    segment.bytes += bytes.count
    if let last = entries.last { segment.last = last.last }
    return offsets.map { SpillPosition(segment: segment.index, offset: start + $0) }
  }
}

/// Reads records from a position on, through all files. One thread's.
final class SpillReader {
  enum Next {
    case entry(OutputEntry, at: SpillPosition)
    /// The end of this file.
    case end
    case damaged
  }

  private(set) var position: SpillPosition
  private let folder: String
  private var file: Int32 = -1
  private var buffer: [UInt8] = []
  private var start = 0

  init(folder: String, position: SpillPosition) {
    self.folder = folder
    self.position = position
  }

  deinit { if file >= 0 { Glibc.close(file) } }

  /// The next record of this file.
  func next() throws(OutputError) -> Next {
    let path = Spill.path(folder, position.segment)
    if file < 0 {
      file = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    }
    while true {
      switch SpillRecord.parse(buffer[start...]) {
      case .record(let entry, let size):
        let place = position
        start += size
        position.offset += size
        return .entry(entry, at: place)
      case .damaged: return .damaged
      case .short(let size):
        let missing = (size ?? SpillRecord.headerSize) - (buffer.count - start)
        let before = buffer.count - start
        buffer.removeFirst(start)
        start = 0
        let got = try fill(max(missing, 1 << 16), path)
        if got == 0 { return before == 0 ? .end : .damaged }
      }
    }
  }

  /// Goes on with the next file.
  func advance() {
    if file >= 0 { Glibc.close(file) }
    file = -1
    buffer = []
    start = 0
    position = SpillPosition(segment: position.segment + 1, offset: 0)
  }

  /// Lets go of what was read ahead: it may be part of a write that failed and was cut off again.
  func forget() {
    buffer = []
    start = 0
  }

  /// Reads on behind the buffer.
  private func fill(_ count: Int, _ path: String) throws(OutputError) -> Int {
    let offset = position.offset + buffer.count
    var code: Int32 = 0
    let more = unsafe [UInt8](unsafeUninitializedCapacity: count) { place, got in
      while true {
        let result = unsafe pread(file, place.baseAddress!, count, offset)
        if result < 0 && errno == EINTR { continue }
        if result < 0 { code = errno }
        got = max(result, 0)
        return
      }
    }
    guard code == 0 else { throw .system(operation: "read", path: path, code: code) }
    buffer.append(contentsOf: more)
    return more.count
  }
}
