import Classification
import Glibc
import Inspection
import Samples

/// Probabilities of parts, as a CSV file: `id` and a column for each class.
struct PredictionTable {
  let labels: [String]
  private(set) var rows: [(id: String, probabilities: [Float])] = []

  init(labels: [String]) { self.labels = labels }

  /// Adds parts; what was known of them is replaced.
  mutating func add(_ parts: [JudgedPart]) {
    let new = Set(parts.map(\.part.id))
    rows.removeAll { new.contains($0.id) }
    for part in parts { rows.append((part.part.id, part.judged.probabilities)) }
  }

  func write(to path: String) throws {
    var lines = [(["id"] + labels).map(CSV.field).joined(separator: ",")]
    for row in rows {
      lines.append(([row.id] + row.probabilities.map(\.description)).map(CSV.field).joined(separator: ","))
    }
    try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Parameter labels: the classes that there must be, in their order.
  /// - Throws: `InspectionError` that names the file and the line.
  init(path: String, labels: [String]) throws {
    self.labels = labels
    let records: [CSV.Record]
    do { records = try CSV.records(LineReader.bytes(path)) } catch let error as CSV.Malformed {
      throw InspectionError.source(path, "cannot be read: line \(error.line): \(error.reason)")
    }
    guard let head = records.first, head.fields == ["id"] + labels else {
      throw InspectionError.source(
        path,
        "does not begin with id,\(labels.joined(separator: ",")): it is of other classes, or no table of predictions")
    }
    var known: Set<String> = []
    for record in records.dropFirst() {
      let values = record.fields.dropFirst().map { Float($0) ?? .nan }
      guard record.fields.count == labels.count + 1, values.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
        throw InspectionError.source(path, "has no probability for each class in line \(record.line)")
      }
      guard known.insert(record.fields[0]).inserted else {
        throw InspectionError.source(path, "names \(record.fields[0]) twice, again in line \(record.line)")
      }
      rows.append((record.fields[0], values))
    }
  }
}
