import Imaging
import Samples

/// Windows for one step, as many real ones as places to paint.
struct GeneratorBatch: Sendable {
  /// Classes of both, in the same order.
  var labels: [Int] = []
  /// N x (channels + 1) x S x S
  var real: [Float] = []
  /// N x conditions x S x S, with its noise.
  var conditions: [Float] = []
  /// N x (channels + 1) x S x S: the real defects whose shapes the places have.
  var models: [Float] = []
  /// N x S x S: 1 where a cover may be.
  var reach: [Float] = []

  /// Adds a real window and a place of the same class, with noise of its own.
  mutating func add(_ window: RealWindow, _ place: PlaceWindow, side: Int, _ random: inout SplitMix64) {
    labels.append(place.label)
    real += window.planes
    conditions += place.mask
    conditions += place.texture
    conditions += (0..<side * side).map { _ in random.normal() }
    models += place.model
    reach += WindowBank.reach(place.mask, side: side)
  }
}

/// Makes batches from banks of windows that are renewed a few at a time: cutting windows must not cost more than the
/// networks do.
///
/// ``batch(_:)`` wants steps in ascending order; what it gives depends on the seed and the step alone, also after a
/// resumption.
final class WindowBank {
  private let sampler: WindowSampler
  private let batchSize: Int
  private var reals: [RealWindow?]
  private var places: [PlaceWindow?]
  /// Number that each slot's windows were made from; -1 for none.
  private var made: [Int]

  /// Windows of each kind for a class.
  private static let perClass = 48
  /// Windows of each kind that are made anew in a step.
  private static let renewed = 3

  init(_ sampler: WindowSampler, batchSize: Int) {
    self.sampler = sampler
    self.batchSize = batchSize
    let count = Self.perClass * sampler.configuration.classes
    reals = Array(repeating: nil, count: count)
    places = Array(repeating: nil, count: count)
    made = Array(repeating: -1, count: count)
  }

  /// Number of the window that a slot holds at a step.
  private func number(_ slot: Int, at step: Int) -> Int {
    let count = made.count
    // Slots are renewed in turn: `renewed` a step.
    let turns = step * Self.renewed
    let rounds = turns / count + (turns % count > slot ? 1 : 0)
    return slot + rounds * count
  }

  private func fill(_ slot: Int, at step: Int) throws(SynthesisError) {
    let wanted = number(slot, at: step)
    guard made[slot] != wanted else { return }
    reals[slot] = sampler.real(wanted)
    places[slot] = try sampler.place(wanted)
    made[slot] = wanted
  }

  func batch(_ step: Int) throws(SynthesisError) -> GeneratorBatch {
    let configuration = sampler.configuration
    let classes = configuration.classes
    var random = SplitMix64(seed: sampler.seed, 3, UInt64(step))
    var batch = GeneratorBatch()
    for place in 0..<batchSize {
      let label = (step * batchSize + place) % classes
      let first = random.index(Self.perClass) * classes + label
      let second = random.index(Self.perClass) * classes + label
      try fill(first, at: step)
      try fill(second, at: step)
      batch.add(reals[first]!, places[second]!, side: configuration.side, &random)
    }
    return batch
  }

  /// Where a cover may be: within two pixels of the mask.
  static func reach(_ mask: [Float], side: Int) -> [Float] {
    Image(width: side, height: side, pixels: mask.map { UInt8($0 > 0.05 ? 1 : 0) }).dilated(radius: 2).pixels.map(
      Float.init)
  }
}
