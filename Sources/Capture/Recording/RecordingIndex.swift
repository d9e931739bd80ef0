/// One line of a recording's `frames.csv`: a frame and where its bytes are in `frames.raw`.
struct RecordingEntry: Sendable, Hashable {
  var number: Int
  var sequence: UInt32
  var nanoseconds: Int64
  var wallMilliseconds: Int64
  var offset: Int
  var count: Int
  var fault: FrameFault?
  var layout: FrameLayout

  static let header =
    "number,sequence,nanoseconds,unix_milliseconds,offset,bytes,fault,format,width,height,bytes_per_line,buffer_bytes,"
    + "matrix,range\n"

  init(_ frame: Frame, offset: Int) {
    number = frame.number
    sequence = frame.sequence
    nanoseconds = frame.nanoseconds
    wallMilliseconds = frame.wallMilliseconds
    self.offset = offset
    count = frame.bytes.count
    fault = frame.fault
    layout = frame.layout
  }

  var line: String {
    let head = "\(number),\(sequence),\(nanoseconds),\(wallMilliseconds),\(offset),\(count),\(fault?.rawValue ?? "")"
    return head + ",\(layout.format),\(layout.width),\(layout.height),\(layout.bytesPerLine),\(layout.byteCount),"
      + "\(layout.encoding.matrix),\(layout.encoding.range)\n"
  }

  /// nil for a line that is torn or no entry.
  init?(line: some StringProtocol) {
    let fields = line.split(separator: "," as Character, omittingEmptySubsequences: false).map { String($0) }
    guard fields.count == 14, let number = Int(fields[0]), let sequence = UInt32(fields[1]),
      let nanoseconds = Int64(fields[2]), let wall = Int64(fields[3]), let offset = Int(fields[4]), offset >= 0,
      let count = Int(fields[5]), count >= 0, let format = PixelFormat(fields[7]), let width = Int(fields[8]),
      width > 0,
      let height = Int(fields[9]), height > 0, let bytesPerLine = Int(fields[10]), bytesPerLine >= 0,
      let byteCount = Int(fields[11]), byteCount >= 0,
      let matrix = [ColorEncoding.Matrix.bt601, .bt709, .bt2020].first(where: { "\($0)" == fields[12] }),
      let range = [ColorEncoding.Range.full, .limited].first(where: { "\($0)" == fields[13] })
    else { return nil }
    if !fields[6].isEmpty {
      guard let fault = FrameFault(rawValue: fields[6]) else { return nil }
      self.fault = fault
    }
    self.number = number
    self.sequence = sequence
    self.nanoseconds = nanoseconds
    wallMilliseconds = wall
    self.offset = offset
    self.count = count
    layout = FrameLayout(
      format: format, width: width, height: height, bytesPerLine: bytesPerLine, byteCount: byteCount,
      encoding: ColorEncoding(matrix: matrix, range: range))
  }
}

/// A recording cannot be written or read.
public struct RecordingError: Error, Sendable, Hashable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path) \(reason)." }
}
