/// How a network's numbers become 8-bit integers.
///
/// Weights are signed and symmetric with a scale for each output channel, activations unsigned with one scale and zero
/// point for each tensor: what ONNX Runtime and OpenVINO fuse into integer convolutions on x86.
public struct QuantizationSettings: Sendable, Hashable {
  /// What range of a value its integers cover.
  public enum Clipping: Sendable, Hashable {
    /// From the least to the greatest number that was observed. A rare defect is what a network reacts to most, so what
    /// seems an outlier may be what it was trained to find: this is the default.
    case extremes
    /// All but this share of the numbers at either end, such as 0.0001.
    case percentile(Double)
    /// The range with the least mean squared error of the quantised numbers (Nagel et al. 2021, arXiv 2106.08295,
    /// section 3.1; the criterion of Banner et al. 2019, arXiv 1810.05723, found by search instead of a formula).
    case squaredError
  }

  public var clipping: Clipping
  /// What a product's input may come to, 64...255, of the unsigned integers; values that no product reads use all 255.
  ///
  /// The smaller, the larger weights may be without two products together leaving 16 bits, where processors without VNNI
  /// saturate: with both in full range, ONNX Runtime gets 99 of 360 verdicts on the NEU surface set wrong on such a
  /// processor, with its `reduce_range` (7-bit weights) 13. The default leaves weights about 100 of
  /// their 127 steps; of 180, 200, 220 and 255 it changed probabilities least on that set and the magnetic tiles together.
  public var inputLimit: Int
  /// Whether biases make up for what rounding weights shifts a channel's mean by (Nagel et al. 2019, arXiv 1906.04721,
  /// section 4.2).
  public var correctsBiases: Bool
  /// Nodes that stay in single precision, by name.
  public var keptInFloat: Set<String>
  /// Products that make logits or gates, or that nothing but a network's outputs comes from, stay in single precision below
  /// so many weights: there is little to gain, and nothing after them evens an error out. Larger ones that only outputs
  /// come from take integers but give floats.
  public var smallestHead: Int

  public init(
    clipping: Clipping = .extremes, inputLimit: Int = 220, correctsBiases: Bool = true, keptInFloat: Set<String> = [],
    smallestHead: Int = 1 << 16
  ) {
    precondition((64...255).contains(inputLimit), "a limit of \(inputLimit) for 8 bits")
    self.clipping = clipping
    self.inputLimit = inputLimit
    self.correctsBiases = correctsBiases
    self.keptInFloat = keptInFloat
    self.smallestHead = smallestHead
  }
}
