import CDNN

extension Lowering {
  /// Below so many multiplications a kernel of our own is quicker than any library call.
  private static let smallProduct = 1 << 16

  mutating func lower(_ node: Node, _ gemm: Gemm) throws(GraphError) -> Bool {
    guard !gemm.transposesA, let constant = graph.constants[node.inputs[1]], constant.isFloat else {
      return false
    }
    let result = shape(node)
    let (rows, columns) = (result[0], result[1])
    var bias: [Float]?
    if let name = node.input(2) {
      // One number for each column, or one for all.
      guard let c = graph.constants[name], let numbers = c.floats, c.shape.dropLast().allSatisfy({ $0 == 1 }) else {
        return false
      }
      bias = (0..<columns).map { gemm.beta * numbers[numbers.count == 1 ? 0 : $0] }
    }
    let x = try located(node.inputs[0], .plain, for: node)
    let inner = x.shape[1]
    let tag = "\(node.inputs[1])/\(gemm.alpha)/\(gemm.transposesB)"
    let activations = node.postOperations.compactMap { post -> Activation? in
      if case .activation(let activation) = post { activation } else { nil }
    }
    guard activations.count == node.postOperations.count else { return false }

    /// The weights times alpha, a row for each column of the result, or as they are multiplied.
    func weightValues(byColumn: Bool) -> [Float] {
      let values = constant.floats!
      let scaled = gemm.alpha == 1 ? values : values.map { $0 * gemm.alpha }
      if gemm.transposesB == byColumn { return scaled }
      let (rows, width) = gemm.transposesB ? (columns, inner) : (inner, columns)
      return unsafe [Float](unsafeUninitializedCapacity: scaled.count) { buffer, filled in
        for row in 0..<rows {
          for place in 0..<width { unsafe buffer[place * rows + row] = scaled[row * width + place] }
        }
        filled = scaled.count
      }
    }
    if rows * columns * inner <= Lowering.smallProduct {
      let buffer = try weights.plain("\(tag)/rows") {
        weightValues(byColumn: true)
      }
      let numbers = try weights.plain("\(node.input(2) ?? "")/\(gemm.beta)/\(columns)") {
        bias ?? Array(repeating: 0, count: columns)
      }
      let place = allocate(result, .plain)
      let (from, to) = (x.storage, place.storage)
      let (b, c) = (program.fixed(buffer), program.fixed(numbers))
      let functions = activations
      emit(node.name, "dense", touching: [from, to, b, c]) { storages in
        unsafe Kernels.dense(
          storages[from], storages[b], storages[c], storages[to], rows: rows, inner: inner, columns: columns)
        for function in functions { unsafe Kernels.map(storages[to], storages[to], count: rows * columns, function) }
      }
      define(node.output, place)
      return true
    }

    if Lowering.hasPackedProduct {
      let dense = DenseWeights(
        name: tag, values: { gemm.alpha == 1 ? constant.floats! : constant.floats!.map { $0 * gemm.alpha } },
        inner: inner, columns: columns, rowStride: gemm.transposesB ? 1 : columns,
        columnStride: gemm.transposesB ? inner : 1, bias: bias.map { ("\(node.inputs[2])/\(gemm.beta)", $0) })
      return try lowerPacked(node, dense)
    }
    guard activations.allSatisfy({ $0.steps != nil }) else { return false }
    let posts = activations.flatMap { $0.posts }
    guard
      let primitive = matrixProduct(
        x.shape, [inner, columns], bias == nil ? nil : [1, columns], result, weightsLayout: nil, posts: posts)
    else { return false }
    let packed = try weights.packed(
      "\(tag)/columns", for: primitive, CDNN_WEIGHTS, shape: [inner, columns], engine: engine
    ) {
      weightValues(byColumn: false)
    }
    let place = allocate(result, .plain)
    var arguments = [
      (CDNN_SRC, storage: x.storage), (CDNN_WEIGHTS, program.fixed(packed)), (CDNN_DST, place.storage),
    ]
    if let bias {
      let buffer = try weights.plain("\(node.inputs[2])/\(gemm.beta)/\(columns)") { bias }
      arguments.append((CDNN_BIAS, program.fixed(buffer)))
    }
    emit(node.name, primitive, arguments)
    define(node.output, place)
    return true
  }

  mutating func lowerMatrixProduct(_ node: Node) throws(GraphError) -> Bool {
    let result = shape(node)
    guard result.count <= 5, node.postOperations.isEmpty else { return false }
    let a = try located(node.inputs[0], .plain, for: node)
    let b = try located(node.inputs[1], .plain, for: node)
    func widened(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: result.count - shape.count) + shape }
    guard
      let primitive = matrixProduct(
        widened(a.shape), widened(b.shape), nil, result, weightsLayout: .plain, posts: [])
    else { return false }
    let place = allocate(result, .plain)
    emit(node.name, primitive, [(CDNN_SRC, a.storage), (CDNN_WEIGHTS, b.storage), (CDNN_DST, place.storage)])
    define(node.output, place)
    return true
  }

  private func matrixProduct(
    _ a: [Int], _ b: [Int], _ bias: [Int]?, _ result: [Int], weightsLayout: Layout?, posts: [cdnn_post]
  ) -> Primitive? {
    engine.product(
      .sized(a, .plain), .sized(b, weightsLayout), bias: bias.map { .sized($0, .plain) }, .sized(result, .plain), posts)
  }
}
