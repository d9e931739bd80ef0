import Tensors
import TensorsTestSupport
import Testing

struct LossTests {
  /// Rows that sum to 1 over the classes.
  static func distributions(_ shape: Shape, seed: UInt64) -> [Float] {
    Twin.softmax(numbers(shape.count, seed: seed, -2..<2).map(Double.init), shape).map(Float.init)
  }

  @Test(arguments: [Shape(4, 6), Shape(2, 16, 3, 4), Shape(2, 3, 3, 4)])
  func crossEntropyAgreesWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let soft = Self.distributions(shape, seed: 7)
    let targets = Tensor(soft, shape: shape, on: engine)
    let sample = Sample(shape, seed: 1, -3..<3, blocked: true)
    let classWeights = numbers(shape[1], seed: 3, 0.2..<2)
    var positions = numbers(shape[0] * shape.pixels, seed: 4, 0..<2)
    positions[1] = 0
    let weights = Tensor(positions, shape: Shape(positions.count), on: engine)
    let plain = disagreements([sample], on: engine) {
      $0[0].softmaxCrossEntropy(targets)
    } twin: {
      Twin.crossEntropy($0[0], shape, soft)
    }
    #expect(plain == [])
    let weighted = disagreements([sample], on: engine) {
      $0[0].softmaxCrossEntropy(targets, classWeights: classWeights, weights: weights)
    } twin: {
      Twin.crossEntropy($0[0], shape, soft, classWeights: classWeights, weights: positions)
    }
    #expect(weighted == [])
    let divergence = disagreements([sample], on: engine) {
      $0[0].softmaxDivergence(targets)
    } twin: {
      Twin.divergence($0[0], shape, soft)
    }
    #expect(divergence == [])
  }

  @Test(arguments: [Float(0), 0.1])
  func labelsAgreeWithTwin(smoothing: Float) throws {
    let engine = try Engine(threads: 2)
    let shape = Shape(2, 5, 3, 2)
    let labels = [0, 4, -1, 2, 2, 1, 3, 0, 4, 4, -1, 1]
    let classWeights = numbers(5, seed: 3, 0.2..<2)
    let weights = numbers(12, seed: 4, 0..<2)
    let found = disagreements([Sample(shape, seed: 1, -3..<3)], on: engine) {
      $0[0].softmaxCrossEntropy(labels: labels, smoothing: smoothing, classWeights: classWeights, weights: weights)
    } twin: {
      Twin.crossEntropy($0[0], shape, labels: labels, smoothing: smoothing, classWeights, weights)
    }
    #expect(found == [])
  }

  @Test(arguments: [Shape(3, 7), Shape(2, 16, 3, 4), Shape(2, 1, 9, 140)])
  func pointwiseLossesAgreeWithTwin(shape: Shape) throws {
    let engine = try Engine(threads: 2)
    let sample = Sample(shape, seed: 1, -4..<4, blocked: true)
    let soft = numbers(shape.count, seed: 2, 0..<1)
    let hard = soft.map { $0 > 0.6 ? Float(1) : 0 }
    let signs = soft.map { $0 > 0.6 ? Float(1) : -1 }
    let weights = numbers(shape.count, seed: 3, -0.5..<2).map { max(0, $0) }
    func tensor(_ x: [Float]) -> Tensor { Tensor(x, shape: shape, on: engine) }
    func check(_ operation: (Variable) -> Variable, _ twin: ([Double]) -> [Double]) {
      #expect(
        disagreements([sample], on: engine) {
          operation($0[0])
        } twin: {
          twin($0[0])
        } == [])
    }
    check({ $0.binaryCrossEntropy(tensor(soft)) }, { Twin.binaryCrossEntropy($0, soft) })
    check(
      { $0.binaryCrossEntropy(tensor(hard), positiveWeight: 3, weights: tensor(weights)) },
      { Twin.binaryCrossEntropy($0, hard, positiveWeight: 3, weights: weights) })
    check({ $0.focal(tensor(hard)) }, { Twin.focal($0, hard, gamma: 2, alpha: 0.25) })
    check(
      { $0.focal(tensor(hard), gamma: 1.5, alpha: 0.6, weights: tensor(weights)) },
      { Twin.focal($0, hard, gamma: 1.5, alpha: 0.6, weights: weights) })
    check(
      { $0.squaredError(tensor(soft), weights: tensor(weights)) },
      { x in Twin.mean(x, weights) { (x[$0] - Double(soft[$0])) * (x[$0] - Double(soft[$0])) } })
    check(
      { $0.absoluteError(tensor(soft), weights: tensor(weights)) },
      { x in Twin.mean(x, weights) { abs(x[$0] - Double(soft[$0])) } })
    check({ $0.hinge(tensor(signs)) }, { x in Twin.mean(x) { max(0, 1 - x[$0] * Double(signs[$0])) } })
    let size = shape.rank == 4 ? shape.pixels : shape[1]
    let planes = numbers(shape.count / size, seed: 5, 0..<2)
    check({ $0.dice(tensor(hard)) }, { Twin.dice($0, size: size, hard, smoothing: 1) })
    check(
      { $0.dice(tensor(soft), smoothing: 0.1, weights: planes) },
      { Twin.dice($0, size: size, soft, smoothing: 0.1, weights: planes) })
  }

  /// Large logits must neither overflow nor lose the gradient.
  @Test func extremeLogitsStayFinite() throws {
    let engine = try Engine(threads: 1)
    let shape = Shape(2, 3)
    let sample = Sample([1000, -1000, 0, -90, 90, 0], shape)
    let hard = Tensor([0, 1, 0, 0, 1, 0], shape: shape, on: engine)
    let losses: [(Variable) -> Variable] = [
      { $0.softmaxCrossEntropy(hard) }, { $0.binaryCrossEntropy(hard) }, { $0.focal(hard) }, { $0.dice(hard) },
      { $0.softmaxCrossEntropy(labels: [1, 1]) },
    ]
    for loss in losses {
      let outcome = outcome([sample], on: engine) { loss($0[0]) }
      #expect(outcome.value[0].isFinite)
      #expect(outcome.gradients[0]!.allSatisfy { $0.isFinite })
    }
    let entropy = outcome([sample], on: engine) { $0[0].softmaxCrossEntropy(labels: [1, 1]) }
    #expect(entropy.value[0] == 1000)
    #expect(entropy.gradients[0]!.map { $0.magnitude < 1e-30 ? 0 : $0 } == [0.5, -0.5, 0, 0, 0, 0])
  }

  @Test func nothingCountedIsZero() throws {
    let engine = try Engine(threads: 1)
    let shape = Shape(2, 3)
    let zeros = Tensor(repeating: 0, shape: Shape(2), on: engine)
    let outcome = outcome([Sample(shape, seed: 1)], on: engine) {
      $0[0].softmaxCrossEntropy(Tensor(repeating: 1 / 3, shape: shape, on: engine), weights: zeros)
        + $0[0].softmaxCrossEntropy(labels: [-1, -1])
    }
    #expect(outcome.value == [0])
    #expect(outcome.gradients[0]!.allSatisfy { $0 == 0 })
  }

  @Test func positionsOfWeightZeroHaveNoGradient() throws {
    let engine = try Engine(threads: 1)
    let sample = Sample([.nan, 0, 1, 2], Shape(2, 2))
    let outcome = outcome([sample], on: engine) { $0[0].softmaxCrossEntropy(labels: [-1, 0]) }
    #expect(outcome.value[0].isFinite)
    #expect(outcome.gradients[0]![0] == 0 && outcome.gradients[0]![1] == 0)
  }
}
