/// Two models, called the first (A) and the second (B), on the same labelled parts.
public struct ModelComparison: Sendable {
  /// What one model made of the parts.
  public struct Judgements: Sendable, Hashable {
    /// Row-major, one row of probabilities per part, in the order of the comparison's labels.
    public var probabilities: [Float]
    /// For every part whether the verdict was "accept".
    public var accepted: [Bool]
    /// For every part whether the verdict was "review".
    public var reviewed: [Bool]

    public init(probabilities: [Float] = [], accepted: [Bool] = [], reviewed: [Bool] = []) {
      self.probabilities = probabilities
      self.accepted = accepted
      self.reviewed = reviewed
    }
  }

  /// On how many parts only one of the two is right.
  public struct Disagreement: Sendable, Hashable, Codable {
    public let onlyFirst: Int
    public let onlySecond: Int

    /// McNemar's exact test: see ``mcNemarExact(first:second:)``.
    public var pValue: Double { mcNemarExact(first: onlyFirst, second: onlySecond) }

    public init(first: [Bool], second: [Bool]) {
      precondition(first.count == second.count, "\(first.count) parts and \(second.count)")
      onlyFirst = zip(first, second).count { $0 && !$1 }
      onlySecond = zip(first, second).count { !$0 && $1 }
    }
  }

  /// Figures of A and of B.
  public let evaluations: [Evaluation]
  /// The overkill rate that both are held to, 0...1.
  public let overkillLimit: Double
  /// The thresholds of A and of B that keep it, chosen on these very parts; nil where there is none, or no good class.
  public let fixedOverkill: [OperatingPoint?]
  /// Right and wrong by the most probable class.
  public let classes: Disagreement
  /// Right and wrong by the verdict: a good part is accepted, a defective one is not. Nil without a good class.
  public let verdicts: Disagreement?
  /// Macro-F1 of B less that of A.
  public let macroF1: PairedBootstrap.Difference?
  /// Escape rate of B less that of A, each at its own threshold that keeps the overkill limit; in every resample chosen
  /// anew. Nil without a good class or without both kinds of parts.
  public let escapeRate: PairedBootstrap.Difference?
  public let resamples: Int
  public let seed: UInt64

  /// Parts.
  public var count: Int { evaluations[0].count }
  public var labels: [String] { evaluations[0].labels }
  public var good: Int? { evaluations[0].good }

  /// - Parameters:
  ///   - truth: true class of every part; at least one.
  ///   - good: index of the acceptable class, nil where every class is a defect.
  ///   - overkillLimit: 0...1.
  public init(
    _ first: Judgements, _ second: Judgements, truth: [Int], labels: [String], good: Int?, overkillLimit: Double = 0.02,
    resamples: Int = 2000, seed: UInt64 = 0
  ) {
    precondition(!truth.isEmpty, "no parts to compare on")
    let sides = [first, second]
    let count = labels.count
    evaluations = sides.map { side in
      Evaluation(
        probabilities: side.probabilities, truth: truth, labels: labels, good: good, judgedGood: side.accepted,
        isReviewed: side.reviewed)
    }
    self.overkillLimit = overkillLimit
    self.resamples = resamples
    self.seed = seed
    let predicted = sides.map { side in
      truth.indices.map { argMax(side.probabilities[$0 * count..<($0 + 1) * count]) }
    }
    func isRight(_ side: Int) -> [Bool] { truth.indices.map { predicted[side][$0] == truth[$0] } }
    classes = Disagreement(first: isRight(0), second: isRight(1))
    let bootstrap = PairedBootstrap(strata: truth, resamples: resamples, seed: seed)
    macroF1 = bootstrap.difference { times in
      func figure(_ side: Int) -> Double {
        var matrix = ConfusionMatrix(classes: count)
        for index in truth.indices where times[index] > 0 {
          matrix.add(truth: truth[index], predicted: predicted[side][index], times: times[index])
        }
        return matrix.macroF1
      }
      return figure(1) - figure(0)
    }
    guard let good else {
      (fixedOverkill, verdicts, escapeRate) = ([nil, nil], nil, nil)
      return
    }
    let isDefect = truth.map { $0 != good }
    let scores = sides.map { defectScores($0.probabilities, classes: count, good: good) }
    verdicts = Disagreement(
      first: zip(first.accepted, isDefect).map { $0 != $1 }, second: zip(second.accepted, isDefect).map { $0 != $1 })
    let hasBoth = isDefect.contains(true) && isDefect.contains(false)
    fixedOverkill = scores.map {
      hasBoth ? threshold(maximumOverkillRate: overkillLimit, defectScores: $0, isDefect: isDefect) : nil
    }
    let curves = scores.map { FixedOverkill(defectScores: $0, isDefect: isDefect, limit: overkillLimit) }
    escapeRate =
      hasBoth
      ? bootstrap.difference { times in
        guard let a = curves[0].escapeRate(times: times), let b = curves[1].escapeRate(times: times) else {
          return .nan
        }
        return b - a
      } : nil
  }
}
