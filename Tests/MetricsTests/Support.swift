import Metrics

/// The generator of every reference recipe in this folder:
/// ```python
/// def lcg(n, seed):
///     s = seed; out = []
///     for _ in range(n):
///         s = (s * 1103515245 + 12345) % 2**31; out.append(s >> 8)
///     return out
/// ```
func lcg(_ count: Int, seed: Int) -> [Int] {
  var state = seed
  return (0..<count).map { _ in
    state = (state &* 1_103_515_245 &+ 12345) % (1 << 31)
    return state >> 8
  }
}

/// Equal to within `tolerance` of the larger of the two and of 1e-300.
func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
  abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-300)
}
func close(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
  a.map { close($0, b, tolerance) } ?? false
}

/// Defect scores with many ties:
/// ```python
/// r = lcg(300, 7); y = [v % 3 == 0 for v in r[:150]]
/// sc = [((w % 32) + (12 if yy else 0)) / 64 for yy, w in zip(y, r[150:])]
/// ```
func tiedScores() -> (scores: [Double], isDefect: [Bool]) {
  let r = lcg(300, seed: 7)
  let isDefect = r[..<150].map { $0 % 3 == 0 }
  return (zip(isDefect, r[150...]).map { Double($1 % 32 + ($0 ? 12 : 0)) / 64 }, isDefect)
}

/// Logits of 120 samples of three classes, overconfident on purpose:
/// ```python
/// r = lcg(120 * 4, 3); lab = [v % 3 for v in r[:120]]
/// logits = np.array([[(r[120 + 3 * i + j] % 1000) / 250 - 2 + (1.5 if j == lab[i] else 0) for j in range(3)]
///                    for i in range(120)], dtype=np.float32) * np.float32(2)
/// pb = scipy.special.softmax(logits.astype(np.float64), axis=1).astype(np.float32)
/// ```
func overconfident() -> (logits: [Float], labels: [Int]) {
  let r = lcg(480, seed: 3)
  let labels = r[..<120].map { $0 % 3 }
  var logits: [Float] = []
  for (i, label) in labels.enumerated() {
    for j in 0..<3 {
      logits.append(Float(Double(r[120 + 3 * i + j] % 1000) / 250 - 2 + (j == label ? 1.5 : 0)) * 2)
    }
  }
  return (logits, labels)
}
