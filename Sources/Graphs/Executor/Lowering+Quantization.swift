extension Lowering {
  /// The plain way, number by number: between nodes that compute with integers nothing of this remains.
  mutating func lower(_ node: Node, _ quantization: Quantization, quantizes: Bool) throws(GraphError) -> Bool {
    guard node.postOperations.isEmpty else { return false }
    if quantizes, try lowerToBytes(node, quantization) { return true }
    if !quantizes, lowerFromBytes(node, quantization) { return true }
    let shape = shape(node)
    let (inner, count) = quantization.places(shape)
    var x = try located(node.inputs[0])
    // Zeros beside the elements would not stay zeros, and channels lie elsewhere in other layouts.
    if x.layout.isPadded(x.shape) || count > 1 { x = try located(node.inputs[0], .plain, for: node) }
    let result = isLastRead(node.inputs[0], x, by: node) ? x : allocate(x.shape, x.layout)
    let (from, to, all) = (x.storage, result.storage, x.layout.count(x.shape))
    let runs = count > 1 ? all / inner : 1
    let length = count > 1 ? inner : all
    let kernels = (0..<count).map { QuantizationKernel(quantization, $0, quantizes: quantizes) }
    emit(node.name, quantizes ? "quantize" : "dequantize", touching: [from, to]) { storages in
      for run in 0..<runs {
        unsafe kernels[run % count].run(storages[from] + run * length, storages[to] + run * length, count: length)
      }
    }
    define(node.output, result)
    return true
  }
}

/// Quantises or dequantises with one scale, numbers to numbers.
private struct QuantizationKernel {
  private let scale: Float
  private let zero: Float
  private let low: Float
  private let high: Float
  private let quantizes: Bool
  /// Adding and subtracting it rounds half to even, for all numbers that 8 bits can hold; the baseline processor has no
  /// instruction for it.
  private static let rounder: Float = 12_582_912

  init(_ quantization: Quantization, _ index: Int, quantizes: Bool) {
    scale = quantization.scales[index]
    zero = Float(quantization.zeroPoints[index])
    low = Float(quantization.type.range.lowerBound) - zero
    high = Float(quantization.type.range.upperBound) - zero
    self.quantizes = quantizes
  }

  func run(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    let (from, to) = unsafe (UnsafeRawPointer(x), UnsafeMutableRawPointer(y))
    var index = 0
    while index &+ 8 <= count {
      let values = unsafe from.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)
      let result = quantizes ? quantized(values) : (values - zero) * scale
      unsafe to.storeBytes(of: result, toByteOffset: index &* 4, as: SIMD8<Float>.self)
      index &+= 8
    }
    while index < count {
      let value = unsafe SIMD8<Float>(repeating: x[index])
      unsafe y[index] = (quantizes ? quantized(value) : (value - zero) * scale)[0]
      index &+= 1
    }
  }

  /// The limits are whole numbers, so saturating first changes nothing. What is not a number is below and above none.
  private func quantized(_ x: SIMD8<Float>) -> SIMD8<Float> {
    var value = x / scale
    value.replace(with: low, where: value .< low)
    value.replace(with: high, where: value .> high)
    return (value + Self.rounder - Self.rounder) + zero
  }
}
