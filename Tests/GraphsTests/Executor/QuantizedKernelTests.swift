import CQuantized
import Testing

@testable import Graphs

/// The kernels for bytes: AMX's, AVX-512's and AVX2's against plain loops.
@Suite struct QuantizedKernelTests {
  static let kernels: [QuantizedKernel] = [
    QuantizedKernel(input: [1, 1, 15, 17], outputs: 16, kernel: [5, 5], strides: [2, 2], padding: [2, 2]),
    QuantizedKernel(input: [1, 3, 20, 23], outputs: 40, kernel: [7, 7], strides: [2, 2], padding: [3, 3]),
    QuantizedKernel(
      input: [2, 3, 9, 11], outputs: 7, kernel: [3, 3], dilations: [2, 2], padding: [1, 2], zeroPoint: 255),
    QuantizedKernel(input: [1, 4, 5, 31], outputs: 33, kernel: [1, 1], strides: [1, 2], isExtreme: true),
    QuantizedKernel(input: [1, 16, 13, 9], outputs: 16, kernel: [3, 3], padding: [1, 1], zeroPoint: 0),
    QuantizedKernel(input: [2, 17, 7, 10], outputs: 33, kernel: [3, 3], padding: [1, 1], isExtreme: true),
    QuantizedKernel(input: [1, 48, 9, 13], outputs: 48, kernel: [3, 3], strides: [2, 1], padding: [1, 0]),
    QuantizedKernel(
      input: [3, 48, 11, 5], outputs: 20, kernel: [3, 2], strides: [2, 2], dilations: [2, 3], padding: [2, 2],
      zeroPoint: 255, rectifies: true),
    QuantizedKernel(input: [1, 100, 5, 7], outputs: 100, kernel: [2, 2], isExtreme: true),
    // A window that lies beyond the image altogether, and an image of one pixel.
    QuantizedKernel(input: [1, 20, 3, 2], outputs: 17, kernel: [1, 1], strides: [3, 4], padding: [4, 5]),
    QuantizedKernel(input: [1, 100, 1, 1], outputs: 130, kernel: [1, 1]),
    QuantizedKernel(input: [1, 16, 1, 13], outputs: 16, kernel: [1, 3], padding: [0, 1]),
    // More pixels than one piece of work takes.
    QuantizedKernel(input: [2, 16, 17, 19], outputs: 48, kernel: [1, 1], residual: (true, false)),
    QuantizedKernel(
      input: [1, 32, 15, 21], outputs: 24, kernel: [3, 3], padding: [1, 1], residual: (true, true), rectifies: true),
    QuantizedKernel(input: [1, 100, 6, 9], outputs: 64, kernel: [3, 3], zeroPoint: 0, residual: (true, true)),
    // More tiles than are transformed at once.
    QuantizedKernel(
      input: [1, 16, 33, 37], outputs: 33, kernel: [3, 3], padding: [1, 1], zeroPoint: 3, residual: (true, false),
      isExtreme: true),
  ]

  @Test(.enabled(if: cquantized_supported() == 1, "needs AVX2"), arguments: kernels)
  func avx2Agrees(_ kernel: QuantizedKernel) throws {
    #expect(try kernel.run(.avx2, winograd: false, threads: 1) == kernel.plain())
    if kernel.isForWinograd { try check(kernel, .avx2) }
  }

  @Test(.enabled(if: cquantized_wide_supported() == 1, "needs AVX-512 with VNNI"), arguments: kernels)
  func avx512Agrees(_ kernel: QuantizedKernel) throws {
    let expected = kernel.plain()
    for threads in 1...2 {
      #expect(try kernel.run(.avx512, winograd: false, threads: threads) == expected)
    }
    guard kernel.isForWinograd else { return }
    try check(kernel, .avx512)
    // Whatever Winograd's rounding of weights does, it does on both.
    let narrow = try kernel.run(.avx2, winograd: true, threads: 1)
    for threads in 1...2 {
      #expect(try kernel.run(.avx512, winograd: true, threads: threads) == narrow)
    }
  }

