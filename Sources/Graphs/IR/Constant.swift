/// A fixed tensor of a graph, row-major: weights as single precision, quantised weights as the integers that they are,
/// shapes and indices as 64-bit integers.
public struct Constant: Sendable, Hashable {
  public enum Elements: Sendable, Hashable {
    case float([Float])
    case int64([Int64])
    case int8([Int8])
    case uint8([UInt8])
    case int32([Int32])
  }

  /// Sizes of the axes; empty for a scalar.
  public let shape: [Int]
  public let elements: Elements

  /// - Precondition: as many values as the shape says.
  public init(_ elements: Elements, shape: [Int]) {
    self.shape = shape
    self.elements = elements
    precondition(count == shape.reduce(1, *), "\(count) values do not fill a tensor of shape \(shape)")
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

  /// How many elements.
  public var count: Int {
    switch elements {
    case .float(let values): values.count
    case .int64(let values): values.count
    case .int8(let values): values.count
    case .uint8(let values): values.count
    case .int32(let values): values.count
    }
  }

  /// The values, or nil for an integer tensor.
  public var floats: [Float]? {
    if case .float(let values) = elements { values } else { nil }
  }

  /// The values of a tensor of 32 or 64-bit integers, nil for all others.
  public var integers: [Int64]? {
    switch elements {
    case .int64(let values): values
    case .int32(let values): values.map(Int64.init)
    case .float, .int8, .uint8: nil
    }
  }

  /// The integer type of a tensor that can stand before a `dequantize`; nil for others.
  public var quantizedType: Quantization.IntegerType? {
    switch elements {
    case .int8: .int8
    case .uint8: .uint8
    case .int32: .int32
    case .float, .int64: nil
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
}
