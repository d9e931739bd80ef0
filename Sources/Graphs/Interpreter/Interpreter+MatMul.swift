extension Interpreter {
  static let productEntries: [Entry] =
    [
      Entry("Einsum", 1...Int.max, ["equation"], einsum),
      Entry("Gemm", 2...3, ["alpha", "beta", "transA", "transB", "broadcast"], gemm),
      Entry("MatMul", 2...2, [], matMul),
    ] + quantizingEntries

  private static func matMul(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let (a, b) = (try call.input(0), try call.input(1))
    guard a.type == b.type else { throw call.malformed("multiplies \(a.type) and \(b.type)") }
    switch (a.elements, b.elements) {
    case (.float(let x), .float(let y)):
      let (shape, result) = try matrixProduct(call, x, a.shape, y, b.shape)
      return [TypedTensor(a.type, shape, floats: result)]
    case (.double(let x), .double(let y)):
      let (shape, result) = try matrixProduct(call, x, a.shape, y, b.shape)
      return [TypedTensor(a.type, shape, .double(result))]
    default:
      let (shape, result) = try matrixProduct(call, a.integers, a.shape, b.integers, b.shape)
      return [TypedTensor(a.type, shape, integers: result)]
    }
  }

  /// The product of the last two axes, the others broadcast; a list is a row on the left and a column on the right.
  static func matrixProduct<Value: MatrixElement>(
    _ call: Invocation, _ a: [Value], _ aShape: [Int], _ b: [Value], _ bShape: [Int]
  ) throws(GraphError) -> (shape: [Int], values: [Value]) {
    let left = aShape.count == 1 ? [1] + aShape : aShape
    let right = bShape.count == 1 ? bShape + [1] : bShape
    guard left.count >= 2, right.count >= 2, left[left.count - 1] == right[right.count - 2] else {
      throw call.malformed("multiplies the shapes \(aShape) and \(bShape), which do not fit")
    }
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let leading = [Array(left.dropLast(2)), Array(right.dropLast(2))]
    let batch = try call.broadcast(leading)
    let count = try call.count(batch + [m, n])
    let batches = batch.reduce(1, *)
    try call.work(batches, m, k, n)
    let first = Indices.broadcast(leading[0], to: batch)
    let second = Indices.broadcast(leading[1], to: batch)
    var result = [Value](repeating: 0, count: count)
    for index in 0..<batches {
      Value.multiplyAdd(
        a, at: (first?[index] ?? index) * m * k, b, at: (second?[index] ?? index) * k * n, &result, at: index * m * n,
        m: m, k: k, n: n)
    }
    var shape = batch
    if aShape.count > 1 { shape.append(m) }
    if bShape.count > 1 { shape.append(n) }
    return (shape, result)
  }

  private static func gemm(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    var (a, b) = (try call.input(0), try call.input(1))
    guard a.shape.count == 2, b.shape.count == 2, a.type == b.type else {
      throw call.malformed("needs two matrices, not the shapes \(a.shape) and \(b.shape)")
    }
    if try call.flag("transA") { a = a.transposed([1, 0]) }
    if try call.flag("transB") { b = b.transposed([1, 0]) }
    let (alpha, beta) = (try call.float("alpha", 1), try call.float("beta", 1))
    let shape: [Int]
    var values: [Double]
    if case .float(let x) = a.elements, case .float(let y) = b.elements {
      let (size, product) = try matrixProduct(call, x, a.shape, y, b.shape)
      (shape, values) = (size, product.map { Double($0) })
    } else {
      (shape, values) = try matrixProduct(call, a.doubles, a.shape, b.doubles, b.shape)
    }
    var addends: [Double]?
    if let c = call.optional(2) {
      guard try call.broadcast([c.shape, shape]) == shape else {
        throw call.malformed("adds the shape \(c.shape) to \(shape)")
      }
      addends = call.expanded(c, to: shape).doubles
    }
    for index in values.indices { values[index] = alpha * values[index] + (addends.map { beta * $0[index] } ?? 0) }
    return [TypedTensor(a.type, shape, doubles: values)]
  }

  // MARK: Einstein sums

  private static func einsum(_ call: Invocation) throws(GraphError) -> [TypedTensor] {
    let inputs = try call.all()
    let equation = try call.string("equation", "").filter { $0 != " " }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let terms = (sides[0].last == "-" ? sides[0].dropLast() : sides[0])
      .split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == inputs.count, sides.count <= 2 else {
      throw call.malformed("has an equation '\(equation)' for \(inputs.count) inputs")
    }
    // The axes behind an ellipsis are named by numbers, counted from the last.
    var labels: [[String]] = []
    var ellipsis = 0
    for (term, input) in Swift.zip(terms, inputs) {
      let parsed = try parse(call, term, rank: input.shape.count)
      ellipsis = max(ellipsis, parsed.filter { Int($0) != nil }.count)
      labels.append(parsed)
    }
    var sizes: [String: Int] = [:]
    for (names, input) in Swift.zip(labels, inputs) {
      for (name, size) in Swift.zip(names, input.shape) {
        let known = sizes[name] ?? 1
        guard size > 0, known == size || known == 1 || size == 1 else {
          throw call.malformed("has axes '\(name)' of \(known) and \(size) elements")
        }
        sizes[name] = max(known, size)
      }
    }
    let output: [String]
    if sides.count == 2 {
      output = try parse(call, sides[1], rank: nil, ellipsis: ellipsis)
    } else {
      let all = labels.joined()
      output =
        (0..<ellipsis).reversed().map { "\($0)" }
        + sizes.keys.filter { name in Int(name) == nil && all.count { $0 == name } == 1 }.sorted()
    }
    guard output.allSatisfy({ sizes[$0] != nil }), Set(output).count == output.count else {
      throw call.malformed("has an equation '\(equation)' with an unknown result")
    }
    let summed = sizes.keys.filter { !output.contains($0) }.sorted()
    let space = output + summed
    let extent = space.map { sizes[$0]! }
    try call.count(extent)
    try call.work(extent.reduce(1, *), inputs.count)
    var products: [Double] = []
    for (names, input) in Swift.zip(labels, inputs) {
      let strides = Indices.strides(input.shape)
      let lists = space.map { name in
        (0..<sizes[name]!).map { position in
          names.indices.reduce(0) { $0 + (names[$1] == name && input.shape[$1] != 1 ? position * strides[$1] : 0) }
        }
      }
      let values = input.doubles
      let places = Indices.sums(lists)
      products = products.isEmpty ? places.map { values[$0] } : places.indices.map { products[$0] * values[places[$0]] }
    }
    let length = summed.reduce(1) { $0 * sizes[$1]! }
    let shape = output.map { sizes[$0]! }
    let count = shape.reduce(1, *)
    let sums = (0..<count).map { RowReduction.sum(products[$0 * length..<($0 + 1) * length]) }
    return [TypedTensor(inputs[0].type, shape, doubles: sums)]
  }

  private static func parse(
    _ call: Invocation, _ term: Substring, rank: Int?, ellipsis: Int = 0
  ) throws(GraphError) -> [String] {
    var names: [String] = []
    var rest = term
    let letters = term.filter(\.isLetter).count
    while let first = rest.first {
      if rest.hasPrefix("...") {
        let hidden = rank.map { $0 - letters } ?? ellipsis
        guard hidden >= 0 else { throw call.malformed("has the term '\(term)' for \(rank ?? 0) axes") }
        names += (0..<hidden).reversed().map { "\($0)" }
        rest = rest.dropFirst(3)
      } else {
        guard first.isLetter else { throw call.malformed("has the term '\(term)'") }
        names.append(String(first))
        rest = rest.dropFirst()
      }
    }
    guard rank == nil || names.count == rank else { throw call.malformed("has the term '\(term)' for \(rank!) axes") }
    return names
  }
}
