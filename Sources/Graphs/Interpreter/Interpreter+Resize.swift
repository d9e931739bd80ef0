extension Interpreter {
  static let resamplingEntries: [Entry] = [
    Entry("AffineGrid", 2...2, shaping: [1], ["align_corners"], affineGrid),
    Entry("GridSample", 2...2, ["align_corners", "mode", "padding_mode"], gridSample),
    Entry(
      "Resize", 1...4, shaping: [1, 2, 3],
      [
        "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
        "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode",
      ], resize),
    Entry("Upsample", 1...2, shaping: [1], ["height_scale", "mode", "scales", "width_scale"], upsample),
  ]

  private static func upsample(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let listed = try call.floats("scales").map { $0.map { Double($0) } }
    guard let scales = call.optional(1)?.doubles ?? listed else {
      throw call.malformed("lacks scales")
    }
    var resampling = Resampling(coordinates: "asymmetric")
    resampling.mode = try call.string("mode", "nearest")
    resampling.rounding = "floor"
    let shape = try scaledShape(call, x.shape, scales)
    return [try resampling.apply(call, x, scales: scales, shape: shape, axes: Array(x.shape.indices))]
  }

  private static func scaledShape(
    _ call: Invocation, _ shape: [Int], _ scales: [Double]
  ) throws(GraphError) -> [Int] {
    guard scales.count == shape.count, scales.allSatisfy({ $0 > 0 && $0 <= 16_777_216 }) else {
      throw call.malformed("scales the shape \(shape) by \(scales)")
    }
    // Scales are single-precision numbers, and so is the product in all implementations.
    return Swift.zip(shape, scales).map { Int((Float($0) * Float($1)).rounded(.down)) }
  }

  private static func resize(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let rank = x.shape.count
    let axes = try call.axes(try call.integers("axes") ?? Array(0..<rank), rank: rank)
    // Opset 10 had no region of interest, and knew one coordinate system only.
    let isFirst = call.opset < 11
    var resampling = Resampling(
      coordinates: try call.string("coordinate_transformation_mode", isFirst ? "asymmetric" : "half_pixel"))
    resampling.mode = try call.string("mode", "nearest")
    resampling.rounding = try call.string("nearest_mode", isFirst ? "floor" : "round_prefer_floor")
    resampling.cubic = try call.float("cubic_coeff_a", -0.75)
    resampling.excludesOutside = try call.flag("exclude_outside")
    resampling.extrapolation = try call.float("extrapolation_value", 0)
    resampling.smooths = try call.flag("antialias")
    if let roi = isFirst ? nil : call.optional(1), roi.count > 0 {
      guard roi.count == 2 * axes.count else { throw call.malformed("has a region of \(roi.count) numbers") }
      resampling.region = roi.doubles
    }
    var scales = [Double](repeating: 1, count: rank)
    var shape = x.shape
    if let given = call.optional(isFirst ? 1 : 2)?.doubles, !given.isEmpty {
      guard given.count == axes.count else { throw call.malformed("has \(given.count) scales for \(axes.count) axes") }
      for (axis, scale) in Swift.zip(axes, given) { scales[axis] = scale }
      shape = try scaledShape(call, x.shape, scales)
    } else {
      guard let sizes = try call.list(3), sizes.count == axes.count else {
        throw call.malformed("lacks scales and sizes")
      }
      for (axis, size) in Swift.zip(axes, sizes) {
        guard size > 0, x.shape[axis] > 0 else { throw call.malformed("resizes \(x.shape) to \(sizes)") }
        shape[axis] = size
        scales[axis] = Double(size) / Double(x.shape[axis])
      }
      let policy = try call.string("keep_aspect_ratio_policy", "stretch")
      if policy != "stretch" {
        guard policy == "not_larger" || policy == "not_smaller" else { throw call.unsupported("it keeps '\(policy)'") }
        let all = axes.map { scales[$0] }
        let scale = (policy == "not_larger" ? all.min() : all.max()) ?? 1
        for axis in axes {
          scales[axis] = scale
          shape[axis] = Int(clamping: scale * Double(x.shape[axis]) + 0.5)
        }
      }
    }
    try call.count(shape)
    return [try resampling.apply(call, x, scales: scales, shape: shape, axes: axes)]
  }
}

/// How a tensor is resampled, one axis after the other.
struct Resampling {
  var mode = "nearest"
  let coordinates: String
  var rounding = "round_prefer_floor"
  var cubic = -0.75
  var excludesOutside = false
  var extrapolation = 0.0
  var smooths = false
  /// Starts and then ends of the resampled axes, as shares of their sizes.
  var region: [Double]?

  init(coordinates: String) { self.coordinates = coordinates }

