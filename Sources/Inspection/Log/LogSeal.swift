import Glibc

/// How a finished run's log ends: `summary.json` keeps it, so that a log that was written anew as a whole is found too.
public struct LogSeal: Sendable, Hashable {
  public var lines: Int
  /// SHA-256 of the last line, hexadecimal.
  public var sha256: String

  public init(lines: Int, sha256: String) {
    self.lines = lines
    self.sha256 = sha256
  }

  /// What `summary.json` says of the log beside it; nil where there is no such file, or none that knows of chains.
  ///
  /// - Throws: ``InspectionError`` where the file is there, but is not what a run wrote.
  public init?(summary path: String) throws {
    guard unsafe access(path, F_OK) == 0 else { return nil }
    let bytes = try LineReader.bytes(path)
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw InspectionError.source(path, "was changed: it is \(error)")
    }
    guard let log = json["log"] else { return nil }
    guard let lines = log["lines"]?.intValue, let digest = log["sha256"]?.stringValue else {
      throw InspectionError.source(path, "was changed: what it says of the log's end cannot be read")
    }
    self.init(lines: lines, sha256: digest)
  }
}
