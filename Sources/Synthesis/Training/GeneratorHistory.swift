/// How a generator's training went, for its report and for the checks that act on it.
public struct GeneratorHistory: Codable, Sendable, Hashable {
  /// Means over the steps since the point before.
  public struct Point: Codable, Sendable, Hashable {
    public var step: Int
    public var generatorLoss: Float
    /// Of the discriminator, or of the autoencoder's divergence.
    public var otherLoss: Float
    /// Mean scores of real and painted windows, augmented; 0 for an autoencoder.
    public var realScore: Float
    public var paintedScore: Float
    /// Share of real windows that the discriminator takes for real, less those that it does not: -1...1 (r_t of Karras et
    /// al. 2020, arXiv 2006.06676).
    public var realSign: Float
  }

  /// A look at both networks without augmentation.
  public struct Check: Codable, Sendable, Hashable {
    public var step: Int
    /// Mean scores of windows of the training split, of the validation split (nil where it has no defects), and painted.
    public var train: Float
    public var heldOut: Float?
    public var painted: Float
    /// How much draws of one place differ, over how much real defects of its class do.
    public var diversity: Float
    /// Chance of each augmentation from here on.
    public var chance: Float
    /// What was done about it, in words; nil for nothing.
    public var action: String?

    /// How far the validation split's score has left the training split's for the painted ones': 0 for not at all, 1 for
    /// all the way, where the discriminator knows its training windows by heart (r_v of Karras et al. 2020).
    public var overfitting: Float? {
      guard let heldOut, train - painted > 1e-3 else { return nil }
      return (train - heldOut) / (train - painted)
    }
  }

  public enum Ending: String, Codable, Sendable, Hashable {
    /// The minutes were over.
    case time
    /// Draws became alike, twice; the last good state was kept.
    case collapse
  }

  public var points: [Point] = []
  public var checks: [Check] = []
  public var ending: Ending?

  public init() {}
}

/// Where a generator's training is.
public struct GeneratorProgress: Sendable {
  public var step: Int
  public var steps: Int
  public var generatorLoss: Float
  public var otherLoss: Float
  public var windowsPerSecond: Double
  public var secondsLeft: Double
  /// Set at a look at both networks.
  public var check: GeneratorHistory.Check?
}
