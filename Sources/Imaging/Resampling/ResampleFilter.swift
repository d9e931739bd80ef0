import Glibc

/// How resampling weighs source pixels. When an image shrinks, the filters grow with the reduction, so that every
/// source pixel counts and nothing aliases (as in Pillow; OpenCV's `INTER_LINEAR` does not do this).
public enum ResampleFilter: String, Sendable, Hashable, CaseIterable {
  /// The nearest source pixel; the only one for masks and label images.
  case nearest
  /// The mean over the area.
  case box
  /// A triangle: linear interpolation when enlarging.
  case bilinear
  /// Keys' cubic convolution with a = -0.5.
  case bicubic
  /// A sinc windowed by a wider sinc, three lobes: the sharpest, with slight ringing.
  case lanczos3

  /// Half the width of the filter, in source pixels at scale 1.
  var support: Double {
    switch self {
    case .nearest, .box: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos3: 3
    }
  }

  /// The filter's weight at distance `x`.
  func weight(_ x: Double) -> Double {
    switch self {
    case .nearest, .box: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: return max(0, 1 - abs(x))
    case .bicubic:
      let t = abs(x), a = -0.5
      if t < 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
      if t < 2 { return (((t - 5) * t + 8) * t - 4) * a }
      return 0
    case .lanczos3: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }
}

private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }

/// Which source pixels each output pixel of one axis mixes, and with which weights.
struct ResampleAxis: Sendable {
  /// First source pixel of each output pixel; `starts[i] + taps <= sourceLength`.
  let starts: [Int32]
  /// Weights per output pixel, the same for all: shorter ones are padded with zeros.
  let taps: Int
  /// `count * taps` weights; each output's add up to 1.
  let weights: [Float]
  /// The same in fixed point; each output's add up to exactly `1 << precision`.
  let fixed: [Int16]
  let precision: Int
  var count: Int { starts.count }

  /// The tables of Pillow's `precompute_coeffs` (Resample.c), for output pixel centres spread evenly over
  /// `origin ..< origin + extent` of the source.
  ///
  /// - Parameter group: taps are padded to a multiple of this where the source is long enough.
  init(sourceLength: Int, origin: Double, extent: Double, count: Int, filter: ResampleFilter, group: Int) {
    let scale = extent / Double(count)
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    var bounds: [(start: Int, weights: [Double])] = []
    bounds.reserveCapacity(count)
    var longest = 1
    for index in 0..<count {
      let center = origin + (Double(index) + 0.5) * scale
      if filter == .nearest {
        bounds.append((min(max(Int(center.rounded(.down)), 0), sourceLength - 1), [1]))
        continue
      }
      let first = max(Int(center - support + 0.5), 0)
      let last = min(Int(center + support + 0.5), sourceLength)
      var weights = (first..<max(last, first + 1)).map { filter.weight((Double($0) - center + 0.5) / stretch) }
      let sum = weights.reduce(0, +)
      if sum != 0 { weights = weights.map { $0 / sum } }
      longest = max(longest, weights.count)
      bounds.append((first, weights))
    }
    let padded = (longest + group - 1) / group * group
    let taps = padded <= sourceLength ? padded : longest

    let largest = bounds.lazy.flatMap { $0.weights }.map(abs).max() ?? 1
    var precision = 14
    while largest * Double(1 << precision) > 32000 { precision -= 1 }
    while precision < 20, largest * Double(1 << (precision + 1)) < 32000 { precision += 1 }
    let one = 1 << precision

    var starts: [Int32] = []
    var weights = [Float](repeating: 0, count: count * taps)
    var fixed = [Int16](repeating: 0, count: count * taps)
    starts.reserveCapacity(count)
    for (index, bound) in bounds.enumerated() {
      // Near the far end the padded window is moved back into the source.
      let start = min(bound.start, sourceLength - taps)
      let shift = bound.start - start
      starts.append(Int32(start))
      var rest = one, peak = shift
      for (tap, weight) in bound.weights.enumerated() {
        let at = index * taps + shift + tap
        weights[at] = Float(weight)
        fixed[at] = Int16((weight * Double(one)).rounded())
        rest -= Int(fixed[at])
        if abs(fixed[at]) > abs(fixed[index * taps + peak]) { peak = shift + tap }
      }
      // Rounding must not change the brightness of a flat image.
      fixed[index * taps + peak] += Int16(rest)
    }
    self.starts = starts
    self.taps = taps
    self.weights = weights
    self.fixed = fixed
    self.precision = precision
  }
}
