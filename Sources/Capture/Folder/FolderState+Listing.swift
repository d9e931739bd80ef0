internal import Glibc

extension FolderState {
  private static let deepest = 32

  /// Sets watches and looks at every file; each folder is watched before it is listed.
  mutating func list() {
    let start = Self.now()
    listings += 1
    let before = ready.count
    let isWhole = list(root, depth: 0)
    // Removed while it was listed: what is not found proves nothing.
    guard isThere else { return }
    ready[before...].sort {
      $0.modified == $1.modified ? $0.name.lexicographicallyPrecedes($1.name) : $0.modified < $1.modified
    }
    isFirstListing = false
    isDistrustful = false
    if isWhole {
      for (path, file) in seen where file.listing != listings { seen[path] = nil }
    }
    let took = Self.now() - start
    // Never more than a twentieth of the time, however many files lie there.
    nextListing = Self.now() + max(trustsEvents ? options.safetyRescan : options.rescan, took * 20)
  }

  /// - Returns: whether all could be listed.
  mutating func list(_ folder: [UInt8], depth: Int) -> Bool {
    watch(folder)
    guard let entries = Self.entries(folder) else {
      let reason = errno
      if reason != ENOENT && reason != ENOTDIR {
        report(
          .unreadable(String(decoding: folder, as: UTF8.self), unsafe String(cString: strerror(reason))), folder)
      }
      return false
    }
    var isWhole = true
    for (name, type) in entries where name.first != UInt8(ascii: ".") {
      let path = Self.join(folder, name)
      switch type {
      case UInt8(DT_DIR):
        if entersFolder(path, depth: depth + 1), !list(path, depth: depth + 1) { isWhole = false }
      default:
        if isPicture(name) { consider(path, .listed) }
      }
    }
    return isWhole
  }

  func entersFolder(_ path: [UInt8], depth: Int) -> Bool {
    guard options.subfolders, depth <= Self.deepest else { return false }
    guard !options.excluded.isEmpty else { return true }
    var own = stat()
    guard unsafe stat(path.map { CChar(bitPattern: $0) } + [0], &own) == 0 else { return false }
    return !options.excluded.contains {
      var other = stat()
      return unsafe stat($0, &other) == 0 && other.st_dev == own.st_dev && other.st_ino == own.st_ino
    }
  }

  private mutating func watch(_ folder: [UInt8]) {
    guard inotify != nil else { return }
    let watch = inotify!.watch(folder)
    guard watch >= 0 else {
      let reason = errno
      if reason != ENOENT && reason != ENOTDIR && reason != EACCES {
        let text =
          reason == ENOSPC
          ? "more folders than fs.inotify.max_user_watches allows" : unsafe String(cString: strerror(reason))
        report(.unwatched(String(decoding: folder, as: UTF8.self), text), folder)
      }
      return
    }
    // The same folder under another name, after a rename that was not seen.
    if let old = folders.updateValue(folder, forKey: watch), old != folder { watches[old] = nil }
    if let old = watches.updateValue(watch, forKey: folder), old != watch { folders[old] = nil }
  }

  /// Names and types, without `.` and `..`; `nil` with `errno` if not all could be read.
  private static func entries(_ folder: [UInt8]) -> [(name: [UInt8], type: UInt8)]? {
    guard let directory = unsafe opendir(folder.map { CChar(bitPattern: $0) } + [0]) else { return nil }
    defer {
      let reason = errno
      _ = unsafe closedir(directory)
      errno = reason
    }
    var entries: [(name: [UInt8], type: UInt8)] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(directory) else { return errno == 0 ? entries : nil }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { continue }
      var type = unsafe entry.pointee.d_type
      if type == UInt8(DT_UNKNOWN) {
        var status = stat()
        let path = join(folder, name).map { CChar(bitPattern: $0) } + [0]
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { type = UInt8(DT_DIR) }
      }
      entries.append((name, type))
    }
  }

  static func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
    folder.last == UInt8(ascii: "/") ? folder + name : folder + [UInt8(ascii: "/")] + name
  }
}
