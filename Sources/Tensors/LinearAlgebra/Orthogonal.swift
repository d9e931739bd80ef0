import COpenBLAS

extension Tensor {
  /// A random [rows, columns] matrix whose rows, or columns where these are fewer, are orthonormal: the Q of a normal
  /// matrix's QR factorisation, its columns' signs set by R's diagonal, so that all such matrices are equally likely
  /// (Mezzadri 2007, arXiv math-ph/0609050).
  public static func orthogonal(
    rows: Int, columns: Int, random: inout SeededGenerator, on engine: Engine
  ) -> Tensor {
    precondition(rows >= 1 && columns >= 1, "an orthogonal matrix of \(rows) x \(columns)")
    let (long, short) = (max(rows, columns), min(rows, columns))
    // LAPACK's matrices stand column by column.
    var q = unsafe [Float](unsafeUninitializedCapacity: long * short) { buffer, count in
      for i in 0..<long * short { unsafe buffer.initializeElement(at: i, to: random.normal()) }
      count = long * short
    }
    var diagonal = [Float](repeating: 0, count: short)
    var tau = [Float](repeating: 0, count: short)
    var work = [Float](repeating: 0, count: 64 * short)
    let info = unsafe copenblas_qr(
      Int64(long), Int64(short), &q, &diagonal, &tau, &work, Int64(work.count))
    precondition(info != COPENBLAS_MISSING, "OpenBLAS is not installed (libopenblas0)")
    precondition(info == 0, "LAPACK's QR factorisation: \(info)")
    for column in 0..<short where diagonal[column] < 0 {
      for i in column * long..<(column + 1) * long { q[i] = -q[i] }
    }
    // Column by column, long x short is row by row, short x long.
    let result = Tensor(q, shape: Shape(short, long), on: engine)
    return rows == short ? result : result.transposed()
  }

  /// The transpose of a matrix.
  private func transposed() -> Tensor {
    let elements = self.elements
    let (rows, columns) = (shape[0], shape[1])
    var result = [Float](repeating: 0, count: elements.count)
    for i in 0..<rows { for j in 0..<columns { result[j * rows + i] = elements[i * columns + j] } }
    return Tensor(result, shape: Shape(columns, rows), on: engine)
  }
}
