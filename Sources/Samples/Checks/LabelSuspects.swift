internal import Threads

/// Finds parts whose label is probably wrong.
enum LabelSuspects {
  struct Suspect: Sendable, Hashable {
    var index: Int
    var suggested: Int
    /// 0...1.
    var confidence: Float
  }

  /// From a model's probabilities: a part is suspect where another class is at least as probable as it usually is on
  /// that class's own parts, and more so than the part's own class (confident learning: Northcutt et al. 2021,
  /// arXiv 1911.00068).
  ///
  /// - Parameters:
  ///   - probabilities: per part, one per class; nil where there is none. Non-finite ones count as 0.
  static func byPredictions(_ probabilities: [[Float]?], labels: [Int], classes: Int) -> [Suspect] {
    var sums = [Float](repeating: 0, count: classes)
    var counts = sums
    for (row, label) in zip(probabilities, labels) {
      guard let row, row.count == classes, row[label].isFinite else { continue }
      sums[label] += row[label]
      counts[label] += 1
    }
    let usual = zip(sums, counts).map { $1 > 0 ? $0 / $1 : .infinity }
    var suspects: [Suspect] = []
    for (index, label) in labels.enumerated() {
      guard let row = probabilities[index], row.count == classes else { continue }
      let likely = (0..<classes).filter { row[$0] >= usual[$0] }.max { row[$0] < row[$1] }
      guard let likely, likely != label, row[likely] > (row[label].isFinite ? row[label] : 0) else { continue }
      suspects.append(Suspect(index: index, suggested: likely, confidence: row[likely]))
    }
    return suspects.sorted { ($0.confidence, $1.index) > ($1.confidence, $0.index) }
  }

  /// From look-alikes: a part is suspect where at least 9 of the 10 parts that look most like it have one other label.
  ///
  /// That says something only where looking alike as a whole tells the classes apart. So a class takes part only when
  /// its parts' neighbours mostly agree with it (recall of at least 0.8): small defects on like parts are left to
  /// ``byPredictions(_:labels:classes:)``.
  static func byNeighbours(_ features: [[Float]], labels: [Int], classes: Int, threads: Int) -> [Suspect] {
    let count = 10
    guard features.count > 2 * count else { return [] }
    // Beyond some thousands a sample of the others answers as well.
    let step = (features.count + 3999) / 4000
    let votes = Parallel.map(features.count, threads: threads) { index -> [Int] in
      var nearest: [(distance: Float, label: Int)] = []
      for other in stride(from: 0, to: features.count, by: step) where other != index {
        let distance = squaredDistance(features[index], features[other])
        guard nearest.count < count || distance < nearest[count - 1].distance else { continue }
        let at = nearest.firstIndex { $0.distance > distance } ?? nearest.count
        nearest.insert((distance, labels[other]), at: at)
        if nearest.count > count { nearest.removeLast() }
      }
      var votes = [Int](repeating: 0, count: classes)
      for neighbour in nearest { votes[neighbour.label] += 1 }
      return votes
    }
    var right = [Int](repeating: 0, count: classes)
    var total = right
    for (row, label) in zip(votes, labels) {
      total[label] += 1
      if row[label] * 2 > count { right[label] += 1 }
    }
    let isTold = zip(right, total).map { $1 >= 2 * count && $0 * 10 >= $1 * 8 }
    var suspects: [Suspect] = []
    for (index, label) in labels.enumerated() where isTold[label] {
      for other in 0..<classes where other != label && isTold[other] && votes[index][other] * 10 >= count * 9 {
        suspects.append(Suspect(index: index, suggested: other, confidence: Float(votes[index][other]) / Float(count)))
      }
    }
    return suspects.sorted { ($0.confidence, $1.index) > ($1.confidence, $0.index) }
  }

  private static func squaredDistance(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    let a = a.span
    let b = b.span
    for index in 0..<a.count {
      let difference = a[index] - b[index]
      sum += difference * difference
    }
    return sum
  }
}
