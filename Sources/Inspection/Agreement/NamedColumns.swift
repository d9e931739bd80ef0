internal import Samples

/// The records of a CSV file whose first line names the columns, for files that people fill in.
struct NamedColumns {
  let path: String
  /// Without the first line, and without those that a spreadsheet left empty.
  let records: [CSV.Record]
  private let columns: [String: Int]

  /// - Parameter required: columns that there must be, in small letters.
  init(_ bytes: [UInt8], path: String, required: [String]) throws(InspectionError) {
    let all: [CSV.Record]
    do throws(CSV.Malformed) {
      all = try CSV.records(bytes)
    } catch {
      throw InspectionError.source("\(path), line \(error.line):", error.reason)
    }
    guard let head = all.first else { throw InspectionError.source(path, "is empty") }
    let names = head.fields.map { Self.trimmed($0).lowercased() }
    columns = Dictionary(zip(names, names.indices)) { first, _ in first }
    for name in required where !names.contains(name) {
      throw InspectionError.source("\(path), line \(head.line):", "there is no column called `\(name)`")
    }
    self.path = path
    records = all.dropFirst().filter { $0.fields.contains { !Self.trimmed($0).isEmpty } }
  }

  func has(_ column: String) -> Bool { columns[column] != nil }

  /// A field without blanks around it; empty where there is none.
  func text(_ record: CSV.Record, _ column: String) -> String {
    guard let index = columns[column], record.fields.indices.contains(index) else { return "" }
    return Self.trimmed(record.fields[index])
  }

  /// A field that must not be empty.
  func required(_ record: CSV.Record, _ column: String) throws(InspectionError) -> String {
    let value = text(record, column)
    guard !value.isEmpty else { throw fault(record, "its column `\(column)` is empty") }
    return value
  }

  /// A number of a repeat, from 1.
  func repetition(_ record: CSV.Record, upTo most: Int) throws(InspectionError) -> Int {
    let value = try required(record, "repeat")
    guard let number = Int(value), (1...most).contains(number) else {
      throw fault(record, "repeat `\(value)` is not a number from 1 to \(most)")
    }
    return number
  }

  /// What is wrong with a line.
  func fault(_ record: CSV.Record, _ reason: String) -> InspectionError {
    .source("\(path), line \(record.line):", reason)
  }

  private static func trimmed(_ text: String) -> String {
    var view = text[...]
    while view.first?.isWhitespace == true { view.removeFirst() }
    while view.last?.isWhitespace == true { view.removeLast() }
    return String(view)
  }
}
