/// Which nodes of an optimised graph compute with integers, and which values become integers for it.
struct QuantizationPlan {
  /// Products with constant weights, by position.
  private(set) var products: Set<Int> = []
  /// Of these, those whose results stay floats.
  private(set) var heads: Set<Int> = []
  /// What lies between products and needs no precision of its own: additions, poolings, changes of shape.
  private(set) var bridges: Set<Int> = []
  /// Values that are quantised, and read as what their integers stand for by everyone.
  private(set) var values: Set<String> = []
  /// Values that products read.
  private(set) var productInputs: Set<String> = []
  /// Values that keep the scale of another, from which they only pick elements.
  private(set) var sameScale: [String: String] = [:]

  private let graph: Graph
  private let uses: GraphUses
  private let readers: [String: [Int]]

  init(_ graph: Graph, _ settings: QuantizationSettings) {
    self.graph = graph
    uses = GraphUses(graph)
    var readers: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for input in Set(node.inputs) { readers[input, default: []].append(index) }
    }
    self.readers = readers

    let candidates = graph.nodes.indices.filter { QuantizedProduct(graph.nodes[$0], graph.constants) != nil }
    let leading = leadingToProducts(Set(candidates))
    for index in candidates where !settings.keptInFloat.contains(graph.nodes[index].name) {
      let node = graph.nodes[index]
      let isLast = !leading.contains(node.output)
      if isLast || isSquashed(node.output), graph.constants[node.inputs[1]]!.count < settings.smallestHead { continue }
      if isLast { heads.insert(index) }
      products.insert(index)
    }
    for index in products {
      let node = graph.nodes[index]
      values.insert(node.inputs[0])
      productInputs.insert(node.inputs[0])
      if !heads.contains(index) { values.insert(carrier(node.output)) }
    }
    addBridges()
  }

  /// The values from which some product is computed in the end.
  private func leadingToProducts(_ candidates: Set<Int>) -> Set<String> {
    var leading: Set<String> = []
    for (index, node) in graph.nodes.enumerated().reversed()
    where candidates.contains(index) || leading.contains(node.output) {
      leading.formUnion(node.inputs)
    }
    return leading
  }

  /// Whether a value becomes probabilities or a gate next.
  private func isSquashed(_ value: String) -> Bool {
    (readers[value] ?? []).contains { index in
      switch graph.nodes[index].operation {
      case .softmax, .activation(.sigmoid), .activation(.hardSigmoid): true
      default: false
      }
    }
  }

  /// The value that a product's or an addition's result becomes in the same step: what a rectifier makes of it, if there
  /// is one that alone reads it.
  private func carrier(_ value: String) -> String {
    guard uses.isPrivate(value), let index = readers[value]?.first else { return value }
    switch graph.nodes[index].operation {
    case .activation(.relu), .activation(.clip): return graph.nodes[index].output
    default: return value
    }
  }

  private mutating func addBridges() {
    // Forwards, what computes with integers alone; backwards, those of them that something wants integers of.
    var integral = values
    var found: [Int] = []
    for (index, node) in graph.nodes.enumerated() where node.bridges != nil {
      guard !node.inputs.isEmpty, node.inputs.allSatisfy({ integral.contains($0) }) else { continue }
      found.append(index)
      integral.insert(carrier(node.output))
    }
    for index in found.reversed() {
      let node = graph.nodes[index]
      let result = carrier(node.output)
      let isWanted = (readers[result] ?? []).contains { products.contains($0) || bridges.contains($0) }
      guard isWanted else { continue }
      bridges.insert(index)
      values.formUnion(node.inputs)
      values.insert(result)
      if node.bridges == .keepsScale { sameScale[result] = node.inputs[0] }
    }
  }
}

/// How a node between products treats integers.
enum Bridge {
  /// The result has a scale of its own.
  case newScale
  /// The result's elements are elements of the input.
  case keepsScale
}

extension Node {
  fileprivate var bridges: Bridge? {
    guard postOperations.isEmpty else { return nil }
    switch operation {
    case .binary(.add), .averagePooling, .globalAveragePooling, .concatenation: return .newScale
    case .resize(let resize): return resize.mode == .nearest ? .keepsScale : .newScale
    case .maxPooling, .globalMaxPooling, .flatten, .reshape, .transpose, .squeeze, .unsqueeze, .slice:
      return .keepsScale
    default: return nil
    }
  }
}

/// A product with constant weights, and how its weights lie.
struct QuantizedProduct {
  let weights: Constant
  let values: [Float]
  /// One for each output channel; nil where the node has none.
  let bias: [Float]?
  /// The weights' axis of output channels.
  let axis: Int
  let channels: Int
  /// Whether the operation can take a bias.
  let takesBias: Bool
  private let groups: Int

  /// Nil for what is no such product.
  init?(_ node: Node, _ constants: [String: Constant]) {
    guard node.postOperations.isEmpty, node.inputs.count >= 2, constants[node.inputs[0]] == nil,
      let weights = constants[node.inputs[1]], let values = weights.floats, !values.isEmpty
    else { return nil }
    switch node.operation {
    case .convolution(let convolution) where weights.shape.count == 4:
      (axis, groups, takesBias) = (0, convolution.groups, true)
    case .gemm(let gemm) where weights.shape.count == 2 && !gemm.transposesA && gemm.alpha == 1 && gemm.beta == 1:
      (axis, groups, takesBias) = (gemm.transposesB ? 0 : 1, 1, true)
    case .matrixProduct where weights.shape.count == 2: (axis, groups, takesBias) = (1, 1, false)
    default: return nil
    }
    channels = weights.shape[axis]
    guard channels.isMultiple(of: groups) else { return nil }
    if let name = node.input(2) {
      guard let floats = constants[name]?.floats, constants[name]!.shape.last == floats.count,
        floats.count == channels
      else { return nil }
      bias = floats
    } else {
      bias = nil
    }
    self.weights = weights
    self.values = values
  }

  /// How many of the input's channels, or columns, an output is made from.
  var inputs: Int { weights.shape[1 - axis] }

  /// Of each output channel, where its weights lie, by taps and then by input channels.
  var positions: [[Int]] {
    let shape = weights.shape
    let area = shape.dropFirst(2).reduce(1, *)
    return (0..<channels).map { channel in
      (0..<area).flatMap { tap in
        (0..<inputs).map { input in
          axis == 0 ? (channel * inputs + input) * area + tap : input * channels + channel
        }
      }
    }
  }

  /// The first place on the input's second axis that an output channel is made from.
  func firstInput(_ channel: Int) -> Int { channel / (channels / groups) * inputs }
}
