import CDNN
import CQuantized

extension Graph {
  /// Whether the executor has kernels for bytes on this processor that are quicker than floats: those for AVX2 are not
  /// where floats have vectors twice as wide.
  static let hasQuantizedKernels =
    cquantized_wide_supported() == 1 || cquantized_supported() == 1 && cdnn_vector_width() == 8
}

extension Lowering {
  /// A quantised image: unsigned bytes, the channels of a pixel side by side.
  struct Bytes {
    var shape: [Int]
    var storage: Int

    /// Bytes from one pixel to the next. Images as they come from a camera have no channels beside theirs.
    static func stride(_ channels: Int) -> Int { channels <= 4 ? channels : (channels + 15) / 16 * 16 }

    var stride: Int { Bytes.stride(shape[1]) }

    var image: cquantized_image {
      cquantized_image(
        batch: Int64(shape[0]), height: Int64(shape[2]), width: Int64(shape[3]), channels: Int64(shape[1]),
        stride: Int64(stride))
    }
  }

  mutating func allocateBytes(_ shape: [Int]) -> Bytes {
    // Kernels read and write 16 at a time.
    let count = shape[0] * shape[2] * shape[3] * Bytes.stride(shape[1])
    return Bytes(shape: shape, storage: program.planned(bytes: count + 64))
  }

  /// Whether a node that computes with bytes reads the value.
  private func isReadAsBytes(_ value: String) -> Bool {
    graph.nodes.contains { node in
      switch node.operation {
      case .quantizedConvolution, .quantizedBridge: node.inputs.contains(value)
      default: false
      }
    }
  }

  /// Floats to bytes; false where nobody wants bytes.
  mutating func lowerToBytes(_ node: Node, _ quantization: Quantization) throws(GraphError) -> Bool {
    let shape = shape(node)
    guard Graph.hasQuantizedKernels, let scale = quantization.scale, quantization.type == .uint8, shape.count == 4,
      isReadAsBytes(node.output)
    else { return false }
    var x = try located(node.inputs[0])
    if shape[1] <= 4 { x = try located(node.inputs[0], .plain, for: node) }
    let block = x.layout.block(channels: shape[1])
    let result = allocateBytes(shape)
    let (from, to) = (x.storage, result.storage)
    var job = unsafe cquantized_quantization()
    unsafe job.image = result.image
    unsafe job.block = Int64(block)
    unsafe job.scale = scale
    unsafe job.zero_point = Int32(quantization.zeroPoints[0])
    let shared = unsafe ParallelJob(job, threads: threads)
    program.append(
      node.name, "quantize", touching: [from, to],
      .fallible { storages in
        unsafe shared.run(
          prepare: { job in
            unsafe job.pointee.x = UnsafePointer(storages[from])
            unsafe job.pointee.y = storages.bytes(to)
            unsafe job.pointee.next = 0
            unsafe job.pointee.is_bad = 0
          }, cquantized_quantize_part)
        return unsafe shared.value.is_bad == 0
      })
    defineBytes(node.output, result)
    return true
  }

  /// Bytes to floats; false where the value is not in bytes.
  mutating func lowerFromBytes(_ node: Node, _ quantization: Quantization) -> Bool {
    guard let x = bytes[node.inputs[0]], let scale = quantization.scale else { return false }
    define(node.output, floats(x, scale: scale, zeroPoint: quantization.zeroPoints[0], node.name))
    return true
  }

  mutating func floats(_ x: Bytes, scale: Float, zeroPoint: Int, _ node: String) -> Located {
    // As oneDNN's kernels take them without a reorder; one pixel has its channels side by side anyway.
    let isPixel = x.shape[2] * x.shape[3] == 1
    let layout = x.shape[1] < 8 || isPixel ? Layout.plain : .blocked(cdnn_vector_width() == 16 ? 16 : 8)
    let result = allocate(x.shape, layout)
    let block = Int64(isPixel ? x.shape[1] : layout.block(channels: x.shape[1]))
    let (from, to, image) = (x.storage, result.storage, x.image)
    emit(node, "dequantize", touching: [from, to]) { storages in
      unsafe withUnsafePointer(to: image) {
        unsafe cquantized_to_floats(
          $0, storages.bytes(from), block, scale, Int32(zeroPoint), storages[to])
      }
    }
    return result
  }

