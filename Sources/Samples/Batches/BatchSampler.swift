/// Chooses the samples of each batch. **A pure function of the seed and the step**, so that training goes on after a
/// crash, and runs on any number of threads, with exactly the batches of an undisturbed run.
///
/// Each class is dealt like a deck of cards, shuffled anew each time it is used up: all of its samples come before
/// one comes again.
public struct BatchSampler: Sendable {
  public enum Mode: String, Codable, Sendable, Hashable {
    /// As often as they are in the set.
    case natural
    /// Each class equally often.
    case classBalanced = "class-balanced"
    /// Half of each batch good, the other half shared equally by the defect classes. Without a good class, or
    /// without defects, the same as `classBalanced`.
    case halfGood = "half-good"
  }

  /// One place of a batch.
  public struct Draw: Sendable, Hashable {
    /// Index of the sample.
    public var index: Int
    /// What its augmentation is drawn from.
    public var seed: UInt64
  }

  public let mode: Mode
  public let batchSize: Int
  public let seed: UInt64
  /// Number of samples that are dealt from.
  public let count: Int
  /// Good samples (or, in other modes, nothing), and one deck per class that has samples.
  private let good: [Int]
  private let decks: [[Int]]

  /// - Parameters:
  ///   - labels: the class of each sample.
  ///   - goodIndex: the class that stands for an acceptable part.
  /// - Precondition: there is at least one sample, and `batchSize` is at least 1.
  public init(labels: [Int], goodIndex: Int?, mode: Mode, batchSize: Int, seed: UInt64) {
    precondition(!labels.isEmpty && batchSize >= 1, "\(labels.count) samples cannot fill batches of \(batchSize)")
    self.batchSize = batchSize
    self.seed = seed
    count = labels.count
    guard mode != .natural else {
      self.mode = mode
      good = []
      decks = [Array(labels.indices)]
      return
    }
    var byClass: [Int: [Int]] = [:]
    for (index, label) in labels.enumerated() { byClass[label, default: []].append(index) }
    let isHalf = mode == .halfGood && goodIndex.flatMap { byClass[$0] } != nil && byClass.count > 1
    self.mode = isHalf ? .halfGood : .classBalanced
    good = isHalf ? byClass.removeValue(forKey: goodIndex!)! : []
    decks = byClass.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Steps after which about as many samples were drawn as there are.
  public var stepsPerEpoch: Int {
    (count + batchSize - 1) / batchSize
  }

  /// The samples of a step, in order.
  ///
  /// - Precondition: `step` is not negative.
  public func draws(step: Int) -> [Draw] {
    precondition(step >= 0, "there is no step \(step)")
    var shuffled: [Int: [Int]] = [:]
    // Deck 0 is that of the good parts.
    func card(_ deck: Int, _ turn: Int) -> Int {
      let cards = deck == 0 ? good : decks[deck - 1]
      let (round, place) = turn.quotientAndRemainder(dividingBy: cards.count)
      let key = deck << 32 | (round & 0xFFFF_FFFF)
      if let order = shuffled[key] { return order[place] }
      var order = cards
      var random = SplitMix64(seed: seed, UInt64(deck), UInt64(round))
      random.shuffle(&order)
      shuffled[key] = order
      return order[place]
    }
    let goodPlaces = good.isEmpty ? 0 : (batchSize + 1) / 2
    let others = batchSize - goodPlaces
    return (0..<batchSize).map { place in
      let index: Int
      if place < goodPlaces {
        index = card(0, step * goodPlaces + place)
      } else {
        let (turn, deck) = (step * others + place - goodPlaces).quotientAndRemainder(dividingBy: decks.count)
        index = card(deck + 1, turn)
      }
      var random = SplitMix64(seed: ~seed, UInt64(step), UInt64(place))
      return Draw(index: index, seed: random.next())
    }
  }
}
