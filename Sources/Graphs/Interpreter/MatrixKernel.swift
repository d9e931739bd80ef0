/// Numbers that rows of a matrix can be multiplied with.
protocol MatrixElement: Numeric {
  /// `c += a b` for row-major a `[m, k]`, b `[k, n]`.
  static func multiplyAdd(
    _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ c: UnsafeMutablePointer<Self>, m: Int, k: Int, n: Int)
}

extension MatrixElement {
  /// `c[…] += a[…] b[…]`, each beginning at an offset.
  static func multiplyAdd(
    _ a: [Self], at aStart: Int = 0, _ b: [Self], at bStart: Int = 0, _ c: inout [Self], at cStart: Int = 0, m: Int,
    k: Int, n: Int
  ) {
    if m == 0 || k == 0 || n == 0 { return }
    precondition(aStart + m * k <= a.count && bStart + k * n <= b.count && cStart + m * n <= c.count)
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          unsafe multiplyAdd(
            a.baseAddress! + aStart, b.baseAddress! + bStart, c.baseAddress! + cStart, m: m, k: k, n: n)
        }
      }
    }
  }
}

extension Float: MatrixElement {
  static func multiplyAdd(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, m: Int, k: Int, n: Int
  ) {
    var column = 0
    // Eight columns of b side by side stay in the cache for all rows of a.
    var panel = [SIMD8<Float>](repeating: .zero, count: k)
    while column < n {
      let width = Swift.min(8, n - column)
      for inner in 0..<k {
        var lanes = SIMD8<Float>.zero
        for lane in 0..<width { unsafe lanes[lane] = b[inner &* n &+ column &+ lane] }
        panel[inner] = lanes
      }
      unsafe panel.withUnsafeBufferPointer { panel in
        var row = 0
        while row < m {
          let rows = Swift.min(4, m - row)
          var sums: (SIMD8<Float>, SIMD8<Float>, SIMD8<Float>, SIMD8<Float>) = (.zero, .zero, .zero, .zero)
          let first = unsafe a + row &* k
          let second = unsafe first + (rows > 1 ? k : 0)
          let third = unsafe first + (rows > 2 ? 2 &* k : 0)
          let fourth = unsafe first + (rows > 3 ? 3 &* k : 0)
          for inner in 0..<k {
            let lanes = unsafe panel[inner]
            unsafe sums.0 += lanes * first[inner]
            unsafe sums.1 += lanes * second[inner]
            unsafe sums.2 += lanes * third[inner]
            unsafe sums.3 += lanes * fourth[inner]
          }
          let all = [sums.0, sums.1, sums.2, sums.3]
          for index in 0..<rows {
            for lane in 0..<width { unsafe c[(row &+ index) &* n &+ column &+ lane] += all[index][lane] }
          }
          row += 4
        }
      }
      column += 8
    }
  }
}

extension Double: MatrixElement {
  static func multiplyAdd(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>, m: Int, k: Int, n: Int
  ) {
    for row in 0..<m {
      for inner in 0..<k {
        let factor = unsafe a[row &* k &+ inner]
        for column in 0..<n { unsafe c[row &* n &+ column] += factor * b[inner &* n &+ column] }
      }
    }
  }
}

extension Int64: MatrixElement {
  static func multiplyAdd(
    _ a: UnsafePointer<Int64>, _ b: UnsafePointer<Int64>, _ c: UnsafeMutablePointer<Int64>, m: Int, k: Int, n: Int
  ) {
    for row in 0..<m {
      for inner in 0..<k {
        let factor = unsafe a[row &* k &+ inner]
        for column in 0..<n {
          unsafe c[row &* n &+ column] = c[row &* n &+ column] &+ factor &* b[inner &* n &+ column]
        }
      }
    }
  }
}
