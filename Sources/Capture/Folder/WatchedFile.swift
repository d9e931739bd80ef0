/// A picture file that is complete, in a folder that is being watched.
///
/// Names are bytes: file systems do not promise UTF-8.
public struct WatchedFile: Sendable, Hashable {
  /// The path below the watched folder.
  public let name: [UInt8]
  /// The watched folder's path with ``name``.
  public let path: [UInt8]
  /// Bytes.
  public let size: Int64
  /// When it was last written, in nanoseconds since 1970, by the clock of its file system.
  public let modified: Int64
  /// With a rename another file may come to the same name.
  let inode: UInt64
}

/// Something about the folder itself that whoever watches it should know.
public enum FolderNotice: Sendable, Hashable, CustomStringConvertible {
  /// The folder was removed, renamed or unmounted. It is waited for.
  case gone(String)
  /// The folder is there again and has been listed.
  case back(String)
  /// The kernel dropped events, since they came faster than they were taken; the folder was listed anew.
  case overflow(String)
  /// The kernel does not report changes in this folder; it is listed every few seconds instead.
  case unwatched(String, String)
  /// The folder cannot be listed: what is in it is not seen until it can.
  case unreadable(String, String)

  public var description: String {
    switch self {
    case .gone(let path): "the folder \(path) is gone; waiting until it is back"
    case .back(let path): "the folder \(path) is back"
    case .overflow(let path): "changes in \(path) came faster than they could be taken; it was listed anew"
    case .unwatched(let path, let reason):
      "changes in \(path) are not reported (\(reason)); it is listed every few seconds instead"
    case .unreadable(let path, let reason): "the folder \(path) cannot be listed (\(reason)); its files are not seen"
    }
  }
}

/// A folder that cannot be watched.
public struct FolderWatcherError: Error, Sendable, Hashable, CustomStringConvertible {
  public let path: String
  public let reason: String
  public var description: String { "the folder \(path) cannot be watched: \(reason)" }
}
