import Glibc

/// One temperature that makes confidences honest: probabilities are softmax(logits / temperature), which never
/// changes the arg max (Guo et al., ICML 2017, arXiv 1706.04599, section 4.2).
public struct TemperatureScaling: Sendable, Hashable {
  /// Above 1 softens, below 1 sharpens; inside ``range``.
  public let temperature: Double
  /// Negative log likelihood at temperature 1, nats per sample.
  public let before: Double
  /// Negative log likelihood at the fitted temperature.
  public let after: Double

  /// Fitted temperatures stay inside: on a validation set that is judged without a mistake the likelihood has no
  /// maximum, and a confidence of exactly 1 helps nobody.
  public static let range = 0.05...20.0

  /// Finds the temperature of the smallest negative log likelihood.
  ///
  /// In b = 1 / temperature the loss is convex (log-sum-exp of linear functions), so its slope, the mean of
  /// E_p[z] - z_label, rises steadily and bisection finds its zero. Rows with a logit that is not finite are left
  /// out; without any usable row the temperature is 1.
  ///
  /// - Parameters:
  ///   - logits: row-major, one row of `classes` per sample, before softmax.
  ///   - labels: true class of every row.
  public init(logits: [Float], classes: Int, labels: [Int]) {
    checkTable(logits, classes, labels)
    let rows = labels.indices.filter { logits[$0 * classes..<($0 + 1) * classes].allSatisfy(\.isFinite) }
    guard !rows.isEmpty else {
      (temperature, before, after) = (1, 0, 0)
      return
    }
    func evaluate(_ b: Double) -> (loss: Double, slope: Double) {
      var loss = 0.0
      var slope = 0.0
      for row in rows {
        let base = row * classes
        var largest = -Double.infinity
        for i in base..<base + classes { largest = max(largest, Double(logits[i])) }
        var sum = 0.0
        var weighted = 0.0
        for i in base..<base + classes {
          let z = Double(logits[i]) - largest
          let e = exp(b * z)
          sum += e
          weighted += e * z
        }
        let truth = Double(logits[base + labels[row]]) - largest
        loss += log(sum) - b * truth
        slope += weighted / sum - truth
      }
      return (loss / Double(rows.count), slope / Double(rows.count))
    }
    var low = 1 / Self.range.upperBound
    var high = 1 / Self.range.lowerBound
    if evaluate(low).slope >= 0 {
      high = low
    } else if evaluate(high).slope <= 0 {
      low = high
    }
    while high - low > 1e-12 * high {
      let middle = low + (high - low) / 2
      if evaluate(middle).slope < 0 { low = middle } else { high = middle }
    }
    // One class only, or all logits equal: the slope is zero everywhere and nothing needs scaling.
    let flat = evaluate(1).slope == 0 && evaluate(1 / Self.range.lowerBound).slope == 0
    let b = flat ? 1 : low + (high - low) / 2
    temperature = 1 / b
    before = evaluate(1).loss
    after = evaluate(b).loss
  }
}

/// softmax(logits / temperature) of every row, computed so that large logits do not overflow; a row with a logit that
/// is not finite becomes NaN throughout.
public func probabilities(logits: [Float], classes: Int, temperature: Double = 1) -> [Float] {
  precondition(classes > 0 && logits.count % classes == 0, "\(logits.count) logits for \(classes) classes")
  precondition(temperature > 0, "temperature \(temperature) is not positive")
  var result = [Float](repeating: .nan, count: logits.count)
  for base in stride(from: 0, to: logits.count, by: classes) {
    let row = logits[base..<base + classes]
    guard row.allSatisfy(\.isFinite), let largest = row.max() else { continue }
    let powers = row.map { exp((Double($0) - Double(largest)) / temperature) }
    let sum = powers.reduce(0, +)
    for (offset, power) in powers.enumerated() { result[base + offset] = Float(power / sum) }
  }
  return result
}
