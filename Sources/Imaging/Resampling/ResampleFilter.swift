import CPixels
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
  /// The same in fixed point with ``precision`` bits, as Pillow rounds them.
  let fixed: [Int32]
  /// `fixed` as `high * 4096 + low`, for 16-bit multiply-add.
  let high: [Int16]
  let low: [Int16]
  var count: Int { starts.count }

  /// The tables of Pillow's `precompute_coeffs` (Resample.c), for output pixel centres spread evenly over
  /// `origin ..< origin + extent` of the source.
  ///
  /// - Parameter group: taps are padded to a multiple of this where the source is long enough.
  init(sourceLength: Int, origin: Double, extent: Double, count: Int, filter: ResampleFilter, group: Int) {
    let scale = extent / Double(count)
    let stretch = max(scale, 1), shrink = 1 / stretch
    let support = filter.support * stretch
    func bounds(_ index: Int) -> (center: Double, first: Int, last: Int) {
      let center = origin + (Double(index) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      return (center, first, max(min(Int(center + support + 0.5), sourceLength), first + 1))
    }
    var longest = 1
    for index in 0..<count {
      let (_, first, last) = bounds(index)
      longest = max(longest, last - first)
    }
    let padded = (longest + group - 1) / group * group
    let taps = padded <= sourceLength ? padded : longest

    var starts: [Int32] = []
    var weights = [Float](repeating: 0, count: count * taps)
    var fixed = [Int32](repeating: 0, count: count * taps)
    var line = [Double](repeating: 0, count: longest)
    starts.reserveCapacity(count)
    for index in 0..<count {
      let (center, first, last) = bounds(index)
      var sum = 0.0
      for tap in 0..<last - first {
        line[tap] = filter.weight((Double(first + tap) - center + 0.5) * shrink)
        sum += line[tap]
      }
      // Near the far end the padded window is moved back into the source.
      let start = min(first, sourceLength - taps)
      starts.append(Int32(start))
      for tap in 0..<last - first {
        let weight = sum == 0 ? line[tap] : line[tap] / sum
        let at = index * taps + first - start + tap
        weights[at] = Float(weight)
        fixed[at] = Int32((weight * Double(1 << Int(CPIXELS_PRECISION))).rounded())
      }
    }
    self.starts = starts
    self.taps = taps
    self.weights = weights
    self.fixed = fixed
    high = fixed.map { Int16($0 >> CPIXELS_LOW_BITS) }
    low = fixed.map { Int16($0 & (1 << CPIXELS_LOW_BITS - 1)) }
  }
}
