internal import Glibc

/// Why an output could not be opened, or why a line could not be delivered.
public enum OutputError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The system refused `operation`, such as "write".
  case system(operation: String, path: String, code: Int32)
  /// Another process works in this folder.
  case locked(path: String)
  /// Another program listens on this socket.
  case socketInUse(path: String)
  /// Something that is not a socket has the socket's name.
  case notSocket(path: String)
  /// A socket's path must fit into 107 bytes.
  case socketPathTooLong(path: String)
  /// The folder of an output has lines that were never delivered.
  case undelivered(path: String, lines: Int)
  /// The command ended with a status other than 0; `output` is the last that it wrote.
  case exited(command: String, status: Int32, output: String)
  /// A signal ended the command.
  case killed(command: String, signal: Int32, output: String)
  /// The command took too long and was ended.
  case timedOut(command: String, seconds: Double)
  /// The receiver will never take this line.
  case refused(command: String, output: String)
  /// The spill has reached its limit in bytes.
  case spillFull(path: String, limit: Int)
  /// What is left on the disk is kept for decisions.
  case reserve(path: String, bytes: Int)
  /// The output is being closed.
  case interrupted

  public var description: String {
    switch self {
    case .system(let operation, let path, let code) where code == ENOSPC || code == EDQUOT:
      "cannot \(operation) \(path): the disk is full; make room"
    case .system(let operation, let path, let code):
      "cannot \(operation) \(path): \(unsafe String(cString: strerror(code)))"
    case .locked(let path):
      "\(path) is in use by another run; end it or choose another folder"
    case .socketInUse(let path):
      "another program listens on \(path); end it or choose another socket"
    case .notSocket(let path):
      "\(path) is there and is not a socket; remove it or choose another name"
    case .socketPathTooLong(let path):
      "\(path) is too long for a socket, which may have 107 bytes; choose a shorter one, such as /run/assay/decisions.sock"
    case .undelivered(let path, let lines):
      "\(path) holds \(lines) lines that were never delivered; go on with that run to deliver them, or remove the folder"
    case .exited(let command, let status, let output):
      "\(command) ended with status \(status)" + Self.said(output)
    case .killed(let command, let signal, let output):
      "\(command) was ended by signal \(signal)" + Self.said(output)
    case .timedOut(let command, let seconds):
      "\(command) took longer than \(Self.text(seconds)) s and was ended; make it quicker or allow it more time"
    case .refused(let command, let output):
      "\(command) refused the line" + Self.said(output)
    case .spillFull(let path, let limit):
      "\(path) has reached its limit of \(limit) bytes; bring the receiver back or allow more"
    case .reserve(let path, let bytes):
      "the last \(bytes) bytes free beside \(path) are kept for decisions; make room on the disk"
    case .interrupted:
      "the output is being closed"
    }
  }

  private static func said(_ output: String) -> String { output.isEmpty ? "" : ", saying: \(output)" }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e15 ? "\(Int(seconds))" : "\(seconds)"
  }
}
