extension Interpreter {
  private static let window: Set<String> = ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]

  static let windowEntries: [Entry] =
    [
      Entry("Col2Im", 3...3, shaping: [1, 2], ["dilations", "pads", "strides"], columnsToImage),
      Entry("Conv", 2...3, window, convolution),
      Entry("ConvInteger", 2...4, window, integerConvolution),
      Entry(
        "ConvTranspose", 2...3, window.union(["output_padding", "output_shape"]), transposedConvolution),
      Entry("QLinearConv", 8...9, window, quantizedConvolution),
    ] + poolingEntries + normalizationEntries + resamplingEntries + detectionEntries

  private static func convolution(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, w) = (try call.input(0), try call.input(1))
    guard x.type.isFloat, w.type == x.type else { throw call.malformed("convolves \(x.type) with \(w.type)") }
    let geometry = try ConvolutionGeometry(call, x.shape, w.shape)
    let bias = call.optional(2)
    if let bias, bias.shape != [geometry.outputs] { throw call.malformed("has a bias of shape \(bias.shape)") }
    if case .double(let values) = x.elements {
      let result = geometry.convolve(values, w.doubles, bias: bias?.doubles)
      return [TypedTensor(x.type, geometry.shape, .double(result))]
    }
    return [TypedTensor(x.type, geometry.shape, floats: geometry.convolve(x.floats, w.floats, bias: bias?.floats))]
  }

  private static func integerConvolution(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try centered(call, 0, zero: 2, channelAxis: nil)
    let w = try centered(call, 1, zero: 3, channelAxis: 0)
    let geometry = try ConvolutionGeometry(call, x.shape, w.shape)
    // Products of bytes are exact in doubles.
    return [TypedTensor(.int32, geometry.shape, doubles: geometry.convolve(x.doubles, w.doubles, bias: nil))]
  }

  private static func quantizedConvolution(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try centered(call, 0, zero: 2, channelAxis: nil)
    let w = try centered(call, 3, zero: 5, channelAxis: 0)
    let geometry = try ConvolutionGeometry(call, x.shape, w.shape)
    let bias = call.optional(8)
    if let bias, bias.shape != [geometry.outputs] { throw call.malformed("has a bias of shape \(bias.shape)") }
    let sums = geometry.convolve(x.doubles, w.doubles, bias: bias?.doubles)
    guard let xScale = try call.scalar(1), let yScale = try call.scalar(6) else {
      throw call.malformed("lacks a scale")
    }
    let wScales = try call.input(4).doubles
    let zero = try call.input(7)
    guard zero.count == 1, wScales.count == 1 || wScales.count == geometry.outputs else {
      throw call.malformed("has \(wScales.count) scales for \(geometry.outputs) channels")
    }
    let offset = zero.doubles[0]
    let area = geometry.windows.positions
    let result = sums.indices.map { index in
      let channel = index / area % geometry.outputs
      let scale = xScale * wScales[wScales.count == 1 ? 0 : channel] / yScale
      return zero.type.saturated((sums[index] * scale).rounded(.toNearestOrEven) + offset)
    }
    return [TypedTensor(zero.type, geometry.shape, integers: result)]
  }

  private static func transposedConvolution(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, w) = (try call.input(0), try call.input(1))
    let groups = try call.integer("group", 1)
    let rank = x.shape.count - 2
    guard x.type.isFloat, w.type == x.type, rank >= 1, w.shape.count == rank + 2, groups > 0, x.shape[1] == w.shape[0],
      w.shape[0].isMultiple(of: groups), w.shape[1] > 0, w.shape[0] > 0
    else { throw call.malformed("convolves \(x.shape) with weights of shape \(w.shape) in \(groups) groups") }
    let size = Array(x.shape.suffix(rank))
    let kernel = Array(w.shape.suffix(rank))
    let ones = [Int](repeating: 1, count: rank)
    let strides = try call.integers("strides") ?? ones
    let dilations = try call.integers("dilations") ?? ones
    let extra = try call.integers("output_padding") ?? [Int](repeating: 0, count: rank)
    var pads = try call.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard strides.count == rank, dilations.count == rank, extra.count == rank, pads.count == 2 * rank,
      (strides + dilations + kernel).allSatisfy({ (1...65535).contains($0) }),
      (extra + pads).allSatisfy({ (0...65535).contains($0) })
    else { throw call.malformed("has an impossible window") }
    var output: [Int] = []
    for axis in 0..<rank {
      let extent = (kernel[axis] - 1) * dilations[axis] + 1
      output.append(strides[axis] * (size[axis] - 1) + extra[axis] + extent)
    }
    let automatic = try call.string("auto_pad", "NOTSET")
    var wanted = try call.integers("output_shape")
    if let shape = wanted, shape.count == rank + 2 { wanted = Array(shape.suffix(rank)) }
    if automatic.hasPrefix("SAME"), wanted == nil { wanted = (0..<rank).map { size[$0] * strides[$0] } }
    if let wanted {
      guard wanted.count == rank else { throw call.malformed("wants an output of \(wanted)") }
      for axis in 0..<rank {
        let total = max(0, output[axis] - wanted[axis])
        pads[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        pads[axis + rank] = total - pads[axis]
        output[axis] = wanted[axis]
      }
    } else {
      for axis in 0..<rank { output[axis] -= pads[axis] + pads[axis + rank] }
    }
    guard output.allSatisfy({ $0 > 0 }) else { throw call.malformed("makes an output of \(output)") }
    let shape = [x.shape[0], w.shape[1] * groups] + output
    try call.count(shape)
    try call.count([w.shape[1]] + kernel + size)
    try call.work(x.shape[0], w.shape[0], w.shape[1], kernel.reduce(1, *), size.reduce(1, *))
    let windows = Windows(
      size: output, kernel: kernel, strides: strides, dilations: dilations, before: Array(pads.prefix(rank)),
      after: Array(pads.suffix(rank)), output: size)
    let bias = call.optional(2)
    if let bias, bias.shape != [shape[1]] { throw call.malformed("has a bias of shape \(bias.shape)") }
    if case .double(let values) = x.elements {
      let result = spread(values, w.doubles, bias: bias?.doubles, x.shape, w.shape, groups, windows)
      return [TypedTensor(x.type, shape, .double(result))]
    }
    let result = spread(x.floats, w.floats, bias: bias?.floats, x.shape, w.shape, groups, windows)
    return [TypedTensor(x.type, shape, floats: result)]
  }

  /// The transposed convolution: every input element spreads a window over the output.
  private static func spread<Value: MatrixElement>(
    _ x: [Value], _ w: [Value], bias: [Value]?, _ xShape: [Int], _ wShape: [Int], _ groups: Int, _ windows: Windows
  ) -> [Value] {
    let inputs = wShape[0] / groups
    let outputs = wShape[1]
    let (positions, taps, area) = (windows.positions, windows.taps, windows.area)
    let places = windows.places()
    var result: [Value] = []
    for _ in 0..<xShape[0] {
      for channel in 0..<outputs * groups { result += [Value](repeating: bias?[channel] ?? 0, count: area) }
    }
    for image in 0..<xShape[0] {
      for group in 0..<groups {
        // The weights of the group with inputs and outputs exchanged.
        var turned: [Value] = []
        turned.reserveCapacity(inputs * outputs * taps)
        for row in 0..<outputs * taps {
          for input in 0..<inputs { turned.append(w[(group * inputs + input) * outputs * taps + row]) }
        }
        var columns = [Value](repeating: 0, count: outputs * taps * positions)
        Value.multiplyAdd(
          turned, at: 0, x, at: (image * groups + group) * inputs * positions, &columns, m: outputs * taps, k: inputs,
          n: positions)
        for channel in 0..<outputs {
          let base = ((image * groups + group) * outputs + channel) * area
          for index in 0..<taps * positions where places[index] >= 0 {
            result[base + places[index]] += columns[channel * taps * positions + index]
          }
        }
      }
    }
    return result
  }

  private static func columnsToImage(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard let size = try call.list(1), let kernel = try call.list(2), size.count == kernel.count, x.shape.count == 3,
      size.allSatisfy({ $0 > 0 })
    else { throw call.malformed("lacks the shape of the image or of the block") }
    try call.count(size)
    let windows = try Windows(call, size: size, kernel: kernel)
    let (taps, positions, area) = (windows.taps, windows.positions, windows.area)
    guard x.shape[1].isMultiple(of: taps), x.shape[2] == positions else {
      throw call.malformed("puts \(x.shape) together to an image of \(size)")
    }
    let channels = x.shape[0] * x.shape[1] / taps
    try call.count([channels] + size)
    let places = windows.places()
    let values = x.doubles
    var result = [Double](repeating: 0, count: channels * area)
    for channel in 0..<channels {
      for index in 0..<taps * positions where places[index] >= 0 {
        result[channel * area + places[index]] += values[channel * taps * positions + index]
      }
    }
    return [TypedTensor(x.type, [x.shape[0], x.shape[1] / taps] + size, doubles: result)]
  }
}

