#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Constant {
  /// A tensor of a file: single or double precision, integers of 8, 32 and 64 bits, and bools.
  ///
  /// - Throws: what `TypedTensor(_:name:file:)` throws, `.unsupportedModel` for other types.
  init(_ tensor: ONNXTensorProto, name: String, file: ONNXFile?) throws(GraphError) {
    switch ElementType(rawValue: tensor.dataType) {
    case .float32, .float64, .int64, .int32, .int8, .uint8, .bool: break
    default:
      throw .unsupportedModel(
        "tensor '\(name)' has the element type \(tensor.dataType); only float, double, int8, uint8, int32 and int64 are read"
      )
    }
    let tensor = try TypedTensor(tensor, name: name, file: file)
    guard tensor.shape.count <= 8 else {
      throw .unsupportedModel("tensor '\(name)' has \(tensor.shape.count) axes, more than 8")
    }
    self.init(tensor)
  }

  /// Single-precision numbers of a floating-point tensor, integers of 8 and 32 bits as they are, 64-bit ones of others.
  init(_ tensor: TypedTensor) {
    switch tensor.type {
    case .int8: self.init(tensor.integers.map { Int8(clamping: $0) }, shape: tensor.shape)
    case .uint8: self.init(tensor.integers.map { UInt8(clamping: $0) }, shape: tensor.shape)
    case .int32: self.init(tensor.integers.map { Int32(clamping: $0) }, shape: tensor.shape)
    case _ where !tensor.type.isFloat: self.init(tensor.integers, shape: tensor.shape)
    default:
      if let stored = tensor.stored {
        self.init(stored, shape: tensor.shape)
      } else {
        self.init(tensor.floats, shape: tensor.shape)
      }
    }
  }

  /// As it is written: little-endian bytes.
  func tensor(named name: String) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = shape.map { Int64($0) }
    func fill<Value: BitwiseCopyable>(_ type: ONNXTensorProto.DataType, _ values: [Value]) {
      tensor.dataType = Int32(type.rawValue)
      tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    }
    switch elements {
    case .float(let values): fill(.float, values)
    case .int64(let values): fill(.int64, values)
    case .int8(let values): fill(.int8, values)
    case .uint8(let values): fill(.uint8, values)
    case .int32(let values): fill(.int32, values)
    }
    return tensor
  }
}
