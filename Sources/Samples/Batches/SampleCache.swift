internal import Threads

/// The images of a split, decoded and resized once, in memory with 8 bits, so that epochs do not decode again.
///
/// What does not fit in the memory that it may use is decoded each time it is asked for: slower, but the same bytes.
public struct SampleCache: Sendable {
  public let parts: [Part]
  /// Mean and deviation may be set after the images were read: they are applied later.
  public private(set) var preprocessing: Preprocessing
  /// The first ones of `parts`, as many as fit.
  private let samples: [PreparedImage]
  /// Whether any part has a mask.
  public let hasMasks: Bool

  /// Reads and prepares the parts, several at once.
  ///
  /// - Parameters:
  ///   - limit: bytes that samples may take; the default is 2 GiB.
  ///   - threads: nil for one per processor.
  ///   - progress: called now and then with the number of parts read, from any thread.
  /// - Throws: the first part's problem (in order) when one cannot be read or its mask has another size.
  public init(
    _ parts: [Part], preprocessing: Preprocessing, limit: Int = 2 << 30, threads: Int? = nil,
    progress: (@Sendable (Int) -> Void)? = nil
  ) throws(PartSetError) {
    self.parts = parts
    self.preprocessing = preprocessing
    hasMasks = parts.contains { $0.maskPath != nil }
    let area = preprocessing.width * preprocessing.height
    var total = 0
    let fitting = parts.prefix { part in
      total += preprocessing.valueCount + (part.maskPath == nil ? 0 : area) + 128
      return total <= limit
    }
    // Runs of parts share a preparer, and with it the resampling tables.
    let run = 16
    let runs = (fitting.count + run - 1) / run
    let done = Counter()
    let results = Parallel.map(runs, threads: threads ?? Parallel.processors) { index in
      let preparer = Preparer(preprocessing)
      let range = index * run..<min(fitting.count, (index + 1) * run)
      let result = Result { () throws(PartSetError) in
        var samples: [PreparedImage] = []
        for part in range { samples.append(try preparer.sample(fitting[part])) }
        return samples
      }
      progress?(done.add(range.count))
      return result
    }
    var samples: [PreparedImage] = []
    samples.reserveCapacity(fitting.count)
    for result in results { samples += try result.get() }
    self.samples = samples
  }

  /// Number of parts whose images stay in memory.
  public var cachedCount: Int { samples.count }

  /// The prepared image of a part.
  ///
  /// - Throws: where the part is not in memory and its file can no longer be read.
  public func sample(_ index: Int) throws(PartSetError) -> PreparedImage {
    index < samples.count ? samples[index] : try Preparer(preprocessing).sample(parts[index])
  }

  /// Mean and standard deviation of each channel over (at most 2000 of) the real images, where 1 is white; a deviation
  /// is at least 1/255.
  public func statistics() throws(PartSetError) -> (mean: [Float], std: [Float]) {
    let area = preprocessing.width * preprocessing.height
    var sums = [Double](repeating: 0, count: preprocessing.channels)
    var squares = sums
    let real = parts.indices.filter { !parts[$0].isSynthetic }
    let step = max(1, real.count / 2000)
    var count = 0
    for place in stride(from: 0, to: real.count, by: step) {
      let index = real[place]
      let planes = try sample(index).planes
      count += area
      for channel in 0..<preprocessing.channels {
        var sum = 0
        var square = 0
        let plane = planes.span.extracting(channel * area..<(channel + 1) * area)
        for at in 0..<area {
          let value = Int(plane[at])
          sum &+= value
          square &+= value &* value
        }
        sums[channel] += Double(sum)
        squares[channel] += Double(square)
      }
    }
    guard count > 0 else { return (preprocessing.mean, preprocessing.std) }
    let means = sums.map { $0 / Double(count) / 255 }
    let deviations = zip(squares, means).map { square, mean in
      (square / Double(count) / 65_025 - mean * mean).magnitude.squareRoot()
    }
    return (means.map { Float($0) }, deviations.map { Float(max(1.0 / 255, $0)) })
  }

  /// The same images with another mean and deviation.
  public func with(mean: [Float], std: [Float]) -> SampleCache {
    var copy = self
    copy.preprocessing.mean = mean
    copy.preprocessing.std = std
    if let problem = copy.preprocessing.problem { preconditionFailure(problem) }
    return copy
  }
}