/// A convolution's sizes, checked.
struct ConvolutionGeometry {
  let windows: Windows
  let batch: Int
  let groups: Int
  /// Input channels of a group.
  let inputs: Int
  /// Output channels of all groups.
  let outputs: Int
  var shape: [Int] { [batch, outputs] + windows.output }

  init(_ call: Invocation, _ x: [Int], _ w: [Int]) throws(GraphError) {
    groups = try call.integer("group", 1)
    guard x.count >= 3, w.count == x.count, groups > 0, w[0] > 0, w[0].isMultiple(of: groups),
      w[1].multipliedReportingOverflow(by: groups) == (x[1], false)
    else { throw call.malformed("convolves \(x) with weights of shape \(w) in \(groups) groups") }
    if let declared = try call.integers("kernel_shape"), declared != Array(w.dropFirst(2)) {
      throw call.malformed("declares a window of \(declared) for weights of shape \(w)")
    }
    windows = try Windows(call, size: Array(x.dropFirst(2)), kernel: Array(w.dropFirst(2)))
    batch = x[0]
    inputs = w[1]
    outputs = w[0]
    try call.count([batch, outputs] + windows.output)
    try call.count([windows.taps, windows.positions])
    try call.work(batch, outputs, inputs, windows.taps, windows.positions)
  }