  func apply(
    _ call: Invocation, _ x: TypedTensor, scales: [Double], shape: [Int], axes: [Int]
  ) throws(GraphError) -> TypedTensor {
    try call.count(shape)
    var values = x.doubles
    var current = x.shape
    for (number, axis) in axes.enumerated() {
      let part = coordinates == "tf_crop_and_resize" ? region.map { ($0[number], $0[number + axes.count]) } : nil
      if scales[axis] == 1, shape[axis] == current[axis], part == nil || part! == (0, 1) { continue }
      let (input, output) = (current[axis], shape[axis])
      let inner = current.suffix(from: axis + 1).reduce(1, *)
      let outer = current.prefix(axis).reduce(1, *)
      try call.count([outer, output, inner])
      // A kernel that is stretched reaches over about this many elements.
      let reach = smooths ? 4 * max(1, Int(clamping: 1 / scales[axis])) + 4 : 4
      try call.work(outer, output, inner, reach)
      var result = [Double](repeating: 0, count: outer * output * inner)
      for index in 0..<output {
        let (first, weights, isOutside) = try taps(
          call, index, scale: scales[axis], input: input, output: output, part: part)
        for block in 0..<outer {
          let target = (block * output + index) * inner
          if isOutside {
            for place in 0..<inner { result[target + place] = extrapolation }
            continue
          }
          for (tap, weight) in weights.enumerated() where weight != 0 {
            let source = (block * input + min(max(first + tap, 0), input - 1)) * inner
            for place in 0..<inner { result[target &+ place] += weight * values[source &+ place] }
          }
        }
      }
      values = result
      current[axis] = output
    }
    if x.type.isFloat { return TypedTensor(x.type, shape, doubles: values) }
    let bounds = x.type.range
    return TypedTensor(x.type, shape, integers: values.map { Int64(clamping: $0).clamped(to: bounds) })
  }

  /// The input coordinates that an output coordinate is made of: where they begin, and their weights.
  private func taps(
    _ call: Invocation, _ index: Int, scale: Double, input: Int, output: Int, part: (Double, Double)?
  ) throws(GraphError) -> (first: Int, weights: [Double], isOutside: Bool) {
    let x = try coordinate(call, index, scale: scale, input: input, output: output, part: part)
    // Written so that a coordinate that is no number is outside.
    if part != nil, !(x >= 0 && x <= Double(input - 1)) { return (0, [], true) }
    let floor = x.rounded(.down)
    // An integer coordinate is the right one of its two neighbours.
    let isWhole = floor == x
    let ratio = isWhole ? 1 : x - floor
    var weights: [Double]
    switch mode {
    case "nearest":
      let takesRight =
        switch rounding {
        case "round_prefer_floor": ratio > 0.5
        case "round_prefer_ceil": ratio >= 0.5
        case "floor": isWhole
        case "ceil": true
        default: throw call.unsupported("it rounds by '\(rounding)'")
        }
      weights = takesRight ? [0, 1] : [1, 0]
    case "linear", "bilinear":
      weights = smooths ? smoothed(ratio, scale, reach: 1) { max(0, 1 - $0) } : [1 - ratio, ratio]
    case "cubic":
      weights =
        smooths ? smoothed(ratio, scale, reach: 2, cubicKernel) : (-1...2).map { cubicKernel(abs(Double($0) - ratio)) }
    default: throw call.unsupported("it resizes by '\(mode)'")
    }
    let first = Int(floor) - (isWhole ? 1 : 0) - (weights.count / 2 - 1)
    if excludesOutside {
      for tap in weights.indices where first + tap < 0 || first + tap >= input { weights[tap] = 0 }
      let sum = weights.reduce(0, +)
      if sum != 0 { weights = weights.map { $0 / sum } }
    }
    return (first, weights, false)
  }

  /// Weights of a kernel that is stretched when the image becomes smaller.
  private func smoothed(
    _ ratio: Double, _ scale: Double, reach: Double, _ kernel: (Double) -> Double
  ) -> [Double] {
    let scale = min(scale, 1)
    let start = Int(clamping: max(-1e9, (-reach / scale).rounded(.down))) + 1
    let weights = (start..<2 - start).map { kernel(abs((Double($0) - ratio) * scale)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Keys' kernel (IEEE Transactions on Acoustics, Speech, and Signal Processing 29(6), 1981).
  private func cubicKernel(_ x: Double) -> Double {
    let a = cubic
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  private func coordinate(
    _ call: Invocation, _ index: Int, scale: Double, input: Int, output: Int, part: (Double, Double)?
  ) throws(GraphError) -> Double {
    let x = Double(index)
    let last = Double(input - 1)
    let width = scale * Double(input)
    switch coordinates {
    case "align_corners": return width == 1 ? 0 : x * last / (width - 1)
    case "asymmetric": return x / scale
    case "half_pixel": return (x + 0.5) / scale - 0.5
    case "pytorch_half_pixel": return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case "half_pixel_symmetric":
      return Double(input) / 2 * (1 - Double(output) / width) + (x + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let (start, end) = part ?? (0, 1)
      return (width == 1 ? (end - start) * last / 2 : x * (end - start) * last / (width - 1)) + start * last
    default: throw call.unsupported("it has the coordinates '\(coordinates)'")
    }
  }
}
