/// How a training went, for its curves.
public struct TrainingHistory: Codable, Sendable, Hashable {
  /// Means over the steps since the point before.
  public struct Point: Codable, Sendable, Hashable {
    /// Steps taken.
    public var step: Int
    /// Cross entropy of the image head, nats.
    public var imageLoss: Float
    /// Loss of the pixel head; nil without one.
    public var pixelLoss: Float?
    public var learningRate: Float
    public var gradientNorm: Float
  }

  /// The averaged weights on the validation split.
  public struct Validation: Codable, Sendable, Hashable {
    public var step: Int
    public var accuracy: Double
    public var macroF1: Double
    public var auroc: Double?
    /// Nats per part.
    public var negativeLogLikelihood: Double
  }

  /// Why a training ended before its last planned step.
  public enum Ending: String, Codable, Sendable, Hashable {
    /// Its minutes were over.
    case time
    /// The validation split had shown nothing better for a while.
    case patience
  }

  public var points: [Point] = []
  public var validations: [Validation] = []
  /// Step whose averaged weights became the model.
  public var chosenStep = 0
  /// nil for a training that took all of its steps.
  public var ending: Ending?

  /// Whether the last `patience` validations were neither better in macro-F1 nor in likelihood than one before them,
  /// the last of them at step `first` or later.
  func isStale(patience: Int, from first: Int) -> Bool {
    guard patience > 0, validations.count > patience, let last = validations.last, last.step >= first else {
      return false
    }
    let before = validations.dropLast(patience)
    let bestF1 = before.map(\.macroF1).max() ?? 0
    let leastLoss = before.map(\.negativeLogLikelihood).min() ?? .infinity
    return validations.suffix(patience).allSatisfy { $0.macroF1 <= bestF1 && $0.negativeLogLikelihood >= leastLoss }
  }

  /// The better of two validations: by macro-F1, and where that is the same by likelihood.
  static func isBetter(_ a: Validation, than b: Validation?) -> Bool {
    guard let b else { return true }
    return a.macroF1 != b.macroF1 ? a.macroF1 > b.macroF1 : a.negativeLogLikelihood <= b.negativeLogLikelihood
  }
}

/// What a training tells while it runs.
public struct TrainingProgress: Sendable {
  public var step: Int
  public var steps: Int
  /// Mean losses since the last report.
  public var imageLoss: Float
  public var pixelLoss: Float?
  public var learningRate: Float
  /// Training images a second since the start or the resumption.
  public var imagesPerSecond: Double
  public var secondsLeft: Double
  /// Given when the validation split has just been judged.
  public var validation: TrainingHistory.Validation?
}
