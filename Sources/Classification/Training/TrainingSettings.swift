public import Samples

/// How a defect classifier is trained. The defaults are for small and middling sets of real parts on two cores.
public struct TrainingSettings: Codable, Sendable, Hashable {
  public var preset: NetworkConfiguration.Preset
  /// The kind of network.
  public var architecture: NetworkConfiguration.Architecture {
    get { otherArchitecture ?? .residual }
    set { otherArchitecture = newValue == .residual ? nil : newValue }
  }
  // Nil for the residual network, so that files written when there was no other can be read, and stay the same.
  private var otherArchitecture: NetworkConfiguration.Architecture?
  /// Seed of the weights, the batches and their augmentation.
  public var seed: UInt64
  /// Optimiser steps; nil for what ``steps(for:)`` makes of the set.
  public var steps: Int?
  /// Passes over the training split instead of steps; nil for none given.
  public var epochs: Double?
  /// Wall-clock minutes that training may take; nil for no limit. The number of steps is fixed once the speed is known;
  /// where the machine becomes slower than that, training ends at the deadline.
  public var minutes: Double?
  /// Images in a batch of whole images; nil for 16 with masks and 32 without.
  public var batchSize: Int?
  /// Looks at the validation split without a better macro-F1 or likelihood that end the training early, once the
  /// learning rate has come down; 0 for never.
  public var patience: Int
  /// Input width and height in pixels, multiples of 16; nil for what suits the set.
  public var inputSize: [Int]?
  /// 1 or 3; nil for what the images have.
  public var channels: Int?
  /// The largest learning rate of the one-cycle schedule.
  public var learningRate: Float
  public var weightDecay: Float
  public var labelSmoothing: Float
  /// Largest share of the old weights that a step keeps in the average that is judged with.
  public var averageDecay: Float
  /// Largest norm of all gradients together.
  public var gradientClip: Float
  /// Share of the steps, from the start, that learn from crops around the masked defects; 0 where there are no masks.
  public var cropShare: Float
  /// nil for what suits the set's classes.
  public var augmentation: Augmentation?
  /// Compute threads; nil for one a processor.
  public var threads: Int?

  /// Whether oneDNN may multiply in bfloat16, on processors that have it; weights and sums stay in single precision.
  public var usesBF16: Bool {
    get { otherPrecision != nil }
    set { otherPrecision = newValue ? "bf16" : nil }
  }
  // Nil for single precision, as above.
  private var otherPrecision: String?

  /// Share of the places of each class that has synthetic parts which these get, 0...1; see `BatchSampler`.
  public var syntheticShare: Double {
    get { otherSyntheticShare ?? Self.usualSyntheticShare }
    set { otherSyntheticShare = newValue == Self.usualSyntheticShare ? nil : newValue }
  }
  private var otherSyntheticShare: Double?
  public static let usualSyntheticShare = 0.5

  private enum CodingKeys: String, CodingKey {
    case preset, seed, steps, epochs, minutes, batchSize, patience, inputSize, channels, learningRate, weightDecay
    case labelSmoothing, averageDecay, gradientClip, cropShare, augmentation, threads
    case otherArchitecture = "architecture"
    case otherPrecision = "precision"
    case otherSyntheticShare = "syntheticShare"
  }

  public init(
    preset: NetworkConfiguration.Preset = .balanced, architecture: NetworkConfiguration.Architecture = .residual,
    seed: UInt64 = 0, steps: Int? = nil, epochs: Double? = nil,
    minutes: Double? = nil, batchSize: Int? = nil, patience: Int = 6, inputSize: [Int]? = nil, channels: Int? = nil,
    learningRate: Float? = nil, weightDecay: Float = 0.05, labelSmoothing: Float = 0.05, averageDecay: Float = 0.995,
    gradientClip: Float = 5, cropShare: Float = 0.6, augmentation: Augmentation? = nil, threads: Int? = nil,
    usesBF16: Bool = false, syntheticShare: Double = TrainingSettings.usualSyntheticShare
  ) {
    self.preset = preset
    otherArchitecture = architecture == .residual ? nil : architecture
    self.seed = seed
    self.steps = steps
    self.epochs = epochs
    self.minutes = minutes
    self.batchSize = batchSize
    self.patience = patience
    self.inputSize = inputSize
    self.channels = channels
    self.learningRate = learningRate ?? Self.learningRate(for: architecture)
    self.weightDecay = weightDecay
    self.labelSmoothing = labelSmoothing
    self.averageDecay = averageDecay
    self.gradientClip = gradientClip
    self.cropShare = cropShare
    self.augmentation = augmentation
    self.threads = threads
    otherPrecision = usesBF16 ? "bf16" : nil
    otherSyntheticShare = syntheticShare == Self.usualSyntheticShare ? nil : syntheticShare
  }

  /// The learning rate that suits an architecture: attention is upset by rates that convolutions learn well with.
  public static func learningRate(for architecture: NetworkConfiguration.Architecture) -> Float {
    architecture == .vit ? 1e-3 : 3e-3
  }
}