  /// Poolings and enlargements of bytes.
  mutating func lower(_ node: Node, _ bridge: QuantizedBridge) throws(GraphError) -> Bool {
    guard let x = bytes[node.inputs[0]], x.stride.isMultiple(of: 16) else { return try lowerSpelledOut(node) }
    let shape = shape(node)
    switch bridge.kind {
    case .maxPooling(let pooling): lowerPooling(node, x, pooling, takesMaximum: true, factor: 1, shift: 0)
    case .averagePooling, .globalAveragePooling:
      var pooling = Pooling(kernel: Array(x.shape.suffix(2)))
      if case .averagePooling(let smaller) = bridge.kind { pooling = smaller }
      // What 16 bits hold.
      guard pooling.kernel.reduce(1, *) <= 257 else { return try lowerSpelledOut(node) }
      let factor = bridge.input.scales[0] / bridge.output.scales[0]
      let shift = Float(bridge.output.zeroPoints[0]) - Float(bridge.input.zeroPoints[0]) * factor
      lowerPooling(node, x, pooling, takesMaximum: false, factor: factor, shift: shift)
    case .resize(let resize):
      let rows = resize.taps(input: x.shape[2], output: shape[2], axis: 0).map { Int32($0.low) }
      let columns = resize.taps(input: x.shape[3], output: shape[3], axis: 1).map { Int32($0.low) }
      let result = allocateBytes(shape)
      let (from, to, image) = (x.storage, result.storage, x.image)
      emit(node.name, "pick bytes", touching: [from, to]) { storages in
        unsafe withUnsafePointer(to: image) {
          unsafe cquantized_pick(
            $0, storages.bytes(from), rows, Int64(rows.count), columns, Int64(columns.count), storages.bytes(to))
        }
      }
      defineBytes(node.output, result)
    }
    return true
  }

  private mutating func lowerPooling(
    _ node: Node, _ x: Bytes, _ pooling: Pooling, takesMaximum: Bool, factor: Float, shift: Float
  ) {
    let shape = shape(node)
    let (before, _) = ShapeInference.padding(
      pooling.padding, input: Array(x.shape.suffix(2)), kernel: pooling.kernel, strides: pooling.strides,
      dilations: pooling.dilations)
    let window = cquantized_window(
      output_height: Int64(shape[2]), output_width: Int64(shape[3]), kernel_height: Int64(pooling.kernel[0]),
      kernel_width: Int64(pooling.kernel[1]), stride_y: Int64(pooling.strides[0]), stride_x: Int64(pooling.strides[1]),
      pad_top: Int64(before[0]), pad_left: Int64(before[1]))
    let result = allocateBytes(shape)
    let (from, to) = (x.storage, result.storage)
    var job = unsafe cquantized_pooling()
    unsafe job.image = x.image
    unsafe job.window = window
    unsafe job.takes_maximum = takesMaximum ? 1 : 0
    unsafe job.factor = factor
    unsafe job.shift = shift
    let shared = unsafe ParallelJob(job, threads: threads)
    emit(node.name, "pool bytes", touching: [from, to]) { storages in
      unsafe shared.run(
        prepare: { job in
          unsafe job.pointee.x = UnsafePointer(storages.bytes(from))
          unsafe job.pointee.y = storages.bytes(to)
          unsafe job.pointee.next = 0
        }, cquantized_pool_part)
    }
    defineBytes(node.output, result)
  }

  /// A quantised node step by step, for what its kernel does not cover.
  mutating func lowerSpelledOut(_ node: Node) throws(GraphError) -> Bool {
    let steps = node.spelledOut(graph.constants) { name, constant in
      shapes[name] = constant.shape
      graph.constants[name] = constant
      return name
    }
    guard let steps else { return false }
    for step in steps {
      let inference = ShapeInference(node: step, shapes: step.inputs.map { $0.isEmpty ? nil : shapes[$0] })
      shapes[step.output] = try inference.result()
      for input in step.inputs where !input.isEmpty { reads[input, default: 0] += 1 }
    }
    for step in steps {
      try lower(step)
      for input in step.inputs where !input.isEmpty { reads[input]! -= 1 }
    }
    return true
  }
}

extension Storages {
  func bytes(_ index: Int) -> UnsafeMutablePointer<UInt8> {
    unsafe table[index]!.assumingMemoryBound(to: UInt8.self)
  }
}
