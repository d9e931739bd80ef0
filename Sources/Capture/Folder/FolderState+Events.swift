internal import Glibc

extension FolderState {
  /// Takes what the kernel has reported. Listing a new folder may add more, which the next round takes.
  mutating func takeEvents() {
    while isThere, inotify != nil {
      let events = inotify!.read()
      if events.isEmpty { return }
      for event in events {
        guard isThere else { return }
        take(event)
      }
    }
  }

  private mutating func take(_ event: Inotify.Event) {
    if event.has(IN_Q_OVERFLOW) {
      // Closings may be among what was lost.
      awaited = []
      isDistrustful = true
      notices.append(.overflow(text))
      nextListing = 0
      return
    }
    guard let folder = folders[event.watch] else { return }
    let isRoot = folder == root
    if event.has(IN_IGNORED) || event.has(IN_UNMOUNT) || event.has(IN_DELETE_SELF) {
      if isRoot { return lose() }
      drop(folder)
      return
    }
    if event.has(IN_MOVE_SELF) {
      // A folder within is dropped by what its parent says.
      if isRoot { lose() }
      return
    }
    guard let first = event.name.first, first != UInt8(ascii: ".") else { return }
    let path = Self.join(folder, event.name)
    if event.has(IN_ISDIR) {
      if event.has(IN_CREATE) || event.has(IN_MOVED_TO) {
        let depth = path.dropFirst(root.count).count { $0 == UInt8(ascii: "/") }
        // What was put in before the watch was on is found by the listing, the rest is reported.
        if entersFolder(path, depth: depth) { _ = list(path, depth: depth) }
      } else if event.has(IN_MOVED_FROM) || event.has(IN_DELETE) {
        drop(path)
      }
      return
    }
    guard isPicture(event.name) else { return }
    if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) {
      forget(path)
    } else if event.has(IN_MOVED_TO) {
      awaited.remove(path)
      consider(path, .renamed)
    } else if event.has(IN_CLOSE_WRITE) {
      awaited.remove(path)
      pending[path] = nil
      consider(path, .closed)
    } else if event.has(IN_CREATE) {
      consider(path, .made)
    }
  }

  /// A folder that has gone, with those in it: a watch would follow it to wherever it was moved.
  private mutating func drop(_ folder: [UInt8]) {
    let inside = folder + [UInt8(ascii: "/")]
    for (path, watch) in watches where path == folder || path.starts(with: inside) {
      watches[path] = nil
      folders[watch] = nil
      if inotify != nil { inotify!.forget(watch) }
    }
    for path in seen.keys where path.starts(with: inside) { seen[path] = nil }
    for path in pending.keys where path.starts(with: inside) { pending[path] = nil }
    awaited = awaited.filter { !$0.starts(with: inside) }
    reported = reported.filter { $0 != folder && !$0.starts(with: inside) }
  }
}
