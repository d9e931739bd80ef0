internal import Glibc

/// The empty belt: for each spot its mean level and how much it varies, in the light of the learning phase, and a gain
/// for the light of the moment.
///
/// Flicker and drift of the light scale all spots alike, so the gain is measured in every frame, on the spots that show
/// belt. Means follow what is left over, slowly, and not where a part is.
struct BackgroundModel: Sendable {
  let planes: Int
  let cells: Int
  private let isInside: [Bool]
  private(set) var mean: [Float]
  private var variance: [Float]
  /// What a spot showed before something that stood there was taken for belt; NaN for nothing.
  private var former: [Float]
  private(set) var hasFormer: [Bool]
  /// Light of this frame over that of the learning phase.
  private(set) var gain: Float = 1
  /// The same, without flicker.
  private var slowGain: Float = 1

  /// Medians over the frames of a learning phase, so that a part which passes does no harm.
  ///
  /// - Parameter samples: levels of each frame, at least 1.
  init(_ grid: CellGrid, samples: [[Float]]) {
    let cells = grid.columns * grid.rows
    self.cells = cells
    isInside = grid.isInside
    planes = samples[0].count / cells
    mean = samples[0]
    variance = mean
    former = [Float](repeating: .nan, count: mean.count)
    hasFormer = [Bool](repeating: false, count: cells)
    // One light for all samples, that of the first.
    var scales: [Float] = []
    for sample in samples { scales.append(1 / (ratio(sample, samples[0], leavingOut: nil)?.median ?? 1)) }
    var values = [Float](repeating: 0, count: samples.count)
    for at in mean.indices where isInside[at % cells] {
      for (index, sample) in samples.enumerated() { values[index] = sample[at] * scales[index] }
      values.sort()
      let median = values[values.count / 2]
      for index in values.indices { values[index] = abs(values[index] - median) }
      values.sort()
      let deviation = 1.4826 * values[values.count / 2]
      mean[at] = median
      variance[at] = deviation * deviation
    }
    // A belt that stood still during the learning phase shows its texture only from spot to spot.
    for plane in 0..<planes {
      let texture = spatialDeviation(grid, plane)
      let own = (plane * cells..<(plane + 1) * cells).filter { isInside[$0 % cells] }.map { variance[$0] }.sorted()
      // Where something stood on a belt that moved, nothing varied; what is usual elsewhere must do there.
      let usual = own.isEmpty ? 0 : own[own.count / 2]
      for at in plane * cells..<(plane + 1) * cells {
        variance[at] = max(variance[at], texture * texture, 0.7 * usual, 0.1)
      }
    }
  }

  /// How much neighbouring spots differ beyond slow shading: robust, so that fixed objects in view do not count.
  private func spatialDeviation(_ grid: CellGrid, _ plane: Int) -> Float {
    var differences: [Float] = []
    let columns = grid.columns, base = plane * cells
    for row in 1..<max(2, grid.rows - 1) {
      for column in 1..<max(2, columns - 1) where grid.rows > 2 && columns > 2 {
        let at = row * columns + column
        guard isInside[at] && isInside[at - 1] && isInside[at + 1] && isInside[at - columns] && isInside[at + columns]
        else { continue }
        let around = mean[base + at - 1] + mean[base + at + 1] + mean[base + at - columns] + mean[base + at + columns]
        differences.append(abs(mean[base + at] - around / 4))
      }
    }
    guard !differences.isEmpty else { return 0 }
    differences.sort()
    // The mean of four neighbours adds a quarter of the variance.
    return 1.4826 * differences[differences.count / 2] / 1.118
  }

  /// Median of `levels / reference` over the spots, and the share of them near it; nil with too few to tell.
  private func ratio(
    _ levels: [Float], _ reference: [Float], leavingOut isBusy: [Bool]?, reach: Float = 0.08
  ) -> (median: Float, agreeing: Float, count: Int)? {
    var histogram = [Int32](repeating: 0, count: 1024)
    var count = 0
    for at in 0..<cells where isInside[at] {
      if let isBusy, isBusy[at] { continue }
      var above = levels[at], below = reference[at]
      for plane in 1..<max(1, planes) where planes > 1 {
        above += levels[plane * cells + at]
        below += reference[plane * cells + at]
      }
      // Too dark to say anything, or clipped.
      guard below > 3 && above < 250 * Float(planes) else { continue }
      histogram[min(1023, Int(above / below * 256))] += 1
      count += 1
    }
    guard count > 0 else { return nil }
    var sum = 0, bin = 0
    while bin < 1023 {
      sum += Int(histogram[bin])
      if 2 * sum >= count { break }
      bin += 1
    }
    // The mean of the bins around the median is finer than a bin.
    let width = max(3, bin / 32), wide = max(3, Int(Float(bin) * reach))
    var weight: Float = 0, moment: Float = 0, agreeing: Int32 = 0
    for other in max(0, bin - wide)...min(1023, bin + wide) {
      agreeing += histogram[other]
      guard abs(other - bin) <= width else { continue }
      weight += Float(histogram[other])
      moment += Float(histogram[other]) * (Float(other) + 0.5)
    }
    return (moment / weight / 256, Float(agreeing) / Float(count), count)
  }

