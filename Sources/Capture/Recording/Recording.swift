internal import Glibc

/// A recording that is played again, frame by frame as the camera sent them: a folder that a ``RecordingWriter`` filled,
/// or frames that were kept one by one (``FrameFile``).
public final class Recording: FrameSource {
  public let name: String
  public let folder: String
  private let frames: [(file: String, entry: RecordingEntry)]
  private let isRealtime: Bool
  /// Lines at the end that are torn, or whose frames are not there whole.
  public let tornLines: Int

  /// Frames in it.
  public var count: Int { frames.count }

  /// Whether a path is a recording, a kept frame, or a folder with kept frames.
  public static func isRecording(_ path: String) -> Bool {
    isWhole(path) || path.hasSuffix("." + FrameFile.fileExtension) || !FrameFile.find(in: path).isEmpty
  }

  private static func isWhole(_ folder: String) -> Bool {
    ["/frames.csv", "/frames.raw"].allSatisfy { unsafe access(folder + $0, R_OK) == 0 }
  }

  /// - Parameters:
  ///   - name: what the camera is called in decisions.
  ///   - isRealtime: with the frames' own distances in time; otherwise as fast as they are judged.
  /// - Throws: ``RecordingError``
  public init(folder: String, name: String, isRealtime: Bool = false) throws(RecordingError) {
    self.name = name
    self.folder = folder
    self.isRealtime = isRealtime
    guard Self.isWhole(folder) else {
      frames = try Self.kept(folder)
      tornLines = 0
      return
    }
    let path = folder + "/frames.csv"
    guard let bytes = Self.contents(path) else { throw RecordingError(path, "cannot be read") }
    var status = stat()
    guard unsafe stat(folder + "/frames.raw", &status) == 0 else {
      throw RecordingError(folder + "/frames.raw", "cannot be read (\(CameraError.text(errno)))")
    }
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
    guard let header = lines.popFirst(), String(decoding: header, as: UTF8.self) + "\n" == RecordingEntry.header else {
      throw RecordingError(path, "is no recording's index")
    }
    // What follows the last line feed is empty, or torn.
    let torn = lines.popLast().map { $0.isEmpty ? 0 : 1 } ?? 0
    var entries: [RecordingEntry] = []
    for (row, line) in lines.enumerated() {
      guard let entry = RecordingEntry(line: String(decoding: line, as: UTF8.self)) else {
        throw RecordingError(path, "is damaged in line \(row + 2)")
      }
      entries.append(entry)
    }
    let whole = entries.prefix { $0.offset + $0.count <= status.st_size }
    tornLines = torn + entries.count - whole.count
    guard !whole.isEmpty else { throw RecordingError(folder, "holds no whole frame") }
    frames = whole.map { (folder + "/frames.raw", $0) }
  }

  /// Frames that were kept one by one. Those of several cameras and runs have numbers of their own, so that they are
  /// counted anew.
  private static func kept(_ path: String) throws(RecordingError) -> [(file: String, entry: RecordingEntry)] {
    let files = path.hasSuffix("." + FrameFile.fileExtension) ? [path] : FrameFile.find(in: path)
    guard !files.isEmpty else { throw RecordingError(path, "holds no recording") }
    var frames: [(file: String, entry: RecordingEntry)] = []
    for file in files {
      var entry = try FrameFile.entry(file)
      entry.number = frames.count
      frames.append((file, entry))
    }
    return frames
  }

  public func run(into queue: FrameQueue, shouldStop: @escaping @Sendable () -> Bool) {
    queue.state = "replaying"
    let pool = FramePool()
    let began = Clock.nanoseconds()
    var failure: CameraError?
    var file = (path: "", descriptor: Int32(-1))
    defer { if file.descriptor >= 0 { close(file.descriptor) } }
    for (path, entry) in frames {
      if shouldStop() { break }
      if isRealtime {
        let due = began + entry.nanoseconds - frames[0].entry.nanoseconds
        // Gaps of hours happen; a stop must not wait for their end.
        while Clock.nanoseconds() < due && !shouldStop() {
          Clock.sleep(seconds: min(0.1, Double(due - Clock.nanoseconds()) * 1e-9))
        }
      }
      if file.path != path {
        if file.descriptor >= 0 { close(file.descriptor) }
        file = (path, unsafe open(path, O_RDONLY | O_CLOEXEC))
        guard file.descriptor >= 0 else {
          failure = CameraError(path, "open", errno)
          break
        }
      }
      guard let bytes = Self.read(file.descriptor, entry, pool) else {
        failure = CameraError(path, .system, "cannot be read at byte \(entry.offset)")
        break
      }
      queue.count { counts in
        counts.captured += 1
        if let fault = entry.fault { counts.find(fault) }
      }
      let frame = Frame(
        number: entry.number, sequence: entry.sequence, nanoseconds: entry.nanoseconds,
        wallMilliseconds: entry.wallMilliseconds, layout: entry.layout, bytes: bytes, fault: entry.fault,
        replayShift: Clock.nanoseconds() - entry.nanoseconds)
      guard queue.put(.frame(frame)) else { break }
    }
    queue.state = "ended"
    queue.put(.ended(failure))
  }

  private static func read(_ file: Int32, _ entry: RecordingEntry, _ pool: FramePool) -> FrameBytes? {
    unsafe pool.filled(entry.count) { place in
      var done = 0
      while done < place.count {
        let count = unsafe pread(file, place.baseAddress! + done, place.count - done, entry.offset + done)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }

  private static func contents(_ path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
