#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Constant {
  /// A tensor of a file: single or double precision, 32- and 64-bit integers, and bools.
  ///
  /// - Throws: what `TypedTensor(_:name:file:)` throws, `.unsupportedModel` for other types.
  init(_ tensor: ONNXTensorProto, name: String, file: ONNXFile?) throws(GraphError) {
    switch ElementType(rawValue: tensor.dataType) {
    case .float32, .float64, .int64, .int32, .bool: break
    default:
      throw .unsupportedModel(
        "tensor '\(name)' has the element type \(tensor.dataType); only float, double, int32 and int64 are read")
    }
    let tensor = try TypedTensor(tensor, name: name, file: file)
    guard tensor.shape.count <= 8 else {
      throw .unsupportedModel("tensor '\(name)' has \(tensor.shape.count) axes, more than 8")
    }
    self.init(tensor)
  }

  /// Single-precision numbers of a floating-point tensor, 64-bit ones of others.
  init(_ tensor: TypedTensor) {
    if !tensor.type.isFloat {
      self.init(tensor.integers, shape: tensor.shape)
    } else if let stored = tensor.stored {
      self.init(stored, shape: tensor.shape)
    } else {
      self.init(tensor.floats, shape: tensor.shape)
    }
  }

  /// As it is written: little-endian bytes.
  func tensor(named name: String) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = shape.map { Int64($0) }
    switch elements {
    case .float(let values):
      tensor.dataType = Int32(ONNXTensorProto.DataType.float.rawValue)
      tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    case .int64(let values):
      tensor.dataType = Int32(ONNXTensorProto.DataType.int64.rawValue)
      tensor.rawData = unsafe values.withUnsafeBytes { unsafe Data($0) }
    }
    return tensor
  }
}
