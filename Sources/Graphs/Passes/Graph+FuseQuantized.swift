extension Graph {
  /// Makes one node of a convolution, pooling or enlargement and the quantisations around it, so that it reads and makes
  /// bytes.
  mutating func fuseQuantized() {
    guard nodes.contains(where: { if case .quantize = $0.operation { true } else { false } }) else { return }
    let uses = GraphUses(self)
    let producer = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.output, $0) })
    var taken: Set<Int> = []
    var fused: [Int: QuantizedMatcher.Match] = [:]
    // From the end: what an addition's result is rounded to claims the convolution before that convolution's own rounding.
    for (index, node) in nodes.enumerated().reversed() where !taken.contains(index) {
      guard case .quantize(let output) = node.operation, output.isByte else { continue }
      let matcher = QuantizedMatcher(graph: self, uses: uses, producer: producer, taken: taken)
      guard let match = matcher.match(node, output) else { continue }
      taken.formUnion(match.covered)
      fused[index] = match
    }
    var result: [Node] = []
    for (index, node) in nodes.enumerated() where !taken.contains(index) {
      guard var match = fused[index] else {
        result.append(node)
        continue
      }
      if let weights = match.weights {
        match.node.inputs[1] = addConstant(weights, named: "\(match.node.inputs[1]).image")
        // The convolution's result is an image of one pixel.
        let image = "\(match.node.output).image"
        result.append(
          Node(name: match.node.name, operation: .flatten(axis: 1), inputs: [image], output: match.node.output))
        match.node.output = image
        result.insert(match.node, at: result.count - 1)
      } else {
        result.append(match.node)
      }
    }
    nodes = result
    removeDeadNodes()
  }
}

extension Quantization {
  /// Unsigned bytes with one scale.
  fileprivate var isByte: Bool { type == .uint8 && scale != nil }
}

/// Reads backwards from a quantisation what it ends.
private struct QuantizedMatcher {
  let graph: Graph
  let uses: GraphUses
  let producer: [String: Int]
  /// Nodes that are part of another match.
  let taken: Set<Int>

  struct Match {
    var node: Node
    var covered: Set<Int>
    /// Of a product of rows, as those of a convolution.
    var weights: Constant?
  }

  /// The node that makes a value, if nothing else reads it.
  private func own(_ value: String) -> (index: Int, node: Node)? {
    guard uses.isPrivate(value), let index = producer[value], !taken.contains(index),
      graph.nodes[index].postOperations.isEmpty
    else { return nil }
    return (index, graph.nodes[index])
  }

  /// The bytes that a value stands for.
  private func bytes(_ value: String) -> (value: String, Quantization)? {
    guard let index = producer[value], case .dequantize(let quantization) = graph.nodes[index].operation,
      quantization.isByte
    else { return nil }
    return (graph.nodes[index].inputs[0], quantization)
  }

  func match(_ end: Node, _ output: Quantization) -> Match? {
    guard var made = own(end.inputs[0]) else { return nil }
    var covered: Set<Int> = [made.index]
    if let bridge = bridge(made.node, output) {
      return Match(
        node: Node(
          name: made.node.name, operation: .quantizedBridge(bridge.operation), inputs: [bridge.input],
          output: end.output),
        covered: covered)
    }
    var rectifies = false
    if isRectifier(made.node, output), let before = own(made.node.inputs[0]) {
      rectifies = true
      made = before
      covered.insert(made.index)
    }
    if made.node.operation == .binary(.add) {
      let (a, b) = (made.node.inputs[0], made.node.inputs[1])
      // The later of two convolutions adds to what the earlier has made.
      let candidates = [(a, b), (b, a)].compactMap { sum, other in
        residual(sum, other, covered, rectifies: rectifies, output, end)
      }
      return candidates.max { $0.position < $1.position }?.match
    }
    guard let convolution = convolution(made.node) ?? product(made.node) else { return nil }
    let operation = QuantizedConvolution(
      convolution: convolution.geometry, input: convolution.input, weights: convolution.weights, rectifies: rectifies,
      output: output)
    return Match(
      node: Node(
        name: made.node.name, operation: .quantizedConvolution(operation), inputs: convolution.inputs,
        output: end.output),
      covered: covered, weights: convolution.constant)
  }

  /// A rectifier, or a limit that bytes of this quantisation cannot pass anyway.
  private func isRectifier(_ node: Node, _ output: Quantization) -> Bool {
    switch node.operation {
    case .activation(.relu): true
    case .activation(.clip(low: 0, let high)): output.dequantize(255) <= high * 1.0001
    default: false
    }
  }

