import CDNN
import CQuantized

extension Lowering {
  mutating func lower(_ node: Node, _ quantized: QuantizedConvolution) throws(GraphError) -> Bool {
    guard let x = bytes[node.inputs[0]], let constant = graph.constants[node.inputs[1]],
      case .int8(let weights) = constant.elements
    else { return try lowerSpelledOut(node) }
    // A bias that is computed as the network runs is for oneDNN.
    if let name = node.input(2), graph.constants[name]?.floats == nil { return try lowerSpelledOut(node) }
    var residual: Bytes?
    if let name = node.input(3) {
      guard let place = bytes[name] else { return try lowerSpelledOut(node) }
      residual = place
    }
    let result = shape(node)
    var job = unsafe job(quantized, constant.shape, x, result)
    let tiles = unsafe cquantized_winograd_tiles(&job)
    let kernel = Array(constant.shape.suffix(2))
    let isWinograd =
      usesWinograd && !Lowering.hasTiles && kernel == [3, 3] && quantized.convolution.strides == [1, 1]
      && quantized.convolution.dilations == [1, 1] && tiles >= 4
      && (unsafe job.is_wide == 1
        ? isWinogradQuicker(constant.shape, tiles: Int(tiles), pixels: x.shape[0] * result[2] * result[3])
        : x.shape[1] >= 16 && x.shape[1] <= 256)
    unsafe job.groups = Int64(threads) * 12 > tiles ? Int64(threads) : 1

    let outputs = constant.shape[0]
    let columns = (outputs + 15) / 16 * 16
    let bias = node.input(2).flatMap { graph.constants[$0]?.floats } ?? [Float](repeating: 0, count: outputs)
    let scales = (0..<outputs).map {
      quantized.input.scales[0] * quantized.weights.scales[quantized.weights.scales.count == 1 ? 0 : $0]
    }
    let parts =
      isWinograd
      ? unsafe try winograd(node, job, weights, scales: scales, bias: bias, columns: columns)
      : unsafe try direct(node, job, weights, scales: scales, bias: bias, columns: columns)

    let needsEdges = unsafe !isWinograd && cquantized_has_edges(&job) == 1
    let padded = needsEdges ? program.planned(bytes: unsafe Int(cquantized_padded(&job))) : x.storage
    let scratch = program.planned(bytes: threads * parts.scratch)
    let place = allocateBytes(result)
    let shared = unsafe ParallelJob(job, threads: threads)
    let (from, to, other) = (x.storage, place.storage, residual?.storage)
    let (w, b, s, h) = (parts.weights, parts.bias, parts.scales, parts.shifts)
    let (offsets, ends) = (parts.offsets, parts.ends)
    let touching = [from, to, padded, scratch, w, b, s, h, offsets, ends] + (other.map { [$0] } ?? [])
    emit(node.name, isWinograd ? "winograd bytes" : "convolve bytes", touching: touching) { storages in
      func prepare(_ job: UnsafeMutablePointer<cquantized_convolution>) {
        unsafe job.pointee.x = UnsafePointer(storages.bytes(from))
        unsafe job.pointee.padded = storages.bytes(padded)
        unsafe job.pointee.scratch = storages.bytes(scratch)
        unsafe job.pointee.y = storages.bytes(to)
        unsafe job.pointee.residual = other.map { unsafe UnsafePointer(storages.bytes($0)) }
        unsafe job.pointee.weights = UnsafeRawPointer(storages[w])
        unsafe job.pointee.bias = UnsafeRawPointer(storages[b]).assumingMemoryBound(to: Int32.self)
        unsafe job.pointee.scales = UnsafePointer(storages[s])
        unsafe job.pointee.shifts = UnsafePointer(storages[h])
        unsafe job.pointee.offsets = UnsafeRawPointer(storages[offsets]).assumingMemoryBound(to: Int32.self)
        unsafe job.pointee.ends = UnsafeRawPointer(storages[ends]).assumingMemoryBound(to: Int32.self)
        unsafe cquantized_start(job)
      }
      if needsEdges { unsafe shared.run(prepare: prepare, cquantized_edges_part) }
      if isWinograd {
        unsafe shared.run(prepare: prepare, cquantized_winograd_part)
      } else {
        unsafe shared.run(prepare: prepare, cquantized_multiply_part)
      }
    }
    defineBytes(node.output, place)
    return true
  }

