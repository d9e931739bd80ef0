public import Imaging
public import Metrics

/// What happens to a part.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
  case accept
  /// A person has to look.
  case review
  case reject
}

/// A probability, or a score in 0...1, of one class.
public struct LabelScore: Sendable, Hashable {
  public let label: String
  public let score: Float

  public init(_ label: String, _ score: Float) {
    self.label = label
    self.score = score
  }
}

/// A place on the part where something was found.
public struct DefectRegion: Sendable, Hashable {
  public var label: String
  /// In pixels of the source image.
  public var box: Box
  /// 0...1.
  public var score: Float
  /// Square pixels of the source image; nil in files of before it was written down.
  public var area: Double?
  /// The region's outline in pixels of the source image, one closed ring per part or hole, for drawing; not part of the
  /// JSON line.
  public var outline: [[Point]]

  public init(label: String, box: Box, score: Float, area: Double? = nil, outline: [[Point]] = []) {
    self.area = area
    self.label = label
    self.box = box
    self.score = score
    self.outline = outline
  }
}

/// Which network judged.
public struct ModelIdentity: Sendable, Hashable {
  public var name: String
  /// SHA-256 of the model file, hexadecimal.
  public var sha256: String

  public init(name: String, sha256: String) {
    self.name = name
    self.sha256 = sha256
  }
}

/// How long one stage took for one part.
public struct StageTiming: Sendable, Hashable {
  /// Such as `read`, `prepare`, `infer`, `report`.
  public let stage: String
  /// Milliseconds, kept to the microsecond.
  public let milliseconds: Double

  public init(_ stage: String, _ milliseconds: Double) {
    self.stage = stage
    self.milliseconds = (milliseconds * 1000).rounded() / 1000
  }
}

/// The judgement of one part: one line of `decisions.jsonl`.
public struct Decision: Sendable, Hashable {
  /// Names the part within the run; unique.
  public var id: String
  /// The file or device, as ``FileName/text(_:)`` writes it.
  public var source: String
  public var frame: Frame
  public var verdict: Verdict
  /// The most probable defect of a rejected or doubtful part, the good class of an accepted one,
  /// ``Policy/unreadableLabel`` for an input that could not be read.
  public var label: String
  /// Score of ``label`` in 0...1; NaN (JSON `null`) where there is none.
  public var score: Float
  /// Scores of all classes in the model's order; empty where there are none.
  public var scores: [LabelScore]
  public var regions: [DefectRegion]
  /// Why, in words: never empty for a part that is not accepted.
  public var reasons: [String]
  public var model: ModelIdentity
  /// What the scores were held against; nil in files of before it was written down.
  public var limits: Limits?
  public var timings: [StageTiming]
  /// The annotated image, relative to the run's folder; `nil` where none was written.
  public var annotated: String?
  /// The camera that took the picture, as the recipe calls it; nil for files.
  public var camera: String?
  /// What the trigger called the part, such as its serial number.
  public var part: String?
  /// Where the part lay in the frame; nil where nothing aligned it.
  public var pose: Pose?

  /// A part's place in the frame, found by its template.
  public struct Pose: Sendable, Hashable {
    /// The template's centre in pixels of the source image.
    public var x: Double
    public var y: Double
    /// Degrees by which the part is turned against the template, counter-clockwise as seen.
    public var angle: Double
    /// How well it fits, 0...1.
    public var score: Double

    public init(x: Double, y: Double, angle: Double, score: Double) {
      self.x = x
      self.y = y
      self.angle = angle
      self.score = score
    }
  }

  /// Where and when the picture was taken.
  public struct Frame: Sendable, Hashable {
    /// Position in the run, from 0.
    public var sequence: Int
    public var timestamp: Timestamp
    /// Pixels; 0 where the input could not be read.
    public var width: Int
    /// Pixels; 0 where the input could not be read.
    public var height: Int

    public init(sequence: Int, timestamp: Timestamp, width: Int, height: Int) {
      self.sequence = sequence
      self.timestamp = timestamp
      self.width = width
      self.height = height
    }
  }

  /// The thresholds of a ``Policy``, 0...1.
  public struct Limits: Sendable, Hashable {
    public var reject: Float
    public var review: Float
    /// Where no class is good: the least probability that names a defect with no person looking.
    public var confidence: Float

    public init(_ policy: Policy) {
      reject = policy.thresholds.reject
      review = policy.thresholds.review
      confidence = policy.minimumConfidence
    }
  }

  public init(
    id: String, source: String, frame: Frame, judgement: Judgement, scores: [LabelScore] = [],
    regions: [DefectRegion] = [], model: ModelIdentity, limits: Limits? = nil, timings: [StageTiming] = [],
    annotated: String? = nil
  ) {
    self.id = id
    self.source = source
    self.frame = frame
    verdict = judgement.verdict
    label = judgement.label
    score = judgement.score
    reasons = judgement.reasons
    self.scores = scores
    self.regions = regions
    self.model = model
    self.limits = limits
    self.timings = timings
    self.annotated = annotated
  }

  /// Whether the input could not be read, so that there was no picture to judge.
  public var isUnreadable: Bool { frame.width == 0 || frame.height == 0 }

  /// Milliseconds over all stages.
  public var totalMilliseconds: Double { timings.reduce(0) { $0 + $1.milliseconds } }
}
