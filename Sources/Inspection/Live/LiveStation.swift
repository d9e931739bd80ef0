public import Capture
public import Classification
public import Imaging
public import Locating

/// One camera of a live run with all that belongs to it.
public struct LiveStation: Sendable {
  /// What the recipe calls the camera; unique within the run.
  public var name: String
  public var source: any FrameSource
  public var classifier: Classifier
  public var policy: Policy
  public var model: ModelIdentity
  public var trigger: LiveTrigger
  /// What of the frame is looked at.
  public var region: RegionOfInterest
  /// Finds the part in the frame and turns it upright; nil judges the region as it is. What is not found is rejected.
  public var alignment: LiveAlignment?
  /// Black and overexposed pictures are rejected as such; nil judges them like others.
  public var health: FrameHealth.Limits?
  /// What waits between the camera and judging. A live camera's newest frames win; a recording waits.
  public var queue: FrameQueue

  public init(
    name: String, source: any FrameSource, classifier: Classifier, policy: Policy, model: ModelIdentity,
    trigger: LiveTrigger = .every, region: RegionOfInterest = RegionOfInterest(),
    alignment: LiveAlignment? = nil, health: FrameHealth.Limits? = FrameHealth.Limits(),
    queue: FrameQueue = FrameQueue()
  ) {
    self.name = name
    self.source = source
    self.classifier = classifier
    self.policy = policy
    self.model = model
    self.trigger = trigger
    self.region = region
    self.alignment = alignment
    self.health = health
    self.queue = queue
  }
}

/// Which frames are judged.
public enum LiveTrigger: Sendable {
  /// All of them.
  case every
  /// The first one, and then the first after so many seconds each.
  case interval(Double)
  /// The first one taken after each call.
  case software(SoftwareTrigger)
  /// The best one of each part that comes into the region; nil: the station's region.
  case presence(PresenceOptions, region: RegionOfInterest?)
}

/// How a part is found.
public struct LiveAlignment: Sendable {
  public var aligner: PartAligner
  /// Where the template's middle is looked for, in pixels of the frame; nil for everywhere.
  public var search: PixelRect?

  public init(aligner: PartAligner, search: PixelRect? = nil) {
    self.aligner = aligner
    self.search = search
  }
}
