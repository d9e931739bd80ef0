import Glibc

extension Interpreter {
  private static let reduction: Set<String> = ["axes", "keepdims", "noop_with_empty_axes"]
  private static let extremum: Set<String> = ["axis", "keepdims", "select_last_index"]

  static let reducingEntries: [Entry] = [
    Entry("ArgMax", 1...1, extremum, position(greatest: true)),
    Entry("ArgMin", 1...1, extremum, position(greatest: false)),
    Entry("CumProd", 2...2, ["exclusive", "reverse"], cumulate(.multiply)),
    Entry("CumSum", 2...2, ["exclusive", "reverse"], cumulate(.add)),
    Entry("Hardmax", 1...1, ["axis"], alongAxis(hardmax)),
    Entry("LogSoftmax", 1...1, ["axis"], alongAxis(logSoftmax)),
    Entry("LpNormalization", 1...1, ["axis", "p"], lpNormalization),
    Entry("ReduceL1", 1...2, shaping: [1], reduction, reduce(.l1)),
    Entry("ReduceL2", 1...2, shaping: [1], reduction, reduce(.l2)),
    Entry("ReduceLogSum", 1...2, shaping: [1], reduction, reduce(.logSum)),
    Entry("ReduceLogSumExp", 1...2, shaping: [1], reduction, reduce(.logSumExp)),
    Entry("ReduceMax", 1...2, shaping: [1], reduction, reduce(.max)),
    Entry("ReduceMean", 1...2, shaping: [1], reduction, reduce(.mean)),
    Entry("ReduceMin", 1...2, shaping: [1], reduction, reduce(.min)),
    Entry("ReduceProd", 1...2, shaping: [1], reduction, reduce(.product)),
    Entry("ReduceSum", 1...2, shaping: [1], reduction, reduce(.sum)),
    Entry("ReduceSumSquare", 1...2, shaping: [1], reduction, reduce(.sumSquare)),
    Entry("Softmax", 1...1, ["axis"], alongAxis(softmax)),
    Entry("TopK", 1...2, outputs: 2, shaping: [1], ["axis", "k", "largest", "sorted"], topK),
  ]

  /// What the numbers of a row become together.
  enum RowReduction {
    case sum, product, max, min, mean, sumSquare, l1, l2, logSum, logSumExp

    func callAsFunction(_ row: ArraySlice<Double>) -> Double {
      switch self {
      case .sum: return row.reduce(0, +)
      case .product: return row.reduce(1, *)
      // A NaN among the numbers is the result, wherever it stands.
      case .max: return row.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
      case .min: return row.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }
      case .mean: return row.reduce(0, +) / Double(row.count)
      case .sumSquare: return row.reduce(0) { $0 + $1 * $1 }
      case .l1: return row.reduce(0) { $0 + Swift.abs($1) }
      case .l2: return row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      case .logSum: return Glibc.log(row.reduce(0, +))
      case .logSumExp:
        let top = RowReduction.max(row)
        guard top.isFinite else { return top }
        return top + Glibc.log(row.reduce(0) { $0 + Glibc.exp($1 - top) })
      }
    }

