import Glibc

/// What can go wrong with a file of decisions.
public enum DecisionLogError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The system refused `operation`, such as "write".
  case system(operation: String, path: String, code: Int32)
  /// A run was to start, but the file has decisions already.
  case notEmpty(path: String)
  /// Another process writes this file.
  case locked(path: String)
  /// Line `line` (from 1) is not a decision, and it is not the torn end of an interrupted run.
  case corrupt(path: String, line: Int, reason: String)

  /// A folder, device or FIFO is where a file is to be written.
  case notFile(path: String)

  /// What failed and why, without a way on.
  public var reason: String {
    switch self {
    case .system(let operation, let path, let code) where code == ENOSPC || code == EDQUOT:
      "cannot \(operation) \(path): the disk is full"
    default: description
    }
  }

  public var description: String {
    switch self {
    case .system(let operation, let path, let code) where code == ENOSPC || code == EDQUOT:
      "cannot \(operation) \(path): the disk is full; make room and go on with --resume"
    case .system(let operation, let path, let code):
      "cannot \(operation) \(path): \(unsafe String(cString: strerror(code)))"
    case .notEmpty(let path):
      "\(path) has decisions already; go on with --resume, replace them with --overwrite, or choose another --out"
    case .notFile(let path):
      "\(path) is a folder, device or FIFO, where a file is to be written; remove it or choose another --out"
    case .locked(let path):
      "\(path) is being written by another run; wait for it or choose another --out"
    case .corrupt(let path, let line, let reason):
      "\(path), line \(line): \(reason); repair or remove the line, or choose another --out"
    }
  }
}
