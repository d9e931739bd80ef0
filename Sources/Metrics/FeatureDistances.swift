/// Distances between sets of feature vectors, such as those of real and of synthetic pictures.
///
/// All take rows of equal length, one a picture.
public enum FeatureDistances {
  /// The squared Fréchet distance of normal distributions fitted to both sets (Heusel et al. 2017, arXiv 1706.08500):
  /// |m - n|^2 + tr(S + T - 2 (S T)^(1/2)), with unbiased covariances.
  ///
  /// The trace of the root is the sum of the singular values of the product of both sets' centred rows, so that few
  /// pictures with many features cost little. It is biased for few pictures: compare it between sets of equal size.
  ///
  /// - Returns: nil for fewer than two rows of either.
  public static func frechet(_ a: [[Double]], _ b: [[Double]]) -> Double? {
    guard a.count >= 2, b.count >= 2, let width = a.first?.count else { return nil }
    precondition((a + b).allSatisfy { $0.count == width }, "rows of different lengths")
    let (meanA, meanB) = (mean(a), mean(b))
    let (centredA, centredB) = (a.map { subtract($0, meanA) }, b.map { subtract($0, meanB) })
    func trace(_ rows: [[Double]]) -> Double {
      rows.reduce(0) { $0 + dot($1, $1) } / Double(rows.count - 1)
    }
    let scale = 1 / (Double(a.count - 1) * Double(b.count - 1)).squareRoot()
    // The Jacobi method below works on columns: fewer of them are quicker.
    let (few, many) = a.count <= b.count ? (centredA, centredB) : (centredB, centredA)
    let columns = few.map { row in many.map { dot(row, $0) * scale } }
    let shift = subtract(meanA, meanB)
    return dot(shift, shift) + trace(centredA) + trace(centredB) - 2 * singularValues(columns).reduce(0, +)
  }

  /// The squared kernel distance with the polynomial kernel (x'y / d + 1)^3, unbiased (Binkowski et al. 2018, arXiv
  /// 1801.01401). It may be a little below 0 where both sets are alike.
  ///
  /// - Returns: nil for fewer than two rows of either.
  public static func kernel(_ a: [[Double]], _ b: [[Double]]) -> Double? {
    guard a.count >= 2, b.count >= 2, let width = a.first?.count else { return nil }
    precondition((a + b).allSatisfy { $0.count == width }, "rows of different lengths")
    func k(_ x: [Double], _ y: [Double]) -> Double {
      let base = dot(x, y) / Double(max(width, 1)) + 1
      return base * base * base
    }
    func within(_ rows: [[Double]]) -> Double {
      var sum = 0.0
      for i in rows.indices { for j in rows.indices where j > i { sum += k(rows[i], rows[j]) } }
      return 2 * sum / Double(rows.count * (rows.count - 1))
    }
    var between = 0.0
    for x in a { for y in b { between += k(x, y) } }
    return within(a) + within(b) - 2 * between / Double(a.count * b.count)
  }

  /// The Euclidean distance of each row to the nearest of others; infinite where there is none.
  public static func nearest(_ rows: [[Double]], to others: [[Double]]) -> [Double] {
    rows.map { row in
      others.reduce(Double.infinity) { least, other in
        let difference = subtract(row, other)
        return min(least, dot(difference, difference))
      }.squareRoot()
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func subtract(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

  private static func mean(_ rows: [[Double]]) -> [Double] {
    var sum = [Double](repeating: 0, count: rows[0].count)
    for row in rows { for index in row.indices { sum[index] += row[index] } }
    return sum.map { $0 / Double(rows.count) }
  }

  /// Singular values of a matrix given by its columns, by one-sided Jacobi rotations (Hestenes 1958, doi 10.1137/0106005).
  static func singularValues(_ columns: [[Double]]) -> [Double] {
    var columns = columns
    for _ in 0..<60 {
      var largest = 0.0
      for i in columns.indices {
        for j in columns.indices where j > i {
          let (p, q, r) = (
            dot(columns[i], columns[i]), dot(columns[j], columns[j]), dot(columns[i], columns[j])
          )
          let size = (p * q).squareRoot()
          guard size > 0, abs(r) > 1e-15 * size else { continue }
          largest = max(largest, abs(r) / size)
          let zeta = (q - p) / (2 * r)
          let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          let s = c * t
          for row in columns[i].indices {
            let (x, y) = (columns[i][row], columns[j][row])
            columns[i][row] = c * x - s * y
            columns[j][row] = s * x + c * y
          }
        }
      }
      if largest < 1e-12 { break }
    }
    return columns.map { dot($0, $0).squareRoot() }
  }
}
