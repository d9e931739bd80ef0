import ArgumentParser
import Graphs
import Reporting

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what Assay runs on: all that a bug report needs.",
    discussion: """
      Example:
        assay doctor
      """)

  func run() throws {
    let rows = [
      ("Assay", Assay.version), ("processor", Provenance.processor()),
      ("oneDNN", "\(EngineInfo.version), \(EngineInfo.instructions)"), ("threads", "\(Machine.processors)"),
    ]
    Console.write(rows.map { $0.0.padded(12) + $0.1 }.joined(separator: "\n") + "\n", to: 1)
  }
}
