import Glibc

/// Reads `decisions.jsonl` line by line in bounded memory.
public enum DecisionReader {
  /// How much of a file is decisions.
  public struct Extent: Sendable, Hashable {
    /// Decisions read.
    public var lines = 0
    /// Bytes up to the end of the last whole decision.
    public var wholeBytes: Int = 0
    /// Bytes behind it: the torn end of an interrupted run.
    public var tornBytes: Int = 0
    /// Of the whole lines.
    var chain = LogChain()
  }

  /// Calls `body` with every decision in the file's order.
  ///
  /// A bad end is tolerated and reported in the result, since a power cut leaves one. A bad line with good ones behind
  /// it, or a file that never was a file of decisions, is an error.
  ///
  /// - Parameters:
  ///   - onGap: called with every record of a time without a camera.
  ///   - onRecord: called with every record of how the run was begun and ended.
  @discardableResult
  public static func read(
    path: String, onGap: (GapRecord) throws -> Void = { _ in }, onRecord: (JSON) throws -> Void = { _ in },
    _ body: (Decision) throws -> Void
  ) throws -> Extent {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw DecisionLogError.system(operation: "open", path: path, code: errno) }
    defer { close(file) }
    return try read(file: file, path: path, onGap: onGap, onRecord: onRecord, body)
  }

  /// - Parameter chains: whether the lines' chain is followed.
  static func read(
    file: Int32, path: String, chains: Bool = false, onGap: (GapRecord) throws -> Void = { _ in },
    onRecord: (JSON) throws -> Void = { _ in }, _ body: (Decision) throws -> Void
  ) throws -> Extent {
    var extent = Extent()
    var line: [UInt8] = []
    var lineNumber = 0
    var offset: Int = 0
    var firstFault: (line: Int, reason: String)?
    var startsLikeDecisions = true
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, $0.count, offset) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw DecisionLogError.system(operation: "read", path: path, code: errno) }
      if count == 0 { break }
      // A file system may have grown the file before its bytes came, hence zeros.
      if offset == 0 { startsLikeDecisions = chunk[0] == UInt8(ascii: "{") || chunk[0] == 0 }
      var rest = chunk[..<count]
      while let end = rest.firstIndex(of: 0x0A) {
        line.append(contentsOf: rest[..<end])
        rest = rest[(end + 1)...]
        lineNumber += 1
        do {
          let isRecord = LogRecord.isRecord(line)
          let gap = GapRecord.isRecord(line) ? try GapRecord(jsonLine: line) : nil
          let decision = gap == nil && !isRecord ? try Decision(jsonLine: line) : nil
          if let fault = firstFault {
            throw DecisionLogError.corrupt(path: path, line: fault.line, reason: fault.reason)
          }
          if let gap { try onGap(gap) }
          if isRecord, let json = try? JSON(parsing: line) { try onRecord(json) }
          if let decision {
            try body(decision)
            extent.lines += 1
          }
          extent.wholeBytes = offset + end + 1
          if chains { extent.chain.follow(line) }
        } catch let error as DecisionError {
          firstFault = firstFault ?? (lineNumber, error.description)
        }
        line.removeAll(keepingCapacity: true)
      }
      line.append(contentsOf: rest)
      offset += count
    }
    if extent.lines == 0 && offset > 0 && !startsLikeDecisions {
      throw DecisionLogError.corrupt(path: path, line: 1, reason: firstFault?.reason ?? "not a decision")
    }
    extent.tornBytes = offset - extent.wholeBytes
    return extent
  }
}
