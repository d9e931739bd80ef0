/// What Assay sees in a data set, and what is wrong with it.
public struct DatasetCheck: Codable, Sendable, Hashable {
  public enum Severity: String, Codable, Sendable, Hashable, CaseIterable {
    /// Figures measured on this set cannot be trusted, or training will fail.
    case error
    /// Probably a mistake; look at it.
    case warning
    /// Worth knowing.
    case note
  }

  /// One thing found, with the files that it concerns.
  public struct Finding: Codable, Sendable, Hashable {
    /// What kind of thing, in words a script can match; kinds are only added to.
    public enum Kind: String, Codable, Sendable, Hashable {
      case unreadable
      case mask
      case conflictingLabels = "conflicting_labels"
      case leakage
      case nearLeakage = "near_leakage"
      case duplicates
      case emptyClass = "empty_class"
      case noTraining = "no_training"
      case noTest = "no_test"
      case fewImages = "few_images"
      case imbalance
      case oddSize = "odd_size"
      case blank
      case mixedColor = "mixed_color"
      case labelSuspect = "label_suspect"
      case noGoodClass = "no_good_class"
      case syntheticHeldOut = "synthetic_held_out"
      case syntheticTraining = "synthetic_training"
    }

    public var severity: Severity
    public var kind: Kind
    /// One sentence.
    public var message: String
    /// Ids or paths, each with what concerns it.
    public var files: [String]
  }

  /// Images of one class, per split.
  public struct ClassCount: Codable, Sendable, Hashable {
    public var name: String
    public var isGood: Bool
    public var train: Int
    public var val: Int
    public var test: Int
    /// How many of them have a mask.
    public var masks: Int
    /// How many of them are synthetic.
    public var synthetic: Int

    enum CodingKeys: String, CodingKey {
      case name
      case isGood = "is_good"
      case train, val, test, masks, synthetic
    }
  }

  /// Sizes in pixels, width then height.
  public struct Sizes: Codable, Sendable, Hashable {
    public var smallest: [Int]
    public var median: [Int]
    public var largest: [Int]
    /// Number of different sizes.
    public var distinct: Int
  }

  public var root: String
  public var layout: PartLayout
  public var images: Int
  public var classes: [ClassCount]
  /// Splits that were dealt because the set names none.
  public var dealt: [Split]
  /// Nil when no image could be read.
  public var sizes: Sizes?
  /// Images with color, and without.
  public var color: Int
  public var gray: Int
  /// Worst first.
  public var findings: [Finding]

  /// Whether anything found is an error.
  public var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

/// How a set is checked.
public struct DatasetCheckOptions: Sendable {
  /// A model's probabilities by part id, in the set's order of classes: finds wrong labels better than look-alikes.
  public var predictions: [String: [Float]]
  /// Nil for one thread per processor.
  public var threads: Int?
  /// Called now and then with the number of images read, from any thread.
  public var progress: (@Sendable (Int) -> Void)?

  public init(
    predictions: [String: [Float]] = [:], threads: Int? = nil, progress: (@Sendable (Int) -> Void)? = nil
  ) {
    self.predictions = predictions
    self.threads = threads
    self.progress = progress
  }
}
