import Glibc
public import Inspection

/// What made a report: enough to make it again and to trust it.
public struct Provenance: Sendable {
  public var model: ModelIdentity?
  /// As typed.
  public var commandLine: [String]
  /// Of Assay and the libraries below it.
  public var versions: [(name: String, version: String)]
  /// Compute threads.
  public var threads: Int
  public var started: Timestamp
  /// Whatever else belongs here, such as a data set's content hash.
  public var extra: [(name: String, value: String)]

  public init(
    model: ModelIdentity?, commandLine: [String], versions: [(name: String, version: String)], threads: Int,
    started: Timestamp, extra: [(name: String, value: String)] = []
  ) {
    self.model = model
    self.commandLine = commandLine
    self.versions = versions
    self.threads = threads
    self.started = started
    self.extra = extra
  }

  /// The processor's name from `/proc/cpuinfo`, with the number of logical cores that this process may use.
  public static func processor() -> String {
    var name = "unknown processor"
    if let file = unsafe fopen("/proc/cpuinfo", "re") {
      defer { unsafe fclose(file) }
      var line = [CChar](repeating: 0, count: 512)
      while unsafe fgets(&line, Int32(line.count), file) != nil {
        let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") {
          name = text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
          break
        }
      }
    }
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return "\(name), \(cores) logical core\(cores == 1 ? "" : "s")"
  }

  /// The command line quoted for a shell.
  var command: String {
    commandLine.map { word in
      let plain = word.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A)
          || "-_./:=,+@%".utf8.contains($0)
      }
      return plain && !word.isEmpty
        ? word
        : "'"
          + word.split(separator: "'", omittingEmptySubsequences: false)
          .joined(separator: "'\\''") + "'"
    }.joined(separator: " ")
  }

  /// The card at a report's end.
  func card(_ more: [(name: String, value: String)] = []) -> HTML {
    var facts: [(name: String, value: String)] = []
    if let model { facts += [("Model", model.name), ("Model SHA-256", model.sha256)] }
    facts += more
    facts.append(("Started", started.description))
    facts.append(("Processor", Self.processor()))
    facts.append(("Compute threads", Format.count(threads)))
    facts += versions.map { ("\($0.name) version", $0.version) }
    facts += extra
    let list = factList(facts)
    return Reporting.card(
      "Provenance", wide: true,
      "\(list)<p class=\"command\"><span>Command</span><code>\(command)</code></p>")
  }
}
