/// A picture of a judged part, as a ``PictureKeeper`` names it.
public struct KeptPicture: Sendable, Hashable {
  public enum Verdict: String, Sendable, Hashable, CaseIterable {
    case accept, review, reject
  }

  public var id: String
  public var sequence: UInt64
  public var verdict: Verdict
  /// What was found, such as "scratch"; may be empty.
  public var label: String
  /// When it was taken: milliseconds since 1970-01-01T00:00:00Z.
  public var milliseconds: Int64
  /// What the file's name ends with, without a dot.
  public var fileExtension: String

  public init(
    id: String, sequence: UInt64, verdict: Verdict, label: String = "", milliseconds: Int64,
    fileExtension: String = "jpg"
  ) {
    self.id = id
    self.sequence = sequence
    self.verdict = verdict
    self.label = label
    self.milliseconds = milliseconds
    self.fileExtension = fileExtension
  }

  /// `SERIAL-SEQUENCE-LABEL-ID.EXTENSION`. Letters that a shell, a web page or another system could take for something
  /// else become `_`; `kept.jsonl` has the id as it is.
  func fileName(serial: UInt64) -> String {
    var parts = [padded(serial, PictureIndex.serialDigits), "\(sequence)"]
    if !label.isEmpty { parts.append(Self.safe(label, 40)) }
    if !id.isEmpty { parts.append(Self.safe(id, 80)) }
    return parts.joined(separator: "-") + "." + Self.safe(fileExtension, 8)
  }

  private static func safe(_ text: String, _ limit: Int) -> String {
    let bytes = text.utf8.suffix(limit).map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        byte
      default: UInt8(ascii: "_")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Numbers of pictures by verdict.
public struct PictureCounts: Sendable, Hashable {
  public var accept = 0
  public var review = 0
  public var reject = 0

  public init() {}

  public var all: Int { accept + review + reject }

  public subscript(verdict: KeptPicture.Verdict) -> Int {
    get {
      switch verdict {
      case .accept: accept
      case .review: review
      case .reject: reject
      }
    }
    set {
      switch verdict {
      case .accept: accept = newValue
      case .review: review = newValue
      case .reject: reject = newValue
      }
    }
  }
}

/// How a ``PictureKeeper`` is doing. Pictures handed in are ``kept``, ``notSampled``, ``waiting``, or not kept for one
/// of the four causes: the numbers add up.
public struct PictureKeeperStatus: Sendable, Hashable, CustomStringConvertible {
  public var kept = PictureCounts()
  /// Those that the sampling left out.
  public var notSampled = 0
  public var waiting = 0
  /// More came at once than could be written.
  public var queueFull = PictureCounts()
  /// The disk was full, or what is left on it is reserved for decisions.
  public var diskFull = PictureCounts()
  /// Only rejected and reviewable pictures that nobody has reviewed were left to remove.
  public var overBudget = PictureCounts()
  /// They could not be encoded or written for another reason.
  public var failed = PictureCounts()

  /// Pictures in the folder, and their bytes.
  public var files = PictureCounts()
  public var bytes = 0
  /// Removed by this process, and of these the rejected or reviewable that nobody had reviewed.
  public var removed = PictureCounts()
  public var removedUnreviewed = 0
  /// The folder is still being counted.
  public var isScanning = true
  public var isDiskFull = false
  public var isOverBudget = false
  /// The last failure since a picture was kept.
  public var problem: String?

  /// Pictures that were not kept though they should have been, by verdict.
  public var notKept: PictureCounts {
    var counts = PictureCounts()
    for verdict in KeptPicture.Verdict.allCases {
      counts[verdict] = queueFull[verdict] + diskFull[verdict] + overBudget[verdict] + failed[verdict]
    }
    return counts
  }

  /// One line that tells what matters.
  public var description: String {
    var parts = ["\(kept.all) pictures kept"]
    let missing = notKept
    if missing.reject + missing.review > 0 {
      parts.append("\(missing.reject) rejected and \(missing.review) for review not kept")
    }
    if missing.accept > 0 { parts.append("\(missing.accept) accepted not kept") }
    if isDiskFull { parts.append("disk full: no pictures") }
    if isOverBudget { parts.append("over budget: review rejects to make room") }
    if let problem { parts.append(problem) }
    return parts.joined(separator: ", ")
  }
}
