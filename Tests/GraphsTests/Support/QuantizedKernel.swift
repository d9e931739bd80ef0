import CQuantized

@testable import Graphs

/// A convolution of bytes as the C kernels take it, with made-up numbers, and what it must give.
struct QuantizedKernel {
  var input: [Int]
  var outputs: Int
  var kernel: [Int]
  var strides = [1, 1]
  var dilations = [1, 1]
  /// Above and to the left; as much below and to the right.
  var padding = [0, 0]
  var zeroPoint = 117
  /// Whether a residual is added, and whether the sum is rounded before.
  var residual = (isThere: false, isRounded: false)
  var rectifies = false
  /// Weights are -128 and 127 only.
  var isExtreme = false

  var isForWinograd: Bool {
    kernel == [3, 3] && strides == [1, 1] && dilations == [1, 1] && stride.isMultiple(of: 16)
  }
  var stride: Int { Lowering.Bytes.stride(input[1]) }
  var columns: Int { (outputs + 15) / 16 * 16 }
  var size: [Int] {
    (0..<2).map { axis in
      (input[axis + 2] + 2 * padding[axis] - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis] + 1
    }
  }

  var weights: [Int8] {
    let values = numbers([outputs, input[1], kernel[0], kernel[1]], seed: 5).floats!
    return values.map { isExtreme ? ($0 < 0 ? -128 : 127) : Int8(max(-128, min(127, ($0 * 128).rounded()))) }
  }
  /// Of the image, whose pixels are `stride` apart; what lies beside the channels is arbitrary.
  var pixels: [UInt8] { bytes(input[0] * input[2] * input[3] * stride, seed: 1) }
  var residuals: [UInt8] { bytes(input[0] * size[0] * size[1] * columns, seed: 3) }
  var scales: [Float] {
    (0..<outputs).map { 0.9 + 0.05 * Float($0 % 5) } + [Float](repeating: 0, count: columns - outputs)
  }
  /// What sums begin with.
  var bias: [Int32] {
    (0..<columns).map { $0 < outputs ? Int32(truncatingIfNeeded: $0 * 37 - 200) : 0 }
  }
  private var outputScale: Float {
    let taps = Float(input[1] * kernel[0] * kernel[1])
    return taps.squareRoot() * (isExtreme ? 128 : 64)
  }

  private func bytes(_ count: Int, seed: Int) -> [UInt8] {
    numbers([count], seed: seed).floats!.map { UInt8(($0 + 1) * 127) }
  }

  // MARK: The kernels

  /// What a convolution by its definition is made with.
  enum Instructions { case avx2, avx512, amx }

