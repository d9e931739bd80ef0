/// Comma-separated values as in RFC 4180: fields may be quoted, a quoted field may hold commas, line breaks and
/// doubled quotes; lines end with LF, CRLF or CR. A UTF-8 byte order mark is skipped. Where the first line holds
/// no comma, a semicolon or a tab separates instead, as some spreadsheets write it.
public enum CSV {
  /// One record and the line (from 1) that it begins on.
  public struct Record: Sendable, Hashable {
    public var line: Int
    public var fields: [String]
  }

  public struct Malformed: Error, Sendable, Hashable {
    public var line: Int
    public var reason: String
  }

  /// The records of a file's bytes; lines without a character are left out.
  public static func records(_ bytes: [UInt8]) throws(Malformed) -> [Record] {
    var at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw Malformed(line: 1, reason: "the file is UTF-16; save it as UTF-8")
    }
    let quote = UInt8(ascii: "\"")
    let lineFeed = UInt8(ascii: "\n")
    let carriageReturn = UInt8(ascii: "\r")
    let comma = separator(bytes[at...])
    var records: [Record] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var line = 1
    var begin = 1
    var wasQuoted = false
    func endField() {
      fields.append(String(decoding: field, as: UTF8.self))
      field.removeAll(keepingCapacity: true)
      wasQuoted = false
    }
    func endRecord() {
      if !fields.isEmpty || !field.isEmpty || wasQuoted {
        endField()
        records.append(Record(line: begin, fields: fields))
      }
      fields.removeAll(keepingCapacity: true)
    }
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == quote && field.isEmpty && !wasQuoted {
        let opened = line
        wasQuoted = true
        while true {
          guard at < bytes.count else { throw Malformed(line: opened, reason: "a quoted field is never closed") }
          let inner = bytes[at]
          at += 1
          if inner == quote {
            guard at < bytes.count, bytes[at] == quote else { break }
            at += 1
          }
          if inner == lineFeed { line += 1 }
          field.append(inner)
        }
      } else if byte == comma {
        endField()
      } else if byte == lineFeed || byte == carriageReturn {
        if byte == carriageReturn && at < bytes.count && bytes[at] == lineFeed { at += 1 }
        endRecord()
        line += 1
        begin = line
      } else if wasQuoted {
        throw Malformed(line: line, reason: "there are characters after a quoted field")
      } else {
        field.append(byte)
      }
    }
    endRecord()
    return records
  }

  /// A field as it is written: quoted only where it must be.
  public static func field(_ text: String) -> String {
    let special = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
    guard special else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }

  private static func separator(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    let first = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    for candidate in [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")] where first.contains(candidate) {
      return candidate
    }
    return UInt8(ascii: ",")
  }
}
