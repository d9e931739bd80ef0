import CDNN
import CTransformer

extension Lowering {
  mutating func lowerNormalization(_ node: Node) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    let parameters = node.inputs.dropFirst().map { graph.constants[$0]?.floats }
    guard !parameters.contains(nil) else { return false }
    let numbers = parameters.compactMap { $0 }
    switch node.operation {
    case .batchNormalization(let epsilon) where shape(node).count == 4:
      let x = try located(node.inputs[0])
      let result = allocate(x.shape, x.layout)
      let geometry = ImageGeometry(x.shape, x.layout)
      let scale = zip(numbers[0], numbers[3]).map { $0 / ($1 + epsilon).squareRoot() }
      let shift = scale.indices.map { numbers[1][$0] - numbers[2][$0] * scale[$0] }
      let (a, b) = (
        program.fixed(try AlignedBuffer(geometry.padded(scale))),
        program.fixed(try AlignedBuffer(geometry.padded(shift)))
      )
      let (from, to) = (x.storage, result.storage)
      emit(node.name, "scale", touching: [from, to, a, b]) {
        unsafe Kernels.scale($0[from], $0[a], $0[b], $0[to], geometry)
      }
      define(node.output, result)
      return true
    case .instanceNormalization(let epsilon):
      if case .blocked(8) = try located(node.inputs[0]).layout {
        return try lowerInstanceNorm(node, epsilon, numbers)
      }
      let x = try located(node.inputs[0], .plain, for: node)
      let rows = (outer: x.shape[0], repeats: x.shape[1], inner: x.shape[2] * x.shape[3])
      return try lowerRows(node, x, rows.outer * rows.repeats, rows.inner, epsilon, numbers, isPerRow: true)
    case .layerNormalization(let axis, let epsilon):
      let x = try located(node.inputs[0], .plain, for: node)
      let axis = axis < 0 ? axis + x.shape.count : axis
      let inner = x.shape.suffix(from: axis).reduce(1, *)
      return try lowerRows(node, x, x.shape.reduce(1, *) / inner, inner, epsilon, numbers, isPerRow: false)
    default: return false
    }
  }

  /// In blocks of eight channels.
  private mutating func lowerInstanceNorm(
    _ node: Node, _ epsilon: Float, _ parameters: [[Float]]
  ) throws(GraphError) -> Bool {
    let x = try located(node.inputs[0])
    let result = isLastRead(node.inputs[0], x, by: node) ? x : allocate(x.shape, x.layout)
    let geometry = ImageGeometry(x.shape, x.layout)
    let a = program.fixed(try AlignedBuffer(geometry.padded(parameters[0])))
    let b = program.fixed(try AlignedBuffer(geometry.padded(parameters[1])))
    let (from, to) = (x.storage, result.storage)
    emit(node.name, "normalize", touching: [from, to, a, b]) {
      unsafe Kernels.instanceNorm8($0[from], $0[a], $0[b], $0[to], geometry, epsilon: epsilon)
    }
    define(node.output, result)
    return true
  }

  /// Normalises rows; scale and shift go with the row (one each, in turn) or with the position in it.
  private mutating func lowerRows(
    _ node: Node, _ x: Located, _ rows: Int, _ inner: Int, _ epsilon: Float, _ parameters: [[Float]], isPerRow: Bool
  ) throws(GraphError) -> Bool {
    let result = allocate(x.shape, .plain)
    let scale = parameters[0]
    let shift = parameters.count > 1 ? parameters[1] : [Float](repeating: 0, count: scale.count)
    let (a, b) = (program.fixed(try AlignedBuffer(scale)), program.fixed(try AlignedBuffer(shift)))
    let (from, to, count) = (x.storage, result.storage, scale.count)
    if !isPerRow, ctransformer_supported() == 1 {
      var job = unsafe ctransformer_layer_norm()
      unsafe job.rows = Int64(rows)
      unsafe job.columns = Int64(inner)
      unsafe job.epsilon = epsilon
      let shared = unsafe ParallelJob(job, threads: threads)
      emit(node.name, "normalize", touching: [from, to, a, b]) { storages in
        unsafe shared.run(
          prepare: { job in
            unsafe job.pointee.x = UnsafePointer(storages[from])
            unsafe job.pointee.scale = UnsafePointer(storages[a])
            unsafe job.pointee.shift = UnsafePointer(storages[b])
            unsafe job.pointee.y = storages[to]
            unsafe ctransformer_layer_norm_start(job)
          }, ctransformer_layer_norm_part)
      }
      define(node.output, result)
      return true
    }
    emit(node.name, "normalize", touching: [from, to, a, b]) { storages in
      for row in 0..<rows {
        let (source, target) = unsafe (storages[from] + row * inner, storages[to] + row * inner)
        if isPerRow {
          unsafe Kernels.normalize(
            source, target, count: inner, epsilon: epsilon, storages[a] + row % count, storages[b] + row % count,
            step: 0)
        } else {
          unsafe Kernels.normalize(source, target, count: inner, epsilon: epsilon, storages[a], storages[b], step: 1)
        }
      }
    }
    define(node.output, result)
    return true
  }

  mutating func lowerReduction(_ node: Node, _ reduction: Reduction, axes: [Int]) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    var x = try located(node.inputs[0])
    let rank = x.shape.count
    let axes = axes.isEmpty ? Array(0..<rank) : axes.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    let result = allocate(shape(node), .plain)
    let to = result.storage
    if rank == 4, axes == [2, 3] {
      let geometry = ImageGeometry(x.shape, x.layout)
      let from = x.storage
      if reduction == .mean, geometry.block >= 8 {
        lowerMeans(node, x, to)
        define(node.output, result)
        return true
      }
      emit(node.name, "global pooling", touching: [from, to]) {
        unsafe Kernels.globalPooling(reduction, $0[from], $0[to], geometry)
      }
    } else {
      guard let first = axes.first, let last = axes.last, last - first + 1 == axes.count else { return false }
      x = try located(node.inputs[0], .plain, for: node)
      let outer = x.shape.prefix(first).reduce(1, *)
      let inner = x.shape.suffix(from: last + 1).reduce(1, *)
      let count = x.shape[first...last].reduce(1, *)
      let from = x.storage
      emit(node.name, "reduce", touching: [from, to]) {
        unsafe Kernels.reduce(reduction, $0[from], $0[to], outer: outer, count: count, inner: inner)
      }
    }
    define(node.output, result)
    return true
  }

  mutating func lowerSoftmax(_ node: Node, axis: Int, trailing: Bool) throws(GraphError) -> Bool {
    let x = try located(node.inputs[0], .plain, for: node)
    let axis = axis < 0 ? axis + x.shape.count : axis
    let outer = x.shape.prefix(axis).reduce(1, *)
    let inner = trailing ? 1 : x.shape.suffix(from: axis + 1).reduce(1, *)
    let count = trailing ? x.shape.suffix(from: axis).reduce(1, *) : x.shape[axis]
    let result = allocate(x.shape, .plain)
    let (from, to) = (x.storage, result.storage)
    // oneDNN has only its plain reference for an axis that is not the last.
    if inner >= 8, ctransformer_supported() == 1 {
      var job = unsafe ctransformer_softmax()
      unsafe job.outer = Int64(outer)
      unsafe job.count = Int64(count)
      unsafe job.inner = Int64(inner)
      let shared = unsafe ParallelJob(job, threads: outer * count * inner < 16384 ? 1 : threads)
      emit(node.name, "softmax", touching: [from, to]) { storages in
        unsafe shared.run(
          prepare: { job in
            unsafe job.pointee.x = UnsafePointer(storages[from])
            unsafe job.pointee.y = storages[to]
            unsafe ctransformer_softmax_start(job)
          }, ctransformer_softmax_part)
      }
      define(node.output, result)
      return true
    }
    if outer * count * inner >= 4096 {
      if let primitive = engine.softmax(.sized([outer, count, inner], .plain), axis: 1) {
        emit(node.name, primitive, [(CDNN_SRC, x.storage), (CDNN_DST, result.storage)])
        define(node.output, result)
        return true
      }
    }
    emit(node.name, "softmax", touching: [from, to]) {
      unsafe Kernels.softmax($0[from], $0[to], outer: outer, count: count, inner: inner)
    }
    define(node.output, result)
    return true
  }

  mutating func lower(_ node: Node, _ resize: Resize) throws(GraphError) -> Bool {
    var x = try located(node.inputs[0])
    // Eight channels at once are worth a reorder.
    if x.layout == .plain, x.shape[1] >= 8 { x = try located(node.inputs[0], .blocked(8), for: node) }
    let shape = shape(node)
    let result = allocate(shape, x.layout)
    let rows = resize.taps(input: x.shape[2], output: shape[2], axis: 0)
    let columns = resize.taps(input: x.shape[3], output: shape[3], axis: 1)
    let geometry = ImageGeometry(x.shape, x.layout)
    let (from, to, isNearest) = (x.storage, result.storage, resize.mode == .nearest)
    emit(node.name, "resize", touching: [from, to]) {
      unsafe Kernels.resize($0[from], $0[to], geometry, rows: rows, columns: columns, isNearest: isNearest)
    }
    define(node.output, result)
    return true
  }
}
