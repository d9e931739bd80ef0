import CDNN
import CTransformer

extension Lowering {
  /// Whether our own product with packed weights is the quickest here; with wider vectors oneDNN's is.
  static let hasPackedProduct = ctransformer_supported() == 1 && cdnn_vector_width() == 8

  /// Weights whose element `[k, column]` is at `k * rowStride + column * columnStride` of `values`.
  struct DenseWeights {
    var name: String
    /// Asked for only where they are not packed yet.
    var values: () -> [Float]
    var inner: Int
    var columns: Int
    var rowStride: Int
    var columnStride: Int
    var bias: (name: String, values: [Float])?
  }

  mutating func lowerDense(_ node: Node) throws(GraphError) -> Bool {
    guard let constant = graph.constants[node.inputs[1]], constant.isFloat else { return false }
    let (inner, columns) = (constant.shape[0], constant.shape[1])
    var dense = DenseWeights(
      name: node.inputs[1], values: { constant.floats! }, inner: inner, columns: columns, rowStride: columns,
      columnStride: 1)
    if let name = node.input(2) {
      guard let numbers = graph.constants[name]?.floats else { return false }
      dense.bias = (name, numbers)
    }
    guard !(try lowerPacked(node, dense)) else { return true }

    let result = shape(node)
    let rows = result.dropLast().reduce(1, *)
    let x: Located
    let primitive: Primitive
    if let product = halfProduct(rows: rows, inner: inner, columns: columns, hasBias: dense.bias != nil) {
      x = try halfRows(node.inputs[0], for: node)
      primitive = product
    } else {
      x = try located(node.inputs[0], .plain, for: node)
      guard
        let product = engine.product(
          .sized([rows, inner], .plain), .sized([inner, columns], nil),
          bias: dense.bias == nil ? nil : .sized([1, columns], .plain), .sized([rows, columns], .plain), [])
      else { return false }
      primitive = product
    }
    let packed = try weights.packed(
      "\(dense.name)/columns", for: primitive, CDNN_WEIGHTS, shape: [inner, columns], engine: engine,
      dense.values)
    let place = allocate(result, .plain)
    var arguments = [
      (CDNN_SRC, storage: x.storage), (CDNN_WEIGHTS, program.fixed(packed)), (CDNN_DST, place.storage),
    ]
    if let bias = dense.bias {
      arguments.append((CDNN_BIAS, program.fixed(try weights.plain(bias.name) { bias.values })))
    }
    emit(node.name, primitive, arguments)
    let flat = TensorDescription.sized([rows * columns], .plain)
    for post in node.postOperations {
      switch post {
      case .sum(let index):
        let other = try located(node.inputs[index], .plain, for: node)
        guard let sum = engine.binary(CDNN_ADD, flat) else { return false }
        emit(node.name, sum, [(CDNN_SRC, place.storage), (CDNN_SRC_1, other.storage), (CDNN_DST, place.storage)])
      case .activation(let activation): try apply(activation, to: place, count: rows * columns, node)
      }
    }
    define(node.output, place)
    return true
  }

  /// By our own kernel; false, with nothing done, where it is not the quickest.
  mutating func lowerPacked(_ node: Node, _ dense: DenseWeights) throws(GraphError) -> Bool {
    guard Lowering.hasPackedProduct else { return false }
    let result = shape(node)
    let (inner, columns) = (dense.inner, dense.columns)
    let rows = result.dropLast().reduce(1, *)
    let x = try located(node.inputs[0], .plain, for: node)
    let packed = try weights.plain("\(dense.name)/panels") {
      let values = dense.values()
      return unsafe [Float](unsafeUninitializedCapacity: Int(ctransformer_dense_packed(Int64(inner), Int64(columns)))) {
        unsafe ctransformer_dense_pack(
          values, Int64(dense.rowStride), Int64(dense.columnStride), Int64(inner), Int64(columns),
          $0.baseAddress)
        $1 = $0.count
      }
    }
    let padding = [Float](repeating: 0, count: (columns + 15) / 16 * 16 - columns)
    let bias = try weights.plain("\(dense.bias?.name ?? "")/panels/\(columns)") {
      (dense.bias?.values ?? [Float](repeating: 0, count: columns)) + padding
    }

    var posts = node.postOperations[...]
    var residual: Located?
    if case .sum(let index)? = posts.first {
      residual = try located(node.inputs[index], .plain, for: node)
      posts.removeFirst()
    }
    var function = CTRANSFORMER_IDENTITY
    if case .activation(let activation)? = posts.first, let known = activation.dense {
      function = known
      posts.removeFirst()
    }
    let place: Located
    if case .sum(let index)? = node.postOperations.first, let residual, residual.storage != x.storage,
      isLastRead(node.inputs[index], residual, by: node)
    {
      place = Located(shape: result, layout: .plain, storage: residual.storage)
    } else {
      place = allocate(result, .plain)
    }
    var job = unsafe ctransformer_dense()
    unsafe job.rows = Int64(rows)
    unsafe job.inner = Int64(inner)
    unsafe job.columns = Int64(columns)
    unsafe job.x_stride = Int64(inner)
    unsafe job.y_stride = Int64(columns)
    unsafe job.residual_stride = Int64(columns)
    unsafe job.activation = Int32(function.rawValue)
    let shared = unsafe ParallelJob(job, threads: threads)
    let scratch = program.planned(bytes: 4 * Int(ctransformer_dense_scratch(Int64(rows), Int64(inner))))
    let (from, to, w, b, other) = (
      x.storage, place.storage, program.fixed(packed), program.fixed(bias), residual?.storage
    )
    emit(node.name, "dense", touching: [from, to, w, b, scratch] + (other.map { [$0] } ?? [])) { storages in
      unsafe shared.run(
        prepare: { job in
          unsafe job.pointee.x = UnsafePointer(storages[from])
          unsafe job.pointee.weights = UnsafePointer(storages[w])
          unsafe job.pointee.bias = UnsafePointer(storages[b])
          unsafe job.pointee.residual = other.map { unsafe UnsafePointer(storages[$0]) }
          unsafe job.pointee.y = storages[to]
          unsafe job.pointee.scratch = storages[scratch]
          unsafe ctransformer_dense_start(job)
        }, ctransformer_dense_layout_part)
      unsafe shared.run(
        prepare: { unsafe ctransformer_dense_start($0) }, ctransformer_dense_multiply_part)
    }
    for case .activation(let activation) in posts {
      try apply(activation, to: place, count: rows * columns, node)
    }
    define(node.output, place)
    return true
  }

  /// A function of its own step, in place.
  private mutating func apply(
    _ activation: Activation, to place: Located, count: Int, _ node: Node
  ) throws(GraphError) {
    for step in activation.steps ?? [] {
      guard let primitive = engine.elementwise(step, .sized([count], .plain)) else {
        throw .kernel(node: node.name, function: "dnnl_eltwise_forward_primitive_desc_create", status: 3)
      }
      emit(node.name, primitive, [(CDNN_SRC, place.storage), (CDNN_DST, place.storage)])
    }
    guard activation.steps == nil else { return }
    let to = place.storage
    emit(node.name, "map", touching: [to]) { unsafe Kernels.map($0[to], $0[to], count: count, activation) }
  }
}

extension Activation {
  /// Where the dense kernel has it.
  fileprivate var dense: ctransformer_activation? {
    switch self {
    case .relu: CTRANSFORMER_RELU
    case .gelu: CTRANSFORMER_GELU
    default: nil
    }
  }
}
