import Glibc

/// How well stated confidence agrees with what came true.
///
/// Confidence is the probability of the predicted class. Equal-width bins over 0...1, bin i holding confidences in
/// (i / bins, (i + 1) / bins], as in Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017,
/// arXiv 1706.04599, equation 3), after Naeini et al. (AAAI 2015). A row with a probability that is not finite counts
/// as wrong at confidence 1, the worst case.
public struct Reliability: Sendable, Hashable {
  /// One bin of the reliability diagram.
  public struct Bin: Sendable, Hashable {
    /// Confidences above this, in 0...1 (the first bin holds 0 too).
    public let low: Double
    /// Confidences up to this.
    public let high: Double
    /// Samples in the bin.
    public let count: Int
    /// Their mean confidence; 0 for an empty bin.
    public let confidence: Double
    /// Share of them judged right; 0 for an empty bin.
    public let accuracy: Double
  }

  public let bins: [Bin]

  /// - Parameters:
  ///   - probabilities: row-major, one row of `classes` per sample, each row adding up to 1.
  ///   - labels: true class of every row.
  ///   - bins: at least 1; 15 is the paper's choice.
  public init(probabilities: [Float], classes: Int, labels: [Int], bins: Int = 15) {
    precondition(bins >= 1, "\(bins) bins")
    checkTable(probabilities, classes, labels)
    var count = Array(repeating: 0, count: bins)
    var confidence = Array(repeating: 0.0, count: bins)
    var right = Array(repeating: 0, count: bins)
    for (row, label) in labels.enumerated() {
      let scores = probabilities[row * classes..<(row + 1) * classes]
      let predicted = argMax(scores)
      let stated = predicted.map { min(max(Double(scores[scores.startIndex + $0]), 0), 1) } ?? 1
      let bin = min(max(Int((stated * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
      count[bin] += 1
      confidence[bin] += stated
      right[bin] += predicted == label ? 1 : 0
    }
    self.bins = (0..<bins).map { i in
      let n = Double(max(count[i], 1))
      return Bin(
        low: Double(i) / Double(bins), high: Double(i + 1) / Double(bins), count: count[i],
        confidence: confidence[i] / n, accuracy: Double(right[i]) / n)
    }
  }

  /// Mean distance of accuracy and confidence over the bins, weighted by their counts: 0 is perfect, 1 the worst.
  public var expectedCalibrationError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    guard total > 0 else { return 0 }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) } / Double(total)
  }
}

/// Mean of -log p(true class), in nats; probabilities are clipped to 2^-52...1 (as scikit-learn's `log_loss` does for
/// doubles), and a row that is not finite counts as the smallest probability. 0 for no samples.
public func negativeLogLikelihood(probabilities: [Float], classes: Int, labels: [Int]) -> Double {
  checkTable(probabilities, classes, labels)
  let smallest = Double.ulpOfOne
  var sum = 0.0
  for (row, label) in labels.enumerated() {
    let scores = probabilities[row * classes..<(row + 1) * classes]
    let p = scores.allSatisfy(\.isFinite) ? Double(probabilities[row * classes + label]) : smallest
    sum -= log(min(max(p, smallest), 1))
  }
  return labels.isEmpty ? 0 : sum / Double(labels.count)
}

/// Mean squared distance between probabilities and the true class as a one-hot row, 0...2 (Brier 1950, the original
/// definition over all classes). A row that is not finite counts as 2. 0 for no samples.
public func brierScore(probabilities: [Float], classes: Int, labels: [Int]) -> Double {
  checkTable(probabilities, classes, labels)
  var sum = 0.0
  for (row, label) in labels.enumerated() {
    var distance = 0.0
    for index in 0..<classes {
      let difference = Double(probabilities[row * classes + index]) - (index == label ? 1 : 0)
      distance += difference * difference
    }
    sum += distance.isFinite ? distance : 2
  }
  return labels.isEmpty ? 0 : sum / Double(labels.count)
}

func checkTable(_ table: [Float], _ classes: Int, _ labels: [Int]) {
  precondition(classes > 0, "\(classes) classes")
  precondition(
    table.count == labels.count * classes, "\(table.count) scores for \(labels.count) samples of \(classes) classes")
  for label in labels {
    precondition(label >= 0 && label < classes, "class \(label) is outside 0..<\(classes)")
  }
}
