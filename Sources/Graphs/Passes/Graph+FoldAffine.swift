extension Graph {
  /// Moves per-channel arithmetic (batch norm, a bias added or a scale multiplied as a node of its own) into the weights
  /// and the bias of the convolution, transposed convolution or matrix product before it.
  mutating func foldAffine() {
    let uses = GraphUses(self)
    var kept: [Node] = []
    var producer: [String: Int] = [:]
    for node in nodes {
      if let affine = Affine(node, constants), uses.isPrivate(affine.value), let index = producer[affine.value],
        let folded = fold(affine, into: kept[index])
      {
        kept[index] = folded
        kept[index].output = node.output
        producer[node.output] = index
      } else {
        producer[node.output] = kept.count
        kept.append(node)
      }
    }
    nodes = kept
    removeDeadNodes()
  }

  /// The node with the arithmetic in its weights, or nil where that is not possible.
  private mutating func fold(_ affine: Affine, into node: Node) -> Node? {
    guard node.postOperations.isEmpty, let weights = node.input(1).flatMap({ constants[$0] }),
      weights.isFloat
    else { return nil }
    let bias = node.input(2)
    if let bias, constants[bias]?.isFloat != true { return nil }
    let oldBias = bias.flatMap { constants[$0]?.floats }

    /// How many output channels, and which of them a weight belongs to.
    let channels: Int
    let channel: @Sendable (Int) -> Int
    var node = node
    var weightScale: Float = 1
    var biasScale: Float = 1
    switch node.operation {
    case .convolution where weights.shape.count == 4 && affine.channelAxis != .last:
      let inner = weights.shape.dropFirst().reduce(1, *)
      channels = weights.shape[0]
      channel = { $0 / inner }
    case .transposedConvolution(let convolution) where weights.shape.count == 4 && affine.channelAxis != .last:
      let area = weights.shape[2] * weights.shape[3]
      let outputs = weights.shape[1]
      guard convolution.groups > 0, weights.shape[0].isMultiple(of: convolution.groups) else { return nil }
      let inputs = weights.shape[0] / convolution.groups
      channels = outputs * convolution.groups
      channel = { index in
        let plane = index / area
        return plane / outputs / inputs * outputs + plane % outputs
      }
    case .gemm(let gemm) where weights.shape.count == 2 && affine.channelAxis != .second:
      let (rows, columns) = (weights.shape[0], weights.shape[1])
      channels = gemm.transposesB ? rows : columns
      let isByRow = gemm.transposesB
      channel = { isByRow ? $0 / columns : $0 % columns }
      // Only a bias that is the same for every row.
      if let shape = bias.flatMap({ constants[$0]?.shape }), shape.dropLast().contains(where: { $0 != 1 }) {
        return nil
      }
      (weightScale, biasScale) = (gemm.alpha, gemm.beta)
      node.operation = .gemm(Gemm(transposesA: gemm.transposesA, transposesB: gemm.transposesB))
    default: return nil
    }
    guard channels > 0, affine.count == 1 || affine.count == channels,
      oldBias == nil || [1, channels].contains(oldBias!.count)
    else { return nil }

    let scale = (0..<channels).map { affine.scale[affine.scale.count == 1 ? 0 : $0] }
    let shift = (0..<channels).map { affine.shift[affine.shift.count == 1 ? 0 : $0] }
    let factors = scale.map { Double(weightScale) * $0 }
    let newWeights = weights.mapped { values in
      values.indices.map { Float(Double(values[$0]) * factors[channel($0)]) }
    }
    let newBias = (0..<channels).map { index in
      let old = oldBias.map { $0[$0.count == 1 ? 0 : index] * biasScale } ?? 0
      return Float(Double(old) * scale[index] + shift[index])
    }
    node.inputs = [
      node.inputs[0], addConstant(newWeights, named: "\(node.name).folded.weight"),
      addConstant(Constant(newBias, shape: [channels]), named: "\(node.name).folded.bias"),
    ]
    return node
  }
}

/// `scale x + shift`, with one number for all or one for each channel.
private struct Affine {
  /// Which axis the numbers belong to, if they are not all the same.
  enum Axis { case any, second, last }

  var value: String
  var scale: [Double] = [1]
  var shift: [Double] = [0]
  var channelAxis: Axis

  var count: Int { max(scale.count, shift.count) }

  init?(_ node: Node, _ constants: [String: Constant]) {
    guard node.postOperations.isEmpty else { return nil }
    value = node.inputs[0]
    channelAxis = .any
    switch node.operation {
    case .activation(.linear(let scale, let shift)):
      self.scale = [Double(scale)]
      self.shift = [Double(shift)]
    case .batchNormalization(let epsilon):
      let parameters = node.inputs.dropFirst().prefix(4).compactMap { constants[$0]?.floats?.map(Double.init) }
      guard parameters.count == 4, parameters.allSatisfy({ $0.count == parameters[0].count }) else { return nil }
      // The second axis, which for a matrix [batch, channels] is the last as well: after either kind of node.
      scale = zip(parameters[0], parameters[3]).map { $0 / ($1 + Double(epsilon)).squareRoot() }
      shift = parameters[1].indices.map { parameters[1][$0] - parameters[2][$0] * scale[$0] }
    case .binary(let operation):
      guard node.inputs.count == 2 else { return nil }
      let second = Affine.perChannel(constants[node.inputs[1]])
      let first = Affine.perChannel(constants[node.inputs[0]])
      guard let (numbers, axis) = second ?? first, second == nil || first == nil else { return nil }
      value = node.inputs[second == nil ? 1 : 0]
      channelAxis = axis
      switch operation {
      case .add: shift = numbers
      case .multiply: scale = numbers
      case .subtract:
        shift = second == nil ? numbers : numbers.map { -$0 }
        scale = [second == nil ? -1 : 1]
      case .divide:
        guard second != nil, numbers.allSatisfy({ $0 != 0 }) else { return nil }
        scale = numbers.map { 1 / $0 }
      case .power: return nil
      }
    default: return nil
    }
    guard (scale + shift).allSatisfy(\.isFinite) else { return nil }
  }

  /// The numbers of `[c, 1, 1]` and `[1, c, 1, 1]` (images), `[n]` and `[1, n]` (matrices).
  private static func perChannel(_ constant: Constant?) -> ([Double], Axis)? {
    guard let constant, constant.isFloat else { return nil }
    var shape = constant.shape[...]
    if shape.first == 1, shape.count == 4 || shape.count == 2 { shape = shape.dropFirst() }
    let axis: Axis
    if shape.count == 3, shape.dropFirst().allSatisfy({ $0 == 1 }) {
      axis = .second
    } else if shape.count == 1, constant.count > 1 {
      axis = .last
    } else {
      return nil
    }
    return constant.floats.map { ($0.map(Double.init), axis) }
  }
}
