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
  /// Synthetic samples of the good deck and of each class's, in the same order; empty where there are none.
  private let invented: [[Int]]
  /// Share of a class's places that synthetic samples get.
  public let syntheticShare: Double

  /// - Parameters:
  ///   - labels: the class of each sample.
  ///   - goodIndex: the class that stands for an acceptable part.
  ///   - synthetic: indices of synthetic samples. Those of a class share its places with the real ones, however many
  ///     there are; a class without real samples has nothing but them. In the natural mode they are dealt like others.
  ///   - syntheticShare: what they get of a class's places, 0...1.
  /// - Precondition: there is at least one sample, and `batchSize` is at least 1.
  public init(
    labels: [Int], goodIndex: Int?, mode: Mode, batchSize: Int, seed: UInt64, synthetic: Set<Int> = [],
    syntheticShare: Double = 0.5
  ) {
    precondition(!labels.isEmpty && batchSize >= 1, "\(labels.count) samples cannot fill batches of \(batchSize)")
    self.batchSize = batchSize
    self.seed = seed
    count = labels.count
    precondition(syntheticShare >= 0 && syntheticShare <= 1, "a share of \(syntheticShare)")
    self.syntheticShare = syntheticShare
    guard mode != .natural else {
      self.mode = mode
      good = []
      decks = [Array(labels.indices)]
      invented = []
      return
    }
    var byClass: [Int: [Int]] = [:]
    for (index, label) in labels.enumerated() { byClass[label, default: []].append(index) }
    let isHalf = mode == .halfGood && goodIndex.flatMap { byClass[$0] } != nil && byClass.count > 1
    self.mode = isHalf ? .halfGood : .classBalanced
    let all =
      (isHalf ? [byClass.removeValue(forKey: goodIndex!)!] : [[]]) + byClass.sorted { $0.key < $1.key }.map(\.value)
    // Without real samples there is nothing to share with.
    let real = all.map { deck in
      let real = deck.filter { !synthetic.contains($0) }
      return real.isEmpty ? deck : real
    }
    good = real[0]
    decks = Array(real.dropFirst())
    invented =
      synthetic.isEmpty
      ? [] : zip(all, real).map { deck, real in real.count == deck.count ? [] : deck.filter(synthetic.contains) }
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
      if !invented.isEmpty, !invented[deck].isEmpty {
        // Spread evenly: of the first n turns, the share of n are synthetic, rounded down.
        let before = Int(Double(turn) * syntheticShare)
        if Int(Double(turn + 1) * syntheticShare) > before { return card(invented[deck], deck | 1 << 20, before) }
        return card(deck == 0 ? good : decks[deck - 1], deck, turn - before)
      }
      return card(deck == 0 ? good : decks[deck - 1], deck, turn)
    }
    func card(_ cards: [Int], _ deck: Int, _ turn: Int) -> Int {
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