  @Test(.enabled(if: cquantized_tiles_supported() == 1, "needs AMX"), arguments: kernels)
  func amxAgrees(_ kernel: QuantizedKernel) throws {
    let expected = kernel.plain()
    for threads in 1...2 {
      #expect(try kernel.run(.amx, winograd: false, threads: threads) == expected)
    }
  }

  private func check(_ kernel: QuantizedKernel, _ instructions: QuantizedKernel.Instructions) throws {
    let found = try kernel.run(instructions, winograd: true, threads: 1)
    let steps = zip(found, kernel.plain()).map { abs(Int($0) - Int($1)) }
    #expect(steps.max()! <= (kernel.residual.isRounded ? 2 : 1))
    #expect(steps.filter { $0 > 0 }.count * 12 <= steps.count)
  }

  // MARK: From and to floats

  /// Every layout of floats that the executor has, with and without channels beside the last.
  @Test(.enabled(if: cquantized_supported() == 1, "needs AVX2"), arguments: [1, 2, 3, 4, 7, 16, 20, 48])
  func floatsBecomeBytesAndBack(_ channels: Int) throws {
    let (batch, height, width) = (2, 33, 37)
    let area = height * width
    let values = numbers([batch, channels, height, width], seed: 4).floats!
    let stride = Lowering.Bytes.stride(channels)
    for block in Set([1, channels, 8, 16]) where block == 1 || channels > 4 {
      let blocks = (channels + block - 1) / block
      /// Where channel `c` of a pixel lies.
      func place(_ n: Int, _ pixel: Int, _ c: Int) -> Int {
        ((n * blocks + c / block) * area + pixel) * block + c % block
      }
      var laid = [Float](repeating: 0, count: batch * blocks * block * area)
      for n in 0..<batch {
        for c in 0..<channels {
          for pixel in 0..<area { laid[place(n, pixel, c)] = values[(n * channels + c) * area + pixel] }
        }
      }
      let image = cquantized_image(
        batch: Int64(batch), height: Int64(height), width: Int64(width), channels: Int64(channels),
        stride: Int64(stride))
      let x = try AlignedBuffer(laid)
      let bytes = try AlignedBuffer(bytes: batch * area * stride + 64)
      func quantize(threads: Int) -> Bool {
        var job = unsafe cquantized_quantization()
        unsafe (job.image, job.block, job.scale, job.zero_point) = (image, Int64(block), 0.0075, 120)
        let shared = unsafe ParallelJob(job, threads: threads)
        unsafe shared.run(
          prepare: { job in
            unsafe job.pointee.x = UnsafePointer(x.floats)
            unsafe job.pointee.y = bytes.pointer.assumingMemoryBound(to: UInt8.self)
          }, cquantized_quantize_part)
        return unsafe shared.value.is_bad == 0
      }
      for threads in 1...2 {
        #expect(quantize(threads: threads))
        var isRight = true
        for n in 0..<batch {
          for pixel in 0..<area {
            for c in 0..<channels {
              let steps = (values[(n * channels + c) * area + pixel] / 0.0075).rounded(.toNearestOrEven)
              let byte = unsafe bytes.pointer.load(
                fromByteOffset: (n * area + pixel) * stride + c, as: UInt8.self)
              isRight = isRight && Int(byte) == max(0, min(255, Int(steps) + 120))
            }
          }
        }
        #expect(isRight, "\(channels) channels in blocks of \(block)")
      }
      let y = try AlignedBuffer(bytes: laid.count * 4)
      unsafe withUnsafePointer(to: image) {
        unsafe cquantized_to_floats(
          $0, bytes.pointer.assumingMemoryBound(to: UInt8.self), Int64(block), 0.0075, 120, y.floats)
      }
      var isRight = true
      for n in 0..<batch {
        for pixel in 0..<area {
          for c in 0..<channels {
            let byte = unsafe bytes.pointer.load(fromByteOffset: (n * area + pixel) * stride + c, as: UInt8.self)
            isRight = unsafe isRight && y.floats[place(n, pixel, c)] == Float(Int(byte) - 120) * 0.0075
          }
        }
      }
      #expect(isRight, "\(channels) channels in blocks of \(block)")
      // The very last number: whichever thread and remainder has it.
      unsafe x.floats[place(batch - 1, area - 1, channels - 1)] = .nan
      #expect(!quantize(threads: 2))
    }
  }
}
