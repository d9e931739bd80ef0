/// A time in which a camera sent nothing: a line of `decisions.jsonl` between the decisions. One is written when the
/// gap begins, with `"end":null`, and one when it is over.
public struct GapRecord: Sendable, Hashable {
  /// The camera, as the recipe calls it.
  public var camera: String
  /// Counts the camera's gaps in this run, from 1.
  public var number: Int
  /// Such as `unplugged`, `timeout`, `driver_error`, `busy`.
  public var cause: String
  /// What was seen, in words.
  public var reason: String
  public var start: Timestamp
  /// nil while it lasts.
  public var end: Timestamp?

  public init(camera: String, number: Int, cause: String, reason: String, start: Timestamp, end: Timestamp? = nil) {
    self.camera = camera
    self.number = number
    self.cause = cause
    self.reason = reason
    self.start = start
    self.end = end
  }

  private static let opening = Array(#"{"gap":"#.utf8)

  /// Whether a line of the file is such a record, as far as its beginning tells.
  static func isRecord(_ line: some Collection<UInt8>) -> Bool { line.starts(with: opening) }

  /// The record as one line, line feed included.
  public var jsonLine: [UInt8] {
    var writer = JSONWriter()
    writer.object { json in
      json.object("gap") {
        $0.member("camera", camera)
        $0.member("number", number)
        $0.member("cause", cause)
        $0.member("reason", reason)
        $0.member("start", start.description)
        if let end { $0.member("end", end.description) } else { $0.null("end") }
      }
    }
    return writer.bytes + [0x0A]
  }

  /// - Throws: ``DecisionError`` if the line is no such record.
  public init(jsonLine line: some Collection<UInt8>) throws(DecisionError) {
    let json: JSON
    do { json = try JSON(parsing: line) } catch { throw DecisionError(reason: error.description) }
    guard let gap = json["gap"], let camera = gap["camera"]?.stringValue, let number = gap["number"]?.intValue,
      let cause = gap["cause"]?.stringValue, let reason = gap["reason"]?.stringValue,
      let start = (gap["start"]?.stringValue).flatMap({ Timestamp($0) })
    else { throw DecisionError(reason: "a gap lacks a member") }
    self.init(
      camera: camera, number: number, cause: cause, reason: reason, start: start,
      end: (gap["end"]?.stringValue).flatMap { Timestamp($0) })
  }
}

extension GapRecord {
  static let csvHeader = "camera,number,cause,start,end,reason\r\n"

  var csvLine: String {
    [camera, "\(number)", cause, "\(start)", end.map { "\($0)" } ?? "", reason].map(csvField).joined(separator: ",")
      + "\r\n"
  }
}

/// Gaps in the order of their beginnings, from the records that tell of their beginnings and ends.
public struct GapList: Sendable {
  public private(set) var all: [GapRecord] = []

  public init() {}

  public mutating func add(_ record: GapRecord) {
    // A later run counts from 1 again: the end belongs to the latest of its number.
    let open = all.lastIndex { $0.camera == record.camera && $0.number == record.number && $0.end == nil }
    if record.end != nil, let open { all[open] = record } else { all.append(record) }
  }
}
