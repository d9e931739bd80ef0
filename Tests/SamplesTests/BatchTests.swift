import Imaging
import Synchronization
import Testing

@testable import Samples

@Suite struct BatchTests {
  @Test func everyClassEquallyOften() {
    let labels = Array(repeating: 0, count: 50) + Array(repeating: 1, count: 7) + Array(repeating: 3, count: 2)
    let sampler = BatchSampler(labels: labels, goodIndex: 0, mode: .classBalanced, batchSize: 6, seed: 4)
    var drawn = [Int](repeating: 0, count: labels.count)
    for step in 0..<50 {
      let draws = sampler.draws(step: step)
      for label in [0, 1, 3] { #expect(draws.count { labels[$0.index] == label } == 2) }
      for draw in draws { drawn[draw.index] += 1 }
    }
    // 100 draws of each class: decks of 50, 7 and 2 cards.
    #expect(drawn[..<50].allSatisfy { $0 == 2 })
    #expect(drawn[50..<57].allSatisfy { (14...15).contains($0) })
    #expect(drawn[57...].allSatisfy { $0 == 50 })
  }

  @Test func halfGood() {
    let labels = [1, 1, 1, 1, 1, 1, 1, 0, 0, 2]
    let sampler = BatchSampler(labels: labels, goodIndex: 1, mode: .halfGood, batchSize: 8, seed: 1)
    #expect(sampler.mode == .halfGood)
    for step in 0..<20 {
      let drawn = sampler.draws(step: step).map { labels[$0.index] }
      #expect(drawn.count { $0 == 1 } == 4 && drawn.count { $0 == 0 } == 2 && drawn.count { $0 == 2 } == 2)
    }
    #expect(BatchSampler(labels: labels, goodIndex: nil, mode: .halfGood, batchSize: 8, seed: 1).mode == .classBalanced)
    #expect(BatchSampler(labels: [1, 1], goodIndex: 1, mode: .halfGood, batchSize: 8, seed: 1).mode == .classBalanced)
  }

  @Test func naturalDealsEachOnceAnEpoch() {
    let sampler = BatchSampler(labels: Array(0..<24), goodIndex: nil, mode: .natural, batchSize: 8, seed: 2)
    #expect(sampler.stepsPerEpoch == 3)
    for epoch in 0..<4 {
      let drawn = (0..<3).flatMap { sampler.draws(step: epoch * 3 + $0).map(\.index) }
      #expect(drawn.sorted() == Array(0..<24))
      #expect(drawn != Array(0..<24))
    }
    // Golden: a resumed training must see what the interrupted one would have seen, also after an update.
    #expect(sampler.draws(step: 1000).map(\.index) == [11, 8, 21, 19, 5, 4, 10, 20])
  }

  /// A set of two classes and a good one, half of one class without masks.
  private static func maker(_ folder: borrowing TemporaryFolder, _ augmentation: Augmentation) throws -> BatchMaker {
    var text = "image,mask,label,split\n"
    for index in 0..<12 {
      let label = ["good", "dent", "rust"][index % 3]
      try folder.write(bmp(picture(48, 40, seed: UInt64(index))), "\(index).bmp")
      let hasMask = label == "dent" || index == 2
      if hasMask { try folder.write(bmp(rectangle(48, 40, x: 16..<24, y: 8..<12)), "m\(index).bmp") }
      text += "\(index).bmp,\(hasMask ? "m\(index).bmp" : ""),\(label),train\n"
    }
    try folder.write(text, "manifest.csv")
    let set = try PartSet.load(path: folder.path, options: PartSetOptions())
    let parts = set.parts
    let cache = try SampleCache(parts, preprocessing: Preprocessing(width: 24, height: 20))
    let sampler = BatchSampler(
      labels: parts.map(\.label), goodIndex: set.goodIndex, mode: .halfGood, batchSize: 4, seed: 7)
    return BatchMaker(
      cache: cache, sampler: sampler, augmentation: augmentation, classes: set.classes.count,
      goodIndex: set.goodIndex)
  }

  @Test func batchesDependOnNothingButTheStep() throws {
    let folder = try TemporaryFolder()
    var augmentation = Augmentation()
    augmentation.mixUp = .init(0.5, 0, 0.5)
    augmentation.blur = .init(0.5, 0.3, 1)
    let maker = try Self.maker(folder, augmentation)
    let straight = try (3..<15).map { try maker.batch(step: $0) }
    #expect(Set(straight).count == straight.count)
    for threads in [1, 2, 5] {
      let prefetcher = Prefetcher(steps: 3..<15, threads: threads, capacity: threads + 1) { try maker.batch(step: $0) }
      var got: [Batch] = []
      while let batch = try prefetcher.next() { got.append(batch) }
      #expect(got == straight)
    }
    // Also where nothing stays in memory.
    let poor = try SampleCache(maker.cache.parts, preprocessing: maker.cache.preprocessing, limit: 2000)
    #expect(poor.cachedCount > 0 && poor.cachedCount < 12)
    let other = BatchMaker(
      cache: poor, sampler: maker.sampler, augmentation: augmentation, classes: 3, goodIndex: 0)
    #expect(try other.batch(step: 5) == straight[2])
  }

  @Test func plainBatchesAreWhatThePreparerMakes() throws {
    let folder = try TemporaryFolder()
    let maker = try Self.maker(folder, .none)
    let batch = try maker.plainBatch([4, 0, 2, 5])
    let settings = maker.cache.preprocessing
    for (place, index) in [4, 0, 2, 5].enumerated() {
      var values = [Float](repeating: 0, count: settings.valueCount)
      var span = values.mutableSpan
      let image = try ImageFile.read(path: maker.cache.parts[index].imagePath, options: settings.decodeOptions)
      Preparer(settings).prepare(image, into: &span)
      #expect(Array(batch.images[place * settings.valueCount..<(place + 1) * settings.valueCount]) == values)
    }
    // Classes are good, dent, rust; parts come good, dent, rust, good...
    #expect(batch.labels == [1, 0, 2, 2])
    #expect(batch.targets == [0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1])
    #expect(batch.pixelValid == [1, 1, 1, 0])
    #expect(batch.cellsWide == 3 && batch.cellsHigh == 3)
    // The mask of 8 x 4 pixels at (16, 8) is 4 x 2 at (8, 4) in the input: columns 8..<12, rows 4..<6.
    let pixels = try #require(batch.pixelTargets)
    let expected: [Float] = [0, 8.0 / 64, 0, 0, 0, 0, 0, 0, 0]
    #expect(Array(pixels[0..<9]) == Array(repeating: 0, count: 9))
    #expect(Array(pixels[9..<18]) == expected)
    #expect(pixels.reduce(0, +) == 16.0 / 64)
    // Without augmentation a training batch is the plain batch of the same samples.
    let trained = try maker.batch(step: 9)
    let plain = try maker.plainBatch(trained.sampleIndices)
    #expect(trained == plain)
  }

  @Test func mixUpBlendsImagesAndTargets() throws {
    let folder = try TemporaryFolder()
    var augmentation = Augmentation.none
    augmentation.mixUp = .init(1, 0.25, 0.25)
    let maker = try Self.maker(folder, augmentation)
    let mixed = try maker.batch(step: 0)
    let plain = try maker.plainBatch(mixed.sampleIndices)
    let stride = maker.cache.preprocessing.valueCount
    for place in 0..<4 {
      let partner = (place + 1) % 4
      for index in 0..<stride {
        let expected = plain.images[place * stride + index] * 0.75 + plain.images[partner * stride + index] * 0.25
        #expect(abs(mixed.images[place * stride + index] - expected) < 1e-6)
      }
      for label in 0..<3 {
        let expected = plain.targets[place * 3 + label] * 0.75 + plain.targets[partner * 3 + label] * 0.25
        #expect(mixed.targets[place * 3 + label] == expected)
      }
      #expect(mixed.pixelValid[place] == plain.pixelValid[place] * plain.pixelValid[partner])
    }
  }

  @Test func statistics() throws {
    let folder = try TemporaryFolder()
    let cache = try Self.maker(folder, .none).cache
    let levels = try (0..<12).flatMap { try cache.sample($0).planes.map { Double($0) / 255 } }
    let mean = levels.reduce(0, +) / Double(levels.count)
    let variance = levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(levels.count)
    let found = try cache.statistics()
    #expect(abs(Double(found.mean[0]) - mean) < 1e-6 && abs(Double(found.std[0]) - variance.squareRoot()) < 1e-6)
    let changed = cache.with(mean: found.mean, std: found.std)
    #expect(changed.preprocessing.mean == found.mean)
    #expect(try changed.sample(0) == cache.sample(0))
  }

  @Test func problemsHaveNames() throws {
    let folder = try TemporaryFolder()
    try folder.write(bmp(picture(20, 10, seed: 1)), "good/a.bmp")
    try folder.write("no picture", "good/b.bmp")
    try folder.write(bmp(picture(10, 20, seed: 1)), "mask.bmp")
    let set = try PartSet.load(path: folder.path)
    let settings = Preprocessing(width: 8, height: 8)
    let error = #expect(throws: PartSetError.self) { try SampleCache(set.parts, preprocessing: settings) }
    #expect(error?.description.hasPrefix(folder.path + "/good/b.bmp cannot be decoded: ") == true)
    var part = set.parts[0]
    part.maskPath = folder.path + "/mask.bmp"
    #expect(
      throws: PartSetError.maskSize(
        image: part.imagePath, imageSize: [20, 10], mask: folder.path + "/mask.bmp", maskSize: [10, 20])
    ) { try SampleCache([part], preprocessing: settings) }
  }
}

