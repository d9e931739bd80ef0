import CDNN

/// Turns a fused graph with known shapes into steps: chooses kernels, carries layouts, inserts reorders.
struct Lowering {
  /// Where a value lies.
  struct Located {
    var shape: [Int]
    var layout: Layout
    var storage: Int
  }

  var graph: Graph
  var shapes: [String: [Int]]
  let engine: Engine
  let weights: PackedWeights
  let threads: Int
  let usesWinograd: Bool
  var program = Program()

  /// Every place where a value lies; the first is where it was made, others are reordered copies.
  private var places: [String: [Located]] = [:]
  /// Values that are others' memory read with other strides.
  private(set) var views: [String: View] = [:]
  /// Quantised images.
  private(set) var bytes: [String: Bytes] = [:]
  /// Images and matrices of bfloat16, in place of those of single precision or beside them.
  private(set) var halves: [String: Located] = [:]
  /// How often each value is still to be read.
  var reads: [String: Int] = [:]
  /// The values that a storage holds (several after a reshape).
  private var held: [Int: Set<String>] = [:]
  private(set) var outputs: [Located] = []

  init(
    _ graph: Graph, inputShapes: [String: [Int]], engine: Engine, weights: PackedWeights, threads: Int,
    usesWinograd: Bool
  ) throws(GraphError) {
    self.graph = graph
    self.engine = engine
    self.weights = weights
    self.threads = threads
    self.usesWinograd = usesWinograd
    shapes = try graph.inferShapes(inputShapes)
    for node in graph.nodes { for input in node.inputs where !input.isEmpty { reads[input, default: 0] += 1 } }
    for (index, input) in graph.inputs.enumerated() {
      let shape = shapes[input.name]!
      let storage = program.input(index, bytes: Layout.plain.count(shape) * 4)
      define(input.name, Located(shape: shape, layout: .plain, storage: storage))
    }
    for node in graph.nodes {
      try lower(node)
      for input in node.inputs where !input.isEmpty { reads[input]! -= 1 }
    }
    for output in graph.outputs { outputs.append(try deliver(output.name)) }
  }

  // MARK: Values

  mutating func define(_ value: String, _ located: Located) {
    places[value, default: []].append(located)
    held[located.storage, default: []].insert(value)
  }

  mutating func defineView(_ value: String, _ view: View) {
    views[value] = view
    held[view.storage, default: []].insert(value)
  }

  mutating func defineHalf(_ value: String, _ located: Located) {
    halves[value] = located
    held[located.storage, default: []].insert(value)
  }

  mutating func defineBytes(_ value: String, _ place: Bytes) {
    bytes[value] = place
    held[place.storage, default: []].insert(value)
  }

  /// The value where it is, in whatever layout of floats.
  mutating func located(_ value: String) throws(GraphError) -> Located {
    if let place = places[value]?.first { return place }
    if let place = bytes[value] {
      // The integers as such.
      let numbers = floats(place, scale: 1, zeroPoint: 0, value)
      define(value, numbers)
      return numbers
    }
    if let half = halves[value] {
      let place = try converted(half, to: half.layout, .single, from: .bfloat16, node: value)
      define(value, place)
      return place
    }
    if let view = views[value] {
      let place = materialized(value, view)
      define(value, place)
      return place
    }
    guard let constant = graph.constants[value], constant.isFloat else {
      throw .malformed("the value '\(value)' is not a tensor of numbers")
    }
    let buffer = try weights.plain(value) { constant.floats! }
    let place = Located(shape: constant.shape, layout: .plain, storage: program.fixed(buffer))
    define(value, place)
    return place
  }

  /// The value in a certain layout, reordered if need be.
  mutating func located(_ value: String, _ layout: Layout, for node: Node) throws(GraphError) -> Located {
    let first = try located(value)
    if let place = places[value]!.first(where: { $0.layout == layout }) { return place }
    let copy = try reordered(first, to: layout, node: node.name)
    define(value, copy)
    return copy
  }

  mutating func reordered(_ value: Located, to layout: Layout, node: String) throws(GraphError) -> Located {
    try converted(value, to: layout, .single, from: .single, node: node)
  }

  mutating func converted(
    _ value: Located, to layout: Layout, _ format: NumberFormat, from source: NumberFormat, node: String
  ) throws(GraphError) -> Located {
    // oneDNN knows up to five axes; to it a plain tensor may as well be a row.
    let isRow = value.layout == .plain && layout == .plain
    let shape = isRow ? [value.shape.reduce(1, *)] : value.shape
    let primitive = engine.reorder(
      from: .sized(shape, value.layout, source), to: .sized(shape, layout, format))
    guard let primitive else {
      throw .kernel(node: node, function: "dnnl_reorder_primitive_desc_create", status: 3)
    }
    let copy = allocate(value.shape, layout, format)
    emit(node, primitive, [(CDNN_SRC, value.storage), (CDNN_DST, copy.storage)])
    return copy
  }

