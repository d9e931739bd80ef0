import ArgumentParser
import Capture
import Glibc
import Graphs
import Imaging
import Inspection
import Reporting
import Tensors

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what Assay runs on: all that a bug report needs.",
    discussion: """
      Example:
        assay doctor
        assay doctor --json
      """)

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  private static var bf16: String {
    guard EngineInfo.hasBF16 else { return "no: without AVX-512 BF16 and AMX there is no --precision bf16" }
    return EngineInfo.gainsFromBF16 ? "yes" : "yes, but without AMX slower than single precision"
  }

  func run() throws {
    var rows = [
      ("assay", Assay.version), ("system", Machine.system), ("processor", Provenance.processor()),
      ("instructions", Machine.instructions.joined(separator: " ")), ("threads", "\(Machine.processors)"),
      ("memory", "\(Machine.memory >> 20) MB"), ("oneDNN", "\(EngineInfo.version), \(EngineInfo.instructions)"),
      ("bf16", Self.bf16),
      (
        "OpenBLAS",
        LinearAlgebra.isInstalled
          ? "\(LinearAlgebra.version), kernels for \(LinearAlgebra.coreName)" : "not installed (libopenblas0)"
      ),
    ]
    rows += CodecInfo.versions.map { ($0.name, $0.version) }
    let list = CameraList.current()
    rows += list.cameras.enumerated().map { ("camera \($0.offset + 1)", "\($0.element.node), \($0.element.name)") }
    if list.cameras.isEmpty { rows.append(("cameras", list.refused.first.map { "\($0)" } ?? "none")) }
    if json {
      var writer = JSONWriter(indented: true)
      writer.object { object in for row in rows { object.member(row.0, row.1) } }
      Console.write(writer.text + "\n", to: 1)
    } else {
      Console.write(rows.map { $0.0.padded(14) + $0.1 }.joined(separator: "\n") + "\n", to: 1)
    }
  }
}
