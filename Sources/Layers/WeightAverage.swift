public import Tensors

/// An exponential moving average of a network's parameters (Polyak and Juditsky 1992), running statistics included.
/// Judging with the average is steadier than with the last step's weights.
public final class WeightAverage {
  /// The parameters that are averaged, in visiting order.
  public let parameters: [Parameter]
  /// Their averages.
  public let values: [Tensor]
  /// Largest share of the old average that a step keeps.
  public let decay: Float

  public init(of parameters: [Parameter], decay: Float) {
    precondition(decay >= 0 && decay < 1, "an average decay of \(decay)")
    self.parameters = parameters
    values = parameters.map { $0.value.copy() }
    self.decay = decay
  }

  /// Moves the averages after step number `step` (from 1); in the first steps the average is over those so far.
  public func update(after step: Int) {
    let keep = min(decay, Float(step) / Float(step + 10))
    for (parameter, value) in zip(parameters, values) { value.blend(toward: parameter.value, share: 1 - keep) }
  }
}
