internal import Threads

extension PartSet {
  /// The sets of a cross-validation: in each, one of `count` folds of the training and validation parts is the `test`
  /// split, a tenth of each class of the rest is `val`, and the others are `train`. The set's own test parts are in none.
  ///
  /// Classes are spread evenly over the folds. Files with the same content, and pictures that show nearly the same, are in
  /// one fold: a copy of a training part in the test split would be judged from memory.
  ///
  /// - Parameters:
  ///   - count: of folds, at least 2.
  ///   - seed: of the shuffle.
  /// - Throws: `PartSetError` where a picture cannot be read.
  public func folds(_ count: Int, seed: UInt64, threads: Int? = nil) throws(PartSetError) -> [PartSet] {
    guard count >= 2 else { throw .fold(fold: 0, folds: count) }
    if let part = parts.first(where: \.isSynthetic) {
      throw .synthetic(
        path: part.imagePath,
        reason: "what it was made from may be in the fold that is left out; cross-validate real parts alone")
    }
    var pool = self
    pool.parts.removeAll { $0.split == .test }
    let decks = try pool.decks(seed: seed, threads: threads ?? Parallel.processors)
    return (0..<count).map { fold in
      var set = pool
      for (label, deck) in decks.enumerated() {
        var rest: [[Int]] = []
        for (rank, card) in deck.enumerated() {
          // Starting each class at another fold keeps the folds' sizes level when classes are small.
          let isHeld = (rank + label) % count == fold
          for index in card { set.parts[index].split = isHeld ? .test : .train }
          if !isHeld { rest.append(card) }
        }
        guard rest.count >= 5 else { continue }
        for card in rest.prefix(max(1, (rest.count + 5) / 10)) {
          for index in card { set.parts[index].split = .val }
        }
      }
      return set
    }
  }

  /// For each class, shuffled groups of parts that must not be separated. A group of parts of several classes is dealt
  /// with the first of them.
  private func decks(seed: UInt64, threads: Int) throws(PartSetError) -> [[[Int]]] {
    let looks = Parallel.map(parts.count, threads: threads) { index in
      Result { () throws(PartSetError) in try Look.at(parts[index], isGood: true).detail }
    }
    var details: [[Float]] = []
    for look in looks { details.append(try look.get()) }
    var leader = Array(parts.indices)
    func find(_ index: Int) -> Int {
      var index = index
      while leader[index] != index { index = leader[index] }
      return index
    }
    func join(_ a: Int, _ b: Int) {
      let (a, b) = (find(a), find(b))
      leader[max(a, b)] = min(a, b)
    }
    var first: [ContentHash: Int] = [:]
    for (index, part) in parts.enumerated() {
      if let known = first[part.contentHash] { join(known, index) } else { first[part.contentHash] = index }
    }
    for pair in NearCopies.pairs(details, threads: threads, isWanted: { _, _ in true }) {
      join(pair.first, pair.second)
    }
    var groups: [Int: [Int]] = [:]
    for index in parts.indices { groups[find(index), default: []].append(index) }
    // By content, so that neither names nor the order of files decide.
    let cards = groups.values.map { group in
      (key: group.map { SplitMix64.mix(parts[$0].contentHash.digest ^ seed) }.min()!, group: group.sorted())
    }
    var decks: [[[Int]]] = Array(repeating: [], count: classes.count)
    for card in cards.sorted(by: { ($0.key, $0.group[0]) < ($1.key, $1.group[0]) }) {
      decks[card.group.map { parts[$0].label }.min()!].append(card.group)
    }
    return decks
  }
}
