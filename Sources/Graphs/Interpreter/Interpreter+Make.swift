import Glibc

extension Interpreter {
  static let makingEntries: [Entry] = [
    Entry(
      "Constant", 0...0,
      ["value", "value_float", "value_floats", "value_int", "value_ints"], constant),
    Entry("ConstantOfShape", 1...1, shaping: [0], ["value"], constantOfShape),
    Entry("EyeLike", 1...1, ["dtype", "k"], eyeLike),
    Entry("NonZero", 1...1, shaping: [0], [], nonZero),
    Entry("OneHot", 3...3, shaping: [1], ["axis"], oneHot),
    Entry("Range", 3...3, shaping: [0, 1, 2], ["stash_type"], range),
    Entry("Unique", 1...1, outputs: 4, shaping: [0], ["axis", "sorted"], unique),
  ]

  private static func constant(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    if let tensor = try call.tensor("value") { return [tensor] }
    if let list = try call.floats("value_floats") { return [TypedTensor(list, shape: [list.count])] }
    if let value = try call.float("value_float") { return [TypedTensor([Float(value)], shape: [])] }
    switch (call.node.attributes["value_ints"], call.node.attributes["value_int"]) {
    case (.integers(let list), _): return [TypedTensor(list, shape: [list.count])]
    case (_, .integer(let value)): return [TypedTensor([value], shape: [])]
    default: throw call.malformed("holds no value")
    }
  }

  private static func constantOfShape(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    guard let shape = try call.list(0) else { throw call.malformed("lacks a shape") }
    let value = try call.tensor("value") ?? TypedTensor([Float(0)], shape: [1])
    guard value.count == 1 else { throw call.malformed("fills with \(value.count) values") }
    let count = try call.count(shape)
    return [value.taking([Int](repeating: 0, count: count), shape: shape)]
  }

  private static func eyeLike(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    guard x.shape.count == 2 else { throw call.malformed("needs a matrix, not the shape \(x.shape)") }
    let k = try call.integer("k", 0)
    let columns = max(1, x.shape[1])
    let values = (0..<x.count).map { Int64($0 % columns == $0 / columns + k ? 1 : 0) }
    return [TypedTensor(try call.type("dtype", x.type), x.shape, integers: values)]
  }

  private static func range(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (start, limit, delta) = (try call.input(0), try call.input(1), try call.input(2))
    guard [start, limit, delta].allSatisfy({ $0.count == 1 && $0.type == start.type }) else {
      throw call.malformed("needs three numbers of one type")
    }
    if case .signed(let first) = start.elements, case .signed(let last) = limit.elements,
      case .signed(let step) = delta.elements
    {
      let (span, overflow) = last[0].subtractingReportingOverflow(first[0])
      guard step[0] != 0, !overflow, step[0] != -1 || span != Int64.min else { throw call.malformed("never ends") }
      let count = max(0, Int(span / step[0]) + (span % step[0] != 0 && (span < 0) == (step[0] < 0) ? 1 : 0))
      try call.count([count])
      return [TypedTensor(start.type, [count], integers: (0..<Int64(count)).map { first[0] &+ $0 &* step[0] })]
    }
    let (first, last, step) = (start.doubles[0], limit.doubles[0], delta.doubles[0])
    let steps = ((last - first) / step).rounded(.up)
    guard steps <= Double(Invocation.largest) else { throw call.malformed("never ends") }
    let count = max(0, Int(clamping: steps))
    return [TypedTensor(start.type, [count], doubles: (0..<count).map { first + Double($0) * step })]
  }

  private static func oneHot(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (indices, values) = (try call.input(0), try call.input(2))
    guard let depth = try call.scalar(1), depth >= 1, depth <= Double(Invocation.largest), values.count == 2 else {
      throw call.malformed("has an impossible depth or other than two values")
    }
    let rank = indices.shape.count
    let axis = try call.axis(try call.integer("axis", -1), rank: rank + 1)
    let size = Int(depth)
    var shape = indices.shape
    shape.insert(size, at: axis)
    try call.count(shape)
    let inner = indices.shape.suffix(from: axis).reduce(1, *)
    let outer = indices.shape.prefix(axis).reduce(1, *)
    let hot = indices.doubles.map { value in
      let position = value < 0 ? value + Double(size) : value
      return position >= 0 && position < Double(size) ? Int(position) : -1
    }
    var places: [Int] = []
    for o in 0..<outer {
      for d in 0..<size { for i in 0..<inner { places.append(hot[o * inner + i] == d ? 1 : 0) } }
    }
    return [values.taking(places, shape: shape)]
  }

  private static func nonZero(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let x = try call.input()
    let values = x.doubles
    let found = values.indices.filter { values[$0] != 0 }
    let strides = Indices.strides(x.shape)
    var result: [Int64] = []
    for axis in x.shape.indices { result += found.map { Int64($0 / strides[axis] % x.shape[axis]) } }
    return [TypedTensor(result, shape: [x.shape.count, found.count])]
  }

  private static func unique(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    var x = try call.input()
    var axis = 0
    if let named = try call.integer("axis") {
      axis = try call.axis(named, rank: x.shape.count)
    } else {
      x = x.reshaped([x.count])
    }
    let order = [axis] + x.shape.indices.filter { $0 != axis }
    let moved = x.transposed(order)
    let count = x.shape[axis]
    let length = count == 0 ? 0 : x.count / count
    let values = moved.doubles
    try call.work(count, count)
    let rows = (0..<count).map { values[$0 * length..<($0 + 1) * length] }
    var first: [Int] = []
    var inverse: [Int] = []
    var counts: [Int64] = []
    for row in rows.indices {
      if let known = first.firstIndex(where: { rows[$0].elementsEqual(rows[row]) }) {
        inverse.append(known)
        counts[known] += 1
      } else {
        inverse.append(first.count)
        first.append(row)
        counts.append(1)
      }
    }
    if try call.flag("sorted", true) {
      let sorted = first.indices.sorted { rows[first[$0]].lexicographicallyPrecedes(rows[first[$1]]) }
      let rank = sorted.indices.map { sorted.firstIndex(of: $0)! }
      first = sorted.map { first[$0] }
      counts = sorted.map { counts[$0] }
      inverse = inverse.map { rank[$0] }
    }
    let places = first.flatMap { $0 * length..<($0 + 1) * length }
    let chosen = moved.taking(places, shape: [first.count] + moved.shape.dropFirst())
    let result = chosen.transposed(x.shape.indices.map { order.firstIndex(of: $0)! })
    return [
      result, TypedTensor(first.map { Int64($0) }, shape: [first.count]),
      TypedTensor(inverse.map { Int64($0) }, shape: [inverse.count]), TypedTensor(counts, shape: [counts.count]),
    ]
  }
}
