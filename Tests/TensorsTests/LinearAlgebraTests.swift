import Tensors
import TensorsTestSupport
import Testing

struct LinearAlgebraTests {
  @Test(arguments: [(7, 7), (5, 12), (12, 5), (1, 9), (90, 64)])
  func orthogonalMatricesAreOrthonormal(rows: Int, columns: Int) throws {
    let engine = try Engine(threads: 1)
    var random = SeededGenerator(seed: 5)
    let q = Tensor.orthogonal(rows: rows, columns: columns, random: &random, on: engine)
    #expect(q.shape == Shape(rows, columns))
    // The product of the shorter side's vectors with each other is the unit matrix.
    let side = min(rows, columns)
    let a = q.elements.map(Double.init)
    func vector(_ i: Int) -> [Double] {
      rows <= columns ? Array(a[i * columns..<(i + 1) * columns]) : (0..<rows).map { a[$0 * columns + i] }
    }
    for i in 0..<side {
      for j in i..<side {
        let dot = zip(vector(i), vector(j)).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(dot - (i == j ? 1 : 0)) < 1e-5, "\(i), \(j)")
      }
    }
  }

  /// QR alone would leave R's diagonal, and with it the first element's sign, to LAPACK's convention.
  @Test func orthogonalMatricesAreUniformlySpread() throws {
    let engine = try Engine(threads: 1)
    var random = SeededGenerator(seed: 6)
    var sum = 0.0
    var positive = 0
    let trials = 2000
    for _ in 0..<trials {
      let first = Double(Tensor.orthogonal(rows: 3, columns: 3, random: &random, on: engine).elements[0])
      sum += first * first
      if first > 0 { positive += 1 }
    }
    // A coordinate of a uniform unit vector in 3 dimensions: mean square 1/3, either sign as often.
    #expect(abs(sum / Double(trials) - 1.0 / 3) < 0.03)
    #expect(abs(positive - trials / 2) < 120)
  }

  @Test func librarySaysWhatItIs() {
    #expect(LinearAlgebra.configuration.hasPrefix("OpenBLAS"))
    #expect(!LinearAlgebra.coreName.isEmpty)
  }
}