    /// The same for integers, modulo their range; nil where the result is no integer.
    func exact<Value: FixedWidthInteger>(_ row: ArraySlice<Value>, empty: (least: Value, greatest: Value)) -> Value? {
      switch self {
      case .sum: row.reduce(0, &+)
      case .product: row.reduce(1, &*)
      case .max: row.max() ?? empty.least
      case .min: row.min() ?? empty.greatest
      case .sumSquare: row.reduce(0) { $0 &+ $1 &* $1 }
      case .l1: row.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
      default: nil
      }
    }
  }

  static func reduce(_ reduction: RowReduction) -> Body {
    { (call) throws(GraphError) in
      let x = try call.input()
      let rank = x.shape.count
      let listed = try call.axes(try call.list(1, or: "axes") ?? [], rank: rank)
      if listed.isEmpty, try call.flag("noop_with_empty_axes") {
        // What the operation does to a single number still happens.
        return [reduced(x, shape: x.shape, rowLength: 1, reduction)]
      }
      let axes = listed.isEmpty ? Array(0..<rank) : listed
      let keeps = try call.flag("keepdims", true)
      let kept = x.shape.indices.filter { !axes.contains($0) }
      var shape: [Int] = []
      for axis in x.shape.indices {
        if !axes.contains(axis) { shape.append(x.shape[axis]) } else if keeps { shape.append(1) }
      }
      try call.count(shape)
      let rows = x.transposed(kept + axes.sorted())
      return [reduced(rows, shape: shape, rowLength: axes.reduce(1) { $0 * x.shape[$1] }, reduction)]
    }
  }

  private static func reduced(
    _ x: TypedTensor, shape: [Int], rowLength: Int, _ reduction: RowReduction
  ) -> TypedTensor {
    let rows = shape.reduce(1, *)
    func row<Value>(_ values: [Value], _ index: Int) -> ArraySlice<Value> {
      values[index * rowLength..<(index + 1) * rowLength]
    }
    let bounds = x.type.range
    switch x.elements {
    case .signed(let values) where reduction.exact(values[0..<0], empty: (0, 0)) != nil:
      let empty = (bounds.lowerBound, bounds.upperBound)
      return TypedTensor(x.type, shape, integers: (0..<rows).map { reduction.exact(row(values, $0), empty: empty)! })
    case .unsigned(let values) where reduction.exact(values[0..<0], empty: (0, 0)) != nil:
      let empty = (UInt64.min, UInt64.max)
      return TypedTensor(x.type, shape, .unsigned((0..<rows).map { reduction.exact(row(values, $0), empty: empty)! }))
    default:
      let values = x.doubles
      return TypedTensor(x.type, shape, doubles: (0..<rows).map { reduction(row(values, $0)) })
    }
  }

  // MARK: Along an axis

  /// A function of rows. Before opset 13 a row was everything from the axis on.
  private static func alongAxis(_ function: @escaping @Sendable (ArraySlice<Double>) -> [Double]) -> Body {
    { (call) throws(GraphError) in
      let x = try call.input()
      let isOld = call.opset < 13
      let axis = try call.axis(try call.integer("axis", isOld ? 1 : -1), rank: x.shape.count, includingEnd: isOld)
      if isOld {
        let length = x.shape.suffix(from: axis).reduce(1, *)
        return [TypedTensor(x.type, x.shape, doubles: rows(x.doubles, length: length, function))]
      }
      return [overAxis(x, axis, function)]
    }
  }

  private static func rows(
    _ values: [Double], length: Int, _ function: (ArraySlice<Double>) -> [Double]
  ) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: Swift.max(1, length)) {
      result += function(values[start..<start + length])
    }
    return result
  }

  /// Replaces every row along `axis` by another of its length.
  static func overAxis(
    _ x: TypedTensor, _ axis: Int, _ function: (ArraySlice<Double>) -> [Double]
  ) -> TypedTensor {
    let order = x.shape.indices.filter { $0 != axis } + [axis]
    let moved = x.transposed(order)
    let values = rows(moved.doubles, length: x.shape[axis], function)
    let back = x.shape.indices.map { order.firstIndex(of: $0)! }
    return TypedTensor(x.type, moved.shape, doubles: values).transposed(back)
  }

  static func softmax(_ row: ArraySlice<Double>) -> [Double] {
    let top = RowReduction.max(row)
    let powers = row.map { Glibc.exp($0 - top) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private static func logSoftmax(_ row: ArraySlice<Double>) -> [Double] {
    let sum = RowReduction.logSumExp(row)
    return row.map { $0 - sum }
  }

  private static func hardmax(_ row: ArraySlice<Double>) -> [Double] {
    var best = row.startIndex
    for index in row.indices where row[index] > row[best] { best = index }
    return row.indices.map { $0 == best ? 1 : 0 }
  }

  private static func lpNormalization(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", -1), rank: x.shape.count)
    let p = try call.integer("p", 2)
    guard p == 1 || p == 2 else { throw call.malformed("normalises by the norm \(p)") }
    return [
      overAxis(x, axis) { row in
        let norm = p == 1 ? RowReduction.l1(row) : RowReduction.l2(row)
        return row.map { norm == 0 ? 0 : $0 / norm }
      }
    ]
  }

  private static func cumulate(_ operation: Arithmetic) -> Body {
    { (call) throws(GraphError) in
      let x = try call.input()
      guard let number = try call.scalar(1), let position = Int(exactly: number) else {
        throw call.malformed("lacks an axis")
      }
      let axis = try call.axis(position, rank: x.shape.count)
      let (isExclusive, isReverse) = (try call.flag("exclusive"), try call.flag("reverse"))
      let length = x.shape[axis]
      let order = isReverse ? Array((0..<length).reversed()) : Array(0..<length)
      let step = Indices.strides(x.shape)[axis]
      let starts = Indices.sums(
        Indices.offsets(x.shape).enumerated().map { $0 == axis ? [0] : $1 })
      func run<Value>(_ values: [Value], _ neutral: Value, _ function: (Value, Value) -> Value) -> [Value] {
        var result = values
        for start in starts {
          var total = neutral
          for index in order {
            let place = start + index * step
            if isExclusive { result[place] = total }
            total = function(total, values[place])
            if !isExclusive { result[place] = total }
          }
        }
        return result
      }
      let neutral = operation == .add ? 0 : 1
      switch x.elements {
      case .signed(let values):
        return [TypedTensor(x.type, x.shape, integers: run(values, Int64(neutral)) { operation($0, $1) })]
      case .unsigned(let values):
        return [TypedTensor(x.type, x.shape, .unsigned(run(values, UInt64(neutral)) { operation($0, $1) }))]
      default:
        return [TypedTensor(x.type, x.shape, doubles: run(x.doubles, Double(neutral)) { operation($0, $1) })]
      }
    }
  }

  // MARK: Order

  private static func position(greatest: Bool) -> Body {
    { (call) throws(GraphError) in
      let x = try call.input()
      let axis = try call.axis(try call.integer("axis", 0), rank: x.shape.count)
      let length = x.shape[axis]
      guard length > 0 else { throw call.malformed("looks for the extremum of nothing") }
      let takesLast = try call.flag("select_last_index")
      let rows = x.transposed(x.shape.indices.filter { $0 != axis } + [axis])
      var shape = x.shape
      if try call.flag("keepdims", true) { shape[axis] = 1 } else { shape.remove(at: axis) }
      let order = ranking(rows, greatest: greatest)
      let positions = (0..<rows.count / length).map { row in
        var best = row * length
        for index in best..<best + length {
          if order(index, best) || (takesLast && !order(best, index)) { best = index }
        }
        return Int64(best - row * length)
      }
      return [TypedTensor(positions, shape: shape)]
    }
  }

  /// Whether one element stands before another; a NaN counts as the extremum.
  private static func ranking(_ x: TypedTensor, greatest: Bool) -> (Int, Int) -> Bool {
    switch x.elements {
    case .signed(let values): return { greatest ? values[$0] > values[$1] : values[$0] < values[$1] }
    case .unsigned(let values): return { greatest ? values[$0] > values[$1] : values[$0] < values[$1] }
    default:
      let values = x.doubles
      return { first, second in
        let (a, b) = (values[first], values[second])
        if a.isNaN || b.isNaN { return a.isNaN && !b.isNaN }
        return greatest ? a > b : a < b
      }
    }
  }

  private static func topK(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let axis = try call.axis(try call.integer("axis", -1), rank: x.shape.count)
    let length = x.shape[axis]
    let count = try call.integer("k")
    guard let k = try call.list(1)?.first ?? count, (0...length).contains(k) else {
      throw call.malformed("wants more than the \(length) elements of axis \(axis)")
    }
    let order = x.shape.indices.filter { $0 != axis } + [axis]
    let rows = x.transposed(order)
    let before = ranking(rows, greatest: try call.flag("largest", true))
    var places: [Int] = []
    var positions: [Int64] = []
    for start in stride(from: 0, to: rows.count, by: Swift.max(1, length)) {
      // Of equals the first comes first.
      let sorted = (start..<start + length).sorted { before($0, $1) || (!before($1, $0) && $0 < $1) }
      places += sorted.prefix(k)
      positions += sorted.prefix(k).map { Int64($0 - start) }
    }
    var shape = rows.shape
    shape[shape.count - 1] = k
    let back = x.shape.indices.map { order.firstIndex(of: $0)! }
    return [
      rows.taking(places, shape: shape).transposed(back), TypedTensor(positions, shape: shape).transposed(back),
    ]
  }
}
