public import Inspection

/// Small JPEG pictures of the parts that a reader wants to see first, gathered during a run in bounded memory.
///
/// Rejected parts displace parts for review, and those displace accepted ones; among equals the first stay. Whatever
/// is not kept is counted, so that the report can say so.
public struct ThumbnailStore: Sendable {
  /// At most this many pictures.
  public let capacity: Int
  /// At most this many bytes of JPEG, all together.
  public let byteLimit: Int
  /// Bytes that are held.
  public private(set) var bytes = 0

  private var pictures: [[UInt8]: [UInt8]] = [:]
  /// Ids by rank of their verdict (reject, review, accept), in order of arrival.
  private var order: [[[UInt8]]] = [[], [], []]

  /// - Parameters:
  ///   - capacity: 500 keeps a report at a few megabytes.
  ///   - byteLimit: in case the pictures are larger than usual.
  public init(capacity: Int = 500, byteLimit: Int = 6_000_000) {
    self.capacity = capacity
    self.byteLimit = byteLimit
  }

  /// Pictures held.
  public var count: Int { pictures.count }

  /// Whether a picture of a part with this verdict would be kept: ask before spending time on making one.
  public func wants(_ verdict: Verdict) -> Bool {
    (pictures.count < capacity && bytes < byteLimit) || order[(Self.rank(verdict) + 1)...].contains { !$0.isEmpty }
  }

  /// Keeps a picture if there is room for it or a less important one to displace.
  public mutating func insert(_ jpeg: [UInt8], id: String, verdict: Verdict) {
    let key = Array(id.utf8)
    guard pictures[key] == nil, jpeg.count <= byteLimit, capacity > 0 else { return }
    let rank = Self.rank(verdict)
    while pictures.count >= capacity || bytes + jpeg.count > byteLimit {
      guard let victims = order.indices.last(where: { $0 > rank && !order[$0].isEmpty }) else { return }
      let victim = order[victims].removeLast()
      bytes -= pictures.removeValue(forKey: victim)?.count ?? 0
    }
    pictures[key] = jpeg
    bytes += jpeg.count
    order[rank].append(key)
  }

  /// The picture of a part, if it was kept.
  public subscript(_ id: String) -> [UInt8]? { pictures[Array(id.utf8)] }

  private static func rank(_ verdict: Verdict) -> Int {
    switch verdict {
    case .reject: 0
    case .review: 1
    case .accept: 2
    }
  }
}