  /// By matrix products with what the window sees, some positions at a time.
  func convolve<Value: MatrixElement>(_ x: [Value], _ w: [Value], bias: [Value]?) -> [Value] {
    let (positions, taps, area) = (windows.positions, windows.taps, windows.area)
    let places = windows.places()
    let rows = outputs / groups
    let depth = inputs * taps
    let chunk = max(8, min(positions, (1 << 18) / max(1, depth)))
    var result: [Value] = []
    result.reserveCapacity(batch * outputs * positions)
    for _ in 0..<batch {
      for channel in 0..<outputs { result += [Value](repeating: bias?[channel] ?? 0, count: positions) }
    }
    for start in stride(from: 0, to: positions, by: chunk) {
      let width = min(chunk, positions - start)
      var columns = [Value](repeating: 0, count: depth * width)
      var sums = [Value](repeating: 0, count: rows * width)
      for image in 0..<batch {
        for group in 0..<groups {
          for channel in 0..<inputs {
            let base = ((image * groups + group) * inputs + channel) * area
            for tap in 0..<taps {
              let row = (channel * taps + tap) * width
              let source = tap * positions + start
              for column in 0..<width {
                let place = places[source &+ column]
                columns[row &+ column] = place < 0 ? 0 : x[base &+ place]
              }
            }
          }
          for index in sums.indices { sums[index] = 0 }
          Value.multiplyAdd(w, at: group * rows * depth, columns, &sums, m: rows, k: depth, n: width)
          for row in 0..<rows {
            let target = ((image * groups + group) * rows + row) * positions + start
            for column in 0..<width { result[target &+ column] += sums[row &* width &+ column] }
          }
        }
      }
    }
    return result
  }
}
