internal import Glibc
internal import Synchronization

/// Watches a folder into which cameras and other stations drop pictures, and hands out each picture once it is complete.
///
/// A file is handed out when whoever wrote it has closed it, or when it was renamed into the folder: never half written.
/// A file that is written anew under the same name is handed out anew. What is there at the start is handed out too,
/// less what the caller has done before. Hidden files and folders are passed over, and files without a picture's ending.
///
/// ```
///                     folder is there                 removed, renamed, unmounted
///   (start) ────────► watching ──────────────────────────────► gone
///                        ▲    watches set anew, all listed       │
///                        └───────────────────────────────────────┘
/// ```
///
/// **No gap**: a folder is watched before it is listed; when the kernel's queue overflows, and every few seconds besides
/// (for network file systems, which report nothing), the folder is listed anew. **No double**: each file handed out is
/// remembered with its size and time for as long as it lies there.
///
/// Where the kernel says that a file is open for writing (fcntl's leases, for files of one's own), or its closing was
/// not seen and it changed within the last ``Options/quiet`` seconds, it is waited for.
public final class FolderWatcher: Sendable {
  public struct Options: Sendable {
    /// Endings of pictures' names, lower case, without the dot.
    public var extensions: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "tif", "tiff"]
    /// Whether folders within the folder are watched as well, 32 levels deep. Symbolic links to folders are not.
    public var subfolders = true
    /// Folders that are passed over with all that is in them, such as that of the run's own pictures.
    public var excluded: [String] = []
    /// A file that nobody was seen to close is complete when it did not change for so many seconds. An empty file is
    /// handed out after as long.
    public var quiet = 2.0
    /// Seconds from one listing to the next where the kernel does not report all changes.
    public var rescan = 3.0
    /// Seconds from one listing to the next where it does: only a safety net.
    public var safetyRescan = 60.0
    /// Whether a folder that is not there at the start is waited for too.
    public var waitsAtStart = false

    /// For tests: file systems that report nothing, and files of others.
    var usesEvents = true
    var asksForLeases = true

    public init() {}
  }

  private let state: Mutex<FolderState>
  private let notices = Mutex<[FolderNotice]>([])
  private let stopped = Atomic<Bool>(false)
  /// A pipe by which ``stop()`` ends the waiting; its ends for reading and for writing.
  private let wake: (Int32, Int32)

  /// Begins to watch; the first ``next(timeout:)`` gives what is there already.
  ///
  /// - Parameter isDone: of what lies in the folder at the start, says what need not be handed out again.
  /// - Throws: ``FolderWatcherError`` if there is no such folder, or it cannot be listed.
  public init(
    _ folder: String, options: Options = Options(), isDone: @escaping @Sendable (WatchedFile) -> Bool = { _ in false }
  ) throws(FolderWatcherError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw FolderWatcherError(path: folder, reason: unsafe String(cString: strerror(errno)))
    }
    wake = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    let reason = FolderState.refusal(folder)
    state = Mutex(FolderState(folder, options, isDone))
    if let reason, !options.waitsAtStart {
      throw FolderWatcherError(path: folder, reason: reason)
    }
  }

  deinit {
    close(wake.0)
    close(wake.1)
  }

  /// Waits for pictures, at most so many seconds: files in the order in which they were completed, those that were
  /// there already in the order of their times.
  ///
  /// Empty when the time is over, after ``stop()``, and when there is a notice to take. To be called by one thread at a
  /// time; others wait for their turn.
  public func next(timeout: Double) -> [WatchedFile] {
    let until = FolderState.now() + timeout
    return state.withLock { state in
      while !stopped.load(ordering: .acquiring) {
        state.advance()
        let news = state.takeNotices()
        if !news.isEmpty { notices.withLock { $0 += news } }
        let files = state.takeReady()
        let left = until - FolderState.now()
        if !files.isEmpty || !news.isEmpty || left <= 0 { return files }
        var polled = [pollfd(fd: wake.0, events: Int16(POLLIN), revents: 0)]
        if let descriptor = state.descriptor {
          polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        let seconds = min(left, state.due - FolderState.now())
        _ = unsafe poll(&polled, nfds_t(polled.count), Int32(max(0, min(seconds, 3600)) * 1000) + 1)
      }
      return []
    }
  }

  /// What happened to the folder itself since the last call.
  public func takeNotices() -> [FolderNotice] {
    notices.withLock { all in
      defer { all = [] }
      return all
    }
  }

  /// Ends ``next(timeout:)``, now and for good. From any thread.
  public func stop() {
    stopped.store(true, ordering: .releasing)
    var byte: UInt8 = 1
    _ = unsafe write(wake.1, &byte, 1)
  }
}
