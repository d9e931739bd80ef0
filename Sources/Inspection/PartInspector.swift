internal import Capture
public import Classification
public import Imaging
internal import Metrics
internal import Samples

/// Takes one picture from its file to its decision: reads, prepares, judges, decides. One per thread.
public final class PartInspector {
  private let judge: Judge
  private let preparer: Preparer
  private let policy: Policy
  private let model: ModelIdentity
  private let wantsOutlines: Bool
  private var input: [Float]

  /// What is known of a part once it is judged.
  public struct Outcome: Sendable {
    public var decision: Decision
    /// The picture as it was decoded for judging; nil where it could not be read.
    public var image: AnyImage?
    /// The picture's size in its file.
    public var sourceSize: ImageSize?
    /// Evidence 0...1 over the picture; nil where the model gives none or the part was accepted.
    public var heat: Image<Float>?
  }

  /// - Parameters:
  ///   - threads: compute threads for a picture; 1 where several inspectors run side by side.
  ///   - wantsOutlines: whether regions get their outlines, which only drawing needs, beside their boxes.
  public init(
    _ classifier: Classifier, policy: Policy, model: ModelIdentity, threads: Int, wantsOutlines: Bool = true
  ) throws {
    judge = try classifier.judge(threads: threads)
    preparer = Preparer(classifier.info.preprocessing)
    self.policy = policy
    self.model = model
    self.wantsOutlines = wantsOutlines
    input = [Float](repeating: 0, count: classifier.info.preprocessing.valueCount)
  }

  /// Judges a picture file. What cannot be read or judged is a reject with the reason.
  public func inspect(_ item: InspectionInput.Item, sequence: Int) -> Outcome {
    var outcome = judged(item, sequence: sequence)
    outcome.decision.part = item.part
    return outcome
  }

  private func judged(_ item: InspectionInput.Item, sequence: Int) -> Outcome {
    var clock = StageClock()
    let part = PartHead(id: item.id, source: item.path, sequence: sequence, timestamp: .now())
    let decoded: DecodedImage
    do throws(ImageError) {
      decoded = try ImageFile.load(
        pathBytes: item.pathBytes, name: item.path, options: judge.info.preprocessing.decodeOptions)
    } catch {
      clock.end("read")
      return refuse(part, Policy.unreadable(error.description), clock)
    }
    clock.end("read")
    var timed = part
    timed.timestamp = .now()
    return inspect(decoded.image, size: decoded.source, part: timed, clock: clock)
  }

  /// Judges a picture.
  ///
  /// - Parameters:
  ///   - size: the picture's size at its source, which regions are told in; the picture may be smaller.
  ///   - clock: has timed what came before.
  public func inspect(_ image: AnyImage, size: ImageSize, part: PartHead, clock: consuming StageClock) -> Outcome {
    let info = judge.info
    var span = input.mutableSpan
    preparer.prepare(image, into: &span)
    clock.end("prepare")
    let judged: Judged
    do {
      judged = try judge.judge(input.span)
    } catch {
      clock.end("infer")
      return refuse(part, Policy.unreadable("could not be judged: \(error)"), clock)
    }
    clock.end("infer")
    var judgement = policy.decide(scores: judged.probabilities, labels: info.labels, goodIndex: info.goodIndex)
    let evidence =
      judgement.verdict != .accept
      ? PartRegions(judged, info: info, label: judgement.label, source: size, wantsOutlines: wantsOutlines) : nil
    if let rules = policy.regions, let good = info.goodIndex {
      judgement = rules.applied(
        to: judgement, regions: evidence?.regions ?? [],
        good: LabelScore(info.labels[good], judged.probabilities[good]))
    }
    clock.end("decide")
    let decision = Decision(
      id: part.id, source: part.source,
      frame: Decision.Frame(
        sequence: part.sequence, timestamp: part.timestamp, width: size.width, height: size.height),
      judgement: judgement, scores: zip(info.labels, judged.probabilities).map { LabelScore($0, $1) },
      regions: evidence?.regions ?? [], model: model, limits: Decision.Limits(policy), timings: clock.timings)
    return Outcome(decision: decision, image: image, sourceSize: size, heat: evidence?.heat)
  }

  /// The decision on a part of which there is no picture that could be judged.
  public func refuse(_ part: PartHead, _ judgement: Judgement, _ clock: StageClock = StageClock()) -> Outcome {
    Outcome(
      decision: Decision(
        id: part.id, source: part.source,
        frame: Decision.Frame(sequence: part.sequence, timestamp: part.timestamp, width: 0, height: 0),
        judgement: judgement, model: model, limits: Decision.Limits(policy), timings: clock.timings))
  }
}

/// What is known of a part before it is judged.
public struct PartHead: Sendable, Hashable {
  /// Names the part within the run; unique.
  public var id: String
  /// The file or device.
  public var source: String
  /// Position in the run, from 0.
  public var sequence: Int
  /// When its picture was taken, or judged where that is not known.
  public var timestamp: Timestamp

  public init(id: String, source: String, sequence: Int, timestamp: Timestamp) {
    self.id = id
    self.source = source
    self.sequence = sequence
    self.timestamp = timestamp
  }
}

/// Milliseconds of consecutive stages.
public struct StageClock: Sendable {
  public private(set) var timings: [StageTiming] = []
  private var last = Clock.seconds()

  public init() {}

  /// - Parameter first: a stage that was over before.
  public init(first: StageTiming) { timings = [first] }

  /// Ends the stage that began with the last one's end.
  public mutating func end(_ stage: String) {
    let time = Clock.seconds()
    timings.append(StageTiming(stage, (time - last) * 1000))
    last = time
  }
}