  /// Whether `place` may be overwritten while `node`, one of whose inputs is `value`, is computed: nobody reads it later.
  func isLastRead(_ value: String, _ place: Located, by node: Node) -> Bool {
    guard case .planned = program.storages[place.storage].place else { return false }
    guard reads[value] == node.inputs.filter({ $0 == value }).count else { return false }
    return held[place.storage]!.allSatisfy { other in
      !graph.outputs.contains { $0.name == other } && (other == value || reads[other, default: 0] == 0)
    }
  }

  func shape(_ node: Node) -> [Int] { shapes[node.output]! }

  // MARK: Steps

  mutating func allocate(_ shape: [Int], _ layout: Layout, _ format: NumberFormat = .single) -> Located {
    Located(shape: shape, layout: layout, storage: program.planned(bytes: layout.count(shape) * format.bytes))
  }

  /// A step that runs a primitive, with scratch memory if it wants some.
  mutating func emit(_ node: String, _ primitive: Primitive, _ arguments: [(cdnn_argument, storage: Int)]) {
    var arguments = arguments
    let scratch = primitive.bytes(CDNN_SCRATCHPAD)
    if scratch > 0 { arguments.append((CDNN_SCRATCHPAD, program.planned(bytes: scratch))) }
    program.append(
      node, primitive.implementation, touching: arguments.map(\.storage), .primitive(primitive, arguments))
  }

  /// A step that runs a kernel of our own.
  mutating func emit(_ node: String, _ kind: String, touching: [Int], _ kernel: @escaping (Storages) -> Void) {
    program.append(node, kind, touching: touching, .kernel(kernel))
  }

  /// An output in plain layout in memory of its own, that stays until the next run.
  private mutating func deliver(_ name: String) throws(GraphError) -> Located {
    let first = try located(name)
    var place = try located(name, .plain, for: Node(name: name, operation: .identity, inputs: [name], output: name))
    if case .planned = program.storages[place.storage].place {
    } else {
      let copy = allocate(first.shape, .plain)
      let (from, to, count) = (place.storage, copy.storage, Layout.plain.count(first.shape))
      emit(name, "copy", touching: [from, to]) { unsafe $0[to].update(from: $0[from], count: count) }
      place = copy
    }
    program.storages[place.storage].last = .max
    return place
  }

  // MARK: Nodes

  mutating func lower(_ node: Node) throws(GraphError) {
    let isLowered =
      switch node.operation {
      case .convolution(let convolution): try lower(node, convolution)
      case .transposedConvolution(let convolution): try lowerTransposed(node, convolution)
      case .maxPooling(let pooling): try lower(node, pooling, takesMaximum: true)
      case .averagePooling(let pooling): try lower(node, pooling, takesMaximum: false)
      case .gemm(let gemm): try lower(node, gemm)
      case .matrixProduct: try lowerMatrixProduct(node)
      case .dense: try lowerDense(node)
      case .quantizedConvolution(let quantized): try lower(node, quantized)
      case .quantizedBridge(let bridge): try lower(node, bridge)
      case .attention(let scale): try lowerAttention(node, scale: scale)
      case .activation(let activation): try lower(node, activation)
      case .binary(let operation): try lower(node, operation)
      case .batchNormalization, .instanceNormalization, .layerNormalization: try lowerNormalization(node)
      case .globalAveragePooling: try lowerReduction(node, .mean, axes: [2, 3])
      case .globalMaxPooling: try lowerReduction(node, .max, axes: [2, 3])
      case .reduce(let reduction, let axes, _): try lowerReduction(node, reduction, axes: axes)
      case .softmax(let axis, let trailing): try lowerSoftmax(node, axis: axis, trailing: trailing)
      case .resize(let resize): try lower(node, resize)
      case .concatenation(let axis): try lowerConcatenation(node, axis: axis)
      case .flatten, .reshape, .squeeze, .unsqueeze, .identity: try lowerView(node)
      case .transpose, .slice, .pad: try lowerCopy(node)
      case .quantize(let quantization): try lower(node, quantization, quantizes: true)
      case .dequantize(let quantization): try lower(node, quantization, quantizes: false)
      case .interpreted: false
      }
    if !isLowered { try lowerPlainly(node) }
  }

  /// The slow way for what no kernel covers, such as a dilated maximum: right, but it allocates.
  private mutating func lowerPlainly(_ node: Node) throws(GraphError) {
    var places: [(name: String, place: Located)] = []
    for name in Set(node.inputs).sorted() where !name.isEmpty {
      places.append((name, try located(name, .plain, for: node)))
    }
    let result = allocate(shape(node), .plain)
    let shape = result.shape
    let storage = result.storage
    program.append(
      node.name, "reference", touching: places.map(\.place.storage) + [storage],
      .fallible { storages in
        var values: [String: Constant] = [:]
        for (name, place) in places {
          let count = place.shape.reduce(1, *)
          values[name] = Constant(
            unsafe Array(UnsafeBufferPointer(start: storages[place.storage], count: count)), shape: place.shape)
        }
        guard let floats = try? node.evaluate(values, shape: shape).floats else { return false }
        unsafe storages[storage].update(from: floats, count: floats.count)
        return true
      })
    define(node.output, result)
  }
}