  /// Whether there is AMX for bytes, which multiplies eight times as many as AVX-512 in the same time.
  private static let hasTiles = cquantized_tiles_supported() == 1

  /// Whether Winograd's algorithm beats the definition on AVX-512. As measured: transforms need some channels to pay,
  /// tiles that stick out far waste what is saved, and weights, which take eight times the bytes of the definition's, must
  /// not have to come from memory.
  private func isWinogradQuicker(_ weights: [Int], tiles: Int, pixels: Int) -> Bool {
    weights[1] >= 32 && weights[0] * weights[1] <= 1 << 15 && tiles * 16 * 2 <= pixels * 3
  }

  /// What a kernel reads beside the image, by storage.
  private struct Parts {
    var weights: Int
    var bias: Int
    var scales: Int
    var shifts: Int
    var offsets: Int
    var ends: Int
    /// Bytes for each thread.
    var scratch: Int
  }

  private func job(
    _ quantized: QuantizedConvolution, _ weights: [Int], _ x: Bytes, _ result: [Int]
  ) -> cquantized_convolution {
    let convolution = quantized.convolution
    let (before, _) = ShapeInference.padding(
      convolution.padding, input: Array(x.shape.suffix(2)), kernel: Array(weights.suffix(2)),
      strides: convolution.strides, dilations: convolution.dilations)
    var job = unsafe cquantized_convolution()
    unsafe job.batch = Int64(x.shape[0])
    unsafe job.height = Int64(x.shape[2])
    unsafe job.width = Int64(x.shape[3])
    unsafe job.channels = Int64(x.shape[1])
    unsafe job.stride = Int64(x.stride)
    unsafe job.output_height = Int64(result[2])
    unsafe job.output_width = Int64(result[3])
    unsafe job.outputs = Int64(result[1])
    unsafe job.output_stride = Int64(Bytes.stride(result[1]))
    unsafe job.kernel_height = Int64(weights[2])
    unsafe job.kernel_width = Int64(weights[3])
    unsafe job.stride_y = Int64(convolution.strides[0])
    unsafe job.stride_x = Int64(convolution.strides[1])
    unsafe job.dilation_y = Int64(convolution.dilations[0])
    unsafe job.dilation_x = Int64(convolution.dilations[1])
    unsafe job.pad_top = Int64(before[0])
    unsafe job.pad_left = Int64(before[1])
    unsafe job.zero_point = Int32(quantized.input.zeroPoints[0])
    unsafe job.output_scale = quantized.output.scales[0]
    unsafe job.output_zero_point = Int32(quantized.output.zeroPoints[0])
    unsafe job.has_inner = quantized.inner == nil ? 0 : 1
    unsafe job.inner_scale = quantized.inner?.scales[0] ?? 1
    unsafe job.inner_zero_point = Int32(quantized.inner?.zeroPoints[0] ?? 0)
    unsafe job.residual_scale = quantized.residual?.scales[0] ?? 0
    unsafe job.residual_zero_point = Int32(quantized.residual?.zeroPoints[0] ?? 0)
    unsafe job.residual_stride = Int64(Bytes.stride(result[1]))
    unsafe job.rectifies = quantized.rectifies ? 1 : 0
    unsafe job.is_wide = cquantized_wide_supported()
    unsafe job.is_tiled = Lowering.hasTiles ? 1 : 0
    return unsafe job
  }

