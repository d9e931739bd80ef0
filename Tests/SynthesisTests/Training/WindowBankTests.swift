import FileTestSupport
import Imaging
import Samples
import Testing

@testable import Synthesis

@Suite("Windows for training")
struct WindowBankTests {
  private func sampler(seed: UInt64 = 1) throws -> WindowSampler {
    let folder = try Rendered.set()
    let library = try DefectLibrary(try PartSet.load(path: folder.path))
    let defects = library.defects.sorted { $0.key < $1.key }.map { $0.value.map { $0.with(channels: 1) } }
    let parents = ParentCache(channels: 1)
    // Read now: the folder is gone after this.
    for index in library.good.items.indices { _ = try parents.part(index, of: library.good) }
    return WindowSampler(
      configuration: GeneratorConfiguration(side: 32, channels: 1, classes: 2, hasMasks: true), defects: defects,
      pictures: [],
      priors: defects.map { PlacementPrior($0.map(\.site)) }, good: library.good, parents: parents, seed: seed)
  }

  @Test("a batch depends on the seed and the step alone, also where training goes on from there")
  func resumption() throws {
    let sampler = try sampler()
    let bank = WindowBank(sampler, batchSize: 4)
    var batches: [GeneratorBatch] = []
    for step in 0..<60 { batches.append(try bank.batch(step)) }
    let later = WindowBank(sampler, batchSize: 4)
    for step in 45..<60 {
      let batch = try later.batch(step)
      #expect(batch.labels == batches[step].labels && batch.real == batches[step].real)
      #expect(batch.conditions == batches[step].conditions && batch.reach == batches[step].reach)
    }
    #expect(Set(batches.flatMap(\.labels)) == [0, 1])
    #expect(batches[0].real.count == 4 * 2 * 32 * 32 && batches[0].conditions.count == 4 * 3 * 32 * 32)
    #expect(batches[0].real != batches[1].real)
  }

  @Test("places have a mask within the window and show the part, not the defect")
  func places() throws {
    let sampler = try sampler()
    for number in 0..<40 {
      let place = try sampler.place(number)
      #expect(place.label == number % 2)
      #expect(place.mask.contains { $0 >= 0.5 })
      // Stripes and noise of a few per cent; a spot would be at -0.5 and below.
      #expect(place.texture.allSatisfy { abs($0) < 0.4 })
    }
  }

  @Test("a bent mask keeps about its size")
  func bent() {
    let mask = DefectWindow(Rendered.real(1, 5), side: 64).cover
    let area = mask.pixels.reduce(0, +)
    var random = SplitMix64(seed: 9)
    for _ in 0..<30 {
      let bent = Bend(side: 64, scale: 1, &random)(mask).pixels.reduce(0, +)
      #expect(bent > 0.5 * area && bent < 2 * area)
    }
  }

  @Test("a cover reaches two pixels beyond its mask")
  func reach() {
    var mask = [Float](repeating: 0, count: 256)
    mask[8 * 16 + 8] = 1
    let reach = WindowBank.reach(mask, side: 16)
    for y in 0..<16 {
      for x in 0..<16 { #expect(reach[y * 16 + x] == (abs(x - 8) <= 2 && abs(y - 8) <= 2 ? 1 : 0)) }
    }
  }
}
