/// Counts of true class against predicted class, with the figures that follow from them.
///
/// A judgement can be *undetermined* (the network's output was not finite): it belongs to no predicted class.
/// It lowers the recall of its true class and the accuracy, exactly as a wrong prediction does, and it can never
/// count as "good".
public struct ConfusionMatrix: Sendable, Hashable {
  /// Number of classes, at least 1.
  public let classes: Int
  /// `counts[truth * classes + predicted]`.
  public private(set) var counts: [Int]
  /// Judgements without a predicted class, by true class.
  public private(set) var undetermined: [Int]

  /// An empty matrix.
  ///
  /// - Precondition: `classes` is at least 1.
  public init(classes: Int) {
    precondition(classes >= 1, "a confusion matrix needs at least one class, not \(classes)")
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
    undetermined = Array(repeating: 0, count: classes)
  }

  /// The matrix of `truth` against `predicted`, element by element; `nil` is undetermined.
  ///
  /// - Precondition: equal counts, every index in `0..<classes`.
  public init(truth: [Int], predicted: [Int?], classes: Int) {
    precondition(truth.count == predicted.count, "\(truth.count) true classes, \(predicted.count) predictions")
    self.init(classes: classes)
    for (t, p) in zip(truth, predicted) { add(truth: t, predicted: p) }
  }

  /// Counts one judgement, or `times` like it.
  public mutating func add(truth: Int, predicted: Int?, times: Int = 1) {
    precondition(truth >= 0 && truth < classes, "class \(truth) is outside 0..<\(classes)")
    guard let predicted else {
      undetermined[truth] += times
      return
    }
    precondition(predicted >= 0 && predicted < classes, "class \(predicted) is outside 0..<\(classes)")
    counts[truth * classes + predicted] += times
  }

  /// How many samples of class `truth` were judged as `predicted`.
  public subscript(truth truth: Int, predicted predicted: Int) -> Int { counts[truth * classes + predicted] }

  /// All judgements, undetermined ones included.
  public var total: Int { counts.reduce(0, +) + undetermined.reduce(0, +) }

  /// Judgements on the diagonal.
  public var correct: Int { (0..<classes).reduce(0) { $0 + self[truth: $1, predicted: $1] } }

  /// Samples whose true class is `index`.
  public func support(_ index: Int) -> Int {
    (0..<classes).reduce(undetermined[index]) { $0 + self[truth: index, predicted: $1] }
  }

  /// Samples judged as class `index`.
  public func predictedCount(_ index: Int) -> Int {
    (0..<classes).reduce(0) { $0 + self[truth: $1, predicted: index] }
  }

  /// Share of all judgements that are right, in 0...1; 0 for an empty matrix.
  public var accuracy: Double { ratio(correct, total) }

  /// ``accuracy`` with its exact 95 % interval.
  public var accuracyRate: Rate { Rate(successes: correct, trials: total) }

  /// Right among those judged as class `index`, in 0...1; 0 where nothing was (scikit-learn's `zero_division=0`).
  public func precision(_ index: Int) -> Double {
    ratio(self[truth: index, predicted: index], predictedCount(index))
  }

  /// Found among those that truly are class `index`, in 0...1; 0 where there are none.
  public func recall(_ index: Int) -> Double { ratio(self[truth: index, predicted: index], support(index)) }

  /// Harmonic mean of precision and recall, in 0...1.
  public func f1(_ index: Int) -> Double {
    ratio(2 * self[truth: index, predicted: index], predictedCount(index) + support(index))
  }

  /// Mean of the classes' F1. A class that neither occurs nor is predicted is left out, as in scikit-learn's
  /// `f1_score(average="macro")`.
  public var macroF1: Double {
    let present = (0..<classes).filter { support($0) + predictedCount($0) > 0 }
    return present.isEmpty ? 0 : present.reduce(0) { $0 + f1($1) } / Double(present.count)
  }

  /// One row of the per-class table.
  public struct ClassScore: Sendable, Hashable {
    public let precision: Double
    public let recall: Double
    public let f1: Double
    /// Samples whose true class this is.
    public let support: Int
  }

  /// Precision, recall, F1 and support of every class in index order.
  public var perClass: [ClassScore] {
    (0..<classes).map {
      ClassScore(precision: precision($0), recall: recall($0), f1: f1($0), support: support($0))
    }
  }

  /// Adds the other matrix's counts, such as those of another fold.
  public static func += (matrix: inout ConfusionMatrix, other: ConfusionMatrix) {
    precondition(matrix.classes == other.classes, "\(matrix.classes) classes against \(other.classes)")
    for i in matrix.counts.indices { matrix.counts[i] += other.counts[i] }
    for i in matrix.undetermined.indices { matrix.undetermined[i] += other.undetermined[i] }
  }
}

private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }

/// The index of the largest score, the first one of equals; `nil` if there is none or any score is not finite,
/// because then the output as a whole cannot be trusted.
public func argMax(_ scores: some Collection<Float>) -> Int? {
  var best: (index: Int, score: Float)?
  var index = 0
  for score in scores {
    guard score.isFinite else { return nil }
    if let current = best, score <= current.score {} else { best = (index, score) }
    index += 1
  }
  return best?.index
}
