extension Interpreter {
  static func affineGrid(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let theta = try call.input()
    guard let size = try call.list(1), size.count == 4 || size.count == 5 else { throw call.malformed("lacks a size") }
    let rank = size.count - 2
    guard theta.shape == [size[0], rank, rank + 1] else { throw call.malformed("has matrices of shape \(theta.shape)") }
    let spatial = Array(size.suffix(rank))
    let shape = [size[0]] + spatial + [rank]
    let count = try call.count(shape)
    let isAligned = try call.flag("align_corners")
    let axes = spatial.map { size in
      (0..<size).map { index in
        isAligned
          ? (size == 1 ? 0 : 2 * Double(index) / Double(size - 1) - 1) : (2 * Double(index) + 1) / Double(size) - 1
      }
    }
    let values = theta.doubles
    let steps = Indices.strides(spatial)
    let area = spatial.reduce(1, *)
    var result: [Double] = []
    result.reserveCapacity(count)
    for image in 0..<size[0] {
      for place in 0..<area {
        // Coordinates are listed from the last axis to the first.
        let point = (0..<rank).reversed().map { axes[$0][place / steps[$0] % spatial[$0]] } + [1]
        for row in 0..<rank {
          let start = (image * rank + row) * (rank + 1)
          result.append((0...rank).reduce(0) { $0 + values[start + $1] * point[$1] })
        }
      }
    }
    return [TypedTensor(theta.type, shape, doubles: result)]
  }

  static func gridSample(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, grid) = (try call.input(0), try call.input(1))
    let rank = x.shape.count - 2
    guard rank >= 1, grid.shape.count == rank + 2, grid.shape.last == rank, grid.shape[0] == x.shape[0] else {
      throw call.malformed("samples \(x.shape) by a grid of shape \(grid.shape)")
    }
    let mode = try call.string("mode", "linear")
    let padding = try call.string("padding_mode", "zeros")
    guard ["linear", "bilinear", "nearest", "cubic", "bicubic"].contains(mode),
      ["zeros", "border", "reflection"].contains(padding)
    else { throw call.unsupported("it samples by '\(mode)' with '\(padding)'") }
    let isAligned = try call.flag("align_corners")
    let size = Array(x.shape.suffix(rank))
    guard size.allSatisfy({ $0 > 0 }) else { throw call.malformed("samples the empty shape \(x.shape)") }
    let output = Array(grid.shape.dropFirst().dropLast())
    let shape = Array(x.shape.prefix(2)) + output
    try call.count(shape)
    let area = size.reduce(1, *)
    let points = output.reduce(1, *)
    guard rank <= 4 else { throw call.unsupported("it samples \(rank) spatial axes") }
    try call.work(x.shape[0], x.shape[1], points, 1 << 2 * rank)
    let steps = Indices.strides(size)
    let (values, coordinates) = (x.doubles, grid.doubles)
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    for image in 0..<x.shape[0] {
      for point in 0..<points {
        // What the sample is made of: sums of one offset on each axis, with the product of their weights.
        var taps: [(place: Int, weight: Double)] = [(0, 1)]
        for axis in 0..<rank {
          let number = coordinates[(image * points + point) * rank + rank - 1 - axis]
          let own = gridTaps(number, size: size[axis], mode: mode, padding: padding, isAligned: isAligned)
          taps = taps.flatMap { tap in own.map { (tap.place + $0.place * steps[axis], tap.weight * $0.weight) } }
        }
        for channel in 0..<x.shape[1] {
          let base = (image * x.shape[1] + channel) * area
          result[(image * x.shape[1] + channel) * points + point] = taps.reduce(0) {
            $0 + values[base + $1.place] * $1.weight
          }
        }
      }
    }
    return [TypedTensor(x.type, shape, doubles: result)]
  }

  /// The elements of an axis that a grid coordinate (-1 to 1) is made of; those outside that count as zero are left out.
  private static func gridTaps(
    _ number: Double, size: Int, mode: String, padding: String, isAligned: Bool
  ) -> [(place: Int, weight: Double)] {
    let extent = Double(size)
    var x = isAligned ? (number + 1) / 2 * (extent - 1) : ((number + 1) * extent - 1) / 2
    // A coordinate that is no number, or far away, is outside.
    guard x.isFinite, Swift.abs(x) < 1e9 else { return padding == "zeros" ? [] : [(0, x > 0 ? 0 : 1)] }
    let range = isAligned ? (0, extent - 1) : (-0.5, extent - 0.5)
    func reflected(_ x: Double) -> Double {
      let span = range.1 - range.0
      if span <= 0 { return 0 }
      var distance = Swift.abs(x - range.0)
      let turns = (distance / span).rounded(.down)
      distance -= turns * span
      return turns.truncatingRemainder(dividingBy: 2) == 0 ? distance + range.0 : range.1 - distance
    }
    func tap(_ index: Double, _ weight: Double) -> [(place: Int, weight: Double)] {
      var index = index
      if padding == "reflection" { index = reflected(index).rounded() }
      if padding != "zeros" { index = Swift.min(Swift.max(index, 0), extent - 1) }
      return index >= 0 && index < extent ? [(Int(index), weight)] : []
    }
    if mode != "cubic" && mode != "bicubic" {
      if padding == "border" { x = Swift.min(Swift.max(x, 0), extent - 1) }
      if padding == "reflection" { x = Swift.min(Swift.max(reflected(x), 0), extent - 1) }
    }
    let floor = x.rounded(.down)
    switch mode {
    case "nearest": return tap(x.rounded(.toNearestOrEven), 1)
    case "linear", "bilinear": return tap(floor, 1 - (x - floor)) + tap(floor + 1, x - floor)
    default:
      return (-1...2).flatMap { step in
        let distance = Swift.abs(x - floor - Double(step))
        let a = -0.75
        let weight =
          distance <= 1
          ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
          : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
        return tap(floor + Double(step), weight)
      }
    }
  }
}