@Suite struct PrefetcherTests {
  struct Broken: Error {}

  @Test func errorsComeAtTheirStep() throws {
    let prefetcher = Prefetcher(steps: 0..<10, threads: 3, capacity: 4) { step in
      if step == 6 { throw Broken() }
      return step
    }
    for step in 0..<6 { #expect(try prefetcher.next() == step) }
    #expect(throws: Broken.self) { try prefetcher.next() }
    #expect(try prefetcher.next() == 7)
  }

  @Test func staysWithinItsCapacity() throws {
    let made = Counter()
    let prefetcher = Prefetcher(steps: 0..<1000, threads: 4, capacity: 5) { step in
      _ = made.add(1)
      return step
    }
    for step in 0..<100 {
      #expect(try prefetcher.next() == step)
      #expect(made.add(0) <= step + 1 + 5)
    }
    prefetcher.cancel()
    #expect(try prefetcher.next() == nil)
  }

  @Test func lettingGoEndsTheThreads() {
    final class Token: Sendable {
      let count: Counter
      init(_ count: Counter) { self.count = count }
      deinit { _ = count.add(1) }
    }
    let released = Counter()
    do {
      let token = Token(released)
      let prefetcher = Prefetcher(steps: 0..<100, threads: 2, capacity: 2) { step in
        withExtendedLifetime(token) { step }
      }
      _ = try? prefetcher.next()
    }
    #expect(released.add(0) == 1)
  }

  @Test func anEmptyRangeEndsAtOnce() throws {
    #expect(try Prefetcher(steps: 4..<4, threads: 2, capacity: 2) { $0 }.next() == nil)
  }
}