  /// `sum`, made by a convolution and perhaps rounded, plus `other`, which stands for bytes.
  private func residual(
    _ sum: String, _ other: String, _ covered: Set<Int>, rectifies: Bool, _ output: Quantization, _ end: Node
  ) -> (position: Int, match: Match)? {
    guard let (residual, scale) = bytes(other), var made = own(sum) else { return nil }
    var covered = covered.union([made.index])
    var inner: Quantization?
    if case .dequantize(let quantization) = made.node.operation, quantization.isByte {
      guard let rounded = own(made.node.inputs[0]), rounded.node.operation == .quantize(quantization),
        let before = own(rounded.node.inputs[0])
      else { return nil }
      inner = quantization
      made = before
      covered.formUnion([rounded.index, before.index])
    }
    guard let convolution = convolution(made.node) else { return nil }
    let operation = QuantizedConvolution(
      convolution: convolution.geometry, input: convolution.input, weights: convolution.weights, inner: inner,
      residual: scale, rectifies: rectifies, output: output)
    let inputs = convolution.inputs + Array(repeating: "", count: 3 - convolution.inputs.count) + [residual]
    let node = Node(
      name: made.node.name, operation: .quantizedConvolution(operation), inputs: inputs, output: end.output)
    return (made.index, Match(node: node, covered: covered))
  }

  private struct Convolved {
    var geometry: Convolution
    var input: Quantization
    var weights: Quantization
    var inputs: [String]
    /// The weights where they are not those of a convolution in the graph.
    var constant: Constant?
  }

  /// The product behind a global pooling: a convolution of an image that is one pixel.
  private func product(_ node: Node) -> Convolved? {
    guard case .gemm(let gemm) = node.operation, !gemm.transposesA, gemm.transposesB, gemm.alpha == 1, gemm.beta == 1,
      node.postOperations.isEmpty, let (row, input) = bytes(node.inputs[0]), let x = pooled(row, input),
      let index = producer[node.inputs[1]], case .dequantize(var weights) = graph.nodes[index].operation,
      weights.type == .int8, weights.zeroPoints.allSatisfy({ $0 == 0 }),
      weights.axis == nil || weights.axis == 0 || weights.axis == -2,
      let constant = graph.constants[graph.nodes[index].inputs[0]], constant.shape.count == 2,
      case .int8(let values) = constant.elements, constant.shape[0] > 4, constant.shape[1] >= 8
    else { return nil }
    if let name = node.input(2) {
      // The bias may be integers, still to be folded.
      let numbers = graph.constants[name] ?? producer[name].flatMap { graph.constants[graph.nodes[$0].inputs[0]] }
      guard numbers?.shape == [constant.shape[0]] else { return nil }
    }
    if weights.axis != nil { weights.axis = 0 }
    return Convolved(
      geometry: Convolution(), input: input, weights: weights,
      inputs: [x, graph.nodes[index].inputs[0]] + (node.input(2).map { [$0] } ?? []),
      constant: Constant(values, shape: constant.shape + [1, 1]))
  }

  /// The bytes of a global pooling whose flattened form, perhaps rounded once more to the same bytes, is `row`.
  private func pooled(_ row: String, _ quantization: Quantization) -> String? {
    guard let index = producer[row], graph.nodes[index].operation == .quantize(quantization),
      let flat = producer[graph.nodes[index].inputs[0]], case .flatten(axis: 1) = graph.nodes[flat].operation,
      let (image, own) = bytes(graph.nodes[flat].inputs[0]), own == quantization, let end = producer[image],
      let pooling = producer[graph.nodes[end].inputs[0]], graph.nodes[pooling].operation == .globalAveragePooling
    else { return nil }
    return image
  }

  private func convolution(_ node: Node) -> Convolved? {
    guard case .convolution(let geometry) = node.operation, geometry.groups == 1, node.postOperations.isEmpty,
      let (x, input) = bytes(node.inputs[0]), let index = producer[node.inputs[1]],
      case .dequantize(let weights) = graph.nodes[index].operation, weights.type == .int8,
      weights.zeroPoints.allSatisfy({ $0 == 0 }), weights.axis == nil || weights.axis == 0 || weights.axis == -4,
      let constant = graph.constants[graph.nodes[index].inputs[0]], constant.shape.count == 4,
      constant.quantizedType == .int8, constant.shape[0] > 4, constant.shape[1] <= 4 || constant.shape[1] >= 8
    else { return nil }
    var inputs = [x, graph.nodes[index].inputs[0]]
    if let bias = node.input(2) { inputs.append(bias) }
    return Convolved(geometry: geometry, input: input, weights: weights, inputs: inputs)
  }

  private func bridge(_ node: Node, _ output: Quantization) -> (operation: QuantizedBridge, input: String)? {
    guard let name = node.inputs.first, let (x, input) = bytes(name) else { return nil }
    let kind: QuantizedBridge.Kind
    switch node.operation {
    case .maxPooling(let pooling) where pooling.dilations == [1, 1] && input == output: kind = .maxPooling(pooling)
    case .averagePooling(let pooling) where pooling.dilations == [1, 1] && !pooling.includesPadding:
      kind = .averagePooling(pooling)
    case .globalAveragePooling: kind = .globalAveragePooling
    case .resize(let resize) where resize.mode == .nearest && input == output: kind = .resize(resize)
    default: return nil
    }
    return (QuantizedBridge(kind: kind, input: input, output: output), x)
  }
}
