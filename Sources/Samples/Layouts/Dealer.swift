/// Deals parts to splits by what their files hold.
///
/// Within a class, distinct contents are ordered by their hash: a shuffle that every machine repeats and that a new
/// image disturbs only near the borders. Equal files are one card, so they never part.
enum Dealer {
  /// Fills in the splits that the set did not name; returns which ones were dealt.
  static func deal(_ parts: inout [Part], named: [Split?], classes: Int, options: PartSetOptions) -> [Split] {
    // Whatever split they name: resplitting leaves synthetic parts nothing but training.
    if options.resplit {
      for index in parts.indices where parts[index].isSynthetic { parts[index].split = .train }
    }
    let noneNamed = options.resplit || named.allSatisfy { $0 == nil }
    let hasTest = !noneNamed && named.contains(.test)
    let hasVal = !noneNamed && named.contains(.val)

    if let folds = options.folds {
      let held: Split = hasTest ? .val : .test
      let pool = parts.indices.filter { !(hasTest && named[$0] == .test) && !parts[$0].isSynthetic }
      for (label, decks) in deck(parts, pool, classes).enumerated() {
        for (rank, card) in decks.enumerated() {
          // Starting each class at another fold keeps the folds' sizes level when classes are small.
          let split: Split = (rank + label) % folds == options.fold ? held : .train
          for index in card { parts[index].split = split }
        }
      }
      if held == .test { takeVal(&parts, classes) }
      return hasTest ? [.train, .val] : Split.allCases
    }
    if noneNamed {
      for decks in deck(parts, parts.indices.filter { !parts[$0].isSynthetic }, classes) {
        let each = decks.count >= 3 ? max(1, rounded(decks.count, percent: 15)) : 0
        for (rank, card) in decks.enumerated() {
          let split: Split = rank < each ? .test : rank < 2 * each ? .val : .train
          for index in card { parts[index].split = split }
        }
      }
      return Split.allCases
    }
    guard !hasVal, named.contains(.train) else { return [] }
    takeVal(&parts, classes)
    return [.val]
  }

  /// Moves a tenth of each class from `train` to `val`.
  private static func takeVal(_ parts: inout [Part], _ classes: Int) {
    let pool = parts.indices.filter { parts[$0].split == .train && !parts[$0].isSynthetic }
    for decks in deck(parts, pool, classes) where decks.count >= 5 {
      for card in decks.prefix(max(1, rounded(decks.count, percent: 10))) {
        for index in card { parts[index].split = .val }
      }
    }
  }

  /// Per class, the parts of `pool` grouped by content and ordered by hash. Equal files under two labels are dealt
  /// with the first label.
  private static func deck(_ parts: [Part], _ pool: [Int], _ classes: Int) -> [[[Int]]] {
    var groups: [ContentHash: [Int]] = [:]
    for index in pool { groups[parts[index].contentHash, default: []].append(index) }
    var decks: [[[Int]]] = Array(repeating: [], count: classes)
    for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
      decks[group.map { parts[$0].label }.min()!].append(group)
    }
    return decks
  }

  private static func rounded(_ count: Int, percent: Int) -> Int {
    (count * percent + 50) / 100
  }
}