  /// Measures the light of a frame; true if it changed at once, all over the region.
  ///
  /// - Parameters:
  ///   - previous: the levels of the frame before.
  ///   - isBusy: spots that showed something else than belt then.
  mutating func follow(_ levels: [Float], previous: [Float], isBusy: [Bool], seconds: Double) -> Bool {
    var hasJumped = false
    // A switch of the light scales parts and belt alike from one frame to the next.
    if let step = ratio(levels, previous, leavingOut: nil), abs(log(step.median)) > 0.12, step.agreeing > 0.7 {
      gain *= step.median
      hasJumped = abs(log(gain / slowGain)) > 0.25
      slowGain = hasJumped ? gain : slowGain
    }
    if let now = ratio(levels, mean, leavingOut: isBusy), now.count * 5 >= cells / 2, now.median > 0.02 {
      // Flicker stays within bounds; a part of another brightness that fills the region does not pass for light.
      gain = min(max(now.median, slowGain * 0.75), slowGain * 1.33)
      slowGain += (gain - slowGain) * Float(1 - exp(-seconds / 2))
    }
    gain = min(max(gain, 0.02), 50)
    return hasJumped
  }

  /// How much each spot differs from the belt, in multiples of what counts as different; 0 outside the region.
  func differences(_ levels: [Float], _ options: PresenceOptions) -> [Float] {
    var result = [Float](repeating: 0, count: cells)
    let least = Float(options.minimumContrast) * min(1, max(0.4, gain)), deviations = Float(options.deviations) * gain
    for plane in 0..<planes {
      let base = plane * cells
      for at in 0..<cells where isInside[at] {
        let expected = min(255, mean[base + at] * gain)
        let limit = max(least, deviations * variance[base + at].squareRoot())
        result[at] = max(result[at], abs(levels[base + at] - expected) / limit)
      }
    }
    return result
  }

  /// How much a spot of belt varies, in the light of the learning phase.
  func deviation(_ index: Int) -> Float { variance[index].squareRoot() }

  /// Spots that show again what they showed before something was taken for belt go back to that.
  mutating func restore(_ levels: [Float], _ differences: inout [Float], _ options: PresenceOptions) {
    let least = Float(options.minimumContrast) * min(1, max(0.4, gain)), deviations = Float(options.deviations) * gain
    for at in 0..<cells where hasFormer[at] && differences[at] > 0.6 {
      var largest: Float = 0
      for plane in 0..<planes {
        let index = plane * cells + at
        let limit = max(least, deviations * variance[index].squareRoot())
        largest = max(largest, abs(levels[index] - min(255, former[index] * gain)) / limit)
      }
      guard largest < 0.6 else { continue }
      for plane in 0..<planes { mean[plane * cells + at] = former[plane * cells + at] }
      hasFormer[at] = false
      differences[at] = largest
    }
  }

  /// Follows slow changes where belt is seen; quickly where `isLight` says that the light made the difference.
  mutating func adapt(_ levels: [Float], isBusy: [Bool], isLight: [Bool]?, seconds: Double, _ options: PresenceOptions)
  {
    let slow = Float(1 - exp(-seconds / options.adaptation)), quick = Float(1 - exp(-seconds / 0.5))
    for plane in 0..<planes {
      let base = plane * cells
      for at in 0..<cells where isInside[at] {
        let rate: Float
        if let isLight, isLight[at] {
          rate = quick
        } else if !isBusy[at] {
          rate = slow
        } else {
          continue
        }
        let error = levels[base + at] / gain - mean[base + at]
        mean[base + at] += rate * error
        if rate == slow {
          variance[base + at] = max(0.1, variance[base + at] + slow / 2 * (error * error - variance[base + at]))
        }
      }
    }
  }

  /// Takes what spots show now for belt.
  ///
  /// - Parameter isRemembered: keep what was there, in case the thing that stands there leaves after all.
  mutating func absorb(_ spots: [Int], _ levels: [Float], isRemembered: Bool) {
    for at in spots {
      for plane in 0..<planes {
        let index = plane * cells + at
        former[index] = mean[index]
        mean[index] = levels[index] / gain
      }
      hasFormer[at] = isRemembered
    }
  }
}
