import ArgumentParser
import Glibc
import Inspection

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Looks after the logs of runs.", subcommands: [LogVerify.self])
}

struct LogVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Finds lines of a run's log that were changed, taken out, added or moved.",
    discussion: """
      Each line of decisions.jsonl carries its number and the SHA-256 of the line before it, and summary.json that of \
      the last one. Exit code 1 where something does not fit, or where the run was never ended. Whoever can write the \
      whole folder can write a new log with a new chain: keep the SHA-256 that this command prints where they cannot.

      Example:
        assay log verify run/
      """)

  @Argument(help: "The run: its folder, or its decisions.jsonl.")
  var folder: String
  @Flag(help: "Print what was found as JSON.")
  var json = false

  func run() throws {
    try reporting { try verify() }
  }

  private func verify() throws {
    let log = Self.log(self.folder)
    let folder = log.lastIndex(of: "/").map { String(log[..<$0]) } ?? "."
    let seal = try LogSeal(summary: folder + "/summary.json")
    let found = try LogVerification(path: log, seal: seal)
    guard found.lines > 0 else { throw InspectionError.source(log, "is empty: there is nothing to verify") }
    guard found.linked > 0 else {
      throw InspectionError.source(
        log, "has no chain: it is no log of Assay's, or one of a version that did not link its lines")
    }
    let isWhole = found.faults.isEmpty && found.isFinished && seal != nil
    Console.write(json ? Self.json(found, isWhole: isWhole) : Self.text(found, log, seal), to: 1)
    if !isWhole { throw ExitCode(1) }
  }

  /// The log of a folder, or the file itself.
  static func log(_ path: String) -> String {
    var status = stat()
    let isFolder = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    return isFolder ? path + (path.hasSuffix("/") ? "" : "/") + "decisions.jsonl" : path
  }

  /// Faults told one by one.
  private static let most = 20

  private static func text(_ found: LogVerification, _ path: String, _ seal: LogSeal?) -> String {
    var lines: [String] = []
    for fault in found.faults.prefix(most) { lines += "\(path), \(fault)".wrapped(80) }
    if found.faults.count > most { lines.append("and \(found.faults.count - most) more") }
    let counts = "\(found.lines) lines, \(found.decisions) decisions"
    if !found.faults.isEmpty {
      lines.append("NOT WHOLE: \(counts)")
    } else if !found.isFinished {
      lines += "\(counts): nothing was changed, but the run was not ended; end it by --resume".wrapped(80)
    } else if seal == nil {
      lines += "\(counts): they fit together, but no summary.json says how the log ended".wrapped(80)
    } else {
      lines.append("whole: \(counts)")
    }
    lines.append("last line: \(found.last)")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func json(_ found: LogVerification, isWhole: Bool) -> String {
    var writer = JSONWriter(indented: true)
    writer.object { json in
      json.member("whole", isWhole)
      json.member("lines", found.lines)
      json.member("decisions", found.decisions)
      json.member("finished", found.isFinished)
      json.member("sha256", found.last)
      json.array("faults") { array in
        for fault in found.faults {
          array.object {
            $0.member("line", fault.line)
            $0.member("reason", fault.reason)
          }
        }
      }
    }
    return writer.text + "\n"
  }
}
