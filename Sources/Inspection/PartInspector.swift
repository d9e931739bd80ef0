public import Classification
public import Imaging
internal import Metrics
internal import Samples

#if canImport(Glibc)
  import Glibc
#endif

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
    let info = judge.info
    var clock = StageClock()
    let decoded: DecodedImage
    do throws(ImageError) {
      decoded = try ImageFile.load(
        pathBytes: item.pathBytes, name: item.path, options: info.preprocessing.decodeOptions)
    } catch {
      clock.end("read")
      return unusable(item, sequence, Policy.unreadable(error.description), clock)
    }
    clock.end("read")
    var span = input.mutableSpan
    preparer.prepare(decoded.image, into: &span)
    clock.end("prepare")
    let judged: Judged
    do {
      judged = try judge.judge(input.span)
    } catch {
      clock.end("infer")
      return unusable(item, sequence, Policy.unreadable("could not be judged: \(error)"), clock)
    }
    clock.end("infer")
    let judgement = policy.decide(scores: judged.probabilities, labels: info.labels, goodIndex: info.goodIndex)
    let evidence =
      judgement.verdict != .accept
      ? PartRegions(
        judged, info: info, label: judgement.label, source: decoded.source, wantsOutlines: wantsOutlines) : nil
    clock.end("decide")
    let decision = Decision(
      id: item.id, source: item.path,
      frame: Decision.Frame(
        sequence: sequence, timestamp: .now(), width: decoded.source.width, height: decoded.source.height),
      judgement: judgement, scores: zip(info.labels, judged.probabilities).map { LabelScore($0, $1) },
      regions: evidence?.regions ?? [], model: model, limits: Decision.Limits(policy), timings: clock.timings)
    return Outcome(decision: decision, image: decoded.image, sourceSize: decoded.source, heat: evidence?.heat)
  }

  private func unusable(
    _ item: InspectionInput.Item, _ sequence: Int, _ judgement: Judgement, _ clock: StageClock
  ) -> Outcome {
    Outcome(
      decision: Decision(
        id: item.id, source: item.path,
        frame: Decision.Frame(sequence: sequence, timestamp: .now(), width: 0, height: 0), judgement: judgement,
        model: model, limits: Decision.Limits(policy), timings: clock.timings))
  }
}

/// Milliseconds of consecutive stages.
public struct StageClock: Sendable {
  public private(set) var timings: [StageTiming] = []
  private var last = StageClock.seconds()

  public init() {}

  /// Ends the stage that began with the last one's end.
  public mutating func end(_ stage: String) {
    let time = Self.seconds()
    timings.append(StageTiming(stage, (time - last) * 1000))
    last = time
  }

  /// Seconds of a clock that never jumps.
  public static func seconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
