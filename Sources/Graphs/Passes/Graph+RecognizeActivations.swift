extension Graph {
  /// Finds activations that exporters spell out: `x sigmoid(x)` is SiLU, and so on. What they were made of becomes dead.
  mutating func recognizeActivations() {
    var producer: [String: Int] = [:]
    /// The activation that makes a value, and what it is applied to.
    func activation(_ value: String) -> (Activation, of: String)? {
      guard let index = producer[value], case .activation(let activation) = nodes[index].operation,
        nodes[index].postOperations.isEmpty
      else { return nil }
      return (activation, nodes[index].inputs[0])
    }
    /// The product that makes a value, either way round.
    func products(_ value: String) -> [(String, String)] {
      guard let index = producer[value], nodes[index].operation == .binary(.multiply),
        nodes[index].postOperations.isEmpty
      else { return [] }
      let inputs = nodes[index].inputs
      return [(inputs[0], inputs[1]), (inputs[1], inputs[0])]
    }
    for index in nodes.indices {
      let node = nodes[index]
      producer[node.output] = index
      guard node.postOperations.isEmpty else { continue }
      switch node.operation {
      case .activation(.clip(low: 0, high: .infinity)): nodes[index].operation = .activation(.relu)
      case .binary(.multiply):
        for (x, factor) in products(node.output) {
          guard let (gate, of) = activation(factor), of == x, let found = Graph.gated(by: gate) else { continue }
          nodes[index].operation = .activation(found)
          nodes[index].inputs = [x]
          break
        }
      case .activation(.linear(scale: 0.5, shift: 0)):
        // x (1 + erf(x / √2)) / 2
        for (x, factor) in products(node.inputs[0]) {
          guard case (.linear(scale: 1, shift: 1), let erf)? = activation(factor),
            case (.erf, let scaled)? = activation(erf),
            case (.linear(let scale, shift: 0), of: x)? = activation(scaled),
            Swift.abs(scale - 0.707_106_78) < 1e-6
          else { continue }
          nodes[index].operation = .activation(.gelu)
          nodes[index].inputs = [x]
          break
        }
      default: break
      }
    }
    removeDeadNodes()
  }

  /// What `x gate(x)` is called.
  private static func gated(by gate: Activation) -> Activation? {
    switch gate {
    case .sigmoid: .silu
    case .hardSigmoid(let alpha, beta: 0.5) where Swift.abs(alpha - 1 / 6) < 1e-6: .hardSwish
    default: nil
    }
  }
}
