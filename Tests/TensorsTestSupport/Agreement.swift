public import Tensors

/// One input of an operation under test.
public struct Sample: Sendable {
  public var elements: [Float]
  public var shape: Shape
  /// Whether the gradient is compared too.
  public var isDifferentiable: Bool
  /// Whether the operation gets it in blocked layout, where its channels allow that.
  public var isBlocked: Bool

  public init(_ elements: [Float], _ shape: Shape, differentiable: Bool = true, blocked: Bool = false) {
    self.elements = elements
    self.shape = shape
    isDifferentiable = differentiable
    isBlocked = blocked
  }

  /// Uniform numbers in `low ..< high` from a seed.
  public init(
    _ shape: Shape, seed: UInt64, _ range: Range<Float> = -1..<1, differentiable: Bool = true, blocked: Bool = false
  ) {
    self.init(
      numbers(shape.count, seed: seed, range), shape, differentiable: differentiable, blocked: blocked)
  }

  func tensor(on engine: Engine) -> Tensor {
    let tensor = Tensor(elements, shape: shape, on: engine)
    return isBlocked && shape.rank == 4
      ? tensor.inLayout(Tensor.layout(forChannels: shape.channels, on: engine)) : tensor
  }
}

/// Uniform numbers from a seed, the same as `numbers` of the generator scripts.
public func numbers(_ count: Int, seed: UInt64, _ range: Range<Float> = -1..<1) -> [Float] {
  var random = SeededGenerator(seed: seed)
  return (0..<count).map { _ in range.lowerBound + (range.upperBound - range.lowerBound) * random.uniform() }
}

/// The value and the gradients of an operation, for the loss that is the sum of its result times fixed random numbers.
public struct Outcome: Sendable {
  public var shape: Shape
  public var value: [Float]
  public var projection: [Float]
  public var gradients: [[Float]?]
}

/// Runs `operation` and the backward pass.
///
/// - Parameter blockedGradient: hands the operation the gradient in the layout of its result, not in plain layout.
public func outcome(
  _ inputs: [Sample], on engine: Engine, blockedGradient: Bool = false, _ operation: ([Variable]) -> Variable
) -> Outcome {
  let tape = Tape(on: engine)
  let variables = inputs.map { input in
    let tensor = input.tensor(on: engine)
    return input.isDifferentiable ? tape.input(tensor) : tape.constant(tensor)
  }
  let result = operation(variables)
  let projection = result.shape.count == 1 ? [Float(1)] : numbers(result.shape.count, seed: 999)
  // A leaky ReLU of slope 1 changes nothing but the layout that the gradient arrives in.
  let passed = blockedGradient ? result.activated(.leakyReLU(slope: 1)) : result
  let loss = (passed * tape.constant(Tensor(projection, shape: result.shape, on: engine))).sum()
  tape.backward(from: loss)
  return Outcome(
    shape: result.shape, value: result.value.elements, projection: projection,
    gradients: variables.map { tape.gradient(of: $0)?.elements })
}

/// Compares an operation and its gradients with a plain twin in double precision, whose gradients are central
/// differences along random directions and along single elements.
///
/// Inputs that may be blocked are tried in both layouts, and the gradient of the result arrives in both.
///
/// - Parameters:
///   - tolerance: largest difference of a value, relative to the largest value.
///   - gradientTolerance: largest difference of a derivative along a direction, relative to the gradient's norm.
///   - step: of the central differences.
/// - Returns: what differs, a sentence each; empty where all agrees.
public func disagreements(
  _ inputs: [Sample], on engine: Engine, tolerance: Double = 1e-5, gradientTolerance: Double = 1e-4,
  step: Double = 1e-4, _ operation: ([Variable]) -> Variable, twin: ([[Double]]) -> [Double]
) -> [String] {
  let points = inputs.map { $0.elements.map(Double.init) }
  let expected = twin(points)
  let plain = inputs.map { Sample($0.elements, $0.shape, differentiable: $0.isDifferentiable) }
  var outcomes: [(name: String, outcome: Outcome)] = []
  for (name, inputs) in [("plain", plain), ("blocked", inputs)]
  where name == "plain" || inputs.contains(where: \.isBlocked) {
    for blockedGradient in [false, true] {
      let outcome = outcome(inputs, on: engine, blockedGradient: blockedGradient, operation)
      outcomes.append(("\(name)\(blockedGradient ? ", gradient as the result" : "")", outcome))
    }
  }
  var found: [String] = []
  for (name, outcome) in outcomes {
    if let difference = difference(outcome.value, expected, tolerance: tolerance) {
      found.append("\(name): value: \(difference)")
    }
  }
  let projection = outcomes[0].outcome.projection
  func loss(_ points: [[Double]]) -> Double {
    zip(twin(points), projection).reduce(0.0) { $0 + $1.0 * Double($1.1) }
  }
  for (index, input) in inputs.enumerated() where input.isDifferentiable {
    for direction in directions(input.elements.count, seed: UInt64(index + 1)) {
      var ahead = points
      var behind = points
      for (i, d) in direction {
        ahead[index][i] += step * d
        behind[index][i] -= step * d
      }
      let wanted = (loss(ahead) - loss(behind)) / (2 * step)
      for (name, outcome) in outcomes {
        guard let gradient = outcome.gradients[index] else {
          found.append("\(name): input \(index) has no gradient")
          continue
        }
        let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let got = direction.reduce(0.0) { $0 + Double(gradient[$1.0]) * $1.1 }
        if !(abs(wanted - got) <= gradientTolerance * (norm + 1e-6)) {
          let along = direction.count == 1 ? "element \(direction[0].0)" : "a random direction"
          found.append("\(name): gradient of input \(index) along \(along): \(got), twin \(wanted), norm \(norm)")
        }
      }
    }
  }
  return found
}

/// Two dense directions of plus and minus one, and one element in the middle alone.
private func directions(_ count: Int, seed: UInt64) -> [[(Int, Double)]] {
  var random = SeededGenerator(seed: seed &* 7919)
  var list = (0..<2).map { _ in (0..<count).map { ($0, random.uniform() < 0.5 ? -1.0 : 1.0) } }
  list.append([(count / 2, 1)])
  return list
}

/// Says how `got` differs from `expected`; nil where it does not by more than `tolerance` times the largest number.
public func difference(_ got: [Float], _ expected: [Double], tolerance: Double) -> String? {
  guard got.count == expected.count else { return "\(got.count) numbers, not \(expected.count)" }
  let scale = expected.reduce(0) { max($0, abs($1)) }
  for (i, (a, b)) in zip(got, expected).enumerated() where !(abs(Double(a) - b) <= tolerance * scale + 1e-12) {
    return "element \(i) is \(a), not \(b), where the largest is \(scale)"
  }
  return nil
}
