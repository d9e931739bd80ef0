extension ONNXWriter {
  /// Activations; those that opset 17 lacks are spelled out.
  mutating func write(_ activation: Activation, _ node: Node, output: String) {
    let x = node.inputs[0]
    func plain(_ type: String, _ attributes: [ONNXAttributeProto] = []) {
      emit(type, node.name, inputs: [x], output: output, attributes)
    }
    func step(_ type: String, _ inputs: [String], _ name: String) -> String {
      let value = fresh("\(node.output).\(name)")
      emit(type, "\(node.name).\(name)", inputs: inputs, output: value)
      return value
    }
    func number(_ value: Float, _ name: String) -> String { constant(value, for: node, name) }
    switch activation {
    case .relu: plain("Relu")
    case .leakyRelu(let slope): plain("LeakyRelu", [.float("alpha", slope)])
    case .elu(let alpha): plain("Elu", [.float("alpha", alpha)])
    case .sigmoid: plain("Sigmoid")
    case .tanh: plain("Tanh")
    case .hardSwish: plain("HardSwish")
    case .hardSigmoid(let alpha, let beta): plain("HardSigmoid", [.float("alpha", alpha), .float("beta", beta)])
    case .erf: plain("Erf")
    case .exp: plain("Exp")
    case .sqrt: plain("Sqrt")
    case .abs: plain("Abs")
    case .silu:
      emit("Mul", node.name, inputs: [x, step("Sigmoid", [x], "sigmoid")], output: output)
    case .clip(let low, let high):
      emit("Clip", node.name, inputs: [x, number(low, "low"), number(high, "high")], output: output)
    case .linear(let scale, let shift):
      let scaled = step("Mul", [x, number(scale, "scale")], "scaled")
      emit("Add", node.name, inputs: [scaled, number(shift, "shift")], output: output)
    case .gelu:
      let scaled = step("Mul", [x, number(0.707_106_78, "root")], "scaled")
      let shifted = step("Add", [step("Erf", [scaled], "erf"), number(1, "one")], "shifted")
      let product = step("Mul", [x, shifted], "product")
      emit("Mul", node.name, inputs: [product, number(0.5, "half")], output: output)
    case .geluTanh:
      let cube = step("Mul", [step("Mul", [x, x], "square"), x], "cube")
      let inner = step("Add", [x, step("Mul", [cube, number(0.044_715, "cubic")], "bent")], "inner")
      let tanh = step("Tanh", [step("Mul", [inner, number(0.797_884_56, "root")], "scaled")], "tanh")
      let product = step("Mul", [x, step("Add", [tanh, number(1, "one")], "shifted")], "product")
      emit("Mul", node.name, inputs: [product, number(0.5, "half")], output: output)
    }
  }

  /// Scale and zero point become initialisers of the types that the standard asks for.
  mutating func write(_ quantization: Quantization, _ node: Node, _ type: String, output: String) {
    let shape = quantization.axis == nil ? [] : [quantization.scales.count]
    let scale = fresh("\(node.output).scale")
    addConstant(Constant(quantization.scales, shape: shape), scale)
    let zero = fresh("\(node.output).zero")
    let zeros = quantization.zeroPoints
    switch quantization.type {
    case .int8: addConstant(Constant(zeros.map { Int8(clamping: $0) }, shape: shape), zero)
    case .uint8: addConstant(Constant(zeros.map { UInt8(clamping: $0) }, shape: shape), zero)
    case .int32: addConstant(Constant(zeros.map { Int32(clamping: $0) }, shape: shape), zero)
    }
    emit(
      type, node.name, inputs: [node.inputs[0], scale, zero], output: output,
      quantization.axis.map { [.int("axis", $0)] } ?? [])
  }

  mutating func writeShaping(_ node: Node, output: String) throws(GraphError) {
    func plain(_ type: String, _ attributes: [ONNXAttributeProto] = []) {
      emit(type, node.name, inputs: node.inputs, output: output, attributes)
    }
    func withList(_ type: String, _ list: [Int], _ what: String, _ attributes: [ONNXAttributeProto] = []) {
      let name = constant(list, for: node, what)
      emit(type, node.name, inputs: [node.inputs[0], name], output: output, attributes)
    }
    switch node.operation {
    case .reduce(let reduction, let axes, let keepsAxes):
      let keeps = ONNXAttributeProto.int("keepdims", keepsAxes ? 1 : 0)
      // Only the sum takes its axes as an input at opset 17.
      if axes.isEmpty {
        plain(reduction.rawValue, [keeps])
      } else if reduction == .sum {
        withList(reduction.rawValue, axes, "axes", [keeps])
      } else {
        plain(reduction.rawValue, [.ints("axes", axes), keeps])
      }
    case .concatenation(let axis): plain("Concat", [.int("axis", axis)])
    case .softmax(let axis, let trailing):
      // Over one axis both meanings are the same.
      guard !trailing || shapes[node.inputs[0]]?.count == axis + 1 else {
        throw unsupported(node, "Softmax", "it runs over several axes, as before opset 13")
      }
      plain("Softmax", [.int("axis", axis)])
    case .flatten(let axis): plain("Flatten", [.int("axis", axis)])
    case .reshape(let shape, let allowsZero):
      withList("Reshape", shape, "shape", [.int("allowzero", allowsZero ? 1 : 0)])
    case .transpose(let permutation): plain("Transpose", permutation.isEmpty ? [] : [.ints("perm", permutation)])
    case .squeeze(let axes):
      if axes.isEmpty { plain("Squeeze") } else { withList("Squeeze", axes, "axes") }
    case .unsqueeze(let axes): withList("Unsqueeze", axes, "axes")
    case .slice(let ranges):
      let lists = [ranges.map(\.start), ranges.map(\.end), ranges.map(\.axis), ranges.map(\.step)]
      let names = zip(lists, ["starts", "ends", "axes", "steps"]).map { constant($0, for: node, $1) }
      emit("Slice", node.name, inputs: [node.inputs[0]] + names, output: output)
    case .pad(let before, let after, let value):
      let pads = constant(before + after, for: node, "pads")
      let number = constant(value, for: node, "value")
      emit("Pad", node.name, inputs: [node.inputs[0], pads, number], output: output)
    case .resize(let resize): try write(resize, node, output: output)
    case .interpreted(let interpreted):
      throw unsupported(node, interpreted.node.operation, "it was specialised for one shape")
    default: throw unsupported(node, "\(node.operation)", "it cannot be written")
    }
  }

  private mutating func write(_ resize: Resize, _ node: Node, output: String) throws(GraphError) {
    var inputs = [node.inputs[0], ""]
    switch resize.target {
    case .scales(let scales):
      let name = fresh("\(node.output).scales")
      addConstant(Constant([1, 1] + scales, shape: [4]), name)
      inputs.append(name)
    case .sizes(let sizes, let channels):
      guard let channels, case .fixed(let batch)?? = graph.inputs.first?.shape?.first else {
        throw unsupported(node, "Resize", "a fixed size with any batch cannot be written; resize by a factor")
      }
      inputs += ["", constant([batch, channels] + sizes, for: node, "sizes")]
    }
    emit(
      "Resize", node.name, inputs: inputs, output: output,
      [
        .string("mode", resize.mode.rawValue),
        .string("coordinate_transformation_mode", resize.coordinates.rawValue),
        .string("nearest_mode", resize.rounding.rawValue),
      ])
  }
}
