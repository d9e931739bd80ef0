/// A row-major tensor of any of the standard's number types.
///
/// Elements are held in the widest type of their kind, so that 64-bit integers stay exact, and are always values that
/// the element type has: every operation rounds or wraps its result.
public struct TypedTensor: Sendable, Hashable {
  public enum Elements: Sendable, Hashable {
    /// float32, float16 and bfloat16.
    case float([Float])
    /// float64.
    case double([Double])
    /// bool (0 and 1) and all integers but uint64.
    case signed([Int64])
    /// uint64.
    case unsigned([UInt64])

    var count: Int {
      switch self {
      case .float(let values): values.count
      case .double(let values): values.count
      case .signed(let values): values.count
      case .unsigned(let values): values.count
      }
    }
  }

  public let type: ElementType
  /// Sizes of the axes; empty for a scalar. A size may be zero.
  public let shape: [Int]
  private let storage: Storage

  private enum Storage: Sendable, Hashable {
    case held(Elements)
    /// In the model's file, read each time.
    case stored(StoredTensor)
  }

  /// All elements; read from the file where they lie there.
  public var elements: Elements {
    switch storage {
    case .held(let elements): elements
    case .stored(let tensor): tensor.elements
    }
  }

  /// How many elements.
  public var count: Int {
    switch storage {
    case .held(let elements): elements.count
    case .stored(let tensor): tensor.count
    }
  }

  /// The place in a file of elements that are not in memory.
  var stored: StoredTensor? {
    if case .stored(let tensor) = storage { tensor } else { nil }
  }

  /// Single-precision numbers, or what lies in a file and can be read as such.
  var asNumbers: TypedTensor { type.isFloat && stored != nil ? self : converted(to: .float32) }

  /// With its elements in memory, for who needs them often.
  var held: TypedTensor { stored == nil ? self : TypedTensor(type, shape, elements) }

  /// Single-precision numbers.
  ///
  /// - Precondition: as many values as the shape says.
  public init(_ values: [Float], shape: [Int]) { self.init(.float32, shape, floats: values) }

  /// 64-bit integers.
  ///
  /// - Precondition: as many values as the shape says.
  public init(_ values: [Int64], shape: [Int]) { self.init(.int64, shape, integers: values) }

  /// Numbers of a floating-point type, each rounded to it.
  init(_ type: ElementType, _ shape: [Int], floats: [Float]) {
    switch type {
    case .float32: self.init(type, shape, .float(floats))
    case .float16, .bfloat16: self.init(type, shape, .float(floats.map(type.rounded)))
    case .float64: self.init(type, shape, .double(floats.map(Double.init)))
    default: self.init(type, shape, doubles: floats.map(Double.init))
    }
  }

  /// Numbers of any type: rounded to a floating-point type, cut off to an integer one.
  init(_ type: ElementType, _ shape: [Int], doubles: [Double]) {
    switch type {
    case .float64: self.init(type, shape, .double(doubles))
    case .float32: self.init(type, shape, .float(doubles.map { Float($0) }))
    case .float16, .bfloat16: self.init(type, shape, .float(doubles.map { type.rounded(Float($0)) }))
    case .bool: self.init(type, shape, .signed(doubles.map { $0 != 0 ? 1 : 0 }))
    case .uint64: self.init(type, shape, .unsigned(doubles.map { UInt64(clamping: $0) }))
    default: self.init(type, shape, .signed(doubles.map { type.wrapped(Int64(clamping: $0)) }))
    }
  }

  /// Integers of any type, wrapped around its range.
  init(_ type: ElementType, _ shape: [Int], integers: [Int64]) {
    switch type {
    case .int64: self.init(type, shape, .signed(integers))
    case .uint64: self.init(type, shape, .unsigned(integers.map { UInt64(bitPattern: $0) }))
    case .float32, .float16, .bfloat16: self.init(type, shape, .float(integers.map { type.rounded(Float($0)) }))
    case .float64: self.init(type, shape, .double(integers.map { Double($0) }))
    default: self.init(type, shape, .signed(integers.map(type.wrapped)))
    }
  }

  /// Whether each of some things holds.
  init(_ shape: [Int], bools: [Bool]) { self.init(.bool, shape, .signed(bools.map { $0 ? 1 : 0 })) }

  /// - Precondition: the elements are values of the type, as many as the shape says.
  init(_ type: ElementType, _ shape: [Int], _ elements: Elements) {
    self.type = type
    self.shape = shape
    storage = .held(elements)
    precondition(count == shape.reduce(1, *), "\(count) values do not fill a tensor of shape \(shape)")
  }

  /// A tensor that stays in its file.
  ///
  /// - Precondition: as many values as the shape says.
  init(_ stored: StoredTensor, shape: [Int]) {
    type = stored.type
    self.shape = shape
    storage = .stored(stored)
    precondition(count == shape.reduce(1, *), "\(count) values do not fill a tensor of shape \(shape)")
  }

  // MARK: Elements as

  /// All elements as doubles; 64-bit integers beyond 2^53 lose digits.
  public var doubles: [Double] {
    switch elements {
    case .float(let values): values.map { Double($0) }
    case .double(let values): values
    case .signed(let values): values.map { Double($0) }
    case .unsigned(let values): values.map { Double($0) }
    }
  }

