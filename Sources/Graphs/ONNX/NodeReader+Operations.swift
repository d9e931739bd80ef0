extension NodeReader {
  /// Sizes of windows, strides and paddings: far more than any image, far less than what overflows.
  private static let window = 1...65535

  /// Adds this node, or the constant or slices that it stands for, to `graph`.
  mutating func read(into graph: inout Graph) throws(GraphError) {
    guard let output = node.output.first, !output.isEmpty else { throw malformed("has no output") }
    if node.opType == "Constant" {
      guard graph.constants.updateValue(try readConstant(), forKey: output) == nil else {
        throw malformed("makes the value '\(output)' a second time")
      }
      return
    }
    if node.opType == "Split" {
      for (index, range) in try readSplit().enumerated() where !node.output[index].isEmpty {
        graph.nodes.append(
          Node(
            name: "\(name).\(index)", operation: .slice([range]), inputs: [node.input[0]], output: node.output[index]))
      }
      return
    }
    var inputs = 1
    let operation: Operation
    if let quantization = try readQuantization(graph.quantizedType(of: node.input.first ?? "")) {
      operation = quantization
    } else {
      operation = try readOperation(&inputs)
    }
    if node.output.dropFirst().contains(where: { !$0.isEmpty }) {
      // A dropout's mask is written out of habit; whoever reads it is refused as reading an unknown value.
      guard operation == .identity else { throw unsupported("more than its first output is used") }
    }
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: Array(node.input.prefix(inputs)), output: output))
  }

  /// `inputs` becomes how many inputs the operation itself has; the rest were read as attributes.
  private mutating func readOperation(_ inputs: inout Int) throws(GraphError) -> Operation {
    switch node.opType {
    case "Conv":
      inputs = 3
      let convolution = try readConvolution()
      try finish(inputs: 2...3)
      return .convolution(convolution)
    case "ConvTranspose":
      inputs = 3
      return .transposedConvolution(try readTransposedConvolution())
    case "Gemm":
      inputs = 3
      let gemm = Gemm(
        alpha: try float("alpha", default: 1), beta: try float("beta", default: 1),
        transposesA: try flag("transA"), transposesB: try flag("transB"))
      try finish(inputs: 2...3)
      return .gemm(gemm)
    case "MatMul":
      inputs = 2
      try finish(inputs: 2...2)
      return .matrixProduct
    case "Add", "Sub", "Mul", "Div", "Pow":
      inputs = 2
      try finish(inputs: 2...2)
      return .binary(BinaryOperation(rawValue: node.opType)!)
    case "Identity":
      try finish(inputs: 1...1)
      return .identity
    case "Dropout":
      _ = try float("ratio", default: 0)
      _ = try integer("seed", default: 0)
      if let training = try constantIntegers(2, "training_mode"), training != [0] {
        throw unsupported("it drops values in training mode")
      }
      try finish(inputs: 1...3)
      return .identity
    default:
      if let operation = try readNormalization(&inputs) { return operation }
      if let operation = try readActivation() { return operation }
      if let operation = try readPooling() { return operation }
      if let operation = try readShaping(&inputs) { return operation }
      throw unsupported("this operation is not known")
    }
  }

  // MARK: Constants

  private mutating func readConstant() throws(GraphError) -> Constant {
    let constant: Constant
    if let tensor = try tensor("value") {
      constant = tensor
    } else if let list = try floats("value_floats") {
      constant = Constant(list, shape: [list.count])
    } else if let list = try integers("value_ints") {
      constant = Constant(list.map { Int64($0) }, shape: [list.count])
    } else if node.attribute.contains(where: { $0.name == "value_float" }) {
      constant = Constant([try float("value_float", default: 0)], shape: [])
    } else if node.attribute.contains(where: { $0.name == "value_int" }) {
      constant = Constant([Int64(try integer("value_int", default: 0))], shape: [])
    } else {
      throw unsupported("it holds neither numbers nor a tensor")
    }
    try finish(inputs: 0...0)
    return constant
  }

  private mutating func readSplit() throws(GraphError) -> [SliceRange] {
    let axis = try integer("axis", default: 0, in: -8...7)
    _ = try integer("num_outputs", default: 0)
    let attribute = try integers("split", in: 0...0x7fff_ffff)
    let input = try constantIntegers(1, "the sizes", in: 0...0x7fff_ffff)
    try finish(inputs: 1...2)
    guard let sizes = attribute ?? input else { throw unsupported("the sizes of its parts are not given") }
    guard sizes.count == node.output.count else { throw malformed("has \(sizes.count) sizes for its outputs") }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return SliceRange(axis: axis, start: start, end: start + size)
    }
  }

  // MARK: Windows

  mutating func readPadding() throws(GraphError) -> Padding {
    let mode = try string("auto_pad", default: "NOTSET")
    let pads = try integers("pads", count: 4, in: 0...65535)
    switch mode {
    case "NOTSET":
      guard let pads else { return .none }
      return .explicit(before: [pads[0], pads[1]], after: [pads[2], pads[3]])
    case "VALID": return .none
    case "SAME_UPPER": return .sameUpper
    case "SAME_LOWER": return .sameLower
    default: throw malformed("has the unknown auto_pad '\(mode)'")
    }
  }

  private mutating func readConvolution() throws(GraphError) -> Convolution {
    // The weights' shape says the same; shape inference holds them against each other through the output.
    let kernel = try integers("kernel_shape", count: 2, in: NodeReader.window)
    if let kernel, has(1), let weights = constants[node.input[1]], Array(weights.shape.dropFirst(2)) != kernel {
      throw malformed("has a kernel_shape \(kernel) that its weights of shape \(weights.shape) contradict")
    }
    return Convolution(
      strides: try integers("strides", count: 2, in: NodeReader.window) ?? [1, 1],
      dilations: try integers("dilations", count: 2, in: NodeReader.window) ?? [1, 1],
      padding: try readPadding(),
      groups: try integer("group", default: 1, in: 1...0x7fff_ffff))
  }

  private mutating func readTransposedConvolution() throws(GraphError) -> Convolution {
    var convolution = try readConvolution()
    convolution.outputPadding = try integers("output_padding", count: 2, in: 0...65535) ?? [0, 0]
    guard try integers("output_shape") == nil else { throw unsupported("it fixes its output_shape") }
    guard case .explicit = convolution.padding else { throw unsupported("it pads by auto_pad") }
    try finish(inputs: 2...3)
    return convolution
  }

  private mutating func readPooling() throws(GraphError) -> Operation? {
    switch node.opType {
    case "MaxPool", "AveragePool":
      guard let kernel = try integers("kernel_shape", count: 2, in: NodeReader.window) else {
        throw malformed("lacks its kernel_shape")
      }
      let pooling = Pooling(
        kernel: kernel, strides: try integers("strides", count: 2, in: NodeReader.window) ?? [1, 1],
        dilations: try integers("dilations", count: 2, in: NodeReader.window) ?? [1, 1],
        padding: try readPadding(), includesPadding: try flag("count_include_pad"), ceilMode: try flag("ceil_mode"))
      // How the indices are ordered, which nobody reads.
      _ = try integer("storage_order", default: 0)
      try finish(inputs: 1...1)
      return node.opType == "MaxPool" ? .maxPooling(pooling) : .averagePooling(pooling)
    case "GlobalAveragePool":
      try finish(inputs: 1...1)
      return .globalAveragePooling
    case "GlobalMaxPool":
      try finish(inputs: 1...1)
      return .globalMaxPooling
    default: return nil
    }
  }

  // MARK: Normalisation and activation

  private mutating func readNormalization(_ inputs: inout Int) throws(GraphError) -> Operation? {
    switch node.opType {
    case "BatchNormalization":
      inputs = 5
      let epsilon = try float("epsilon", default: 1e-5)
      _ = try float("momentum", default: 0.9)
      guard try !flag("training_mode") else { throw unsupported("it is in training mode") }
      try finish(inputs: 5...5)
      return .batchNormalization(epsilon: epsilon)
    case "InstanceNormalization":
      inputs = 3
      let epsilon = try float("epsilon", default: 1e-5)
      try finish(inputs: 3...3)
      return .instanceNormalization(epsilon: epsilon)
    case "LayerNormalization":
      inputs = 3
      let axis = try integer("axis", default: -1, in: -8...7)
      let epsilon = try float("epsilon", default: 1e-5)
      _ = try integer("stash_type", default: 1)
      try finish(inputs: 2...3)
      return .layerNormalization(axis: axis, epsilon: epsilon)
    default: return nil
    }
  }

  private mutating func readActivation() throws(GraphError) -> Operation? {
    let activation: Activation
    switch node.opType {
    case "Relu": activation = .relu
    case "LeakyRelu": activation = .leakyRelu(slope: try float("alpha", default: 0.01))
    case "Elu": activation = .elu(alpha: try float("alpha", default: 1))
    case "Sigmoid": activation = .sigmoid
    case "Tanh": activation = .tanh
    case "HardSwish": activation = .hardSwish
    case "HardSigmoid":
      activation = .hardSigmoid(alpha: try float("alpha", default: 0.2), beta: try float("beta", default: 0.5))
    case "Gelu":
      let approximation = try string("approximate", default: "none")
      guard ["none", "tanh"].contains(approximation) else {
        throw unsupported("it approximates by '\(approximation)'")
      }
      activation = approximation == "tanh" ? .geluTanh : .gelu
    case "Erf": activation = .erf
    case "Exp": activation = .exp
    case "Sqrt": activation = .sqrt
    case "Abs": activation = .abs
    case "Neg": activation = .linear(scale: -1, shift: 0)
    case "Clip":
      let low = try constantScalar(1, "the lower limit") ?? -.infinity
      let high = try constantScalar(2, "the upper limit") ?? .infinity
      try finish(inputs: 1...3)
      return .activation(.clip(low: low, high: high))
    default: return nil
    }
    try finish(inputs: 1...1)
    return .activation(activation)
  }
}
