/// A part whose class is known and whose scores come from a network that never learned from it.
public struct CalibrationPart: Sendable, Hashable {
  public var id: String
  /// Index of the true class.
  public var truth: Int
  /// Probabilities of all classes.
  public var scores: [Float]

  public init(id: String, truth: Int, scores: [Float]) {
    self.id = id
    self.truth = truth
    self.scores = scores
  }
}

extension Policy {
  /// The highest threshold on a class's own rule at which the part is still caught by that rule: its defect score where
  /// the class leads, and the class's own score otherwise.
  ///
  /// NaN where the scores cannot be trusted: such a part is rejected whatever the threshold.
  static func ownScore(_ scores: [Float], label: Int, good: Int) -> Float {
    guard scores.allSatisfy(\.isFinite) else { return .nan }
    let leading = leadingDefect(scores, good: good)
    return leading == label ? 1 - scores[good] : scores[label]
  }

  /// The most probable class that is no good one, the first of equals.
  static func leadingDefect(_ scores: [Float], good: Int?) -> Int? {
    scores.indices.filter { $0 != good }.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) }
  }
}
