import CDNN
import CTransformer

extension Graph {
  /// Whether the executor has a kernel for attention on this processor.
  static let hasAttentionKernel = ctransformer_supported() == 1
}

extension Lowering {
  /// Attention over views: queries, keys and values stay where the projection has put them, and the result lies row by
  /// row with the heads side by side, which is what the next projection reads.
  mutating func lowerAttention(_ node: Node, scale: Float) throws(GraphError) -> Bool {
    let result = shape(node)
    let rank = result.count
    guard ctransformer_supported() == 1, node.postOperations.isEmpty, rank >= 3 else { return false }
    let (q, k, v) = (
      try rows(node.inputs[0], for: node), try rows(node.inputs[1], for: node), try rows(node.inputs[2], for: node)
    )
    let (heads, queries, width) = (result[rank - 3], result[rank - 2], result[rank - 1])
    let outer = result.dropLast(3).reduce(1, *)
    let keys = k.view.shape[rank - 2]
    var mask: View?
    if let name = node.input(3) {
      let place = try located(name, .plain, for: node)
      let scores = Array(result.dropLast()) + [keys]
      let view = StridedView(broadcasting: place.shape, to: scores)
      // Its rows must lie in memory as they are.
      guard view.strides[rank - 1] == 1 || keys == 1 else { return false }
      mask = View(storage: place.storage, view: view)
    }
    var job = unsafe ctransformer_attention()
    guard let a = q.strides(outer: rank), let b = k.strides(outer: rank), let c = v.strides(outer: rank),
      let d = mask?.strides(outer: rank) ?? (mask == nil ? (0, 0, 0) : nil)
    else { return false }
    unsafe job.batch = Int64(outer)
    unsafe job.heads = Int64(heads)
    unsafe job.queries = Int64(queries)
    unsafe job.keys = Int64(keys)
    unsafe job.depth = Int64(q.view.shape[rank - 1])
    unsafe job.value_depth = Int64(width)
    unsafe job.q_strides = a
    unsafe job.k_strides = b
    unsafe job.v_strides = c
    unsafe job.mask_strides = d
    unsafe job.y_strides = (Int64(queries * heads * width), Int64(width), Int64(heads * width))
    unsafe job.scale = scale
    let place = allocate(result, .plain)
    let scratch = unsafe program.planned(bytes: 4 * threads * Int(ctransformer_attention_scratch(&job)))
    let shared = unsafe ParallelJob(job, threads: threads)
    let to = place.storage
    let touching = [q.storage, k.storage, v.storage, to, scratch] + (mask.map { [$0.storage] } ?? [])
    let starts = (q.view.start, k.view.start, v.view.start, mask?.view.start ?? 0)
    let storage = (q.storage, k.storage, v.storage, mask?.storage)
    emit(node.name, "attention", touching: touching) { storages in
      unsafe shared.run(
        prepare: { job in
          unsafe job.pointee.q = UnsafePointer(storages[storage.0] + starts.0)
          unsafe job.pointee.k = UnsafePointer(storages[storage.1] + starts.1)
          unsafe job.pointee.v = UnsafePointer(storages[storage.2] + starts.2)
          unsafe job.pointee.mask = storage.3.map { unsafe UnsafePointer(storages[$0] + starts.3) }
          unsafe job.pointee.y = storages[to]
          unsafe job.pointee.scratch = storages[scratch]
          unsafe ctransformer_attention_start(job)
        }, ctransformer_attention_part)
    }
    // [outer][queries][heads][width] in memory, seen as [outer][heads][queries][width].
    var strides = StridedView.strides(result)
    strides[rank - 3] = width
    strides[rank - 2] = heads * width
    try define(node, View(storage: to, view: StridedView(shape: result, strides: strides, start: 0)))
    return true
  }

  /// The value as a view whose last axis lies in memory as it is.
  private mutating func rows(_ value: String, for node: Node) throws(GraphError) -> View {
    let view = try view(value, for: node)
    if view.view.strides.last == 1, view.strides(outer: view.view.shape.count) != nil { return view }
    let place = try located(value, .plain, for: node)
    return View(storage: place.storage, view: StridedView(broadcasting: place.shape, to: place.shape))
  }
}

extension Lowering.View {
  /// Strides of all axes before the heads as if they were one, of the heads and of the rows; nil where they are not.
  fileprivate func strides(outer rank: Int) -> (Int64, Int64, Int64)? {
    let (shape, strides) = (view.shape, view.strides)
    let leading = (0..<rank - 3).filter { shape[$0] > 1 }
    for (axis, next) in zip(leading, leading.dropFirst()) where strides[axis] != strides[next] * shape[next] {
      return nil
    }
    return (Int64(leading.last.map { strides[$0] } ?? 0), Int64(strides[rank - 3]), Int64(strides[rank - 2]))
  }
}
