import Tensors
import TensorsTestSupport
import Testing

struct PoolingTests {
  struct Case: Sendable {
    var kind: Pooling
    var size: Int
    var stride: Int
    var padding = 0
    var shape = Shape(2, 16, 7, 6)
  }

  static let cases = [
    Case(kind: .max, size: 2, stride: 2), Case(kind: .max, size: 3, stride: 2, padding: 1),
    Case(kind: .max, size: 3, stride: 1, padding: 1), Case(kind: .max, size: 2, stride: 3),
    Case(kind: .average, size: 2, stride: 2), Case(kind: .average, size: 3, stride: 2, padding: 1),
    Case(kind: .average, size: 3, stride: 1, padding: 1), Case(kind: .average, size: 4, stride: 2, padding: 2),
    Case(kind: .max, size: 2, stride: 2, shape: Shape(2, 5, 6, 8)),
    Case(kind: .average, size: 2, stride: 2, shape: Shape(2, 5, 6, 8)),
    Case(kind: .average, size: 3, stride: 2, padding: 1, shape: Shape(1, 3, 5, 5)),
    Case(kind: .max, size: 3, stride: 2, padding: 1, shape: Shape(1, 3, 5, 5)),
  ]

  @Test(arguments: cases)
  func pooledAgreesWithTwin(_ test: Case) throws {
    let engine = try Engine(threads: 2)
    let found = disagreements([Sample(test.shape, seed: 1, blocked: true)], on: engine) {
      $0[0].pooled(test.kind, size: test.size, stride: test.stride, padding: test.padding)
    } twin: {
      Twin.pooled($0[0], test.shape, test.kind, size: test.size, stride: test.stride, padding: test.padding)
    }
    #expect(found == [])
  }

  @Test(arguments: [Shape(3, 16, 5, 3), Shape(3, 7, 5, 3), Shape(1, 16, 1, 1)])
  func globalPoolingAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let sample = Sample(shape, seed: 1, -3..<(-1), blocked: true)
    let rows = { (x: [Double]) in stride(from: 0, to: x.count, by: shape.pixels).map { x[$0..<$0 + shape.pixels] } }
    let average = disagreements([sample], on: engine) {
      $0[0].globalAverage()
    } twin: {
      rows($0[0]).map { $0.reduce(0, +) / Double(shape.pixels) }
    }
    #expect(average == [])
    let maximum = disagreements([sample], on: engine) {
      $0[0].globalMaximum()
    } twin: {
      rows($0[0]).map { $0.max()! }
    }
    #expect(maximum == [])
  }

  @Test(arguments: [(10, 12), (5, 6), (3, 2), (7, 7), (15, 6), (1, 1)], [false, true])
  func resizedAgreesWithTwin(_ size: (Int, Int), linear: Bool) throws {
    let engine = try Engine(threads: 2)
    for channels in [16, 3] {
      let shape = Shape(2, channels, 5, 6)
      let found = disagreements([Sample(shape, seed: 1, blocked: true)], on: engine) {
        $0[0].resized(height: size.0, width: size.1, linear: linear)
      } twin: {
        Twin.resized($0[0], shape, height: size.0, width: size.1, linear: linear)
      }
      #expect(found == [])
    }
  }
}