  /// All elements as single-precision numbers.
  public var floats: [Float] {
    switch elements {
    case .float(let values): values
    case .double(let values): values.map { Float($0) }
    case .signed(let values): values.map { Float($0) }
    case .unsigned(let values): values.map { Float($0) }
    }
  }

  /// All elements as integers: floating-point numbers cut off, large unsigned ones by their bits.
  public var integers: [Int64] {
    switch elements {
    case .float(let values): values.map { Int64(clamping: Double($0)) }
    case .double(let values): values.map { Int64(clamping: $0) }
    case .signed(let values): values
    case .unsigned(let values): values.map { Int64(bitPattern: $0) }
    }
  }

  /// The same numbers in another type.
  public func converted(to type: ElementType) -> TypedTensor {
    if type == self.type { return self }
    switch elements {
    case .float(let values): return TypedTensor(type, shape, floats: values)
    case .double(let values): return TypedTensor(type, shape, doubles: values)
    case .signed(let values): return TypedTensor(type, shape, integers: values)
    case .unsigned(let values):
      if type.isFloat { return TypedTensor(type, shape, doubles: values.map { Double($0) }) }
      return TypedTensor(type, shape, integers: values.map { Int64(bitPattern: $0) })
    }
  }

  // MARK: Rearranging

  /// The same elements in the same order.
  ///
  /// - Precondition: the shapes have equally many elements.
  func reshaped(_ shape: [Int]) -> TypedTensor {
    if let stored { return TypedTensor(stored, shape: shape) }
    return TypedTensor(type, shape, elements)
  }

  /// The elements at `places`; where one is negative, the one element of `filler`, or zero.
  func taking(_ places: [Int], shape: [Int], filler: TypedTensor? = nil) -> TypedTensor {
    func take<Value: Numeric>(_ values: [Value], _ fill: Value?) -> [Value] {
      let fill = fill ?? 0
      return places.map { $0 < 0 ? fill : values[$0] }
    }
    let filler = filler?.converted(to: type)
    let taken: Elements =
      switch (elements, filler?.elements) {
      case (.float(let values), .float(let fill)): .float(take(values, fill.first))
      case (.float(let values), _): .float(take(values, nil))
      case (.double(let values), .double(let fill)): .double(take(values, fill.first))
      case (.double(let values), _): .double(take(values, nil))
      case (.signed(let values), .signed(let fill)): .signed(take(values, fill.first))
      case (.signed(let values), _): .signed(take(values, nil))
      case (.unsigned(let values), .unsigned(let fill)): .unsigned(take(values, fill.first))
      case (.unsigned(let values), _): .unsigned(take(values, nil))
      }
    return TypedTensor(type, shape, taken)
  }

  /// The elements where one offset of each axis adds up, in row-major order of the choices.
  func taking(sums offsets: [[Int]], filler: TypedTensor? = nil) -> TypedTensor {
    taking(Indices.sums(offsets), shape: offsets.map(\.count), filler: filler)
  }

  /// With axes reordered: result axis `i` is axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> TypedTensor {
    let strides = Indices.strides(shape)
    return taking(sums: permutation.map { axis in (0..<shape[axis]).map { $0 * strides[axis] } })
  }

  /// Replaces elements one after the other: element `places[i]` by `combine` of it and element `i` of `updates`.
  func scattering(
    _ updates: TypedTensor, at places: [Int], _ combine: Combination?
  ) -> TypedTensor {
    func scatter<Value>(_ values: [Value], _ new: [Value], _ combine: (Value, Value) -> Value) -> [Value] {
      var values = values
      for (place, value) in zip(places, new) { values[place] = combine(values[place], value) }
      return values
    }
    switch (elements, updates.elements) {
    case (.float(let values), .float(let new)):
      let result = scatter(values, new) { a, b in combine.map { Float($0(Double(a), Double(b))) } ?? b }
      return TypedTensor(type, shape, floats: result)
    case (.double(let values), .double(let new)):
      return TypedTensor(type, shape, .double(scatter(values, new) { a, b in combine.map { $0(a, b) } ?? b }))
    case (.signed(let values), .signed(let new)):
      return TypedTensor(
        type, shape, integers: scatter(values, new) { a, b in combine.map { $0(a, b) } ?? b })
    case (.unsigned(let values), .unsigned(let new)):
      return TypedTensor(type, shape, .unsigned(scatter(values, new) { a, b in combine.map { $0(a, b) } ?? b }))
    default: preconditionFailure("cannot scatter \(updates.type) into \(type)")
    }
  }

  /// What a scattered value and the one that is there become together.
  enum Combination: String {
    case add, mul, max, min

    func callAsFunction(_ a: Double, _ b: Double) -> Double {
      switch self {
      case .add: a + b
      case .mul: a * b
      case .max: Double.maximum(a, b)
      case .min: Double.minimum(a, b)
      }
    }

    func callAsFunction<Value: FixedWidthInteger>(_ a: Value, _ b: Value) -> Value {
      switch self {
      case .add: a &+ b
      case .mul: a &* b
      case .max: Swift.max(a, b)
      case .min: Swift.min(a, b)
      }
    }
  }
}

extension FixedWidthInteger {
  /// `x` cut off, or the nearest number that the type has; zero for a NaN.
  init(clamping x: Double) {
    if x.isNaN {
      self = 0
    } else if x >= Double(Self.max) {
      self = Self.max
    } else {
      self = x <= Double(Self.min) ? Self.min : Self(x)
    }
  }
}
