internal import Glibc

/// What is known about a watched folder; ``FolderWatcher`` has it under a lock.
struct FolderState: ~Copyable {
  /// A file that was handed out, or done before.
  struct Seen {
    var size: Int64
    var modified: Int64
    var inode: UInt64
    /// The number of the listing that last found it.
    var listing: Int
  }

  /// A file that nobody was seen to close.
  struct Pending {
    var size: Int64
    var modified: Int64
    var unchangedSince: Double
    var due: Double
    var pause: Double
    /// Seconds without a change that make it complete.
    var quiet: Double
    /// It lay there at the start, so that it may have been done before.
    var isOld: Bool
  }

  let root: [UInt8]
  let options: FolderWatcher.Options
  let isDone: @Sendable (WatchedFile) -> Bool

  var inotify: Inotify?
  var folders: [Int32: [UInt8]] = [:]
  var watches: [[UInt8]: Int32] = [:]
  var seen: [[UInt8]: Seen] = [:]
  var pending: [[UInt8]: Pending] = [:]
  /// Files that were made while watched and not closed yet: their closing will be seen.
  var awaited: Set<[UInt8]> = []
  var ready: [WatchedFile] = []
  var notices: [FolderNotice] = []
  /// Folders of which a notice said that they are unwatched or unreadable.
  var reported: Set<[UInt8]> = []

  var isThere = false
  /// It was there and is waited for.
  var isGone = false
  var isFirstListing = true
  /// Events were lost; the next listing must do without.
  var isDistrustful = false
  var isRemote = false
  /// Device and inode of the folder that is watched.
  var identity: (UInt64, UInt64)?
  var listings = 0
  var nextListing = 0.0
  var nextLook = 0.0

  static let lookEvery = 0.5

  init(_ folder: String, _ options: FolderWatcher.Options, _ isDone: @escaping @Sendable (WatchedFile) -> Bool) {
    var path = Array(folder.utf8)
    while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
    root = path
    self.options = options
    self.isDone = isDone
  }

  /// Why a folder cannot be watched, or nothing.
  static func refusal(_ folder: String) -> String? {
    guard let directory = unsafe opendir(folder) else { return unsafe String(cString: strerror(errno)) }
    _ = unsafe closedir(directory)
    return nil
  }

  /// Seconds by a clock that nobody sets.
  static func now() -> Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  var descriptor: Int32? {
    switch inotify {
    case .some(let queue): queue.descriptor
    case nil: nil
    }
  }
  var text: String { String(decoding: root, as: UTF8.self) }

  /// When ``advance()`` has something to do although no event came.
  var due: Double {
    var due = nextLook
    if isThere { due = min(due, nextListing) }
    for file in pending.values { due = min(due, file.due) }
    return due
  }

  mutating func takeReady() -> [WatchedFile] {
    defer { ready = [] }
    return ready
  }

  mutating func takeNotices() -> [FolderNotice] {
    defer { notices = [] }
    return notices
  }

  /// Takes all that happened until now.
  mutating func advance() {
    takeEvents()
    if Self.now() >= nextLook { look() }
    if isThere, Self.now() >= nextListing { list() }
    checkPending()
  }

  // MARK: - The folder itself

