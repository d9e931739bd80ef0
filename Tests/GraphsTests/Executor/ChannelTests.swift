import CChannels
import CDNN
import Testing

@testable import Graphs

/// Means of channels and gates on them, in every layout that has channels side by side.
@Suite struct ChannelTests {
  struct Setting: Sendable, CustomStringConvertible {
    var batch: Int
    var channels: Int
    var pixels: Int
    var block: Int
    var description: String { "\(batch)x\(channels)x\(pixels) in blocks of \(block)" }
    var blocks: Int { (channels + block - 1) / block }
    var count: Int { batch * blocks * pixels * block }

    func place(_ image: Int, _ channel: Int, _ pixel: Int) -> Int {
      ((image * blocks + channel / block) * pixels + pixel) * block + channel % block
    }
  }

  static let settings = [
    Setting(batch: 1, channels: 16, pixels: 1, block: 16), Setting(batch: 2, channels: 40, pixels: 49, block: 16),
    Setting(batch: 3, channels: 21, pixels: 35, block: 8), Setting(batch: 1, channels: 96, pixels: 3136, block: 96),
    Setting(batch: 2, channels: 70, pixels: 9, block: 70), Setting(batch: 1, channels: 9, pixels: 12544, block: 9),
    Setting(batch: 1, channels: 32, pixels: 2000, block: 16),
  ]

  /// An image with zeros beside its channels.
  private func image(_ setting: Setting) -> [Float] {
    let values = numbers([setting.batch, setting.channels, setting.pixels], seed: 1).floats!
    var image = [Float](repeating: 0, count: setting.count)
    for n in 0..<setting.batch {
      for c in 0..<setting.channels {
        for p in 0..<setting.pixels {
          image[setting.place(n, c, p)] = values[(n * setting.channels + c) * setting.pixels + p]
        }
      }
    }
    return image
  }

  private func job(_ setting: Setting) -> cchannels_job {
    var job = unsafe cchannels_job()
    unsafe job.batch = Int64(setting.batch)
    unsafe job.channels = Int64(setting.channels)
    unsafe job.pixels = Int64(setting.pixels)
    unsafe job.block = Int64(setting.block)
    return unsafe job
  }

  @Test(arguments: settings, [1, 2]) func meansAreThoseOfPlainSums(_ setting: Setting, threads: Int) {
    let x = image(setting)
    var job = unsafe job(setting)
    var y = [Float](repeating: .nan, count: setting.batch * setting.channels)
    var scratch = [Float](repeating: .nan, count: Int(unsafe cchannels_scratch(&job)))
    unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeMutableBufferPointer { y in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe job.x = x.baseAddress
          unsafe job.y = y.baseAddress
          unsafe job.scratch = scratch.baseAddress
          let shared = unsafe ParallelJob(job, threads: threads)
          unsafe shared.run(prepare: { unsafe cchannels_start($0) }, cchannels_sums_part)
          unsafe shared.run(prepare: { unsafe cchannels_start($0) }, cchannels_means_part)
        }
      }
    }
    for n in 0..<setting.batch {
      for c in 0..<setting.channels {
        let sum = (0..<setting.pixels).reduce(0.0) { $0 + Double(x[setting.place(n, c, $1)]) }
        #expect(abs(Double(y[n * setting.channels + c]) - sum / Double(setting.pixels)) < 1e-6)
      }
    }
  }

  @Test(arguments: settings, [false, true]) func gatesMultiply(_ setting: Setting, isPerImage: Bool) {
    let x = image(setting)
    let gates = numbers([isPerImage ? setting.batch : 1, setting.channels], seed: 2).floats!
    var job = unsafe job(setting)
    unsafe job.gate_stride = isPerImage ? Int64(setting.channels) : 0
    var y = x
    unsafe y.withUnsafeMutableBufferPointer { y in
      unsafe gates.withUnsafeBufferPointer { gates in
        // In place.
        unsafe job.x = UnsafePointer(y.baseAddress)
        unsafe job.y = y.baseAddress
        unsafe job.gates = gates.baseAddress
        let shared = unsafe ParallelJob(job, threads: 2)
        unsafe shared.run(prepare: { unsafe cchannels_start($0) }, cchannels_gate_part)
      }
    }
    var expected = x
    for n in 0..<setting.batch {
      for c in 0..<setting.channels {
        for p in 0..<setting.pixels {
          expected[setting.place(n, c, p)] *= gates[(isPerImage ? n : 0) * setting.channels + c]
        }
      }
    }
    #expect(y == expected)
  }

  /// Squeeze and excitation after a convolution, whatever layout that has chosen.
  @Test(arguments: [(16, 5), (24, 13), (40, 56)]) func networksUseThem(_ size: (channels: Int, side: Int)) throws {
    var builder = GraphBuilder(name: "gates")
    builder.input("x", shape: ["n", "c", "h", "w"])
    let weights = numbers([size.channels, size.channels, 1, 1], seed: 3)
    let y = builder.convolution("x", name: "y", weights: weights, bias: nil, Convolution())
    let gate = builder.activation(builder.globalAveragePooling(y, name: "mean"), name: "gate", .sigmoid)
    builder.output(builder.multiply(y, gate, name: "out"), as: "out")
    let graph = try builder.build()
    let shape = [2, size.channels, size.side, size.side]
    let input = numbers(shape, seed: 4)
    let expected = try #require(try graph.evaluate(["x": input])["out"]?.floats)
    let compiled = try GraphCompiler(graph).compile(inputShape: shape, threads: 2)
    compiled.isProfiling = true
    let values = try #require(input.floats)
    try compiled.run(values.span)
    #expect(difference(compiled.output("out"), expected) < 1e-5 * expected.map(abs).max()!)
    if cdnn_vector_width() >= 8 { #expect(compiled.timings.contains { $0.kernel == "gates" }) }
  }
}