  /// The bytes of the outputs' channels, as they lie.
  func run(_ instructions: Instructions, winograd: Bool, threads: Int) throws -> [UInt8] {
    var job = unsafe cquantized_convolution()
    unsafe job.batch = Int64(input[0])
    unsafe (job.channels, job.height, job.width) = (Int64(input[1]), Int64(input[2]), Int64(input[3]))
    unsafe (job.stride, job.outputs, job.output_stride) = (Int64(stride), Int64(outputs), Int64(columns))
    unsafe (job.output_height, job.output_width) = (Int64(size[0]), Int64(size[1]))
    unsafe (job.kernel_height, job.kernel_width) = (Int64(kernel[0]), Int64(kernel[1]))
    unsafe (job.stride_y, job.stride_x) = (Int64(strides[0]), Int64(strides[1]))
    unsafe (job.dilation_y, job.dilation_x) = (Int64(dilations[0]), Int64(dilations[1]))
    unsafe (job.pad_top, job.pad_left) = (Int64(padding[0]), Int64(padding[1]))
    unsafe (job.zero_point, job.output_zero_point) = (Int32(zeroPoint), 128)
    unsafe (job.output_scale, job.inner_scale, job.residual_scale) = (outputScale, outputScale * 1.1, outputScale * 0.7)
    unsafe (job.has_inner, job.inner_zero_point) = (residual.isRounded ? 1 : 0, 131)
    unsafe (job.residual_zero_point, job.residual_stride) = (120, Int64(columns))
    unsafe (job.rectifies, job.is_wide, job.groups) = (rectifies ? 1 : 0, instructions == .avx2 ? 0 : 1, Int64(threads))
    unsafe job.is_tiled = instructions == .amx ? 1 : 0

    // Kernels may read and write beyond the last byte.
    let x = try AlignedBuffer(pixels + [UInt8](repeating: 77, count: 64))
    let others = try AlignedBuffer(residuals + [UInt8](repeating: 77, count: 64))
    let y = try AlignedBuffer(bytes: residuals.count + 64)
    var (scales, shifts, starts) = (self.scales, [Float](repeating: 0, count: columns), bias)
    let packed: AlignedBuffer
    var (offsets, ends) = ([Int32](repeating: 0, count: 1), [Int32](repeating: 0, count: columns / 8))
    if winograd {
      packed = try AlignedBuffer(bytes: unsafe Int(cquantized_winograd_packed(&job)) * 2)
      var factors = [Float](repeating: 0, count: columns)
      unsafe cquantized_winograd_pack(
        &job, weights, packed.pointer.assumingMemoryBound(to: Int16.self), &factors)
      for column in 0..<columns {
        shifts[column] = Float(bias[column]) * scales[column]
        scales[column] *= factors[column]
      }
    } else {
      let most = unsafe Int(cquantized_packed(&job))
      packed = try AlignedBuffer(bytes: most * 64)
      var (order, sums) = ([Int32](repeating: 0, count: most), [Int32](repeating: 0, count: columns))
      let blocks = unsafe cquantized_pack(
        &job, weights, packed.pointer.assumingMemoryBound(to: Int8.self), &order, &ends, &sums)
      var all = unsafe [Int32](repeating: 0, count: Int(cquantized_steps(&job)))
      unsafe cquantized_offsets(&job, &all)
      offsets = order.prefix(Int(blocks)).map { all[Int($0)] }
      for column in 0..<columns { starts[column] &-= Int32(zeroPoint) &* sums[column] }
    }
    let hasEdges = unsafe !winograd && cquantized_has_edges(&job) == 1
    let padded = hasEdges ? try AlignedBuffer(bytes: unsafe Int(cquantized_padded(&job))) : x
    let scratch = try AlignedBuffer(
      bytes: threads * (unsafe Int(winograd ? cquantized_winograd_scratch(&job) : cquantized_scratch(&job))))
    let tables = try [AlignedBuffer(scales), AlignedBuffer(shifts)]
    let integers = try [AlignedBuffer(starts), AlignedBuffer(offsets), AlignedBuffer(ends)]
    let shared = unsafe ParallelJob(job, threads: threads)
    func prepare(_ job: UnsafeMutablePointer<cquantized_convolution>) {
      unsafe job.pointee.x = UnsafePointer(x.pointer.assumingMemoryBound(to: UInt8.self))
      unsafe job.pointee.padded = padded.pointer.assumingMemoryBound(to: UInt8.self)
      unsafe job.pointee.scratch = scratch.pointer.assumingMemoryBound(to: UInt8.self)
      unsafe job.pointee.y = y.pointer.assumingMemoryBound(to: UInt8.self)
      unsafe job.pointee.weights = UnsafeRawPointer(packed.pointer)
      unsafe job.pointee.scales = UnsafePointer(tables[0].floats)
      unsafe job.pointee.shifts = UnsafePointer(tables[1].floats)
      unsafe job.pointee.bias = UnsafeRawPointer(integers[0].pointer).assumingMemoryBound(to: Int32.self)
      unsafe job.pointee.offsets = UnsafeRawPointer(integers[1].pointer).assumingMemoryBound(to: Int32.self)
      unsafe job.pointee.ends = UnsafeRawPointer(integers[2].pointer).assumingMemoryBound(to: Int32.self)
      if residual.isThere {
        unsafe job.pointee.residual = UnsafePointer(others.pointer.assumingMemoryBound(to: UInt8.self))
      }
      unsafe cquantized_start(job)
    }
    if hasEdges { unsafe shared.run(prepare: prepare, cquantized_edges_part) }
    unsafe shared.run(prepare: prepare, winograd ? cquantized_winograd_part : cquantized_multiply_part)
    let made = unsafe UnsafeBufferPointer(
      start: y.pointer.assumingMemoryBound(to: UInt8.self), count: residuals.count)
    return made.indices.filter { $0 % columns < outputs }.map { unsafe made[$0] }
  }

  // MARK: The definition

  /// The same by plain loops, whose sums are exact and whose floats go the kernels' way.
  func plain() -> [UInt8] {
    let (pixels, weights, residuals) = (pixels, weights, residuals)
    let inverse = 1 / outputScale
    let factor = residual.isRounded ? 1 / (outputScale * 1.1) : inverse
    let factors = scales.map { $0 * factor }
    let residualScale = outputScale * 0.7
    var result: [UInt8] = []
    for n in 0..<input[0] {
      for oy in 0..<size[0] {
        for ox in 0..<size[1] {
          for output in 0..<outputs {
            var sum = Int(bias[output])
            for ky in 0..<kernel[0] {
              for kx in 0..<kernel[1] {
                let y = oy * strides[0] - padding[0] + ky * dilations[0]
                let x = ox * strides[1] - padding[1] + kx * dilations[1]
                // What lies beyond the edges stands for 0.
                guard y >= 0, y < input[2], x >= 0, x < input[3] else { continue }
                for channel in 0..<input[1] {
                  let pixel = pixels[((n * input[2] + y) * input[3] + x) * stride + channel]
                  let weight = weights[((output * input[1] + channel) * kernel[0] + ky) * kernel[1] + kx]
                  sum += (Int(pixel) - zeroPoint) * Int(weight)
                }
              }
            }
            var value = Float(sum) * factors[output]
            if residual.isRounded {
              value = max(-131, min(255 - 131, value.rounded(.toNearestOrEven))) * (outputScale * 1.1 * inverse)
            }
            if residual.isThere {
              let other = residuals[((n * size[0] + oy) * size[1] + ox) * columns + output]
              value.addProduct(Float(other), residualScale * inverse)
              value += -120 * residualScale * inverse
            }
            let byte = max(0, min(255, Int(value.rounded(.toNearestOrEven)) + 128))
            result.append(UInt8(rectifies ? max(byte, 128) : byte))
          }
        }
      }
    }
    return result
  }
}
