/// What a tensor's elements are, by the standard's numbers.
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, float64, uint32, uint64
  case bfloat16 = 16

  /// Whether elements are floating-point numbers.
  public var isFloat: Bool {
    switch self {
    case .float32, .float16, .float64, .bfloat16: true
    default: false
    }
  }

  /// Whether elements may be negative.
  var isSigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .bool: false
    default: true
    }
  }

  /// Bytes of an element in a file.
  var bytes: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The least and the greatest value of an integer type; of 64-bit unsigned ones only what fits the signed.
  var range: ClosedRange<Int64> {
    switch self {
    case .bool: 0...1
    case .uint8: 0...0xff
    case .int8: -0x80...0x7f
    case .uint16: 0...0xffff
    case .int16: -0x8000...0x7fff
    case .uint32: 0...0xffff_ffff
    case .int32: -0x8000_0000...0x7fff_ffff
    case .uint64: 0...Int64.max
    default: Int64.min...Int64.max
    }
  }

  /// The nearest number that this floating-point type of 32 bits or less has.
  func rounded(_ x: Float) -> Float {
    switch self {
    case .float16: return Float(Float16(x))
    case .bfloat16:
      if x.isNaN { return x }
      let bits = x.bitPattern
      return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
    default: return x
    }
  }

  /// An integer in this integer type, modulo its range; a bool is whether it is not zero.
  func wrapped(_ x: Int64) -> Int64 {
    switch self {
    case .bool: x == 0 ? 0 : 1
    case .uint8: Int64(UInt8(truncatingIfNeeded: x))
    case .int8: Int64(Int8(truncatingIfNeeded: x))
    case .uint16: Int64(UInt16(truncatingIfNeeded: x))
    case .int16: Int64(Int16(truncatingIfNeeded: x))
    case .uint32: Int64(UInt32(truncatingIfNeeded: x))
    case .int32: Int64(Int32(truncatingIfNeeded: x))
    default: x
    }
  }

  /// The integer nearest to `x` (halves to even) that this type has.
  func saturated(_ x: Double) -> Int64 {
    let rounded = x.rounded(.toNearestOrEven)
    if !(rounded > Double(range.lowerBound)) { return range.lowerBound }
    return rounded >= Double(range.upperBound) ? range.upperBound : Int64(rounded)
  }
}
