public import Tensors

#if canImport(Glibc)
  import Glibc
#endif

extension Twin {
  /// x [rows, features] with scale and shift [features].
  public static func layerNormalization(
    _ x: [Double], scale: [Double], shift: [Double], epsilon: Double = 1e-5
  ) -> [Double] {
    let width = scale.count
    var y: [Double] = []
    for start in stride(from: 0, to: x.count, by: width) {
      let row = x[start..<start + width]
      let mean = row.reduce(0, +) / Double(width)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      for (j, v) in row.enumerated() { y.append((v - mean) / (variance + epsilon).squareRoot() * scale[j] + shift[j]) }
    }
    return y
  }

  /// qkv [N, T, 3 D] to [N, T, D], head by head.
  public static func attention(_ qkv: [Double], _ s: Shape, heads: Int) -> [Double] {
    let (tokens, width) = (s[1], s[2] / 3)
    let size = width / heads
    var y = [Double](repeating: 0, count: s[0] * tokens * width)
    func at(_ n: Int, _ t: Int, _ which: Int, _ h: Int, _ c: Int) -> Double {
      qkv[((n * tokens + t) * 3 + which) * width + h * size + c]
    }
    for n in 0..<s[0] {
      for h in 0..<heads {
        for query in 0..<tokens {
          let scores = (0..<tokens).map { key in
            (0..<size).reduce(0) { $0 + at(n, query, 0, h, $1) * at(n, key, 1, h, $1) } / Double(size).squareRoot()
          }
          let weights = scores.map { exp($0) }
          let sum = weights.reduce(0, +)
          for c in 0..<size {
            y[(n * tokens + query) * width + h * size + c] =
              (0..<tokens).reduce(0) { $0 + weights[$1] * at(n, $1, 2, h, c) } / sum
          }
        }
      }
    }
    return y
  }

  /// x [N, C, H, W] to [N, H W, C].
  public static func tokens(_ x: [Double], _ s: Shape) -> [Double] {
    var y: [Double] = []
    for n in 0..<s[0] { for p in 0..<s.pixels { for c in 0..<s[1] { y.append(x[(n * s[1] + c) * s.pixels + p]) } } }
    return y
  }

  /// x [N, T, D] to [N, D].
  public static func tokenMean(_ x: [Double], _ s: Shape) -> [Double] {
    var y = [Double](repeating: 0, count: s[0] * s[2])
    for i in x.indices { y[i / (s[1] * s[2]) * s[2] + i % s[2]] += x[i] / Double(s[1]) }
    return y
  }
}
