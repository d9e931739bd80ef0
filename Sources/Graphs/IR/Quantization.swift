/// How real numbers stand for integers: `real = scale (integer - zero point)`, the affine scheme of ONNX's QuantizeLinear
/// and DequantizeLinear (Jacob et al. 2018, arXiv 1712.05877).
public struct Quantization: Sendable, Hashable {
  /// The integers' type, which says where they saturate.
  public enum IntegerType: String, Sendable, Hashable, CaseIterable {
    case int8, uint8, int32

    public var range: ClosedRange<Int> {
      switch self {
      case .int8: -128...127
      case .uint8: 0...255
      case .int32: Int(Int32.min)...Int(Int32.max)
      }
    }
  }

  /// One, or one for each place on `axis`; finite and above 0.
  public var scales: [Float]
  /// As many as scales, each within the type's range.
  public var zeroPoints: [Int]
  /// The axis whose places have scales of their own; may be negative, and is nil where one scale holds for all.
  public var axis: Int?
  public var type: IntegerType

  public init(scales: [Float], zeroPoints: [Int], axis: Int? = nil, type: IntegerType) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.type = type
  }

  /// One scale for the whole tensor.
  public init(scale: Float, zeroPoint: Int = 0, type: IntegerType) {
    self.init(scales: [scale], zeroPoints: [zeroPoint], type: type)
  }

  /// The scale of the whole tensor, nil where there is one for each place on an axis.
  public var scale: Float? { axis == nil && scales.count == 1 ? scales[0] : nil }

  /// What is wrong with the numbers themselves, as the end of a sentence about a node; nil where nothing is.
  var defect: String? {
    if scales.isEmpty { return "has no scale" }
    if let scale = scales.first(where: { !($0 > 0 && $0.isFinite) }) {
      return "has the scale \(scale), which is not a positive number"
    }
    guard zeroPoints.count == scales.count else {
      return "has \(zeroPoints.count) zero points for \(scales.count) scales"
    }
    if let zero = zeroPoints.first(where: { !type.range.contains($0) }) {
      return "has the zero point \(zero), which is no \(type.rawValue)"
    }
    if axis == nil, scales.count != 1 { return "has \(scales.count) scales for a whole tensor" }
    return nil
  }

  /// The integer, as a float, that stands for `x`: rounded half to even and saturated. What is not a number stays that, so
  /// that a broken picture is not hidden by its quantisation.
  ///
  /// - Parameter index: which of the scales.
  public func quantize(_ x: Float, _ index: Int = 0) -> Float {
    let zero = Float(zeroPoints[index])
    let (low, high) = (Float(type.range.lowerBound), Float(type.range.upperBound))
    let value = (x / scales[index]).rounded(.toNearestOrEven) + zero
    return value < low ? low : (value > high ? high : value)
  }

  /// What an integer, held as a float, stands for.
  public func dequantize(_ integer: Float, _ index: Int = 0) -> Float {
    (integer - Float(zeroPoints[index])) * scales[index]
  }
}

extension Quantization {
  /// How the elements of a tensor of `shape` share the scales: element `i` has number `i / inner % count`.
  func places(_ shape: [Int]) -> (inner: Int, count: Int) {
    guard let axis, scales.count > 1 else { return (1, 1) }
    let position = axis < 0 ? axis + shape.count : axis
    return (shape.suffix(from: position + 1).reduce(1, *), scales.count)
  }

  /// All elements of a row-major tensor, quantised.
  func quantize(_ values: [Float], shape: [Int]) -> [Float] {
    let (inner, count) = places(shape)
    return values.indices.map { quantize(values[$0], $0 / inner % count) }
  }

  /// All elements of a row-major tensor of integers, as what they stand for.
  func dequantize(_ values: [Float], shape: [Int]) -> [Float] {
    let (inner, count) = places(shape)
    return values.indices.map { dequantize(values[$0], $0 / inner % count) }
  }

  /// The integers themselves, in as few bytes as their type needs.
  func pack(_ values: [Float], shape: [Int]) -> Constant {
    let integers = quantize(values, shape: shape)
    switch type {
    case .int8: return Constant(integers.map { Int8($0.isNaN ? 0 : $0) }, shape: shape)
    case .uint8: return Constant(integers.map { UInt8($0.isNaN ? 0 : $0) }, shape: shape)
    case .int32: return Constant(integers.map { Int32(clamping: Int64($0.isNaN ? 0 : $0)) }, shape: shape)
    }
  }
}
