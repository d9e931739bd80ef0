/// What a run was begun with: the first line of its log, written again where the run is resumed or its settings change.
public struct LogHead: Sendable, Hashable {
  /// What one camera, or a folder's pictures, are judged with.
  public struct Station: Sendable, Hashable {
    /// As the recipe calls the camera; nil for files.
    public var camera: String?
    public var model: ModelIdentity
    public var policy: Policy
    /// Label of the acceptable class; nil where there is none.
    public var good: String?
    /// What the thresholds were promised to keep, such as `escape<=1%@95%`.
    public var promises: [String]

    public init(camera: String?, model: ModelIdentity, policy: Policy, good: String? = nil, promises: [String] = []) {
      self.good = good
      self.camera = camera
      self.model = model
      self.policy = policy
      self.promises = promises
    }
  }

  /// A file that settings came from.
  public struct File: Sendable, Hashable {
    public var path: String
    /// SHA-256, hexadecimal.
    public var sha256: String

    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  /// Assay's version.
  public var version: String
  /// What is judged: a folder, say. Empty where the stations say it.
  public var source: String
  public var stations: [Station]
  public var recipe: File?
  public var policyFile: File?
  /// The challenge that was passed before the run; nil where none was asked for.
  public var challenge: File?

  public init(
    version: String, source: String = "", stations: [Station], recipe: File? = nil, policyFile: File? = nil,
    challenge: File? = nil
  ) {
    self.version = version
    self.source = source
    self.stations = stations
    self.recipe = recipe
    self.policyFile = policyFile
    self.challenge = challenge
  }

  /// Why a record stands in the log.
  enum Kind: String {
    case begin, resume, change
  }

  /// The record as a line, its link not yet added.
  func line(_ kind: Kind, at time: Timestamp = .now()) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { json in
      json.member(LogRecord.key, kind.rawValue)
      json.member("time", time.description)
      json.member("assay", version)
      if !source.isEmpty { json.member("source", source) }
      json.array("stations") { array in
        for station in stations {
          array.object {
            if let camera = station.camera { $0.member("camera", camera) }
            $0.object("model") {
              $0.member("name", station.model.name)
              $0.member("sha256", station.model.sha256)
            }
            station.policy.write("policy", to: &$0)
            if let good = station.good { $0.member("good", good) }
            $0.array("promises") { for promise in station.promises { $0.element(promise) } }
          }
        }
      }
      for (key, file) in [("recipe", recipe), ("policy_file", policyFile), ("challenge", challenge)] {
        guard let file else { continue }
        json.object(key) {
          $0.member("path", file.path)
          $0.member("sha256", file.sha256)
        }
      }
    }
    return writer.bytes + [0x0A]
  }
}

/// Lines of a log that are no decisions and no gaps: heads, and the line that ends a run.
public enum LogRecord {
  static let key = "log"
  private static let opening = Array(#"{"log":"#.utf8)
  private static let ending = Array(#"{"log":"end""#.utf8)

  /// Whether a line is one, as far as its beginning tells.
  public static func isRecord(_ line: some Collection<UInt8>) -> Bool { line.starts(with: opening) }

  /// Whether a line ends a run.
  static func isEnd(_ line: some Collection<UInt8>) -> Bool { line.starts(with: ending) }

  /// The line that ends a run, its link not yet added.
  static func end(decisions: Int, at time: Timestamp = .now()) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.member(key, "end")
      $0.member("time", time.description)
      $0.member("decisions", decisions)
    }
    return writer.bytes + [0x0A]
  }
}
