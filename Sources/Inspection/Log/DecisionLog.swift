import Glibc

/// The growing `decisions.jsonl` of a run.
///
/// Lines are appended whole, a batch in one `write`, and the batch is on the disk (`fdatasync`) when ``append(_:)``
/// returns: only then do its images count as judged. After a crash or a power cut the file holds whole lines and at
/// most one torn end, which opening it with `resume` cuts off. One process at a time may hold the file (`flock`).
public struct DecisionLog: ~Copyable, Sendable {
  public let path: String
  /// Decisions in the file.
  public private(set) var count: Int
  /// Bytes that were cut off on opening.
  public private(set) var discardedBytes: Int

  private let file: Int32
  private var length: Int
  private let isRegular: Bool
  /// What the run was begun with; nil for a log without a chain.
  private let head: LogHead?
  private var chain: LogChain
  /// A record that goes before the next lines.
  private var waiting: [UInt8] = []

  /// What to do with decisions that are there already.
  public enum Start: Sendable {
    /// There must be none.
    case new
    /// Go on behind them.
    case resume
    /// Throw them away.
    case replace
  }

  /// Opens or creates the file.
  ///
  /// - Parameters:
  ///   - head: what the run is begun with: its lines are linked then, see ``LogChain``.
  ///   - earlier: with `resume`, is called with every decision that is there: collect the ids that are done.
  /// - Throws: ``DecisionLogError``, or what `earlier` throws.
  public init(
    path: String, start: Start = .new, head: LogHead? = nil, earlier: (Decision) throws -> Void = { _ in }
  ) throws {
    let existed = unsafe access(path, F_OK) == 0
    let file = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw DecisionLogError.system(operation: "open", path: path, code: errno) }
    var extent = DecisionReader.Extent()
    var status = stat()
    do {
      guard unsafe fstat(file, &status) == 0 else {
        throw DecisionLogError.system(operation: "open", path: path, code: errno)
      }
      if Self.isRegular(status) {  // A pipe or device has no past.
        guard Self.lock(file) else { throw DecisionLogError.locked(path: path) }
        switch start {
        case .new:
          // The size as it is under the lock.
          guard lseek(file, 0, SEEK_END) == 0 else { throw DecisionLogError.notEmpty(path: path) }
        case .replace:
          try Self.cut(file, path, 0)
        case .resume:
          extent = try DecisionReader.read(file: file, path: path, chains: head != nil, earlier)
          if extent.tornBytes > 0 { try Self.cut(file, path, extent.wholeBytes) }
        }
        if !existed { Self.syncDirectory(of: path) }
      }
    } catch {
      close(file)
      throw error
    }
    self.path = path
    self.file = file
    isRegular = Self.isRegular(status)
    count = extent.lines
    length = extent.wholeBytes
    discardedBytes = extent.tornBytes
    self.head = head
    chain = extent.chain
    if let head { waiting = chain.link(head.line(chain.lines > 0 ? .resume : .begin)) }
  }

  /// A line as it will stand in the log: linked, where the log has a chain. What is linked must be appended, in order.
  public mutating func linked(_ line: [UInt8]) -> [UInt8] { head == nil ? line : chain.link(line) }

  /// A record of other settings that are in force from here on, linked; nothing for a log without a chain.
  mutating func change(_ head: LogHead) -> [UInt8] { self.head == nil ? [] : chain.link(head.line(.change)) }

  /// Writes the line that ends a run.
  ///
  /// - Returns: how the log ends; nil for one without a chain.
  public mutating func finish() throws(DecisionLogError) -> LogSeal? {
    guard head != nil else { return nil }
    try append(lines: chain.link(LogRecord.end(decisions: count)), decisions: 0)
    return LogSeal(lines: chain.lines, sha256: chain.last)
  }

  /// Tries for half a second: a process that was killed a moment ago, or a child between its fork and its exec, may hold
  /// the file a little longer.
  private static func lock(_ file: Int32) -> Bool {
    for attempt in 0..<26 {
      if attempt > 0 { usleep(20_000) }
      if flock(file, LOCK_EX | LOCK_NB) == 0 { return true }
    }
    return false
  }

  private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

  deinit { close(file) }

  /// Appends decisions and waits until they are on the disk.
  ///
  /// - Throws: ``DecisionLogError``; the file then is as before, so that making room and resuming is enough.
  public mutating func append(_ decisions: some Sequence<Decision>) throws(DecisionLogError) {
    var bytes: [UInt8] = []
    var added = 0
    for decision in decisions {
      bytes.append(contentsOf: linked(decision.jsonLine))
      added += 1
    }
    try append(lines: bytes, decisions: added)
  }

  /// Appends lines that are written out already, each with its line feed.
  ///
  /// - Parameter decisions: how many of them are decisions; others are records of times without a camera.
  public mutating func append(lines added: [UInt8], decisions: Int) throws(DecisionLogError) {
    guard !added.isEmpty else { return }
    let bytes = waiting.isEmpty ? added : waiting + added
    var written = 0
    while written < bytes.count {
      let result = unsafe bytes.withUnsafeBytes {
        unsafe write(file, $0.baseAddress! + written, bytes.count - written)
      }
      if result < 0 && errno == EINTR { continue }
      if result <= 0 {
        let code = result == 0 ? ENOSPC : errno
        // Part of the batch may be there: half a line helps nobody, and the images will be judged again.
        if isRegular { _ = ftruncate(file, length) }
        throw DecisionLogError.system(operation: "write", path: path, code: code)
      }
      written += result
    }
    if fdatasync(file) != 0, errno != EINVAL && errno != EROFS {  // Those two: a pipe or device has no disk.
      throw DecisionLogError.system(operation: "sync", path: path, code: errno)
    }
    length += bytes.count
    waiting = []
    count += decisions
  }

  private static func cut(_ file: Int32, _ path: String, _ length: Int) throws(DecisionLogError) {
    guard ftruncate(file, length) == 0, fdatasync(file) == 0 else {
      throw DecisionLogError.system(operation: "truncate", path: path, code: errno)
    }
  }

  /// Makes a new file's name itself durable.
  private static func syncDirectory(of path: String) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folder = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}

extension DecisionLog {
  /// Writes `decisions.csv` anew from `decisions.jsonl`, so that the two always agree, also after a resumed run.
  public static func writeCSV(from path: String, to csvPath: String) throws {
    var output = try AtomicFile(path: csvPath)
    try output.write(Array(Decision.csvHeader.utf8))
    try DecisionReader.read(path: path) { try output.write(Array($0.csvLine.utf8)) }
    try output.commit()
  }

  /// Writes `gaps.csv` anew from `decisions.jsonl`, a line for each time without a camera; none where there was none.
  public static func writeGaps(from path: String, to csvPath: String) throws {
    var gaps = GapList()
    try DecisionReader.read(path: path, onGap: { gaps.add($0) }) { _ in }
    guard !gaps.all.isEmpty else { return }
    try AtomicFile.write(Array((GapRecord.csvHeader + gaps.all.map(\.csvLine).joined()).utf8), to: csvPath)
  }
}
