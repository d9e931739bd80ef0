/// Samples ready for a network, all in one piece.
public struct Batch: Sendable, Hashable {
  /// Number of images N.
  public var count: Int
  public var channels: Int
  public var height: Int
  public var width: Int
  /// N x channels x height x width, normalised.
  public var images: [Float]
  /// N x classes; each row sums to 1. One-hot, or mixed by mix-up.
  public var targets: [Float]
  /// N labels, by the sample that dominates.
  public var labels: [Int32]
  /// N x classes x cells high x cells wide: which part of each cell the defect of that class covers, 0...1. Nil where
  /// no sample of the set has a mask. A good part's planes are all 0, as is the plane of the good class itself.
  public var pixelTargets: [Float]?
  /// N: 1 where the pixel targets are known (good parts, and defects with a mask), else 0.
  public var pixelValid: [Float]
  public var cellsHigh: Int
  public var cellsWide: Int
  /// N indices into the cache that the samples came from.
  public var sampleIndices: [Int]
}

/// Makes batches from a cache: draws, augments, normalises.
///
/// ``batch(step:)`` is a pure function of the sampler's seed and the step.
public struct BatchMaker: Sendable {
  public let cache: SampleCache
  public let sampler: BatchSampler
  public let augmentation: Augmentation
  /// Number of classes K.
  public let classes: Int
  public let goodIndex: Int?
  /// Pixels along each side of a cell of the pixel targets.
  public let cell: Int
  /// What batches show of each image; nil for the whole of it.
  public let crop: Crop?

  /// - Precondition: the sampler deals from as many samples as the cache has.
  public init(
    cache: SampleCache, sampler: BatchSampler, augmentation: Augmentation, classes: Int, goodIndex: Int?,
    cell: Int = 8, crop: Crop? = nil
  ) {
    precondition(sampler.count == cache.parts.count, "\(sampler.count) samples dealt from \(cache.parts.count)")
    self.cache = cache
    self.sampler = sampler
    self.augmentation = augmentation
    self.classes = classes
    self.goodIndex = goodIndex
    self.cell = cell
    self.crop = crop
  }

  /// The batch of a training step, augmented.
  public func batch(step: Int) throws(PartSetError) -> Batch {
    let preprocessing = cache.preprocessing
    let draws = sampler.draws(step: step)
    let size = crop.map { ($0.width, $0.height) } ?? (preprocessing.width, preprocessing.height)
    var batch = empty(draws.map(\.index), size)
    var augmenter = Augmenter(preprocessing, size: size)
    let values = preprocessing.channels * size.0 * size.1
    var partners: [Float] = []
    for (place, draw) in draws.enumerated() {
      let sample = try cache.sample(draw.index)
      let plan = augmentation.plan(seed: draw.seed, width: preprocessing.width, height: preprocessing.height)
      partners.append(plan.mixUp)
      var images = batch.images.mutableSpan
      let window = crop?.window(on: sample, plan, preprocessing, seed: draw.seed)
      augmenter.apply(plan, to: sample, into: &images, at: place * values, window: window)
      var shown = cache.parts[draw.index].label
      if crop != nil, let goodIndex, sample.mask != nil, !Crop.shows(augmenter.mask) { shown = goodIndex }
      label(&batch, place, shown, sample.mask == nil ? nil : augmenter.mask)
    }
    mixUp(&batch, partners)
    return batch
  }

  /// Chosen samples as they are, for validation and for whoever wants to look at them.
  public func plainBatch(_ indices: [Int]) throws(PartSetError) -> Batch {
    let preprocessing = cache.preprocessing
    var batch = empty(indices, (preprocessing.width, preprocessing.height))
    for (place, index) in indices.enumerated() {
      let sample = try cache.sample(index)
      var images = batch.images.mutableSpan
      var part = images._mutatingExtracting(
        place * preprocessing.valueCount..<(place + 1) * preprocessing.valueCount)
      preprocessing.normalize(sample.planes.span, into: &part)
      label(&batch, place, cache.parts[index].label, sample.mask)
    }
    return batch
  }

  private func empty(_ indices: [Int], _ size: (width: Int, height: Int)) -> Batch {
    let channels = cache.preprocessing.channels
    let cellsHigh = (size.height + cell - 1) / cell
    let cellsWide = (size.width + cell - 1) / cell
    let count = indices.count
    return Batch(
      count: count, channels: channels, height: size.height, width: size.width,
      images: [Float](repeating: 0, count: count * channels * size.width * size.height),
      targets: [Float](repeating: 0, count: count * classes), labels: [Int32](repeating: 0, count: count),
      pixelTargets: cache.hasMasks ? [Float](repeating: 0, count: count * classes * cellsHigh * cellsWide) : nil,
      pixelValid: [Float](repeating: 0, count: count), cellsHigh: cellsHigh, cellsWide: cellsWide,
      sampleIndices: indices)
  }

  private func label(_ batch: inout Batch, _ place: Int, _ label: Int, _ mask: [UInt8]?) {
    batch.labels[place] = Int32(label)
    batch.targets[place * classes + label] = 1
    guard batch.pixelTargets != nil else { return }
    if label == goodIndex {
      batch.pixelValid[place] = 1
    } else if let mask {
      batch.pixelValid[place] = 1
      let plane = batch.cellsHigh * batch.cellsWide
      cover(mask, batch, into: &batch.pixelTargets!, at: (place * classes + label) * plane)
    }
  }

  /// Means of `cell` x `cell` blocks; blocks at the right and lower border may be smaller.
  private func cover(_ mask: [UInt8], _ batch: Batch, into target: inout [Float], at offset: Int) {
    var sums = [Int32](repeating: 0, count: batch.cellsWide)
    let bytes = mask.span
    for cellY in 0..<batch.cellsHigh {
      for index in sums.indices { sums[index] = 0 }
      let rows = cellY * cell..<min(batch.height, (cellY + 1) * cell)
      for y in rows {
        for cellX in 0..<batch.cellsWide {
          var sum: Int32 = 0
          for x in cellX * cell..<min(batch.width, (cellX + 1) * cell) { sum &+= Int32(bytes[y * batch.width + x]) }
          sums[cellX] += sum
        }
      }
      for cellX in 0..<batch.cellsWide {
        let columns = min(batch.width, (cellX + 1) * cell) - cellX * cell
        target[offset + cellY * batch.cellsWide + cellX] = Float(sums[cellX]) / Float(255 * rows.count * columns)
      }
    }
  }

  /// Blends each image that drew a weight with the next one of the batch, as they were before any blending.
  private func mixUp(_ batch: inout Batch, _ weights: [Float]) {
    guard batch.count > 1, weights.contains(where: { $0 > 0 }) else { return }
    let original = batch
    func blend(_ values: inout [Float], _ from: [Float], _ stride: Int, _ place: Int, _ weight: Float) {
      let partner = (place + 1) % batch.count
      for index in 0..<stride {
        values[place * stride + index] =
          from[place * stride + index] * (1 - weight) + from[partner * stride + index] * weight
      }
    }
    for (place, weight) in weights.enumerated() where weight > 0 {
      blend(&batch.images, original.images, original.images.count / batch.count, place, weight)
      blend(&batch.targets, original.targets, classes, place, weight)
      if let pixels = original.pixelTargets {
        blend(&batch.pixelTargets!, pixels, pixels.count / batch.count, place, weight)
        // What is half unknown is unknown.
        batch.pixelValid[place] = min(batch.pixelValid[place], original.pixelValid[(place + 1) % batch.count])
      }
    }
  }
}
