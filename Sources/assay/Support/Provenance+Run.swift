import Glibc
import Graphs
import Inspection
import Reporting

extension Provenance {
  /// This run's.
  static func run(
    model: ModelIdentity?, threads: Int, started: Timestamp, extra: [(name: String, value: String)] = []
  ) -> Provenance {
    Provenance(
      model: model, commandLine: CommandLine.arguments,
      versions: [("Assay", Assay.version), ("oneDNN", EngineInfo.version + " (" + EngineInfo.instructions + ")")],
      threads: threads, started: started,
      extra: extra)
  }
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws {
  var made = path.hasPrefix("/") ? "/" : ""
  for part in path.split(separator: "/") {
    made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
    var status = stat()
    if unsafe stat(made, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw InspectionError.output(path, "\(made) is a file, not a folder")
      }
      continue
    }
    guard unsafe mkdir(made, 0o755) == 0 || errno == EEXIST else {
      throw InspectionError.output(path, unsafe String(cString: strerror(errno)))
    }
  }
}
