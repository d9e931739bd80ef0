import Glibc

extension Interpreter {
  static let normalizationEntries: [Entry] = [
    Entry(
      "BatchNormalization", 5...5, outputs: 5,
      ["epsilon", "momentum", "spatial", "is_test", "training_mode", "consumed_inputs"], batchNormalization),
    Entry("GroupNormalization", 3...3, ["epsilon", "num_groups", "stash_type"], groupNormalization),
    Entry("InstanceNormalization", 3...3, ["epsilon", "consumed_inputs"], instanceNormalization),
    Entry("LRN", 1...1, ["alpha", "beta", "bias", "size"], localResponse),
    Entry("LayerNormalization", 2...3, outputs: 3, ["axis", "epsilon", "stash_type"], layerNormalization),
    Entry("MeanVarianceNormalization", 1...1, ["axes"], meanVariance),
    Entry("RMSNormalization", 2...2, ["axis", "epsilon", "stash_type"], rootMeanSquare),
  ]

  private static let epsilon = Double(Float(1e-5))

  private static func batchNormalization(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    // An early network said when it was not in training; many writers forgot.
    // Early files have is_test = 0 out of habit, and one output only: that is no training.
    guard try !call.flag("training_mode") else {
      throw call.unsupported("it is in training mode")
    }
    guard try call.flag("spatial", true) else { throw call.unsupported("it normalises each place by itself") }
    guard call.node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw call.unsupported("more than its first output is used")
    }
    let channels = x.shape.count > 1 ? x.shape[1] : 1
    var parameters: [[Double]] = []
    for index in 1...4 {
      let values = try call.input(index).doubles
      guard values.count == channels else {
        throw call.malformed("has \(values.count) numbers for \(channels) channels")
      }
      parameters.append(values)
    }
    let epsilon = try call.float("epsilon", epsilon)
    let inner = x.shape.dropFirst(2).reduce(1, *)
    var result = x.doubles
    for index in result.indices {
      let channel = index / inner % channels
      let scale = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
      result[index] = (result[index] - parameters[2][channel]) * scale + parameters[1][channel]
    }
    return [TypedTensor(x.type, x.shape, doubles: result)]
  }

  /// Rows of `length` with zero mean and unit variance, and what they had.
  private static func standardized(
    _ values: [Double], length: Int, epsilon: Double
  ) -> (values: [Double], means: [Double], inverses: [Double]) {
    var result = values
    var means: [Double] = []
    var inverses: [Double] = []
    for start in stride(from: 0, to: values.count, by: max(1, length)) {
      let row = values[start..<start + length]
      let mean = RowReduction.mean(row)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      let inverse = 1 / (variance + epsilon).squareRoot()
      for index in row.indices { result[index] = (row[index] - mean) * inverse }
      means.append(mean)
      inverses.append(inverse)
    }
    return (result, means, inverses)
  }

  private static func instanceNormalization(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, scale, shift) = (try call.input(0), try call.input(1).doubles, try call.input(2).doubles)
    guard x.shape.count >= 2, scale.count == x.shape[1], shift.count == x.shape[1] else {
      throw call.malformed("has \(scale.count) scales for the shape \(x.shape)")
    }
    let area = x.shape.dropFirst(2).reduce(1, *)
    var result = standardized(x.doubles, length: area, epsilon: try call.float("epsilon", epsilon)).values
    for index in result.indices {
      let channel = index / area % x.shape[1]
      result[index] = result[index] * scale[channel] + shift[channel]
    }
    return [TypedTensor(x.type, x.shape, doubles: result)]
  }

  private static func groupNormalization(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, scale, shift) = (try call.input(0), try call.input(1).doubles, try call.input(2).doubles)
    let groups = try call.integer("num_groups", 0)
    guard x.shape.count >= 2, groups > 0, x.shape[1] > 0, x.shape[1].isMultiple(of: groups) else {
      throw call.malformed("splits the channels of \(x.shape) into \(groups) groups")
    }
    let channels = x.shape[1]
    // Before opset 21 there was one scale for each group.
    guard scale.count == shift.count, scale.count == channels || (call.opset < 21 && scale.count == groups) else {
      throw call.malformed("has \(scale.count) scales for \(channels) channels")
    }
    let area = x.shape.dropFirst(2).reduce(1, *)
    let length = channels / groups * area
    var result = standardized(x.doubles, length: length, epsilon: try call.float("epsilon", epsilon)).values
    for index in result.indices {
      let channel = index / area % channels
      let own = scale.count == channels ? channel : channel / (channels / groups)
      result[index] = result[index] * scale[own] + shift[own]
    }
    return [TypedTensor(x.type, x.shape, doubles: result)]
  }

  /// Multiplies and adds what fits the last axes.
  private static func scaled(
    _ call: Invocation, _ values: [Double], _ shape: [Int], by scale: Int, plus shift: Int
  ) throws(GraphError) -> [Double] {
    var result = values
    for (input, isFactor) in [(scale, true), (shift, false)] {
      guard let tensor = call.optional(input) else { continue }
      guard try call.broadcast([tensor.shape, shape]) == shape else {
        throw call.malformed("scales the shape \(shape) by \(tensor.shape)")
      }
      let numbers = call.expanded(tensor, to: shape).doubles
      for index in result.indices {
        result[index] = isFactor ? result[index] * numbers[index] : result[index] + numbers[index]
      }
    }
    return result
  }

  private static func layerNormalization(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", -1), rank: x.shape.count)
    let length = x.shape.suffix(from: axis).reduce(1, *)
    let rows = standardized(x.doubles, length: length, epsilon: try call.float("epsilon", epsilon))
    let result = try scaled(call, rows.values, x.shape, by: 1, plus: 2)
    let shape = x.shape.prefix(axis) + [Int](repeating: 1, count: x.shape.count - axis)
    let stash = try call.type("stash_type", .float32)
    return [
      TypedTensor(x.type, x.shape, doubles: result), TypedTensor(stash, Array(shape), doubles: rows.means),
      TypedTensor(stash, Array(shape), doubles: rows.inverses),
    ]
  }

  private static func rootMeanSquare(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", -1), rank: x.shape.count)
    let length = x.shape.suffix(from: axis).reduce(1, *)
    let epsilon = try call.float("epsilon", epsilon)
    var values = x.doubles
    for start in stride(from: 0, to: values.count, by: max(1, length)) {
      let row = values[start..<start + length]
      let factor = 1 / (RowReduction.sumSquare(row) / Double(length) + epsilon).squareRoot()
      for index in start..<start + length { values[index] *= factor }
    }
    return [TypedTensor(x.type, x.shape, doubles: try scaled(call, values, x.shape, by: 1, plus: Int.max))]
  }

  private static func meanVariance(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axes = try call.axes(try call.integers("axes") ?? [0, 2, 3], rank: x.shape.count)
    let order = x.shape.indices.filter { !axes.contains($0) } + axes
    let moved = x.transposed(order)
    let length = axes.reduce(1) { $0 * x.shape[$1] }
    var values = moved.doubles
    for start in stride(from: 0, to: values.count, by: max(1, length)) {
      let row = values[start..<start + length]
      let mean = RowReduction.mean(row)
      let deviation = (RowReduction.sumSquare(row) / Double(length) - mean * mean).squareRoot()
      // As the standard's function body has it.
      for index in start..<start + length { values[index] = (row[index] - mean) / (deviation + 1e-9) }
    }
    let back = x.shape.indices.map { order.firstIndex(of: $0)! }
    return [TypedTensor(x.type, moved.shape, doubles: values).transposed(back)]
  }

  private static func localResponse(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let size = try call.integer("size", 0)
    guard x.shape.count >= 2, (1...65535).contains(size) else { throw call.malformed("has an impossible size") }
    let alpha = try call.float("alpha", Double(Float(1e-4)))
    let (beta, bias) = (try call.float("beta", 0.75), try call.float("bias", 1))
    let channels = x.shape[1]
    let area = x.shape.dropFirst(2).reduce(1, *)
    let values = x.doubles
    var result = values
    for image in 0..<x.shape[0] {
      for channel in 0..<channels {
        let first = max(0, channel - (size - 1) / 2)
        let last = min(channels - 1, channel + size / 2)
        for place in 0..<area {
          var sum = 0.0
          for other in first...last {
            let value = values[(image * channels + other) * area + place]
            sum += value * value
          }
          result[(image * channels + channel) * area + place] /= pow(bias + alpha / Double(size) * sum, beta)
        }
      }
    }
    return [TypedTensor(x.type, x.shape, doubles: result)]
  }
}
