import Glibc

extension Interpreter {
  private static let window: Set<String> = ["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides"]

  static let poolingEntries: [Entry] = [
    Entry("AveragePool", 1...1, window.union(["count_include_pad"]), averagePool),
    Entry("GlobalAveragePool", 1...1, [], globalPool { _ throws(GraphError) in { RowReduction.mean($0) } }),
    Entry("GlobalLpPool", 1...1, ["p"], globalPool(powerMean)),
    Entry("GlobalMaxPool", 1...1, [], globalPool { _ throws(GraphError) in { RowReduction.max($0) } }),
    Entry("LpPool", 1...1, window.union(["p"]), lpPool),
    Entry("MaxPool", 1...1, outputs: 2, window.union(["storage_order"]), maxPool),
    Entry("MaxUnpool", 2...3, shaping: [2], ["kernel_shape", "pads", "strides"], maxUnpool),
  ]

  private static func powerMean(
    _ call: Invocation
  ) throws(GraphError) -> @Sendable (ArraySlice<Double>) -> Double {
    let p = Double(try call.integer("p", 2))
    return { pow($0.reduce(0) { $0 + pow(Swift.abs($1), p) }, 1 / p) }
  }

  private static func globalPool(
    _ make: @escaping @Sendable (Invocation) throws(GraphError) -> @Sendable (ArraySlice<Double>) -> Double
  ) -> Body {
    { (call) throws(GraphError) in
      let x = try call.input()
      guard x.shape.count >= 2 else { throw call.malformed("needs an image, not the shape \(x.shape)") }
      let function = try make(call)
      let area = x.shape.dropFirst(2).reduce(1, *)
      let values = x.doubles
      let result = (0..<x.shape[0] * x.shape[1]).map { function(values[$0 * area..<($0 + 1) * area]) }
      let shape = x.shape.prefix(2) + [Int](repeating: 1, count: x.shape.count - 2)
      return [TypedTensor(x.type, Array(shape), doubles: result)]
    }
  }

  /// Calls `function` with the values that each window sees and their places, negative for padding.
  private static func pool(
    _ call: Invocation, _ function: (_ values: ArraySlice<Double>, _ places: [Int], _ covered: Int) -> Double
  ) throws(GraphError) -> TypedTensor {
    let x = try call.input()
    guard x.shape.count >= 3 else { throw call.malformed("needs an image, not the shape \(x.shape)") }
    let windows = try Windows(call, size: Array(x.shape.dropFirst(2)), ceilMode: try call.flag("ceil_mode"))
    let shape = Array(x.shape.prefix(2)) + windows.output
    try call.count(shape)
    try call.count([windows.taps, windows.positions])
    try call.work(x.shape[0], x.shape[1], windows.taps, windows.positions)
    let places = windows.places()
    let covered = windows.isCovered()
    let (taps, positions, area) = (windows.taps, windows.positions, windows.area)
    var seen: [[Int]] = []
    var counts: [Int] = []
    for position in 0..<positions {
      seen.append((0..<taps).map { places[$0 * positions + position] }.filter { $0 >= 0 })
      counts.append((0..<taps).count { covered[$0 * positions + position] })
    }
    let values = x.doubles
    var result: [Double] = []
    result.reserveCapacity(shape.reduce(1, *))
    for channel in 0..<x.shape[0] * x.shape[1] {
      let plane = values[channel * area..<(channel + 1) * area]
      for position in 0..<positions { result.append(function(plane, seen[position], counts[position])) }
    }
    return TypedTensor(.float64, shape, .double(result))
  }

  private static func averagePool(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let includes = try call.flag("count_include_pad")
    let result = try pool(call) { plane, places, covered in
      var sum = 0.0
      for place in places { sum += plane[plane.startIndex + place] }
      return sum / Double(includes ? covered : places.count)
    }
    return [result.converted(to: try call.input().type)]
  }

  private static func lpPool(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let p = Double(try call.integer("p", 2))
    let result = try pool(call) { plane, places, _ in
      pow(places.reduce(0) { $0 + pow(Swift.abs(plane[plane.startIndex + $1]), p) }, 1 / p)
    }
    return [result.converted(to: try call.input().type)]
  }

  private static func maxPool(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let isColumnMajor = try call.flag("storage_order")
    let size = x.shape.dropFirst(2)
    let steps = Indices.strides(Array(size))
    var indices: [Int64] = []
    let maxima = try pool(call) { plane, places, _ in
      guard var best = places.first else {
        indices.append(-1)
        return -.infinity
      }
      for place in places {
        let value = plane[plane.startIndex + place]
        let top = plane[plane.startIndex + best]
        if value > top || (value.isNaN && !top.isNaN) { best = place }
      }
      var index = best
      if isColumnMajor {
        index = 0
        var step = 1
        for (axis, size) in size.enumerated() {
          index += best / steps[axis] % size * step
          step *= size
        }
      }
      indices.append(Int64(plane.startIndex + index))
      return plane[plane.startIndex + best]
    }
    return [maxima.converted(to: x.type), TypedTensor(indices, shape: maxima.shape)]
  }

  private static func maxUnpool(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (x, indices) = (try call.input(0), try call.input(1))
    let rank = x.shape.count - 2
    guard rank >= 1, indices.shape == x.shape, let kernel = try call.integers("kernel_shape"), kernel.count == rank
    else {
      throw call.malformed("has indices of shape \(indices.shape) for \(x.shape)")
    }
    let strides = try call.integers("strides") ?? [Int](repeating: 1, count: rank)
    let pads = try call.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard strides.count == rank, pads.count == 2 * rank,
      (strides + kernel + pads).allSatisfy({ (0...65535).contains($0) })
    else { throw call.malformed("has an impossible window") }
    let own =
      Array(x.shape.prefix(2))
      + (0..<rank).map { (x.shape[$0 + 2] - 1) * strides[$0] + kernel[$0] - pads[$0] - pads[$0 + rank] }
    let shape = try call.list(2) ?? own
    guard shape.count == x.shape.count else { throw call.malformed("makes the shape \(shape)") }
    let count = try call.count(shape)
    let ownCount = try call.count(own)
    // The places are those in the smallest possible result, which lies in the corner of a larger one.
    let strided = Indices.strides(own)
    let target = Indices.strides(shape)
    var result = [Double](repeating: 0, count: count)
    for (index, value) in Swift.zip(indices.integers, x.doubles) {
      guard index >= 0, index < ownCount else { throw call.malformed("writes element \(index) of \(ownCount)") }
      var place = 0
      for axis in shape.indices { place += Int(index) / strided[axis] % own[axis] * target[axis] }
      guard place < count else { throw call.malformed("writes element \(place) of \(count)") }
      result[place] = value
    }
    return [TypedTensor(x.type, shape, doubles: result)]
  }
}
