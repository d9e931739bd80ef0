/// A fixed tensor of a graph: weights as single precision, shapes and indices as 64-bit integers, row-major.
public struct Constant: Sendable, Hashable {
  public enum Elements: Sendable, Hashable {
    case float([Float])
    case int64([Int64])
  }

  /// Sizes of the axes; empty for a scalar.
  public let shape: [Int]
  public let elements: Elements

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Float], shape: [Int]) {
    precondition(
      values.count == shape.reduce(1, *), "\(values.count) values do not fill a tensor of shape \(shape)")
    self.shape = shape
    elements = .float(values)
  }

  /// - Precondition: as many values as the shape says.
  public init(_ values: [Int64], shape: [Int]) {
    precondition(
      values.count == shape.reduce(1, *), "\(values.count) values do not fill a tensor of shape \(shape)")
    self.shape = shape
    elements = .int64(values)
  }

  /// How many elements.
  public var count: Int {
    switch elements {
    case .float(let values): values.count
    case .int64(let values): values.count
    }
  }

  /// The values, or nil for an integer tensor.
  public var floats: [Float]? {
    if case .float(let values) = elements { values } else { nil }
  }

  /// The values, or nil for a float tensor.
  public var integers: [Int64]? {
    if case .int64(let values) = elements { values } else { nil }
  }
}
