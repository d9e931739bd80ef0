internal import Glibc

/// One frame as the camera sent it, in a file of its own, `NAME.frame`: the two lines that a recording's `frames.csv`
/// would have for it, its offset counted from their end, and behind them its bytes.
public enum FrameFile {
  public static let fileExtension = "frame"

  /// The file's contents.
  public static func encode(_ frame: Frame) -> [UInt8] {
    var bytes = Array((RecordingEntry.header + RecordingEntry(frame, offset: 0).line).utf8)
    unsafe frame.bytes.span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Reads the two lines.
  ///
  /// - Returns: the frame's entry, whose offset counts from the file's beginning.
  static func entry(_ path: String) throws(RecordingError) -> RecordingEntry {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw RecordingError(path, "cannot be read (\(CameraError.text(errno)))") }
    defer { close(file) }
    // Two lines are some 300 bytes.
    var head = [UInt8](repeating: 0, count: 1024)
    let count = unsafe head.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, 0) }
    let lines = head[..<max(count, 0)].split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3, String(decoding: lines[0], as: UTF8.self) + "\n" == RecordingEntry.header,
      var entry = RecordingEntry(line: String(decoding: lines[1], as: UTF8.self))
    else { throw RecordingError(path, "is no frame that Assay has kept") }
    entry.offset += lines[2].startIndex
    var status = stat()
    guard unsafe fstat(file, &status) == 0, entry.offset + entry.count <= status.st_size else {
      throw RecordingError(path, "is cut short")
    }
    return entry
  }

  /// The files in a folder and the folders in it, by name; none where it is no folder.
  static func find(in folder: String, depth: Int = 3) -> [String] {
    var found: [String] = []
    var folders: [String] = []
    for name in names(in: folder) where !name.hasPrefix(".") {
      if name.hasSuffix("." + fileExtension) {
        found.append(folder + "/" + name)
      } else if depth > 1, !name.contains(".") {
        folders.append(folder + "/" + name)
      }
    }
    // Names begin with a number that grows, whatever folder they are in.
    for inner in folders { found += find(in: inner, depth: depth - 1) }
    return found.sorted { base($0) < base($1) }
  }

  private static func base(_ path: String) -> Substring { path[(path.lastIndex(of: "/") ?? path.startIndex)...] }
}
