internal import Glibc
internal import Threads

/// Writes raw frames to a folder as they come: `frames.raw` holds their bytes one behind the other, `frames.csv` a line
/// for each with its count, times, place and format. Other programs can read both (`ffmpeg -f rawvideo`, or for JPEG
/// frames `-f mjpeg`).
///
/// A frame's line is written after its bytes, in one piece, so that a recording that was interrupted, also by `kill -9`,
/// is good up to its last whole frame. Writing is done on a thread of its own; the camera never waits for the disk.
///
/// Every access to its variables is made under `lock`, or by its thread alone; that is why it may be shared.
public final class RecordingWriter: @unchecked Sendable {
  /// Where a recording stands.
  public struct Status: Sendable, Hashable {
    public var frames = 0
    public var bytes = 0
    /// Frames that the disk was too slow for.
    public var missed = 0
    /// Why recording has ended; nil while it goes on.
    public var failure: String?
  }

  public let folder: String
  private let raw: Int32
  private let index: Int32
  private let capacity: Int
  private let limit: Int?
  private let lock = Monitor()
  private var waiting: [Frame] = []
  private var status = Status()
  private var isClosed = false
  private var taken = 0
  private var thread: OwnThread?
  private var offset = 0

  /// Makes the folder and begins.
  ///
  /// - Parameters:
  ///   - replace: throws away a recording that is there; otherwise it is an error.
  ///   - capacity: frames that may wait for the disk.
  ///   - limit: records so many frames and no more; nil for all.
  /// - Throws: ``RecordingError``
  public init(folder: String, replace: Bool = false, capacity: Int = 16, limit: Int? = nil) throws(RecordingError) {
    guard unsafe mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw RecordingError(folder, "cannot be made (\(CameraError.text(errno)))")
    }
    self.folder = folder
    self.capacity = capacity
    self.limit = limit
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (replace ? O_TRUNC : O_EXCL)
    func open(_ name: String) throws(RecordingError) -> Int32 {
      let file = unsafe Glibc.open(folder + "/" + name, flags, 0o644)
      if file >= 0 { return file }
      throw RecordingError(
        folder + "/" + name,
        errno == EEXIST
          ? "is there already; give another folder or --overwrite"
          : "cannot be written (\(CameraError.text(errno)))")
    }
    index = try open("frames.csv")
    do {
      raw = try open("frames.raw")
    } catch {
      close(index)
      throw error
    }
    if let code = Self.write(index, Array(RecordingEntry.header.utf8)) {
      close(index)
      close(raw)
      throw RecordingError(folder + "/frames.csv", "cannot be written (\(CameraError.text(code)))")
    }
    thread = OwnThread { [weak self] in self?.work() }
  }

  /// Takes a frame; never waits.
  public func record(_ frame: Frame) {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed, status.failure == nil, taken < limit ?? .max else { return }
    if waiting.count >= capacity {
      status.missed += 1
    } else {
      waiting.append(frame)
      taken += 1
      lock.wakeAll()
    }
  }

  public var currentStatus: Status {
    lock.lock()
    defer { lock.unlock() }
    return status
  }

  /// Whether it has all the frames that it is to have; some may still wait for the disk.
  public var isFull: Bool {
    lock.lock()
    defer { lock.unlock() }
    return taken >= limit ?? .max
  }

  /// Writes what waits and ends.
  @discardableResult
  public func finish() -> Status {
    lock.lock()
    let wasClosed = isClosed
    isClosed = true
    lock.wakeAll()
    lock.unlock()
    if !wasClosed {
      thread?.join()
      fsync(raw)
      fsync(index)
      close(raw)
      close(index)
    }
    return currentStatus
  }

  private func work() {
    while true {
      lock.lock()
      while waiting.isEmpty && !isClosed { lock.wait() }
      guard !waiting.isEmpty else {
        lock.unlock()
        return
      }
      let frame = waiting.removeFirst()
      lock.unlock()
      let failure = append(frame)
      lock.lock()
      if let failure {
        status.failure = failure
        waiting = []
      } else {
        status.frames += 1
        status.bytes += frame.bytes.count
      }
      lock.unlock()
    }
  }

  /// - Returns: why it could not be written; nil when it was.
  private func append(_ frame: Frame) -> String? {
    let entry = RecordingEntry(frame, offset: offset)
    let code =
      unsafe frame.bytes.span.withUnsafeBytes { unsafe Self.write(raw, $0) }
      ?? Self.write(
        index, Array(entry.line.utf8))
    if let code {
      ftruncate(raw, offset)
      return "\(folder) cannot be written (\(CameraError.text(code))): recording has ended, judging goes on"
    }
    offset += frame.bytes.count
    return nil
  }

  private static func write(_ file: Int32, _ bytes: [UInt8]) -> Int32? {
    unsafe bytes.withUnsafeBytes { unsafe write(file, $0) }
  }

  private static func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32? {
    var written = 0
    while written < bytes.count {
      let count = unsafe Glibc.write(file, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? ENOSPC : errno }
      written += count
    }
    return nil
  }
}