  /// Whether the folder is there, and still the one that is watched: a mount over it, or over a folder above it,
  /// sends no event.
  private mutating func look() {
    nextLook = Self.now() + Self.lookEvery
    var status = stat()
    let found =
      unsafe stat(root.map { CChar(bitPattern: $0) } + [0], &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    let there: (UInt64, UInt64)? = found ? (UInt64(status.st_dev), UInt64(status.st_ino)) : nil
    if isThere, there == nil || there! != identity! { lose() }
    guard !isThere, let there, Self.refusal(text) == nil else { return }
    isThere = true
    identity = there
    isRemote = FileProbe.isRemote(root)
    inotify = options.usesEvents ? Inotify() : nil
    if inotify == nil, options.usesEvents { report(.unwatched(text, unsafe String(cString: strerror(errno))), root) }
    list()
    if isGone {
      isGone = false
      notices.append(.back(text))
    }
  }

  /// Files that were handed out are remembered: they may be there again when the folder is.
  mutating func lose() {
    guard isThere else { return }
    isThere = false
    isGone = true
    inotify = nil
    folders = [:]
    watches = [:]
    pending = [:]
    awaited = []
    reported = []
    nextLook = Self.now() + Self.lookEvery
    notices.append(.gone(text))
  }

  mutating func report(_ notice: FolderNotice, _ folder: [UInt8]) {
    if reported.insert(folder).inserted { notices.append(notice) }
  }

  // MARK: - Files

  func isPicture(_ name: [UInt8]) -> Bool {
    guard name.first != UInt8(ascii: "."), let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
    return options.extensions.contains(String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
  }

  /// How a file came to be looked at.
  enum Cause { case closed, renamed, made, listed }

  /// Hands the file out, or waits until it is complete.
  mutating func consider(_ path: [UInt8], _ cause: Cause) {
    // What was handed out is not opened again in every listing.
    let isKnown = cause == .listed && seen[path] != nil
    guard let probe = FileProbe(path, asksForLease: !isKnown && asksForLeases) else { return }
    if let before = seen[path] {
      seen[path]!.listing = listings
      // A listing does not compare the inode, which after a new mount may be another one. Tools that set a file's time
      // after closing it set it back.
      let isOther = cause != .listed && before.inode != probe.inode
      guard isOther || before.size != probe.size || before.modified < probe.modified else { return }
      // Where closings are reported, this one is still to come, or was missed for a reason nobody knows.
      let quiet = trustsEvents ? max(options.quiet, options.safetyRescan) : options.quiet
      if isKnown { return wait(path, probe, isOld: false, quiet: quiet) }
    }
    let isOld = cause == .listed && isFirstListing
    let isRecent = Self.isRecent(probe.modified, options.quiet)
    let isComplete =
      switch probe.writing {
      case .writing: false
      case .finished: probe.size > 0 || cause == .listed && !isRecent
      case .unknown:
        switch cause {
        case .closed, .renamed: probe.size > 0
        case .made: false
        case .listed: !isRecent && !awaited.contains(path)
        }
      }
    if isComplete { return take(path, probe, isOld: isOld) }
    switch cause {
    case .made where !probe.isLinked: awaited.insert(path)
    case .listed where awaited.contains(path): break
    default: wait(path, probe, isOld: isOld, quiet: options.quiet)
    }
  }

  /// Whether whatever is closed here is reported, or has been since the last listing.
  var trustsEvents: Bool { !isRemote && hasEvents && reported.isEmpty && !isDistrustful }

  private var hasEvents: Bool { descriptor != nil }
  private var asksForLeases: Bool { !isRemote && options.asksForLeases }

  private mutating func wait(_ path: [UInt8], _ probe: FileProbe, isOld: Bool, quiet: Double) {
    guard pending[path] == nil, !awaited.contains(path) else { return }
    // Closing is reported before the kernel's own book says so: soon after, it does.
    let pause = probe.writing == .writing || asksForLeases && probe.size > 0 ? 0.005 : options.quiet
    let now = Self.now()
    pending[path] = Pending(
      size: probe.size, modified: probe.modified, unchangedSince: now, due: now + pause, pause: pause, quiet: quiet,
      isOld: isOld)
  }

  private mutating func checkPending() {
    let now = Self.now()
    for (path, file) in pending where file.due <= now {
      guard let probe = FileProbe(path, asksForLease: asksForLeases) else {
        pending[path] = nil
        continue
      }
      var file = file
      if probe.size != file.size || probe.modified != file.modified {
        (file.size, file.modified, file.unchangedSince) = (probe.size, probe.modified, now)
      }
      let isQuiet = now - file.unchangedSince >= file.quiet
      if probe.writing == .finished && probe.size > 0 || probe.writing != .writing && isQuiet {
        take(path, probe, isOld: file.isOld)
        continue
      }
      // Seldom after a while: who writes for minutes will be seen closing.
      file.pause = min(file.pause * 2, max(0.25, options.quiet / 4))
      file.due = now + file.pause
      pending[path] = file
    }
  }

  private mutating func take(_ path: [UInt8], _ probe: FileProbe, isOld: Bool) {
    pending[path] = nil
    awaited.remove(path)
    let file = WatchedFile(
      name: Array(path.dropFirst(root.count + (root.last == UInt8(ascii: "/") ? 0 : 1))), path: path, size: probe.size,
      modified: probe.modified, inode: probe.inode)
    seen[path] = Seen(size: probe.size, modified: probe.modified, inode: probe.inode, listing: listings)
    if !isOld || !isDone(file) { ready.append(file) }
  }

  mutating func forget(_ path: [UInt8]) {
    seen[path] = nil
    pending[path] = nil
    awaited.remove(path)
  }

  /// By the wall clock, which may be another machine's: what is from the future counts as recent.
  private static func isRecent(_ modified: Int64, _ seconds: Double) -> Bool {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9 - Double(modified) * 1e-9 < seconds
  }
}
