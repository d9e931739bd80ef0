/// A fixed tensor of a graph, row-major: weights as single precision, quantised weights as the integers that they are,
/// shapes and indices as 64-bit integers.
///
/// Large weights of a file are not held: each time they are asked for they are read, and changed as passes have asked.
public struct Constant: Sendable, Hashable {
  public enum Elements: Sendable, Hashable {
    case float([Float])
    case int64([Int64])
    case int8([Int8])
    case uint8([UInt8])
    case int32([Int32])

    var count: Int {
      switch self {
      case .float(let values): values.count
      case .int64(let values): values.count
      case .int8(let values): values.count
      case .uint8(let values): values.count
      case .int32(let values): values.count
      }
    }
  }

  private enum Storage: Sendable, Hashable {
    case held(Elements)
    /// Floating-point numbers in the model's file.
    case stored(StoredTensor)
    case derived(Derivation)
  }

  /// Numbers made from others when they are wanted.
  private final class Derivation: Sendable, Hashable {
    let source: ByteSource
    let make: @Sendable () -> [Float]

    init(_ source: ByteSource, _ make: @escaping @Sendable () -> [Float]) {
      self.source = source
      self.make = make
    }

    static func == (a: Derivation, b: Derivation) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  }

  /// Sizes of the axes; empty for a scalar.
  public let shape: [Int]
  private let storage: Storage

  /// - Precondition: as many values as the shape says.
  public init(_ elements: Elements, shape: [Int]) {
    precondition(
      elements.count == shape.reduce(1, *), "\(elements.count) values do not fill a tensor of shape \(shape)")
    self.shape = shape
    storage = .held(elements)
  }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Float], shape: [Int]) { self.init(.float(values), shape: shape) }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Int64], shape: [Int]) { self.init(.int64(values), shape: shape) }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Int8], shape: [Int]) { self.init(.int8(values), shape: shape) }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [UInt8], shape: [Int]) { self.init(.uint8(values), shape: shape) }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Int32], shape: [Int]) { self.init(.int32(values), shape: shape) }

  /// Floating-point numbers of a file.
  ///
  /// - Precondition: as many as the shape says.
  init(_ stored: StoredTensor, shape: [Int]) {
    precondition(
      stored.type.isFloat && stored.count == shape.reduce(1, *),
      "\(stored.count) values do not fill a tensor of shape \(shape)")
    self.shape = shape
    storage = .stored(stored)
  }

  /// How many elements.
  public var count: Int { shape.reduce(1, *) }

  /// All elements; read from the file where they lie there.
  public var elements: Elements {
    switch storage {
    case .held(let elements): elements
    case .stored(let tensor): .float(TypedTensor(tensor, shape: shape).floats)
    case .derived(let derivation): .float(derivation.make())
    }
  }

  /// Whether these are floating-point numbers.
  public var isFloat: Bool {
    switch storage {
    case .held(.float), .stored, .derived: true
    case .held: false
    }
  }

  /// The values, or nil for an integer tensor. Large ones may be read from the file each time.
  public var floats: [Float]? {
    if case .float(let values) = elements { values } else { nil }
  }

  /// The values of a tensor of 32 or 64-bit integers, nil for all others.
  public var integers: [Int64]? {
    switch storage {
    case .held(.int64(let values)): values
    case .held(.int32(let values)): values.map(Int64.init)
    default: nil
    }
  }

  /// The integer type of a tensor that can stand before a `dequantize`; nil for others.
  public var quantizedType: Quantization.IntegerType? {
    switch storage {
    case .held(.int8): .int8
    case .held(.uint8): .uint8
    case .held(.int32): .int32
    default: nil
    }
  }

  /// The values as numbers, whatever their type.
  var numbers: [Float] {
    switch elements {
    case .float(let values): values
    case .int64(let values): values.map(Float.init)
    case .int8(let values): values.map(Float.init)
    case .uint8(let values): values.map(Float.init)
    case .int32(let values): values.map(Float.init)
    }
  }

  /// The file that the numbers are read from each time.
  var source: ByteSource? {
    switch storage {
    case .held: nil
    case .stored(let tensor): tensor.source
    case .derived(let derivation): derivation.source
    }
  }

  /// Other numbers of the same shape: made now, or where these lie in a file, when they are wanted.
  ///
  /// - Precondition: it is a tensor of floats, and `transform` keeps the count.
  func mapped(_ transform: @escaping @Sendable ([Float]) -> [Float]) -> Constant {
    guard let source else { return Constant(transform(floats!), shape: shape) }
    return Constant(shape: shape, .derived(Derivation(source) { [self] in transform(floats!) }))
  }

  private init(shape: [Int], _ storage: Storage) {
    self.shape = shape
    self.storage = storage
  }
}
