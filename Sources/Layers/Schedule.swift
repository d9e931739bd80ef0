#if canImport(Glibc)
  import Glibc
#endif

/// The learning rate over a training, as a factor of the base rate.
public enum Schedule: Sendable, Hashable {
  case constant
  /// Multiplied by `factor` after every `every` steps.
  case step(every: Int, factor: Float)
  /// From 1 to `floor` along half a cosine (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts).
  case cosine(floor: Float = 0)
  /// From `start` up to 1 in the first `warmUp` share of the steps, then down to `end`, along half cosines (Smith and
  /// Topin 2018, arXiv 1708.07120; PyTorch's `OneCycleLR` has start 1 / 25 and end 1 / 250,000).
  case oneCycle(warmUp: Float = 0.3, start: Float = 0.04, end: Float = 4e-6)
  /// From 0 up to 1 in a straight line over the first steps, then as the other schedule over those that are left.
  indirect case warmUp(steps: Int, then: Schedule)

  /// The factor for `step` (from 0) of `steps`.
  public func factor(step: Int, of steps: Int) -> Float {
    switch self {
    case .constant: return 1
    case .step(let every, let factor): return powf(factor, Float(step / max(1, every)))
    case .cosine(let floor): return between(1, floor, Float(step) / Float(max(1, steps - 1)))
    case .oneCycle(let warmUp, let start, let end):
      let peak = warmUp * Float(steps) - 1
      let at = Float(step)
      if at <= peak { return between(start, 1, peak > 0 ? at / peak : 1) }
      return between(1, end, (at - peak) / max(1, Float(steps) - 1 - peak))
    case .warmUp(let warm, let then):
      if step < warm { return Float(step + 1) / Float(warm) }
      return then.factor(step: step - warm, of: max(1, steps - warm))
    }
  }

  /// Half a cosine from `from` to `to` as `share` goes from 0 to 1.
  private func between(_ from: Float, _ to: Float, _ share: Float) -> Float {
    let share = min(max(share, 0), 1)
    return to + (from - to) * (1 + cosf(.pi * share)) / 2
  }
}