  /// By the definition.
  private mutating func direct(
    _ node: Node, _ job: cquantized_convolution, _ values: [Int8], scales: [Float], bias: [Float], columns: Int
  ) throws(GraphError) -> Parts {
    var job = unsafe job
    lazy var packed = unsafe DirectWeights(&job, values, columns: columns)
    // Sums begin with the bias less what the zero point adds to them. No two nodes share a name, as they may share weights
    // but not geometry and zero point.
    let own = "\(node.output)/bytes"
    let zero = unsafe job.zero_point
    let weights = try fixed("\(own)/weights") { packed.blocks }
    let starts = try fixed("\(own)/bias") {
      (0..<columns).map { column -> Int32 in
        guard column < bias.count else { return 0 }
        let steps = (bias[column] / scales[column]).rounded(.toNearestOrEven)
        return Int32(max(-0x1p30, min(0x1p30, steps))) &- zero &* packed.sums[column]
      }
    }
    let padded = try fixed("\(own)/scales") { scales + [Float](repeating: 0, count: columns - scales.count) }
    let none = program.fixed(try AlignedBuffer(bytes: 64))
    var parts = unsafe Parts(
      weights: weights, bias: starts, scales: padded, shifts: none, offsets: none, ends: none,
      scratch: Int(cquantized_scratch(&job)))
    // The wide kernels take the steps in their order.
    guard unsafe job.is_wide == 0 else { return parts }
    parts.ends = try fixed("\(own)/ends") { packed.ends }
    parts.offsets = try fixed("\(own)/offsets/\(unsafe job.height)x\(unsafe job.width)") {
      var offsets = unsafe [Int32](repeating: 0, count: Int(cquantized_steps(&job)))
      unsafe cquantized_offsets(&job, &offsets)
      return packed.order.map { offsets[Int($0)] }
    }
    return parts
  }

  private mutating func winograd(
    _ node: Node, _ job: cquantized_convolution, _ values: [Int8], scales: [Float], bias: [Float], columns: Int
  ) throws(GraphError) -> Parts {
    var job = unsafe job
    lazy var packed = unsafe WinogradWeights(&job, values, columns: columns)
    let own = "\(node.output)/bytes/winograd"
    let padding = [Float](repeating: 0, count: columns - scales.count)
    let weights = try fixed("\(own)/weights") { packed.transformed }
    let factors = try fixed("\(own)/scales") { zip(scales, packed.factors).map { $0 * $1 } + padding }
    let shifts = try fixed("\(own)/shifts") { bias + padding }
    let none = program.fixed(try AlignedBuffer(bytes: 64))
    return Parts(
      weights: weights, bias: none, scales: factors, shifts: shifts, offsets: none, ends: none,
      scratch: unsafe Int(cquantized_winograd_scratch(&job)))
  }

  private mutating func fixed<Element: BitwiseCopyable>(
    _ name: String, _ values: () -> [Element]
  ) throws(GraphError) -> Int {
    program.fixed(try weights.plain(name, values))
  }
}

/// What `cquantized_pack` makes of weights.
private struct DirectWeights {
  var blocks: [Int8]
  /// The step that each block is for.
  var order: [Int32]
  var ends: [Int32]
  /// Of each output's weights.
  var sums: [Int32]

  init(_ job: inout cquantized_convolution, _ values: [Int8], columns: Int) {
    let most = unsafe Int(cquantized_packed(&job))
    sums = [Int32](repeating: 0, count: columns)
    ends = [Int32](repeating: 0, count: columns / 8)
    blocks = [Int8](repeating: 0, count: most * 64)
    order = [Int32](repeating: 0, count: most)
    let count = unsafe Int(cquantized_pack(&job, values, &blocks, &order, &ends, &sums))
    blocks.removeLast((most - count) * 64)
    order.removeLast(most - count)
  }
}

/// What `cquantized_winograd_pack` makes of weights.
private struct WinogradWeights {
  var transformed: [Int16]
  /// What each output's scale is multiplied with.
  var factors: [Float]

  init(_ job: inout cquantized_convolution, _ values: [Int8], columns: Int) {
    transformed = unsafe [Int16](repeating: 0, count: Int(cquantized_winograd_packed(&job)))
    factors = [Float](repeating: 0, count: columns)
    unsafe cquantized_winograd_pack(&job, values, &transformed, &factors)
  }
}
