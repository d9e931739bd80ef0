/// All figures of a judged test set in one value.
///
/// Class figures (``accuracy``, ``macroF1``, ``confusion``) take the most probable class; ``errors`` take the verdict,
/// that is the thresholds. A part whose probabilities are not finite is wrong in the first and rejected in the second.
public struct Evaluation: Sendable, Hashable {
  /// Names of the classes in the model's order.
  public let labels: [String]
  /// The acceptable class, or `nil` where all classes are defects.
  public let good: Int?
  /// Parts.
  public let count: Int
  public let confusion: ConfusionMatrix
  /// Good against defect: area under the ROC curve of 1 - p(good); `nil` without a good class or without both kinds.
  public let auroc: Double?
  /// Good against defect: average precision of 1 - p(good).
  public let averagePrecision: Double?
  /// One class against the rest, by class.
  public let perClassAUROC: [Double?]
  /// Good against defect.
  public let roc: ROCCurve?
  /// Defects that were accepted, good parts that were rejected, parts for review; `nil` without a good class.
  public let errors: InspectionErrors?
  public let reliability: Reliability
  public let negativeLogLikelihood: Double
  public let brierScore: Double
  /// The best threshold on 1 - p(good) on this very set, for comparison with the one in use.
  public let bestF1: OperatingPoint?
  /// Found regions, where the set has masks.
  public var regions: RegionHits?

  /// - Parameters:
  ///   - probabilities: row-major, one row of `labels.count` per part.
  ///   - truth: true class of every part.
  ///   - labels: names of the classes.
  ///   - good: index of the acceptable class.
  ///   - judgedGood: for every part whether the verdict was "accept".
  ///   - isReviewed: for every part whether it was "review"; nil for nowhere.
  public init(
    probabilities: [Float], truth: [Int], labels: [String], good: Int?, judgedGood: [Bool],
    isReviewed: [Bool]? = nil, regions: RegionHits? = nil
  ) {
    let classes = labels.count
    checkTable(probabilities, classes, truth)
    precondition(judgedGood.count == truth.count, "\(truth.count) parts, \(judgedGood.count) verdicts")
    self.labels = labels
    self.good = good
    self.regions = regions
    count = truth.count
    confusion = ConfusionMatrix(
      truth: truth,
      predicted: truth.indices.map { argMax(probabilities[$0 * classes..<($0 + 1) * classes]) }, classes: classes)
    perClassAUROC = oneAgainstRestAUROC(probabilities: probabilities, classes: classes, labels: truth)
    reliability = Reliability(probabilities: probabilities, classes: classes, labels: truth)
    negativeLogLikelihood = Metrics.negativeLogLikelihood(
      probabilities: probabilities, classes: classes, labels: truth)
    brierScore = Metrics.brierScore(probabilities: probabilities, classes: classes, labels: truth)
    guard let good else {
      (roc, auroc, averagePrecision, errors, bestF1) = (nil, nil, nil, nil, nil)
      return
    }
    let isDefect = truth.map { $0 != good }
    let scores = defectScores(probabilities, classes: classes, good: good)
    roc = ROCCurve(scores: scores, isPositive: isDefect)
    auroc = roc?.area
    averagePrecision = PrecisionRecallCurve(scores: scores, isPositive: isDefect)?.averagePrecision
    errors = InspectionErrors(isDefect: isDefect, judgedGood: judgedGood, isReviewed: isReviewed)
    bestF1 = bestF1Threshold(defectScores: scores, isDefect: isDefect)
  }

  /// Share of parts whose most probable class is the true one, with its interval.
  public var accuracy: Rate { confusion.accuracyRate }
  public var macroF1: Double { confusion.macroF1 }
  public var expectedCalibrationError: Double { reliability.expectedCalibrationError }
}
